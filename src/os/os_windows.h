/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files for Windows share.  Outside of them text is UTF-8; the system's functions take
 * UTF-16.  A code is what GetLastError() gives.
 */
#ifndef MOTE_OS_WINDOWS_H
#define MOTE_OS_WINDOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/error.h>

/* A path as the system's functions take it, however long it is, with room for a name of 64 units
 * more in its folder.  NULL, and a code: it is no UTF-8, or there is no memory. */
wchar_t *mote_windows_path(const char *path);
/* Keeps the last code.  path may be NULL. */
void mote_windows_path_free(wchar_t *path);

/* False when it needs more than capacity bytes. */
bool mote_windows_utf8(const wchar_t *wide, char *text, size_t capacity);

/* "MapViewOfFile of", "a buffer": the last code, of a call that failed. */
mote_status mote_windows_fail(mote_error *error, const char *call, const char *what);
/* "reading ", "C:/guest": the same for a file. */
mote_status mote_windows_fail_file(mote_error *error, const char *call, const char *path,
				   uint32_t code);

#endif

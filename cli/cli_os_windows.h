/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the tool's Windows, cli_os_windows*.c, share.  A code is one of GetLastError.
 */
#ifndef CLI_OS_WINDOWS_H
#define CLI_OS_WINDOWS_H

#include <stdbool.h>

#include <windows.h>

/* UTF-8 as UTF-16, and back; the caller frees it.  NULL: no memory, or it is not UTF-8; half of a
 * pair in UTF-16 becomes U+FFFD. */
wchar_t *cli_os_wide(const char *text);
char *cli_os_narrow(const wchar_t *text);

/* A path as the system takes it, however long it is; the caller frees it.  NULL: see
 * GetLastError. */
wchar_t *cli_os_wide_path(const char *path);

/* The handle of a file of cli_os.h.  A handle fits 32 bits and is no small number, so the others
 * are files as they are. */
HANDLE cli_os_file_handle(int file);

/* The arguments in one line, as programs of Microsoft's C library take it apart again; the caller
 * frees it. */
wchar_t *cli_os_command_line(const char *const *arguments);

/* The other way, in the line's own place: an array of that many, and NULL behind them, that the
 * caller frees.  NULL: no memory. */
char **cli_os_take_apart(char *line, int *count);

/* Ctrl-C is the affair of another program, or is the tool's again.  They add up. */
void cli_os_leave_interrupt(bool leave);

#endif

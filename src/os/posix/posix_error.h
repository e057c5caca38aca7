/* SPDX-License-Identifier: Apache-2.0
 *
 * What the error texts of POSIX systems differ in.
 */
#ifndef MOTE_OS_POSIX_ERROR_H
#define MOTE_OS_POSIX_ERROR_H

/* The setting that limits the open files of the whole system. */
extern const char mote_posix_open_files_limit[];

#endif

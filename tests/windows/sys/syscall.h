/* SPDX-License-Identifier: Apache-2.0
 *
 * On Windows, where no system call can be held: for cases that are skipped there (tool.h).
 */
#ifndef MOTE_TEST_WINDOWS_SYS_SYSCALL_H
#define MOTE_TEST_WINDOWS_SYS_SYSCALL_H

enum { SYS_pread64 = 17 };

#endif

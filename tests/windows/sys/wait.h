/* SPDX-License-Identifier: Apache-2.0
 *
 * On Windows, which has no forked children: for cases that are skipped there (test_need_fork).
 */
#ifndef MOTE_TEST_WINDOWS_SYS_WAIT_H
#define MOTE_TEST_WINDOWS_SYS_WAIT_H

#include <sys/types.h>

enum { WNOHANG = 1 };
#define WIFEXITED(status) ((status) == 0)
#define WEXITSTATUS(status) (status)
#define WTERMSIG(status) (status)

pid_t waitpid(pid_t child, int *status, int options);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * On Windows, which limits nothing of what a process may have.
 */
#ifndef MOTE_TEST_WINDOWS_SYS_RESOURCE_H
#define MOTE_TEST_WINDOWS_SYS_RESOURCE_H

#include <stdint.h>

typedef uint64_t rlim_t;

struct rlimit {
	rlim_t rlim_cur, rlim_max;
};

enum { RLIMIT_FSIZE = 1, RLIMIT_NOFILE = 7, RLIMIT_AS = 9, RLIMIT_SIGPENDING = 11 };
#define RLIM_INFINITY UINT64_MAX

static inline int getrlimit(int what, struct rlimit *limit)
{
	(void)what;
	limit->rlim_cur = limit->rlim_max = RLIM_INFINITY;
	return 0;
}

static inline int setrlimit(int what, const struct rlimit *limit)
{
	(void)what;
	return limit->rlim_cur == RLIM_INFINITY ? 0 : -1;
}

#endif

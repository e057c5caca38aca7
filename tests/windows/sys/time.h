/* SPDX-License-Identifier: Apache-2.0
 *
 * On Windows: <sys/time.h> with timers that signal, which never start.
 */
#ifndef MOTE_TEST_WINDOWS_SYS_TIME_H
#define MOTE_TEST_WINDOWS_SYS_TIME_H

#pragma GCC system_header
#include_next <sys/time.h>

enum { ITIMER_PROF };

struct itimerval {
	struct timeval it_interval, it_value;
};

static inline int setitimer(int which, const struct itimerval *times, struct itimerval *before)
{
	(void)which, (void)times, (void)before;
	return -1;
}

#endif

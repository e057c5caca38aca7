/* SPDX-License-Identifier: Apache-2.0
 *
 * <time.h> with C11's clock, which the compiler's C library for Windows lacks.
 */
#ifndef MOTE_TEST_WINDOWS_TIME_H
#define MOTE_TEST_WINDOWS_TIME_H

#pragma GCC system_header /* what follows is no part of C */
#include_next <time.h>

enum { TIME_UTC = 1 };

static inline int timespec_get(struct timespec *now, int base)
{
	return clock_gettime(CLOCK_REALTIME, now) == 0 ? base : 0;
}

#endif

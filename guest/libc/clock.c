/* SPDX-License-Identifier: Apache-2.0
 *
 * The clock: the time at which the host's call began, which stands in the mailbox where the host
 * tells it, and a nanosecond more each time somebody asks.  Where it is not told, time begins with
 * 1970 in the same way, since few programs survive a clock that fails.
 */
#include "shim.h"

#include <errno.h>
#include <mote_guest_runtime.h>

enum { NS_PER_SECOND = 1000000000 };

static uint64_t last;

/* Never goes back, even where the host's clock was set. */
void mote_libc_now(struct timespec *to)
{
	uint64_t entered = mote_guest_mailbox()->entry_ns;

	last = entered > last ? entered : last + 1;
	to->tv_sec = (time_t)(last / NS_PER_SECOND);
	to->tv_nsec = (long)(last % NS_PER_SECOND);
}

/* The clock goes on at once: nothing else happens meanwhile. */
long mote_libc_sleep(const struct timespec *time, bool until)
{
	struct timespec now;
	uint64_t ns = (uint64_t)time->tv_sec * NS_PER_SECOND + (uint64_t)time->tv_nsec;

	if (time->tv_sec < 0 || time->tv_nsec < 0 || time->tv_nsec >= NS_PER_SECOND)
		return -EINVAL;
	mote_libc_now(&now);
	ns += until ? 0 : last;
	last = ns > last ? ns : last;
	return 0;
}

/* Every clock is the same one. */
long mote_libc_clock(struct timespec *to)
{
	if (to)
		mote_libc_now(to);
	return 0;
}

long mote_libc_clock_resolution(struct timespec *to)
{
	if (to)
		*to = (struct timespec){0, 1};
	return 0;
}

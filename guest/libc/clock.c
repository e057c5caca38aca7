/* SPDX-License-Identifier: Apache-2.0
 *
 * The clock: the time at which the host's call began, which stands in the mailbox where the host
 * tells it, and a nanosecond more each time somebody asks.  Where it is not told, time begins with
 * 1970 in the same way, since few programs survive a clock that fails.
 */
#include "shim.h"

#include <errno.h>
#include <mote_guest_runtime.h>

/* Never goes back, even where the host's clock was set. */
void mote_libc_now(struct timespec *to)
{
	static uint64_t last;
	uint64_t entered = mote_guest_mailbox()->entry_ns;

	last = entered > last ? entered : last + 1;
	to->tv_sec = (time_t)(last / 1000000000u);
	to->tv_nsec = (long)(last % 1000000000u);
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

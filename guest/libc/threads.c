/* SPDX-License-Identifier: Apache-2.0
 *
 * What locks of programs come to.  With one thread, a wait that nothing ends is a deadlock.
 */
#include "shim.h"

#include <errno.h>
#include <mote_guest.h>

/* WAIT_BITSET is the wait of Rust's library: its timeout is a moment, not a duration. */
enum { FUTEX_WAIT = 0, FUTEX_WAKE = 1, FUTEX_WAIT_BITSET = 9, FUTEX_COMMANDS = 127 };

long mote_libc_futex(const int *word, int command, int value, const struct timespec *timeout)
{
	switch (command & FUTEX_COMMANDS) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		if (*(const volatile int *)word != value)
			return -EAGAIN;
		if (timeout) {
			mote_libc_sleep(timeout, (command & FUTEX_COMMANDS) == FUTEX_WAIT_BITSET);
			return -ETIMEDOUT;
		}
		mote_abort("deadlock: waits for another thread, and a guest has one");
	case FUTEX_WAKE:
		return 0;
	default:
		return -ENOSYS;
	}
}

/* One processor. */
long mote_libc_processors(size_t bytes, unsigned char *set)
{
	if (bytes < sizeof(long))
		return -EINVAL;
	for (size_t i = 0; i < sizeof(long); i++)
		set[i] = i == 0;
	return sizeof(long);
}

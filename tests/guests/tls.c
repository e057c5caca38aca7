/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: thread-local variables, which stand below the thread pointer.
 */
#include <mote_guest.h>
#include <stdlib.h>

struct wide {
	uint64_t values[4];
} __attribute__((aligned(64)));

static _Thread_local uint32_t number = 41;
static _Thread_local char text[] = "thread local";
static _Thread_local struct wide wide = {{1, 2, 3, 4}};
static _Thread_local uint64_t zeros[8];
_Thread_local int32_t shared = -5;

MOTE_EXPORT(uint32_t, next_number)
{
	return ++number;
}

MOTE_EXPORT(mote_string, local_text)
{
	return text;
}

MOTE_EXPORT(int32_t, shared_number)
{
	return shared;
}

/* Whether alignment, initial values and zeroes are right. */
MOTE_EXPORT(bool, wide_is_right)
{
	volatile struct wide *at = &wide;
	uint64_t sum = 0;

	for (int i = 0; i < 8; i++)
		sum |= zeros[i];
	zeros[3] = 0;
	return (uintptr_t)at % 64 == 0 && at->values[0] == 1 && at->values[3] == 4 && !sum;
}

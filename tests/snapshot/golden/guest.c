/* SPDX-License-Identifier: Apache-2.0
 *
 * The guest of the golden snapshots: has something to remember in every kind of memory, and in a
 * register.
 */
#include <stdlib.h>

#include <mote_guest.h>

#include "instructions.h"

static uint32_t data = 1000, zeros, hooks;
static __thread uint32_t local = 7;
static uint32_t *heap;

MOTE_RESTORED(void, note_return, (uint64_t, generation))
{
	hooks += generation != 0;
}

MOTE_EXPORT(void, begin)
{
	heap = malloc(sizeof(*heap));
	*heap = 50;
	instruction_round_down();
}

/* The sum of what it counts: of 1057 at first, 4 more each time. */
MOTE_EXPORT(uint32_t, count)
{
	return ++data + ++zeros + ++local + ++*heap;
}

MOTE_EXPORT(bool, rounds_down)
{
	volatile float one = 1, three = 3, third = one / three;

	return third * 3 < 1;
}

MOTE_EXPORT(uint32_t, get_hooks)
{
	return hooks;
}

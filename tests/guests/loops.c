/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: calls that take their time, and calls that never end.
 */
#include <mote_guest.h>

#include "instructions.h"

MOTE_IMPORT(uint32_t, host_tick, (uint32_t, v))

/* ---- These end ---------------------------------------------------------------------------- */

MOTE_EXPORT(uint32_t, nothing)
{
	return 1;
}

MOTE_EXPORT(uint32_t, work, (uint32_t, rounds))
{
	for (volatile uint32_t i = 0; i < rounds; i++)
		;
	return rounds;
}

/* Calls the host so many times; gives the sum of what the host said. */
MOTE_EXPORT(uint32_t, tick, (uint32_t, times))
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < times; i++)
		sum += host_tick(1);
	return sum;
}

/* ---- These do not ------------------------------------------------------------------------- */

MOTE_EXPORT(void, spin)
{
	for (;;)
		__asm__ volatile("");
}

MOTE_EXPORT(void, spin_relaxed)
{
	for (;;)
		instruction_pause();
}

MOTE_EXPORT(void, spin_ticking)
{
	for (;;)
		host_tick(1);
}

/* ---- These fault, in their own stack ------------------------------------------------------ */

MOTE_EXPORT(void, lose_stack)
{
	instruction_lose_stack();
}

static uint32_t deeper(volatile uint32_t *depth)
{
	volatile uint32_t here[64];

	if (*depth == UINT32_MAX) /* a stack of 1 TiB */
		return 0;
	here[0] = *depth + 1;
	return deeper(here) + here[0];
}

MOTE_EXPORT(uint32_t, use_up_stack)
{
	volatile uint32_t depth = 0;

	return deeper(&depth);
}

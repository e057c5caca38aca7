/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: remembers, in every kind of memory, and tells what it finds there.
 */
#include <stdlib.h>
#include <string.h>

#include <mote_guest.h>

#include "instructions.h"

MOTE_IMPORT(uint32_t, host_u32, (uint32_t, v))
MOTE_IMPORT(mote_bytes, host_bytes, (mote_bytes, v))

static uint32_t calls = 1000; /* in data */
static uint32_t zeroed;	      /* in bss */
static __thread uint32_t local = 7;
static uint64_t generation;
static uint32_t hooks;

MOTE_RESTORED(void, note_generation, (uint64_t, now))
{
	generation = now;
	hooks++;
}

/* Asks the host, as a program does that fetches something new. */
MOTE_RESTORED(void, ask_host, (uint64_t, now))
{
	(void)now;
	hooks += host_u32(0);
}

/* The sum of what it counts. */
MOTE_EXPORT(uint32_t, count)
{
	return ++calls + ++zeroed + ++local;
}

MOTE_EXPORT(uint64_t, get_generation)
{
	return generation;
}

MOTE_EXPORT(uint32_t, get_hooks)
{
	return hooks;
}

MOTE_EXPORT(uint64_t, get_random)
{
	return mote_random();
}

MOTE_EXPORT(uint64_t, get_canary)
{
	return instruction_canary();
}

/* ---- Memory ------------------------------------------------------------------------------- */

/* Somewhere in the frame of a call. */
MOTE_EXPORT(uint64_t, stack_pointer)
{
	return (uint64_t)(uintptr_t)__builtin_frame_address(0);
}

/* Writes a pattern to each word. */
MOTE_EXPORT(void, fill, (uint64_t, address), (uint64_t, bytes), (uint64_t, pattern))
{
	volatile uint64_t *at = (volatile uint64_t *)(uintptr_t)address;

	for (uint64_t i = 0; i < bytes / 8; i++)
		at[i] = pattern;
}

/* Writes one word to each of so many pages, step pages apart. */
MOTE_EXPORT(void, touch, (uint64_t, address), (uint32_t, pages), (uint32_t, step))
{
	for (uint32_t i = 0; i < pages; i++)
		*(volatile uint64_t *)(uintptr_t)(address + (uint64_t)i * step * 4096) = i + 1;
}

/* How many words have the pattern. */
MOTE_EXPORT(uint64_t, find, (uint64_t, address), (uint64_t, bytes), (uint64_t, pattern))
{
	const volatile uint64_t *at = (const volatile uint64_t *)(uintptr_t)address;
	uint64_t found = 0;

	for (uint64_t i = 0; i < bytes / 8; i++)
		found += at[i] == pattern;
	return found;
}

/* Writes for ever, each time to another page of a part. */
MOTE_EXPORT(void, write_forever, (uint64_t, address), (uint64_t, bytes))
{
	for (uint64_t at = 0;; at = at + 4096 < bytes ? at + 4096 : 0)
		++*(volatile uint64_t *)(uintptr_t)(address + at);
}

/* Atomic operations as first writes. */
MOTE_EXPORT(uint64_t, add_atomically, (uint64_t, address), (uint64_t, value))
{
	return __atomic_fetch_add((uint64_t *)(uintptr_t)address, value, __ATOMIC_SEQ_CST);
}

/* ---- Deaths ------------------------------------------------------------------------------- */

MOTE_EXPORT(void, spin)
{
	for (;;)
		__asm__ volatile("");
}

/* Spins a while, then dies of an instruction. */
MOTE_EXPORT(void, die_later, (uint32_t, rounds))
{
	for (volatile uint32_t i = 0; i < rounds; i++)
		;
	instruction_undefined();
}

MOTE_EXPORT(void, fault_later, (uint32_t, rounds))
{
	for (volatile uint32_t i = 0; i < rounds; i++)
		;
	*(volatile uint32_t *)(uintptr_t)rounds = 0;
}

MOTE_EXPORT(mote_bytes, echo, (mote_bytes, data))
{
	return data;
}

/* How much the host answers. */
MOTE_EXPORT(uint64_t, ask, (mote_bytes, data))
{
	return host_bytes(data).length;
}

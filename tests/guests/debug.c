/* SPDX-License-Identifier: Apache-2.0
 *
 * What a debugger is tried on: calls in calls, host functions, a fault that can be repaired, pages
 * with nothing else on them.
 */
#include <mote_guest.h>

#include <stdint.h>

#include "debug_code.h"

MOTE_IMPORT(uint32_t, host_u32, (uint32_t, value))

#ifdef __clang__
#define KEPT __attribute__((noinline, used))
#else
#define KEPT __attribute__((noinline, noclone, used))
#endif

volatile uint32_t counter;
volatile uint64_t words[1024] __attribute__((aligned(4096))); /* two pages */
uint64_t atomic_word __attribute__((aligned(4096)));
uint64_t after_atomic_word __attribute__((aligned(4096)));
volatile struct {
	uint32_t x, y;
} origin __attribute__((aligned(4096))) = {1, 2};
_Thread_local uint32_t tls_value = 77;

KEPT uint64_t leaf(uint64_t a, uint64_t b)
{
	uint64_t sum = a + b;

	counter++;
	return sum;
}

KEPT uint64_t middle(uint64_t n)
{
	uint64_t total = 0;

	for (uint64_t i = 0; i < n; i++)
		total += leaf(i, total & 7);
	return total;
}

MOTE_EXPORT(uint64_t, work, (uint64_t, n))
{
	return middle(n);
}

MOTE_EXPORT(uint32_t, callout, (uint32_t, a))
{
	return host_u32(host_u32(a + 1) + 2);
}

KEPT void poke(volatile uint32_t *at)
{
	*at = 42;
}

MOTE_EXPORT(uint32_t, faulty, (uint64_t, address))
{
	poke((volatile uint32_t *)(uintptr_t)address);
	return counter;
}

MOTE_EXPORT(uint32_t, shift)
{
	origin.x += 5;
	return origin.x + tls_value;
}

MOTE_EXPORT(void, gives_up)
{
	mote_abort("no more");
}

MOTE_EXPORT(void, spin)
{
	for (;;)
		counter++;
}

MOTE_EXPORT(uint64_t, stores, (uint64_t, n))
{
	for (uint64_t i = 0; i < n; i++)
		words[i % 512] = i;
	return words[0] + words[1];
}

MOTE_EXPORT(uint64_t, loads, (uint64_t, n))
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < n; i++)
		sum += words[i % 512];
	return sum;
}

/* One store over the border of the two pages. */
MOTE_EXPORT(void, crossing)
{
	debug_store((char *)&words[512] - 3, 0x1122334455667788);
}

/* From memory to memory, each on a page of its own. */
MOTE_EXPORT(uint64_t, moves)
{
	words[0] = 5;
	debug_move(&words[600], &words[0]);
	return words[600];
}

MOTE_EXPORT(uint64_t, atomics, (uint64_t, n))
{
	for (uint64_t i = 0; i < n; i++)
		__atomic_fetch_add(&atomic_word, 3, __ATOMIC_SEQ_CST);
	return atomic_word;
}

KEPT uint64_t swap(uint64_t expected, uint64_t wanted)
{
	__atomic_compare_exchange_n(&after_atomic_word, &expected, wanted, 0, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
	return expected;
}

MOTE_EXPORT(uint64_t, swaps)
{
	swap(1, 2); /* fails: it is 0 */
	swap(0, 7);
	return after_atomic_word;
}

MOTE_EXPORT(uint32_t, trap, (uint32_t, a))
{
	debug_trap();
	return a + 1;
}

MOTE_EXPORT(double, vectors)
{
	return debug_vectors();
}

/* The highest part of a vector register as wide as the processor has it; 0: not that wide. */
MOTE_EXPORT(double, wide)
{
	return debug_wide();
}

MOTE_EXPORT(uint64_t, flags)
{
	return debug_flags();
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: ends in ways of which cores are written, with known frames, variables and vectors.
 */
#include <crash_vectors.h>
#include <mote_guest.h>
#include <stdlib.h>
#include <string.h>

MOTE_IMPORT(uint32_t, host_tick, (uint32_t, v))

struct point {
	int x, y;
};

static struct point origin = {11, 22};
static volatile int counter;

__attribute__((noinline)) static void poke(volatile int *at)
{
	set_vectors();
	*at = 42;
}

__attribute__((noinline)) static int leaf(int a, int b)
{
	origin.y = a + b;
	poke((volatile int *)16);
	return a;
}

__attribute__((noinline)) static int middle(int n)
{
	return leaf(n, 2 * n) + 1;
}

MOTE_EXPORT(int32_t, faulty, (int32_t, n))
{
	return middle(n);
}

MOTE_EXPORT(void, gives_up)
{
	mote_abort("no %s left", "patience");
}

MOTE_EXPORT(void, spin)
{
	for (;;)
		counter++;
}

/* Never ends either. */
MOTE_EXPORT(void, ticks)
{
	for (uint32_t i = 0;; i++)
		(void)host_tick(i);
}

MOTE_EXPORT(int32_t, add, (int32_t, a), (int32_t, b))
{
	return a + b;
}

/* Touches that much of the heap. */
MOTE_EXPORT(void, touch, (uint32_t, bytes))
{
	char *block = malloc(bytes);

	memset(block, 0x5a, bytes);
}

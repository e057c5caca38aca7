/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: ends in ways of which `mote run` writes cores, three functions below the export.
 */
#include <mote_guest.h>

static volatile int counter;

/* 0: a write to 0x10; 1: an abort; 2: never. */
__attribute__((noinline)) static void fail(int how)
{
	if (how == 1)
		mote_abort("no %s left", "patience");
	while (how == 2)
		counter++;
	*(volatile int *)((uintptr_t)how + 16) = 42;
}

__attribute__((noinline)) static int leaf(int how)
{
	fail(how);
	return counter;
}

__attribute__((noinline)) static int middle(int how)
{
	return leaf(how) + 1;
}

MOTE_EXPORT(int32_t, ends, (int32_t, how))
{
	return middle(how) + 2;
}

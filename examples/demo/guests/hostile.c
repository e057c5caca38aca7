/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest that attacks its host in every export.  A bytes argument lies in the first data area of
 * the mailbox, so the argument reveals where the mailbox is.
 */
#include <attack.h>
#include <mote_guest.h>
#include <stdlib.h>

static struct mote_abi_mailbox *mailbox_of(mote_bytes argument)
{
	return (struct mote_abi_mailbox *)((uintptr_t)argument.data - 4096);
}

/* Code to attack. */
static __attribute__((noinline, used)) void target(void)
{
	__asm__ volatile("");
}

MOTE_EXPORT(void, write_code, (mote_bytes, any))
{
	(void)any;
	*(volatile unsigned char *)(uintptr_t)&target = 0xcc;
}

MOTE_EXPORT(void, jump_heap, (mote_bytes, any))
{
	unsigned char *code = malloc(16);

	(void)any;
	code[0] = 0xc3; /* ret */
	((void (*)(void))(uintptr_t)code)();
}

MOTE_EXPORT(void, touch_page_zero, (mote_bytes, any))
{
	uintptr_t zero = 8;

	(void)any;
	__asm__ volatile("" : "+r"(zero));
	*(volatile int *)zero = 1;
}

static int overflow(volatile int *depth)
{
	volatile int deeper[64] = {*depth + 1};

	return overflow(deeper) + deeper[0];
}

MOTE_EXPORT(void, overflow_stack, (mote_bytes, any))
{
	volatile int depth = (int)any.length;

	overflow(&depth);
}

MOTE_EXPORT(void, privileged, (mote_bytes, any))
{
	(void)any;
	disable_interrupts();
}

MOTE_EXPORT(void, closed_port, (mote_bytes, any))
{
	(void)any;
	ring(0x1f8);
}

MOTE_EXPORT(void, wild_doorbell, (mote_bytes, any))
{
	mailbox_of(any)->host_call.function = 12345;
	ring(MOTE_ABI_PORT_HOST_CALL);
}

MOTE_EXPORT(void, odd_doorbell, (mote_bytes, any))
{
	(void)any;
	ring_oddly(MOTE_ABI_PORT_READY);
}

MOTE_EXPORT(void, lying_length, (mote_bytes, any))
{
	mailbox_of(any)->message = (struct mote_abi_message){MOTE_LOG_INFO, 0xfffffff0u};
	ring(MOTE_ABI_PORT_LOG);
}

MOTE_EXPORT(void, loop, (mote_bytes, any))
{
	(void)any;
	for (;;)
		__asm__ volatile("");
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * aarch64: the doorbell instruction, a plain `str` of 8 bytes to the doorbell
 * page.  Registers, flags and vector state come back as they were; only memory
 * may have changed.
 */
#ifndef MOTE_GUEST_ARCH_H
#define MOTE_GUEST_ARCH_H

#include <stdint.h>

#include <mote/abi.h>

/* The address in a register: a store that changes it, or of a pair, is no doorbell. */
#define MOTE_GUEST_RING(port)                                                                      \
	__asm__ volatile("str xzr, [%0]"                                                           \
			 :                                                                         \
			 : "r"((uint64_t)MOTE_ABI_AARCH64_DOORBELL_GVA + 8u * (port))              \
			 : "memory")

/* start.S; what functions compare. */
extern uint64_t __stack_chk_guard __attribute__((visibility("hidden")));

/* The second of the two words at the thread pointer, which the host has renewed. */
static inline void mote_guest_renew_canary(void)
{
	const uint64_t *thread;

	__asm__("mrs %0, tpidr_el0" : "=r"(thread));
	__stack_chk_guard = thread[1];
}

static inline _Noreturn void mote_guest_trap(void)
{
	for (;;)
		__asm__ volatile(".inst 0"); /* udf #0 */
}

#endif

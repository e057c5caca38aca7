/* SPDX-License-Identifier: Apache-2.0
 *
 * What the test guests need of an instruction set that C has no word for.
 */
#ifndef MOTE_TEST_GUEST_MACHINE_H
#define MOTE_TEST_GUEST_MACHINE_H

/* The hint of a loop that waits. */
static inline void machine_relax(void)
{
#if defined(__x86_64__)
	__asm__ volatile("pause");
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#else
#error "machine.h does not know this instruction set"
#endif
}

/* Goes on with a stack pointer that leads nowhere, and uses it, again and again. */
static inline void machine_lose_stack(void)
{
#if defined(__x86_64__)
	__asm__ volatile("xor %%esp, %%esp\n"
			 "1: push %%rax\n"
			 "jmp 1b" ::
				 : "memory");
#elif defined(__aarch64__)
	__asm__ volatile("mov x9, xzr\n"
			 "mov sp, x9\n"
			 "1: str x9, [sp, #-16]!\n"
			 "b 1b" ::
				 : "x9", "memory");
#endif
}

#endif

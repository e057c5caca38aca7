/* SPDX-License-Identifier: Apache-2.0
 *
 * Instructions that guests of the tests use, on x86_64.
 */
#ifndef MOTE_TEST_GUESTS_INSTRUCTIONS_H
#define MOTE_TEST_GUESTS_INSTRUCTIONS_H

#include <stdint.h>

#include <mote/abi.h>

static inline void instruction_undefined(void)
{
	__asm__ volatile("ud2");
}

/* Faults where the quotient does not exist. */
static inline int32_t instruction_divide(int32_t a, int32_t b)
{
	int32_t quotient;

	__asm__ volatile("cltd; idivl %2" : "=a"(quotient) : "0"(a), "r"(b) : "edx", "cc");
	return quotient;
}

/* Waits for an interrupt. */
static inline void instruction_halt(void)
{
	__asm__ volatile("hlt");
}

static inline void instruction_disable_interrupts(void)
{
	__asm__ volatile("cli");
}

static inline void instruction_system_call(void)
{
	__asm__ volatile("syscall" : : "a"(60), "D"(0) : "rcx", "r11", "memory");
}

static inline void instruction_breakpoint(void)
{
	__asm__ volatile("int3");
}

/* Writes as a doorbell does. */
static inline void instruction_ring(uint16_t port)
{
	__asm__ volatile("outl %%eax, %0" : : "d"(port), "a"(0) : "memory");
}

/* The same with too few bytes. */
static inline void instruction_ring_short(uint16_t port)
{
	__asm__ volatile("outb %%al, %0" : : "d"(port), "a"(0) : "memory");
}

static inline void instruction_read_port(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "d"(port));
}

/* What the stack protector compares. */
static inline uint64_t instruction_canary(void)
{
	uint64_t canary;

	__asm__("movq %%fs:0x28, %0" : "=r"(canary));
	return canary;
}

/* What a spinning loop does. */
static inline void instruction_pause(void)
{
	__asm__ volatile("pause");
}

/* Goes on with a stack pointer that leads nowhere, and uses it, again and again. */
static inline void instruction_lose_stack(void)
{
	__asm__ volatile("xor %%esp, %%esp\n"
			 "1: push %%rax\n"
			 "jmp 1b"
			 :
			 :
			 : "memory");
}

/* Of floating-point results, from here on. */
static inline void instruction_round_down(void)
{
	const uint32_t mxcsr = 0x3f80; /* all exceptions masked */

	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
}

#endif

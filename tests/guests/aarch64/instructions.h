/* SPDX-License-Identifier: Apache-2.0
 *
 * Instructions that guests of the tests use, on aarch64.
 */
#ifndef MOTE_TEST_GUESTS_INSTRUCTIONS_H
#define MOTE_TEST_GUESTS_INSTRUCTIONS_H

#include <stdint.h>

#include <mote/abi.h>

static inline void instruction_undefined(void)
{
	__asm__ volatile(".inst 0");
}

/* Never faults: a quotient that does not exist is 0 or wraps. */
static inline int32_t instruction_divide(int32_t a, int32_t b)
{
	int32_t quotient;

	__asm__ volatile("sdiv %w0, %w1, %w2" : "=r"(quotient) : "r"(a), "r"(b));
	return quotient;
}

/* Waits for an interrupt. */
static inline void instruction_halt(void)
{
	__asm__ volatile("wfi");
}

static inline void instruction_disable_interrupts(void)
{
	__asm__ volatile("msr daifset, #2");
}

static inline void instruction_system_call(void)
{
	__asm__ volatile("svc #0" : : : "memory");
}

static inline void instruction_breakpoint(void)
{
	__asm__ volatile("brk #0");
}

static inline uint64_t instruction_port_address(uint16_t port)
{
	return MOTE_ABI_AARCH64_DOORBELL_GVA + 8u * port;
}

/* Writes as a doorbell does. */
static inline void instruction_ring(uint16_t port)
{
	__asm__ volatile("str xzr, [%0]" : : "r"(instruction_port_address(port)) : "memory");
}

/* The same with too few bytes. */
static inline void instruction_ring_short(uint16_t port)
{
	__asm__ volatile("strb wzr, [%0]" : : "r"(instruction_port_address(port)) : "memory");
}

static inline void instruction_read_port(uint16_t port)
{
	uint64_t value;

	__asm__ volatile("ldr %0, [%1]" : "=r"(value) : "r"(instruction_port_address(port)));
}

/* What the stack protector compares. */
extern uint64_t __stack_chk_guard __attribute__((visibility("hidden")));

static inline uint64_t instruction_canary(void)
{
	return __stack_chk_guard;
}

/* What a spinning loop does. */
static inline void instruction_pause(void)
{
	__asm__ volatile("yield");
}

/* Goes on with a stack pointer that leads nowhere, and uses it, again and again. */
static inline void instruction_lose_stack(void)
{
	__asm__ volatile("mov x9, xzr\n"
			 "mov sp, x9\n"
			 "1: str x9, [sp, #-16]!\n"
			 "b 1b"
			 :
			 :
			 : "x9", "memory");
}

/* Of floating-point results, from here on. */
static inline void instruction_round_down(void)
{
	__asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)2 << 22));
}

#endif

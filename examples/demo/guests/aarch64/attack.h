/* SPDX-License-Identifier: Apache-2.0
 *
 * The attacks that cannot be written in C, on aarch64.
 */
#ifndef MOTE_DEMO_ATTACK_H
#define MOTE_DEMO_ATTACK_H

#include <stdint.h>

#include <mote/abi.h>

static inline uint64_t doorbell(uint16_t port)
{
	return MOTE_ABI_AARCH64_DOORBELL_GVA + 8u * port;
}

static inline void ring(uint16_t port)
{
	__asm__ volatile("str xzr, [%0]" : : "r"(doorbell(port)) : "memory");
}

/* With one byte instead of eight. */
static inline void ring_oddly(uint16_t port)
{
	__asm__ volatile("strb wzr, [%0]" : : "r"(doorbell(port)) : "memory");
}

static inline void disable_interrupts(void)
{
	__asm__ volatile("msr daifset, #2");
}

#endif

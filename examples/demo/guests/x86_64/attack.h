/* SPDX-License-Identifier: Apache-2.0
 *
 * The attacks that cannot be written in C, on x86_64.
 */
#ifndef MOTE_DEMO_ATTACK_H
#define MOTE_DEMO_ATTACK_H

#include <stdint.h>

static inline void ring(uint16_t port)
{
	__asm__ volatile("outl %%eax, %0" : : "d"(port) : "memory");
}

/* With one byte instead of four. */
static inline void ring_oddly(uint16_t port)
{
	__asm__ volatile("outb %%al, %0" : : "d"(port) : "memory");
}

static inline void disable_interrupts(void)
{
	__asm__ volatile("cli");
}

#endif

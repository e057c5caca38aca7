/* SPDX-License-Identifier: Apache-2.0
 *
 * x86_64: the doorbell instruction, `out %eax, $port`.  Registers, flags and
 * vector state come back as they were; only memory may have changed.
 */
#ifndef MOTE_GUEST_ARCH_H
#define MOTE_GUEST_ARCH_H

#include <stdint.h>

#define MOTE_GUEST_RING(port) __asm__ volatile("outl %%eax, %0" : : "N"((uint8_t)(port)) : "memory")

/* Functions read the canary where the host has renewed it. */
static inline void mote_guest_renew_canary(void)
{
}

static inline _Noreturn void mote_guest_trap(void)
{
	for (;;)
		__asm__ volatile("ud2");
}

#endif

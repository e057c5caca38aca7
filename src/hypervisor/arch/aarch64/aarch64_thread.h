/* SPDX-License-Identifier: Apache-2.0
 *
 * The thread block on aarch64: a control block of 16 bytes at the thread
 * pointer, thread-local variables above it (TLS variant I).
 * "ELF for the Arm 64-bit Architecture", section on thread-local storage.
 */
#ifndef MOTE_HYPERVISOR_ARCH_AARCH64_THREAD_H
#define MOTE_HYPERVISOR_ARCH_AARCH64_THREAD_H

#include "../monitor.h"

#define MOTE_AARCH64_CONTROL_BLOCK_BYTES 16u

/* alignment: a power of two, at most a page; bytes: of the variables, may be 0. */
static inline struct mote_thread_block mote_aarch64_thread_block_make(uint64_t bytes,
								      uint64_t alignment)
{
	uint64_t variables = alignment > MOTE_AARCH64_CONTROL_BLOCK_BYTES
				     ? alignment
				     : MOTE_AARCH64_CONTROL_BLOCK_BYTES;

	return (struct mote_thread_block){
		.pointer = 0,
		.variables = variables,
		.bytes = variables + bytes,
	};
}

/* The stack protector's canary is a variable of the guest here, so nothing is written. */
static inline void mote_aarch64_thread_block_fill(uint8_t *block, uint64_t gva,
						  const struct mote_thread_block *at,
						  uint64_t random)
{
	(void)block;
	(void)gva;
	(void)at;
	(void)random;
}

#endif

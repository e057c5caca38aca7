/* SPDX-License-Identifier: Apache-2.0
 *
 * The thread block on aarch64: a control block of 16 bytes at the thread
 * pointer, thread-local variables above it (TLS variant I).
 * "ELF for the Arm 64-bit Architecture", section on thread-local storage.
 */
#ifndef MOTE_HYPERVISOR_ARCH_AARCH64_THREAD_H
#define MOTE_HYPERVISOR_ARCH_AARCH64_THREAD_H

#include "../monitor.h"
#include "bytes.h"

#define MOTE_AARCH64_CONTROL_BLOCK_BYTES 16u
#define MOTE_AARCH64_CANARY_OFFSET 8u /* of the two words, the one that belongs to the SDK */

/*
 * bytes: of the variables, may be 0.  alignment: a power of two, at most a page, or 0.  address:
 * where the linker put them; they follow the control block at the first address that is equal to it
 * modulo alignment.
 */
static inline struct mote_thread_block
mote_aarch64_thread_block_make(uint64_t bytes, uint64_t alignment, uint64_t address)
{
	uint64_t gap =
		alignment > 0 ? (address - MOTE_AARCH64_CONTROL_BLOCK_BYTES) & (alignment - 1) : 0;
	uint64_t variables = MOTE_AARCH64_CONTROL_BLOCK_BYTES + gap;

	return (struct mote_thread_block){
		.pointer = 0,
		.variables = variables,
		.bytes = variables + bytes,
	};
}

/* block: host view of the whole block. */
static inline void mote_aarch64_thread_block_set_canary(uint8_t *block,
							const struct mote_thread_block *at,
							uint64_t random)
{
	uint64_t canary = random & ~0xffull; /* a NUL byte stops runaway strings */

	mote_put64(block + at->pointer + MOTE_AARCH64_CANARY_OFFSET, canary);
}

/* The whole block.  gva: its address in the guest, not used here. */
static inline void mote_aarch64_thread_block_fill(uint8_t *block, uint64_t gva,
						  const struct mote_thread_block *at,
						  uint64_t random)
{
	(void)gva;
	mote_aarch64_thread_block_set_canary(block, at, random);
}

#endif

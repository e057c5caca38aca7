/* SPDX-License-Identifier: Apache-2.0
 *
 * The thread block on x86_64: thread-local variables below the thread pointer
 * (TLS variant II), and at it a control block that holds its own address (offset 0)
 * and the stack protector's canary (offset 0x28).
 * System V psABI for x86_64, and "ELF Handling For Thread-Local Storage".
 */
#ifndef MOTE_HYPERVISOR_ARCH_X86_64_THREAD_H
#define MOTE_HYPERVISOR_ARCH_X86_64_THREAD_H

#include "../monitor.h"
#include "bytes.h"

#define MOTE_X86_64_CONTROL_BLOCK_BYTES 64u
#define MOTE_X86_64_CANARY_OFFSET 0x28u

/*
 * bytes: of the variables, may be 0.  alignment: a power of two, at most a page, or 0.  address:
 * where the linker put them; it counts offsets down from the first multiple of alignment at or
 * after their end.
 */
static inline struct mote_thread_block
mote_x86_64_thread_block_make(uint64_t bytes, uint64_t alignment, uint64_t address)
{
	uint64_t to = alignment > MOTE_X86_64_CONTROL_BLOCK_BYTES ? alignment
								  : MOTE_X86_64_CONTROL_BLOCK_BYTES;
	uint64_t gap = alignment > 0 ? (0 - (address + bytes)) & (alignment - 1) : 0;
	uint64_t below = bytes + gap;
	uint64_t pointer = (below + to - 1) & ~(to - 1);

	return (struct mote_thread_block){
		.pointer = pointer,
		.variables = pointer - below,
		.bytes = pointer + MOTE_X86_64_CONTROL_BLOCK_BYTES,
	};
}

/* block: host view of the whole block. */
static inline void mote_x86_64_thread_block_set_canary(uint8_t *block,
						       const struct mote_thread_block *at,
						       uint64_t random)
{
	uint64_t canary = random & ~0xffull; /* a NUL byte stops runaway strings */

	mote_put64(block + at->pointer + MOTE_X86_64_CANARY_OFFSET, canary);
}

/* The whole block.  gva: its address in the guest. */
static inline void mote_x86_64_thread_block_fill(uint8_t *block, uint64_t gva,
						 const struct mote_thread_block *at,
						 uint64_t random)
{
	mote_put64(block + at->pointer, gva + at->pointer);
	mote_x86_64_thread_block_set_canary(block, at, random);
}

#endif

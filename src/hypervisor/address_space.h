/* SPDX-License-Identifier: Apache-2.0
 *
 * Guest-physical addresses, and which of them are reserved.  One VM has such a space, or all VMs of
 * a process share one, as the hypervisor has it.  Knows nothing of memory.  One thread at a time.
 */
#ifndef MOTE_HYPERVISOR_ADDRESS_SPACE_H
#define MOTE_HYPERVISOR_ADDRESS_SPACE_H

#include <stdint.h>

#include <mote/engine.h>
#include <mote/error.h>

struct mote_address_range {
	uint64_t gpa;
	uint64_t bytes;
};

struct mote_address_space {
	const mote_allocator *allocator;
	uint64_t begin, end;		     /* its addresses; end is at most 2^63 */
	struct mote_address_range *reserved; /* in ascending order */
	uint32_t count;
};

/*
 * Reserves the lowest free addresses where a region can be that the guest sees at gva: as far from
 * a multiple of MOTE_BLOCK_BYTES as gva is, so that page tables can map it by blocks.  bytes is not
 * 0.  MOTE_LIMIT when there is no room, MOTE_NO_MEMORY.
 */
mote_status mote_address_space_reserve(struct mote_address_space *space, uint64_t gva,
				       uint64_t bytes, uint64_t *gpa, mote_error *error);

/* Frees what one call reserved. */
void mote_address_space_release(struct mote_address_space *space, uint64_t gpa);

/* Frees the list.  Accepts a zeroed structure with an allocator. */
void mote_address_space_end(struct mote_address_space *space);

#endif

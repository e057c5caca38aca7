/* SPDX-License-Identifier: Apache-2.0
 *
 * The guest-physical memory of a partition.
 */
#include "hypervisor/backends/mshv/mshv_internal.h"

static struct mote_mshv_memory part_of(const struct mote_memory_region *slot, uint64_t gpa,
				       uint64_t bytes)
{
	return (struct mote_mshv_memory){
		.bytes = bytes,
		.frame = gpa >> MOTE_HYPERV_FRAME_SHIFT,
		.address = (uintptr_t)slot->hva + (gpa - slot->gpa),
	};
}

static mote_status request(struct mote_hyperv_vm *vm, struct mote_mshv_memory *memory,
			   const char *what, mote_error *error)
{
	const struct mote_mshv_vm *mshv_vm = (const struct mote_mshv_vm *)vm;
	const int result = mote_mshv_request(mshv_vm->mshv, mshv_vm->partition,
					     MOTE_MSHV_SET_GUEST_MEMORY, memory);

	return result < 0 ? mote_mshv_fail(error, -result, what) : MOTE_OK;
}

mote_status mote_mshv_map(struct mote_hyperv_vm *vm, const struct mote_memory_region *slot,
			  uint64_t gpa, uint64_t bytes, mote_error *error)
{
	struct mote_mshv_memory memory = part_of(slot, gpa, bytes);

	if (slot->flags & MOTE_REGION_WRITE)
		memory.flags |= MOTE_MSHV_MEMORY_WRITABLE;
	if (slot->flags & MOTE_REGION_EXECUTE)
		memory.flags |= MOTE_MSHV_MEMORY_EXECUTABLE;
	return request(vm, &memory, "MSHV_SET_GUEST_MEMORY", error);
}

mote_status mote_mshv_unmap(struct mote_hyperv_vm *vm, const struct mote_memory_region *slot,
			    uint64_t gpa, uint64_t bytes, mote_error *error)
{
	struct mote_mshv_memory memory = part_of(slot, gpa, bytes);

	memory.flags = MOTE_MSHV_MEMORY_UNMAP;
	return request(vm, &memory, "MSHV_SET_GUEST_MEMORY, unmap", error);
}

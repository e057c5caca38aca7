/* SPDX-License-Identifier: Apache-2.0
 *
 * What all VMs have in common.
 */
#include "hypervisor/vm.h"

#include <string.h>

#include "allocator.h"
#include "error_internal.h"
#include "hypervisor/interrupt/guest_clock.h"
#include "hypervisor/interrupt/interrupt_internal.h"

mote_status mote_vm_begin(struct mote_vm *vm, const struct mote_vm_ops *ops,
			  const struct mote_hypervisor *hypervisor, struct mote_kick *kick,
			  mote_error *error)
{
	vm->ops = ops;
	vm->hypervisor = hypervisor;
	vm->address_base = hypervisor->capabilities.address_base;
	vm->addresses = (struct mote_address_space){
		.allocator = hypervisor->allocator,
		.begin = hypervisor->capabilities.address_base,
		.end = 1ull << hypervisor->capabilities.address_bits,
	};
	vm->guest_clock = &mote_guest_clock_of_thread;
	return mote_interrupt_create(hypervisor->allocator, kick, &vm->interrupt, error);
}

void mote_vm_end(struct mote_vm *vm)
{
	if (vm->interrupt != NULL) {
		mote_interrupt_drop(vm->interrupt);
		mote_interrupt_release(vm->interrupt);
	}
	mote_address_space_end(&vm->addresses);
	mote_release(vm->hypervisor->allocator, vm->slots);
}

mote_status mote_vm_reserve_gpa(struct mote_vm *vm, uint64_t gva, uint64_t bytes, uint64_t *gpa,
				mote_error *error)
{
	return mote_address_space_reserve(&vm->addresses, gva, bytes, gpa, error);
}

void mote_vm_release_gpa(struct mote_vm *vm, uint64_t gpa)
{
	mote_address_space_release(&vm->addresses, gpa);
}

mote_status mote_vm_check_state(size_t bytes, size_t needed, mote_error *error)
{
	if (bytes == needed)
		return MOTE_OK;
	return mote_fail(error, MOTE_INVALID_ARGUMENT, "vCPU state has %zu bytes, not %zu", bytes,
			 needed);
}

static mote_status grow_slots(struct mote_vm *vm, uint32_t slot, mote_error *error)
{
	uint32_t count = slot + 1 > 2 * vm->slot_count ? slot + 1 : 2 * vm->slot_count;
	struct mote_memory_region *slots;

	if (slot < vm->slot_count)
		return MOTE_OK;
	slots = mote_reallocate(vm->hypervisor->allocator, vm->slots, count * sizeof(*slots));
	if (slots == NULL)
		return mote_fail_memory(error, "memory slots");
	memset(slots + vm->slot_count, 0, (count - vm->slot_count) * sizeof(*slots));
	vm->slots = slots;
	vm->slot_count = count;
	return MOTE_OK;
}

static mote_status check_region(const struct mote_capabilities *capabilities, uint32_t slot,
				const struct mote_memory_region *region, mote_error *error)
{
	if (slot >= capabilities->slots)
		return mote_fail(error, MOTE_LIMIT, "memory slot %u: a VM has %u", slot,
				 capabilities->slots);
	if (!(region->flags & MOTE_REGION_READ) || region->hva == NULL || region->bytes == 0 ||
	    ((region->gpa | (uintptr_t)region->hva | region->bytes) &
	     (capabilities->page_bytes - 1)))
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "memory slot %u: addresses and size must be whole pages, readable",
				 slot);
	if (!(region->flags & MOTE_REGION_WRITE) && !capabilities->read_only_slots)
		return mote_fail(error, MOTE_UNSUPPORTED, "memory slot %u: no read-only slots here",
				 slot);
	if ((region->flags & MOTE_REGION_HOST_READ_ONLY) && !capabilities->read_only_host_memory)
		return mote_fail(error, MOTE_UNSUPPORTED,
				 "memory slot %u: this hypervisor maps no memory that the host may "
				 "only read; import it writable",
				 slot);
	return MOTE_OK;
}

static bool is_mapped(const struct mote_vm *vm, const struct mote_memory_region *region)
{
	const uintptr_t begin = (uintptr_t)region->hva, end = begin + region->bytes;

	for (uint32_t i = 0; i < vm->slot_count; i++) {
		const uintptr_t mapped = (uintptr_t)vm->slots[i].hva;

		if (mapped != 0 && begin < mapped + vm->slots[i].bytes && mapped < end)
			return true;
	}
	return false;
}

/* Not all hypervisors refuse that: some replace what was there. */
static bool overlaps(const struct mote_vm *vm, const struct mote_memory_region *region)
{
	for (uint32_t i = 0; i < vm->slot_count; i++) {
		const struct mote_memory_region *slot = &vm->slots[i];

		if (slot->hva != NULL && region->gpa < slot->gpa + slot->bytes &&
		    slot->gpa < region->gpa + region->bytes)
			return true;
	}
	return false;
}

mote_status mote_vm_map_memory(struct mote_vm *vm, uint32_t slot,
			       const struct mote_memory_region *region, mote_error *error)
{
	mote_status status = check_region(&vm->hypervisor->capabilities, slot, region, error);

	if (status == MOTE_OK)
		status = grow_slots(vm, slot, error);
	if (status != MOTE_OK)
		return status;
	if (vm->slots[slot].hva != NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "memory slot %u is in use", slot);
	if (overlaps(vm, region))
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "memory slot %u: another slot has a part of these addresses",
				 slot);
	if (!vm->hypervisor->capabilities.aliases && is_mapped(vm, region))
		return mote_fail(error, MOTE_UNSUPPORTED,
				 "memory slot %u: this memory is in another slot, and this "
				 "hypervisor maps memory once",
				 slot);
	status = vm->ops->map_memory(vm, slot, region, error);
	if (status == MOTE_OK)
		vm->slots[slot] = *region;
	return status;
}

mote_status mote_vm_unmap_memory(struct mote_vm *vm, uint32_t slot, mote_error *error)
{
	mote_status status;

	if (slot >= vm->slot_count || vm->slots[slot].hva == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "memory slot %u is empty", slot);
	status = vm->ops->unmap_memory(vm, slot, error);
	if (status == MOTE_OK)
		vm->slots[slot] = (struct mote_memory_region){0};
	return status;
}

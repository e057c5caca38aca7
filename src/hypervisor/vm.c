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
	vm->guest_clock = &mote_guest_clock_of_thread;
	return mote_interrupt_create(hypervisor->allocator, kick, &vm->interrupt, error);
}

void mote_vm_end(struct mote_vm *vm)
{
	if (vm->interrupt != NULL) {
		mote_interrupt_drop(vm->interrupt);
		mote_interrupt_release(vm->interrupt);
	}
	mote_release(vm->hypervisor->allocator, vm->slots);
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
	return MOTE_OK;
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

/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM's memory slots, and how to make KVM drop what it derived from them.
 */
#include <string.h>

#include "error_internal.h"
#include "hypervisor/backends/kvm/kvm_internal.h"

static struct mote_kvm_vm *to_vm(struct mote_vm *base)
{
	return (struct mote_kvm_vm *)base;
}

static mote_status set_slot(struct mote_kvm_vm *vm, uint32_t slot, const struct mote_kvm_slot *to,
			    mote_error *error)
{
	struct mote_kvm_memory_region region = {
		.slot = slot,
		.flags = to->flags & MOTE_REGION_WRITE ? 0 : MOTE_KVM_MEM_READONLY,
		.guest_phys_addr = to->gpa,
		.memory_size = to->bytes,
		.userspace_addr = (uintptr_t)to->hva,
	};
	int result;

	if (to->bytes == 0)
		region.flags = 0;
	result = mote_kvm_ioctl(vm->kvm, vm->vm_fd, MOTE_KVM_SET_USER_MEMORY_REGION, &region);
	if (result < 0)
		return mote_kvm_fail(error, -result, "KVM_SET_USER_MEMORY_REGION");
	vm->slots[slot] = *to;
	return MOTE_OK;
}

static mote_status grow_slots(struct mote_kvm_vm *vm, uint32_t slot, mote_error *error)
{
	uint32_t count = slot + 1 > 2 * vm->slot_count ? slot + 1 : 2 * vm->slot_count;
	struct mote_kvm_slot *slots;

	if (slot < vm->slot_count)
		return MOTE_OK;
	slots = mote_reallocate(vm->kvm->allocator, vm->slots, count * sizeof(*slots));
	if (slots == NULL)
		return mote_fail_memory(error, "memory slots");
	memset(slots + vm->slot_count, 0, (count - vm->slot_count) * sizeof(*slots));
	vm->slots = slots;
	vm->slot_count = count;
	return MOTE_OK;
}

mote_status mote_kvm_map_memory(struct mote_vm *base, uint32_t slot,
				const struct mote_memory_region *region, mote_error *error)
{
	struct mote_kvm_vm *vm = to_vm(base);
	const struct mote_kvm_slot to = {region->hva, region->gpa, region->bytes, region->flags,
					 region->kind};
	mote_status status;

	if (slot >= vm->kvm->capabilities.slots)
		return mote_fail(error, MOTE_LIMIT, "memory slot %u: a VM has %u", slot,
				 vm->kvm->capabilities.slots);
	if (!(region->flags & MOTE_REGION_READ) || region->hva == NULL || region->bytes == 0 ||
	    ((region->gpa | (uintptr_t)region->hva | region->bytes) &
	     (vm->kvm->capabilities.page_bytes - 1)))
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "memory slot %u: addresses and size must be whole pages, readable",
				 slot);
	if (!(region->flags & MOTE_REGION_WRITE) && !vm->kvm->capabilities.read_only_slots)
		return mote_fail(error, MOTE_UNSUPPORTED, "memory slot %u: no read-only slots here",
				 slot);
	status = grow_slots(vm, slot, error);
	if (status != MOTE_OK)
		return status;
	if (vm->slots[slot].hva != NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "memory slot %u is in use", slot);
	return set_slot(vm, slot, &to, error);
}

mote_status mote_kvm_unmap_memory(struct mote_vm *base, uint32_t slot, mote_error *error)
{
	struct mote_kvm_vm *vm = to_vm(base);
	struct mote_kvm_slot empty = {0};

	if (slot >= vm->slot_count || vm->slots[slot].hva == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "memory slot %u is empty", slot);
	empty.gpa = vm->slots[slot].gpa;
	return set_slot(vm, slot, &empty, error);
}

/* Deleting and adding a slot makes KVM drop everything that it derived from it. */
static mote_status replace_slot(struct mote_kvm_vm *vm, uint32_t slot, mote_error *error)
{
	const struct mote_kvm_slot same = vm->slots[slot];
	const struct mote_kvm_slot empty = {.gpa = same.gpa};
	mote_status status = set_slot(vm, slot, &empty, error);

	return status == MOTE_OK ? set_slot(vm, slot, &same, error) : status;
}

/*
 * Changing the host's protection of the backing pages makes KVM drop and flush its entries for them
 * on every kind of host.  The application may write to a shared buffer through the same mapping
 * meanwhile, and we may not be allowed to make the backing of a read-only slot writable: there the
 * slot itself is replaced.
 */
static mote_status drop_slot(struct mote_kvm_vm *vm, uint32_t number, uint64_t gpa, uint64_t bytes,
			     mote_error *error)
{
	const struct mote_linux_device *system = vm->kvm->system;
	const struct mote_kvm_slot *slot = &vm->slots[number];
	uint64_t slot_end = slot->gpa + slot->bytes;
	uint64_t begin = gpa > slot->gpa ? gpa : slot->gpa;
	uint64_t end = gpa < slot_end && bytes < slot_end - gpa ? gpa + bytes : slot_end;
	uint8_t *hva;
	int result;

	if (slot->hva == NULL || begin >= end)
		return MOTE_OK;
	if (slot->kind == MOTE_REGION_SHARED || !(slot->flags & MOTE_REGION_WRITE))
		return replace_slot(vm, number, error);
	hva = (uint8_t *)slot->hva + (begin - slot->gpa);
	result = system->protect(system, hva, end - begin, false);
	if (result == 0)
		result = system->protect(system, hva, end - begin, true);
	return result < 0 ? mote_kvm_fail(error, -result, "mprotect of guest memory") : MOTE_OK;
}

mote_status mote_kvm_drop_memory(struct mote_kvm_vm *vm, uint64_t gpa, uint64_t bytes,
				 mote_error *error)
{
	for (uint32_t slot = 0; slot < vm->slot_count; slot++) {
		mote_status status = drop_slot(vm, slot, gpa, bytes, error);

		if (status != MOTE_OK)
			return status;
	}
	return MOTE_OK;
}

mote_status mote_kvm_complete_initial_memory_setup(struct mote_vm *base, mote_error *error)
{
	(void)base;
	(void)error;
	return MOTE_OK;
}

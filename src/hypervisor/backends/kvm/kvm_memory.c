/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM's memory slots, and how to make KVM drop what it derived from them.
 */
#include "error_internal.h"
#include "hypervisor/backends/kvm/kvm_internal.h"

static struct mote_kvm_vm *to_vm(struct mote_vm *base)
{
	return (struct mote_kvm_vm *)base;
}

/* region: NULL to empty the slot. */
static mote_status set_slot(struct mote_kvm_vm *vm, uint32_t slot,
			    const struct mote_memory_region *to, mote_error *error)
{
	struct mote_kvm_memory_region region = {.slot = slot};
	int result;

	if (to == NULL) {
		region.guest_phys_addr = vm->base.slots[slot].gpa;
	} else {
		region.flags = to->flags & MOTE_REGION_WRITE ? 0 : MOTE_KVM_MEM_READONLY;
		region.guest_phys_addr = to->gpa;
		region.memory_size = to->bytes;
		region.userspace_addr = (uintptr_t)to->hva;
	}
	result = mote_kvm_ioctl(vm->kvm, vm->vm_fd, MOTE_KVM_SET_USER_MEMORY_REGION, &region);
	return result < 0 ? mote_kvm_fail(error, -result, "KVM_SET_USER_MEMORY_REGION") : MOTE_OK;
}

mote_status mote_kvm_map_memory(struct mote_vm *base, uint32_t slot,
				const struct mote_memory_region *region, mote_error *error)
{
	return set_slot(to_vm(base), slot, region, error);
}

mote_status mote_kvm_unmap_memory(struct mote_vm *base, uint32_t slot, mote_error *error)
{
	return set_slot(to_vm(base), slot, NULL, error);
}

/* Deleting and adding a slot makes KVM drop everything that it derived from it. */
static mote_status replace_slot(struct mote_kvm_vm *vm, uint32_t slot, mote_error *error)
{
	struct mote_memory_region *region = &vm->base.slots[slot];
	mote_status status = set_slot(vm, slot, NULL, error);

	if (status != MOTE_OK)
		return status;
	status = set_slot(vm, slot, region, error);
	if (status != MOTE_OK)
		region->hva = NULL;
	return status;
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
	const struct mote_memory_region *slot = &vm->base.slots[number];
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
	for (uint32_t slot = 0; slot < vm->base.slot_count; slot++) {
		mote_status status = drop_slot(vm, slot, gpa, bytes, error);

		if (status != MOTE_OK)
			return status;
	}
	return MOTE_OK;
}

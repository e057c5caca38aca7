/* SPDX-License-Identifier: Apache-2.0
 *
 * The part of a VM that every backend has in common: its interrupt handle, its guest-physical
 * addresses, and what is mapped in its memory slots, with the rules of the contract for them.
 */
#ifndef MOTE_HYPERVISOR_VM_H
#define MOTE_HYPERVISOR_VM_H

#include "hypervisor/interrupt/kick.h"
#include "hypervisor/virtual_machine.h"

/* For a backend's create: vm is zeroed.  kick: a part of the backend's VM.  If this fails,
 * mote_vm_end is called all the same. */
mote_status mote_vm_begin(struct mote_vm *vm, const struct mote_vm_ops *ops,
			  const struct mote_hypervisor *hypervisor, struct mote_kick *kick,
			  mote_error *error);

/* For a backend's destroy, when the hypervisor's own VM is gone. */
void mote_vm_end(struct mote_vm *vm);

/* For a backend's save_state and load_state: whether a block of bytes is one of needed. */
mote_status mote_vm_check_state(size_t bytes, size_t needed, mote_error *error);
/* The operations reserve_gpa and release_gpa of a hypervisor that gives each VM an address space of
 * its own. */
mote_status mote_vm_reserve_gpa(struct mote_vm *vm, uint64_t gva, uint64_t bytes, uint64_t *gpa,
				mote_error *error);
void mote_vm_release_gpa(struct mote_vm *vm, uint64_t gpa);

/* Maps a region into an empty slot (0 to capabilities.slots - 1).  MOTE_LIMIT, MOTE_UNSUPPORTED,
 * MOTE_INVALID_ARGUMENT. */
mote_status mote_vm_map_memory(struct mote_vm *vm, uint32_t slot,
			       const struct mote_memory_region *region, mote_error *error);

/* Empties a slot.  MOTE_INVALID_ARGUMENT when nothing is mapped there.  The vCPU may keep
 * translations of page tables to it: whoever changes the tables calls invalidate_translations. */
mote_status mote_vm_unmap_memory(struct mote_vm *vm, uint32_t slot, mote_error *error);

#endif

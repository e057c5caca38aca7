/* SPDX-License-Identifier: Apache-2.0
 *
 * A pretended backend: KVM without its comforts, to prove that what is above the contract needs
 * none of them.  MOTE_TEST_POOR says how it is poor: a list of kinds ("kick exits"), or "all".
 */
#ifndef MOTE_TEST_POOR_H
#define MOTE_TEST_POOR_H

#include "hypervisor/virtual_machine.h"
#include "hypervisor/vm.h"

enum poor_kind {
	POOR_KICK = 1 << 0,  /* no byte that ends a run which has not begun */
	POOR_EXITS = 1 << 1, /* memory exits without size and value, string I/O without a count */
	/* Memory in one slot only, none that the host may only read, and no copy-on-write. */
	POOR_MEMORY = 1 << 2,
	POOR_ADDRESSES = 1 << 3, /* guest-physical addresses begin, and are, anywhere */
	POOR_THREADS = 1 << 4,	 /* a vCPU belongs to a thread */
	POOR_PARTS = 1 << 5,	 /* calls do a part of what they are asked, and are repeated */
};

/* A set of kinds; 0: the hypervisor is as it is. */
unsigned poor_kinds(void);

/* Where the addresses of this process's VMs begin, if they are poor in this. */
uint64_t poor_address_base(void);

extern const struct mote_backend poor_backend;

/* Puts it in the place of the backend of a hypervisor that is open, if the environment asks for
 * it. */
void poor_adopt(struct mote_hypervisor *hypervisor);

/* The operation of the pretended VM. */
mote_status poor_reserve_gpa(struct mote_vm *vm, uint64_t gva, uint64_t bytes, uint64_t *gpa,
			     mote_error *error);

/* ---- Between poor.c and poor_exits_<architecture>.c ---------------------------------------- */

/* What this architecture's poorest hypervisor leaves undescribed, and the calls of KVM that it
 * takes here to find that out at a doorbell. */
extern const bool poor_leaves_undescribed;
extern const uint32_t poor_doorbell_calls;

/* Takes from an access what the poorest hypervisor does not tell, and makes it one that has not
 * retired.  kvm: the VM beneath. */
mote_status poor_exit(struct mote_vm *kvm, struct mote_vm_exit *exit, mote_error *error);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What kvm_aarch64.c (setup, exits), kvm_aarch64_registers.c and
 * kvm_aarch64_state.c share.
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_KVM_AARCH64_INTERNAL_H
#define MOTE_HYPERVISOR_BACKENDS_KVM_AARCH64_INTERNAL_H

#include <stdatomic.h>

#include "hypervisor/backends/kvm/kvm_internal.h"

struct mote_kvm_arch {
	bool nisv; /* accesses without a syndrome are exits, not errors of KVM_RUN */
	/* What the registers of every new vCPU are, once one's have been read.  KVM sets them to
	 * constants. */
	_Atomic uint64_t new_known;
	_Atomic uint64_t new_values[MOTE_KVM_KNOWN_REGISTERS];
	_Atomic uint64_t target; /* of all vCPUs, and 1; 0: not known yet */
};

/* What is known of the general registers after KVM_ARM_VCPU_INIT. */
void mote_kvm_know_reset(struct mote_kvm_vm *vm);
/* What is known of all registers, if it was the first. */
void mote_kvm_know_new(struct mote_kvm_vm *vm);

/* One register by its id.  value: as many bytes as the id encodes. */
mote_status mote_kvm_get_register(struct mote_kvm_vm *vm, uint64_t id, void *value,
				  mote_error *error);
mote_status mote_kvm_set_register(struct mote_kvm_vm *vm, uint64_t id, const void *value,
				  mote_error *error);

#endif

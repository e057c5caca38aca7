/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything that KVM knows about an aarch64 vCPU: all registers of KVM_GET_REG_LIST, including
 * those that the neutral structures lack.  A snapshot must contain this.
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_KVM_AARCH64_STATE_H
#define MOTE_HYPERVISOR_BACKENDS_KVM_AARCH64_STATE_H

#include <stddef.h>
#include <stdint.h>

#include <mote/error.h>

#include "hypervisor/virtual_machine.h"

/* A register's value begins at offset in values; its id encodes how many bytes it has. */
struct mote_kvm_saved_register {
	uint64_t id;
	size_t offset;
};

struct mote_kvm_state {
	size_t count;
	size_t bytes; /* of values */
	struct mote_kvm_saved_register *registers;
	uint8_t *values;
};

/* Reads all registers of a KVM vCPU, after the last exit's instruction has retired. state:
 * written on success; free it with mote_kvm_state_free. */
mote_status mote_kvm_state_save(struct mote_vm *vm, struct mote_kvm_state *state,
				mote_error *error);

/* Writes them back, to the same vCPU or to another one of the same kind. */
mote_status mote_kvm_state_restore(struct mote_vm *vm, const struct mote_kvm_state *state,
				   mote_error *error);

/* vm: any VM of the same hypervisor.  state: may be zeroed. */
void mote_kvm_state_free(struct mote_vm *vm, struct mote_kvm_state *state);

#endif

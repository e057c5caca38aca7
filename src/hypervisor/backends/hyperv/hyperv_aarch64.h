/* SPDX-License-Identifier: Apache-2.0
 *
 * aarch64 VPs: their registers, and the access of an exit.
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_HYPERV_AARCH64_H
#define MOTE_HYPERVISOR_BACKENDS_HYPERV_AARCH64_H

#include "hypervisor/arch/aarch64/aarch64_access.h"
#include "hypervisor/backends/hyperv/hyperv.h"
#include "hypervisor/backends/hyperv/hyperv_abi_aarch64.h"

struct mote_hyperv_facts {
	/* Of a VP: ID_AA64DFR0_EL1. */
	unsigned breakpoints, watchpoints;
};

struct mote_hyperv_vcpu {
	/* The access of the last exit, which has not retired. */
	bool pending;
	struct mote_aarch64_access access;
	uint64_t pc, pstate; /* of its instruction */
	uint8_t data[8];
};

/* The state of a VP as one block: all of its registers. */
struct mote_hyperv_block {
	mote_regs regs;
	mote_sregs sregs;
	mote_fpu fpu;
	mote_debug_regs debug;
};

/* Fills in facts, with a VP that has been made. */
mote_status mote_hyperv_learn(struct mote_hyperv_vm *vm, mote_error *error);

mote_status mote_hyperv_set_register(struct mote_hyperv_vm *vm, uint32_t name, uint64_t value,
				     mote_error *error);

mote_status mote_hyperv_memory_exit(struct mote_hyperv_vm *vm,
				    const struct mote_hyperv_a64_memory *memory,
				    struct mote_vm_exit *exit, mote_error *error);

/* Retires what is pending.  Before any look at a register. */
mote_status mote_hyperv_touch(struct mote_hyperv_vm *vm, mote_error *error);

#endif

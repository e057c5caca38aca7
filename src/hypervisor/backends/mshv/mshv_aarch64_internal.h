/* SPDX-License-Identifier: Apache-2.0
 *
 * What the aarch64 files of this backend share.
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_MSHV_AARCH64_INTERNAL_H
#define MOTE_HYPERVISOR_BACKENDS_MSHV_AARCH64_INTERNAL_H

#include "hypervisor/arch/aarch64/aarch64_access.h"
#include "hypervisor/backends/mshv/mshv_abi_aarch64.h"
#include "hypervisor/backends/mshv/mshv_internal.h"

struct mote_mshv_arch {
	/* Of a VP: ID_AA64DFR0_EL1. */
	unsigned breakpoints, watchpoints;
};

struct mote_mshv_vcpu {
	/* The access of the last exit, which has not retired. */
	bool pending;
	struct mote_aarch64_access access;
	uint64_t pc, pstate; /* of its instruction */
	uint8_t data[8];
};

/* The state of a VP as one block: all of its registers. */
struct mote_mshv_block {
	mote_regs regs;
	mote_sregs sregs;
	mote_fpu fpu;
	mote_debug_regs debug;
};

/* Retires what is pending.  Before any look at a register. */
mote_status mote_mshv_touch(struct mote_mshv_vm *vm, mote_error *error);

#endif

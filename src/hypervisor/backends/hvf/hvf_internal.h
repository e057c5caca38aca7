/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this backend share: a sandbox's VM.
 */
#ifndef MOTE_HVF_INTERNAL_H
#define MOTE_HVF_INTERNAL_H

#include <stdatomic.h>

#include "hypervisor/arch/aarch64/aarch64_access.h"
#include "hypervisor/backends/hvf/hvf.h"
#include "hypervisor/backends/hvf/hvf_process.h"
#include "hypervisor/vm.h"

struct mote_hvf {
	struct mote_hypervisor base;
	const struct mote_hvf_system *system;
	uint32_t generation; /* of the process */
};

/* All registers of a vCPU; also the block of bytes that is its state. */
struct mote_hvf_registers {
	mote_regs regs;
	mote_sregs sregs;
	mote_fpu fpu;
	mote_debug_regs debug;
};

/* Classes of registers, which move between memory and a vCPU only when they have to. */
enum {
	MOTE_HVF_REGS = 1, /* with the stack pointers of both levels */
	MOTE_HVF_SREGS = 2,
	MOTE_HVF_FPU = 4,
	MOTE_HVF_DEBUG = 8,
	MOTE_HVF_ALL = 15,
};

/* The kick ends the run of the vCPU that the sandbox is on. */
struct mote_hvf_kick {
	struct mote_kick base;
	const struct mote_hvf_system *system;
	_Atomic uint64_t vcpu; /* + 1; 0: the thread has none yet */
	_Atomic bool missed;   /* it was sent when there was none */
};

struct mote_hvf_vm {
	struct mote_vm base;
	struct mote_hvf_kick kick;
	uint64_t serial;
	struct mote_hvf_registers registers; /* sregs.ttbr0 without the ASID */
	/* Classes whose newest values the vCPU alone has, and those that it gets before it runs. */
	uint8_t in_vcpu, in_memory;
	struct mote_hvf_thread *thread; /* whose vCPU; NULL: it had none, or they are lost */
	uint16_t asid, loaded_asid;
	/* An access that is still to retire, and its program counter. */
	bool pending;
	struct mote_aarch64_access access;
	uint64_t access_pc;
	uint8_t data[8];
	uint32_t interruptions; /* without a reason, one after the other */
	uint64_t *reserved;	/* guest-physical addresses, to be given back */
	uint32_t reserved_count;
};

static inline struct mote_hvf_vm *mote_hvf_vm(struct mote_vm *base)
{
	return (struct mote_hvf_vm *)base;
}

/* A forked child has the structure alone. */
static inline bool mote_hvf_is_of_parent(const struct mote_vm *base)
{
	return !mote_hvf_process_is(((const struct mote_hvf *)base->hypervisor)->generation);
}

/* Retires what is pending, and copies classes of registers to memory if the vCPU has newer ones. */
mote_status mote_hvf_sync(struct mote_hvf_vm *vm, uint8_t classes, mote_error *error);
/* What the vCPU has, and what waits to retire, no longer counts: memory does. */
void mote_hvf_forget(struct mote_hvf_vm *vm);
/* Copies to memory what the vCPU of the calling thread alone has, before it gets something else.
 * Under the process's lock.  If it fails, the vCPU still has it. */
mote_hv_return mote_hvf_rescue(struct mote_hvf_thread *thread);
/* Makes the thread's vCPU the one that runs the sandbox. */
mote_status mote_hvf_load(struct mote_hvf_vm *vm, struct mote_hvf_thread *thread,
			  mote_error *error);

mote_status mote_hvf_enter(struct mote_vm *base, struct mote_vm_exit *exit, mote_error *error);
void mote_hvf_kick_init(struct mote_hvf_kick *kick, const struct mote_hvf_system *system);

mote_status mote_hvf_regs(struct mote_vm *base, mote_regs *regs, mote_error *error);
mote_status mote_hvf_set_regs(struct mote_vm *base, const mote_regs *regs, mote_error *error);
mote_status mote_hvf_sregs(struct mote_vm *base, mote_sregs *sregs, mote_error *error);
mote_status mote_hvf_set_sregs(struct mote_vm *base, const mote_sregs *sregs, mote_error *error);
mote_status mote_hvf_fpu(struct mote_vm *base, mote_fpu *fpu, mote_error *error);
mote_status mote_hvf_set_fpu(struct mote_vm *base, const mote_fpu *fpu, mote_error *error);
mote_status mote_hvf_debug_regs(struct mote_vm *base, mote_debug_regs *debug, mote_error *error);
mote_status mote_hvf_set_debug_regs(struct mote_vm *base, const mote_debug_regs *debug,
				    mote_error *error);
mote_status mote_hvf_exception_state(struct mote_vm *base, mote_exception_state *state,
				     mote_error *error);
mote_status mote_hvf_set_exception_return(struct mote_vm *base, const mote_exception_state *state,
					  mote_error *error);
mote_status mote_hvf_state_bytes(struct mote_vm *base, size_t *bytes, mote_error *error);
mote_status mote_hvf_save_state(struct mote_vm *base, void *state, size_t bytes, mote_error *error);
mote_status mote_hvf_load_state(struct mote_vm *base, const void *state, size_t bytes,
				mote_error *error);
mote_status mote_hvf_load_user_state(struct mote_vm *base, const void *state, size_t bytes,
				     const struct mote_user_gate *gate, mote_error *error);
mote_status mote_hvf_begin_reset(struct mote_vm *base, mote_error *error);
mote_status mote_hvf_park(struct mote_vm *base, mote_error *error);

#endif

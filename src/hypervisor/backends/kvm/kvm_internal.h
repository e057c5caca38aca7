/* SPDX-License-Identifier: Apache-2.0
 *
 * What kvm.c (the device, VMs), kvm_memory.c, kvm_run.c and kvm_<arch>.c
 * (registers, setup of a vCPU) share.
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_KVM_INTERNAL_H
#define MOTE_HYPERVISOR_BACKENDS_KVM_INTERNAL_H

#include "allocator.h"
#include "hypervisor/backends/kvm/kvm_abi.h"
#include "hypervisor/backends/linux/linux_device.h"
#include "hypervisor/interrupt/kick_signal.h"
#include "hypervisor/virtual_machine.h"
#include "hypervisor/vm.h"

/* What one architecture's vCPU setup keeps per hypervisor, e.g. a CPUID table. */
struct mote_kvm_arch;

struct mote_kvm {
	struct mote_hypervisor base;
	const struct mote_linux_device *system;
	int kick_signal; /* 0: none is installed */
	int fd;
	size_t run_bytes;   /* of the mapping shared with a vCPU */
	int question_error; /* errno of the first query that failed */
	struct mote_kvm_arch *arch;
};

/* What the next KVM_RUN does first. */
enum mote_kvm_pending {
	MOTE_KVM_NOTHING_PENDING = 0,
	MOTE_KVM_ACCESS_PENDING, /* the instruction of the last exit retires */
	MOTE_KVM_LOAD_PENDING,	 /* registers in the shared page are loaded */
	MOTE_KVM_EXIT_STASHED,	 /* retiring caused another exit, not reported yet */
	/* The vCPU is in a gate, or comes to be there by what is in the shared page; an access may
	 * retire too. */
	MOTE_KVM_GATE_PENDING,
};

/* What a vCPU in a gate comes to. */
struct mote_kvm_gate {
	struct mote_user_gate code;
	const void *state;
	size_t bytes;
};

/* As many as known has bits. */
enum { MOTE_KVM_KNOWN_REGISTERS = 64 };

struct mote_kvm_vm {
	struct mote_vm base;
	struct mote_kvm *kvm;
	int vm_fd;
	int vcpu_fd;
	struct mote_kvm_run *run;
	enum mote_kvm_pending pending;
	struct mote_kvm_gate gate; /* while it is pending */
	/* Where each register costs a call: those whose values have been read since the vCPU last
	 * ran, or are known after a reset.  Bits number the values. */
	uint64_t known;
	uint64_t values[MOTE_KVM_KNOWN_REGISTERS];
	struct mote_kick_signal kick;
};

static inline int mote_kvm_ioctl(const struct mote_kvm *kvm, int fd, unsigned long request,
				 void *argument)
{
	return kvm->system->ioctl(kvm->system, fd, request, argument);
}

/* A vCPU ioctl that writes a structure, and one that only reads it.  Both fill error when they
 * fail. */
mote_status mote_kvm_vcpu_get(struct mote_kvm_vm *vm, unsigned long request, void *out,
			      const char *name, mote_error *error);
mote_status mote_kvm_vcpu_set(struct mote_kvm_vm *vm, unsigned long request, const void *in,
			      const char *name, mote_error *error);

/* Does what is pending.  Called before any register access. */
mote_status mote_kvm_retire(struct mote_kvm_vm *vm, mote_error *error);

/* The value of a capability, 0 when it is missing.  While the device is being opened: if the query
 * itself fails, opening fails. */
int mote_kvm_capability(struct mote_kvm *kvm, int fd, uintptr_t capability);

/* Fails with MOTE_HYPERVISOR, or with the limit that code stands for. */
mote_status mote_kvm_fail(mote_error *error, int code, const char *what);

/* ---- kvm_memory.c, kvm_run.c --------------------------------------------------------------- */

mote_status mote_kvm_map_memory(struct mote_vm *base, uint32_t slot,
				const struct mote_memory_region *region, mote_error *error);
mote_status mote_kvm_unmap_memory(struct mote_vm *base, uint32_t slot, mote_error *error);
/* Makes KVM drop and flush everything that it derived from a guest-physical range. */
mote_status mote_kvm_drop_memory(struct mote_kvm_vm *vm, uint64_t gpa, uint64_t bytes,
				 mote_error *error);
mote_status mote_kvm_enter(struct mote_vm *base, struct mote_vm_exit *exit, mote_error *error);

/* ---- kvm_<arch>.c ------------------------------------------------------------------------ */

/* What the user can do when there is no device. */
extern const char mote_kvm_arch_remedy[];
/* What this architecture needs from the device: capabilities, CPUID. */
mote_status mote_kvm_arch_open(struct mote_kvm *kvm, mote_error *error);
void mote_kvm_arch_close(struct mote_kvm *kvm);
/* What KVM_CREATE_VM takes. */
uintptr_t mote_kvm_arch_vm_type(const struct mote_kvm *kvm);

/* A new VM, before its vCPU is created. */
mote_status mote_kvm_arch_create_vm(struct mote_kvm_vm *vm, mote_error *error);
/* A new vCPU. */
mote_status mote_kvm_arch_create_vcpu(struct mote_kvm_vm *vm, mote_error *error);
/* Decodes an exit reason that only this architecture has, or that differs on it; false: not one of
 * these. */
bool mote_kvm_arch_exit(const struct mote_kvm_run *run, struct mote_vm_exit *exit);
/* Clears registers of this thread that a kind of KVM lets its guests share: before each run. */
void mote_kvm_arch_clear_thread(void);
/* Whether the vCPU, for which a gate is pending, has not left it. */
bool mote_kvm_arch_in_gate(struct mote_kvm_vm *vm);
/* An errno of KVM_RUN that guest code can cause; false: none of these. */
bool mote_kvm_arch_run_error(int code, struct mote_vm_exit *exit);

mote_status mote_kvm_regs(struct mote_vm *base, mote_regs *regs, mote_error *error);
mote_status mote_kvm_set_regs(struct mote_vm *base, const mote_regs *regs, mote_error *error);
mote_status mote_kvm_sregs(struct mote_vm *base, mote_sregs *sregs, mote_error *error);
mote_status mote_kvm_set_sregs(struct mote_vm *base, const mote_sregs *sregs, mote_error *error);
mote_status mote_kvm_fpu(struct mote_vm *base, mote_fpu *fpu, mote_error *error);
mote_status mote_kvm_set_fpu(struct mote_vm *base, const mote_fpu *fpu, mote_error *error);
mote_status mote_kvm_debug_regs(struct mote_vm *base, mote_debug_regs *debug, mote_error *error);
mote_status mote_kvm_set_debug_regs(struct mote_vm *base, const mote_debug_regs *debug,
				    mote_error *error);
mote_status mote_kvm_exception_state(struct mote_vm *base, mote_exception_state *state,
				     mote_error *error);
mote_status mote_kvm_set_exception_return(struct mote_vm *base, const mote_exception_state *state,
					  mote_error *error);
mote_status mote_kvm_state_bytes(struct mote_vm *base, size_t *bytes, mote_error *error);
mote_status mote_kvm_save_state(struct mote_vm *base, void *state, size_t bytes, mote_error *error);
mote_status mote_kvm_load_state(struct mote_vm *base, const void *state, size_t bytes,
				mote_error *error);
mote_status mote_kvm_load_user_state(struct mote_vm *base, const void *state, size_t bytes,
				     const struct mote_user_gate *gate, mote_error *error);
mote_status mote_kvm_begin_reset(struct mote_vm *base, mote_error *error);
mote_status mote_kvm_invalidate_translations(struct mote_vm *base, uint64_t gpa, uint64_t bytes,
					     mote_error *error);

#endif

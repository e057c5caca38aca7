/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of KVM's x86_64 vCPU share: kvm_x86_64.c (setup, registers, reset) and
 * kvm_x86_64_xsave.c (extended state).
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_KVM_X86_64_INTERNAL_H
#define MOTE_HYPERVISOR_BACKENDS_KVM_X86_64_INTERNAL_H

#include "hypervisor/arch/x86_64/x86_64_cpuid.h"
#include "hypervisor/backends/kvm/kvm_internal.h"

struct mote_kvm_arch {
	struct mote_x86_64_cpuid_facts facts;
	size_t xsave_bytes;
	bool pkru;	      /* KVM keeps it for each vCPU, though CPUID hides it from guests */
	bool hypercall_quirk; /* can be turned off */
	bool sync_regs;	      /* a run loads general and special registers from the shared page */
	struct mote_kvm_x86_cpuid *cpuid;
};

/* Every register access starts here: the last exit's instruction retires first. */
mote_status mote_kvm_touch(struct mote_vm *base, struct mote_kvm_vm **vm, mote_error *error);

/* Sets XCR0 as the CPUID policy requires. */
mote_status mote_kvm_set_xcr0(struct mote_kvm_vm *vm, mote_error *error);

/* The extended state in the standard format, in an area of mote_kvm_xsave_bytes. */
size_t mote_kvm_xsave_bytes(const struct mote_vm *base);
mote_status mote_kvm_get_xsave(struct mote_kvm_vm *vm, uint8_t *area, mote_error *error);
mote_status mote_kvm_put_xsave(struct mote_kvm_vm *vm, const uint8_t *area, mote_error *error);

/* Makes an area that was read load all that user code can change, though it was in its initial
 * state: without a mark kernels before 6.2 leave PKRU, and some processors MXCSR, as it is. */
void mote_kvm_complete_xsave(const struct mote_vm *base, uint8_t *area);

/* Discards the last exit's instruction, with all accesses that it has yet to make. */
mote_status mote_kvm_forget_pending(struct mote_kvm_vm *vm, mote_error *error);

/* Makes the vCPU run when it is entered, whatever it waited for. */
mote_status mote_kvm_set_runnable(struct mote_kvm_vm *vm, mote_error *error);

/* Makes the segment selectors of this thread 0; FS and GS keep their bases. */
void mote_kvm_clear_selectors(void);

/* Resets the extended state to fpu alone, and XCR0. */
mote_status mote_kvm_reset_xsave(struct mote_vm *base, mote_error *error);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM's aarch64 vCPU: setup, exits, reset, changed page tables.  Registers are in
 * kvm_aarch64_registers.c.  Source: Linux, Documentation/virt/kvm/api.rst.
 */
#include "hypervisor/backends/kvm/kvm_aarch64_internal.h"

#include <errno.h>
#include <stdio.h>

#include "error_internal.h"
#include "hypervisor/arch/aarch64/aarch64_access.h"
#include "hypervisor/arch/aarch64/aarch64_asid.h"

enum { DEFAULT_IPA_BITS = 40 }; /* of a VM of type 0 */

#define TTBR0_EL1 MOTE_KVM_ARM_SYSREG(3, 0, 2, 0, 0)

/* ---- The device -------------------------------------------------------------------------- */

/* KVM is not a module here; the kernel logs "HYP mode not available" when it was not booted at
 * EL2. */
const char mote_kvm_arch_remedy[] = "boot a kernel with CONFIG_KVM at EL2; the firmware, or the "
				    "hypervisor of a virtual machine, must leave EL2 to it";

mote_status mote_kvm_arch_open(struct mote_kvm *kvm, mote_error *error)
{
	struct mote_kvm_arch *arch = mote_allocate(kvm->base.allocator, sizeof(*arch));
	int bits;

	if (arch == NULL)
		return mote_fail_memory(error, "hypervisor");
	kvm->arch = arch;
	if (!mote_kvm_capability(kvm, kvm->fd, MOTE_KVM_CAP_ARM_PSCI_0_2))
		return mote_fail(error, MOTE_NO_HYPERVISOR,
				 "/dev/kvm: no KVM_CAP_ARM_PSCI_0_2; this kernel is too old");
	arch->nisv = mote_kvm_capability(kvm, kvm->fd, MOTE_KVM_CAP_ARM_NISV_TO_USER) != 0;
	/* More address bits than page tables hold (MOTE_AARCH64_GPA_BITS) would be unusable. */
	bits = mote_kvm_capability(kvm, kvm->fd, MOTE_KVM_CAP_ARM_VM_IPA_SIZE);
	kvm->base.capabilities.address_bits =
		bits > 0 && bits < DEFAULT_IPA_BITS ? (uint32_t)bits : DEFAULT_IPA_BITS;
	return MOTE_OK;
}

void mote_kvm_arch_close(struct mote_kvm *kvm)
{
	mote_release(kvm->base.allocator, kvm->arch);
}

/* Type 0 has 40 bits; each other number of bits has its own type. */
uintptr_t mote_kvm_arch_vm_type(const struct mote_kvm *kvm)
{
	uint32_t bits = kvm->base.capabilities.address_bits;

	return bits == DEFAULT_IPA_BITS ? 0 : bits;
}

/* ---- Set-up and reset -------------------------------------------------------------------- */

mote_status mote_kvm_arch_create_vm(struct mote_kvm_vm *vm, mote_error *error)
{
	/* Without this, a guest can end KVM_RUN with ENOSYS and write lines into the host's log. */
	struct mote_kvm_enable_cap nisv = {.cap = MOTE_KVM_CAP_ARM_NISV_TO_USER};
	int result;

	if (!vm->kvm->arch->nisv)
		return MOTE_OK;
	result = mote_kvm_ioctl(vm->kvm, vm->vm_fd, MOTE_KVM_ENABLE_CAP, &nisv);
	return result < 0 ? mote_kvm_fail(error, -result, "KVM_ENABLE_CAP") : MOTE_OK;
}

/* It depends on the machine alone, but only a VM tells.  Others may ask meanwhile. */
static mote_status find_target(const struct mote_kvm_vm *vm, uint32_t *target, mote_error *error)
{
	struct mote_kvm_arch *arch = vm->kvm->arch;
	const uint64_t known = atomic_load_explicit(&arch->target, memory_order_relaxed);
	struct mote_kvm_arm_vcpu_init init;
	int result;

	if (known != 0) {
		*target = (uint32_t)(known - 1);
		return MOTE_OK;
	}
	result = mote_kvm_ioctl(vm->kvm, vm->vm_fd, MOTE_KVM_ARM_PREFERRED_TARGET, &init);
	if (result < 0)
		return mote_kvm_fail(error, -result, "KVM_ARM_PREFERRED_TARGET");
	atomic_store_explicit(&arch->target, init.target + 1ull, memory_order_relaxed);
	*target = init.target;
	return MOTE_OK;
}

/* Afterwards general and vector registers are 0, at EL1 with interrupts masked. */
static mote_status reset(struct mote_kvm_vm *vm, mote_error *error)
{
	/* No SVE, no performance counters, no pointer authentication. */
	struct mote_kvm_arm_vcpu_init init = {.features = {1u << MOTE_KVM_ARM_VCPU_PSCI_0_2}};
	mote_status status = find_target(vm, &init.target, error);

	if (status != MOTE_OK)
		return status;
	mote_kvm_know_reset(vm);
	return mote_kvm_vcpu_set(vm, MOTE_KVM_ARM_VCPU_INIT, &init, "KVM_ARM_VCPU_INIT", error);
}

mote_status mote_kvm_arch_create_vcpu(struct mote_kvm_vm *vm, mote_error *error)
{
	mote_status status = reset(vm, error);

	if (status == MOTE_OK)
		mote_kvm_know_new(vm);
	return status;
}

/* KVM fills what the architecture leaves undefined with a pattern; the registers are set then. */
mote_status mote_kvm_begin_reset(struct mote_vm *base, mote_error *error)
{
	struct mote_kvm_vm *vm = (struct mote_kvm_vm *)base;
	mote_status status = mote_kvm_retire(vm, error);

	return status == MOTE_OK ? reset(vm, error) : status;
}

/* ---- Exits ------------------------------------------------------------------------------- */

/* An access that the processor does not describe; KVM completes the others by itself. */
static void decode_nisv(const struct mote_kvm_run *run, struct mote_vm_exit *exit)
{
	struct mote_aarch64_access access;

	mote_aarch64_access_decode(run->as.arm_nisv.esr_iss, run->as.arm_nisv.fault_ipa, &access);
	exit->kind = access.write ? MOTE_EXIT_MMIO_WRITE : MOTE_EXIT_MMIO_READ;
	exit->as.mmio.gpa = access.gpa;
	exit->as.mmio.size = 0;
	exit->as.mmio.data = NULL;
}

bool mote_kvm_arch_exit(const struct mote_kvm_run *run, struct mote_vm_exit *exit)
{
	switch (run->exit_reason) {
	case MOTE_KVM_EXIT_ARM_NISV:
		decode_nisv(run, exit);
		return true;
	case MOTE_KVM_EXIT_DEBUG:
		exit->kind = MOTE_EXIT_DEBUG;
		exit->as.debug.esr = run->as.arm_debug.hsr;
		exit->as.debug.far = run->as.arm_debug.far;
		return true;
	default:
		return false;
	}
}

void mote_kvm_arch_clear_thread(void)
{
}

bool mote_kvm_arch_run_error(int code, struct mote_vm_exit *exit)
{
	if (code != ENOSYS)
		return false;
	exit->kind = MOTE_EXIT_UNKNOWN;
	snprintf(exit->as.text, sizeof(exit->as.text),
		 "access outside memory by an instruction that KVM cannot decode");
	return true;
}

/* ---- Changed page tables ------------------------------------------------------------------ */

/* The next ASID; dropping all of the VM's memory makes KVM flush all of its translations. */
mote_status mote_kvm_invalidate_translations(struct mote_vm *base, uint64_t gpa, uint64_t bytes,
					     mote_error *error)
{
	struct mote_kvm_vm *vm = (struct mote_kvm_vm *)base;
	struct mote_aarch64_asid_change change;
	uint64_t ttbr0;
	mote_status status;

	(void)gpa;
	if (bytes == 0)
		return MOTE_OK;
	status = mote_kvm_get_register(vm, TTBR0_EL1, &ttbr0, error);
	if (status != MOTE_OK)
		return status;
	change = mote_aarch64_asid_next(ttbr0);
	if (change.flush)
		status = mote_kvm_drop_memory(vm, 0, UINT64_MAX, error);
	if (status == MOTE_OK)
		status = mote_kvm_set_register(vm, TTBR0_EL1, &change.ttbr0, error);
	return status;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM's x86_64 vCPU: extended state, through areas in the standard XSAVE format
 * (arch/x86_64/x86_64_xsave.h).
 */
#include "error_internal.h"
#include "hypervisor/arch/x86_64/x86_64_xsave.h"
#include "hypervisor/backends/kvm/kvm_x86_64_internal.h"

size_t mote_kvm_xsave_bytes(const struct mote_vm *base)
{
	return ((const struct mote_kvm_vm *)base)->kvm->arch->xsave_bytes;
}

mote_status mote_kvm_get_xsave(struct mote_kvm_vm *vm, uint8_t *area, mote_error *error)
{
	if (vm->kvm->arch->xsave_bytes > MOTE_KVM_X86_XSAVE_BYTES)
		return mote_kvm_vcpu_get(vm, MOTE_KVM_GET_XSAVE2, area, "KVM_GET_XSAVE2", error);
	return mote_kvm_vcpu_get(vm, MOTE_KVM_GET_XSAVE, area, "KVM_GET_XSAVE", error);
}

mote_status mote_kvm_put_xsave(struct mote_kvm_vm *vm, const uint8_t *area, mote_error *error)
{
	return mote_kvm_vcpu_set(vm, MOTE_KVM_SET_XSAVE, area, "KVM_SET_XSAVE", error);
}

/* PKRU is 0 after power-on.  It is in the component's first bytes, which are zeros where the area
 * does not mark it. */
static void mark_pkru(const struct mote_vm *base, uint8_t *area)
{
	if (((const struct mote_kvm_vm *)base)->kvm->arch->pkru)
		mote_x86_64_xsave_mark(area, MOTE_X86_64_XCR0_PKRU);
}

void mote_kvm_complete_xsave(const struct mote_vm *base, uint8_t *area)
{
	mark_pkru(base, area);
	mote_x86_64_xsave_complete_mxcsr(area);
}

static mote_status allocate_area(struct mote_vm *base, uint8_t **area, mote_error *error)
{
	*area = mote_allocate(((struct mote_kvm_vm *)base)->kvm->base.allocator,
			      mote_kvm_xsave_bytes(base));
	return *area != NULL ? MOTE_OK : mote_fail_memory(error, "XSAVE area");
}

static void release_area(struct mote_vm *base, uint8_t *area)
{
	mote_release(((struct mote_kvm_vm *)base)->kvm->base.allocator, area);
}

static mote_status fail_format(mote_error *error)
{
	return mote_fail(error, MOTE_HYPERVISOR, "KVM_GET_XSAVE: not the standard format");
}

/* Through the XSAVE area: KVM_SET_FPU does not set MXCSR on some kernels. */
mote_status mote_kvm_fpu(struct mote_vm *base, mote_fpu *fpu, mote_error *error)
{
	struct mote_kvm_vm *vm;
	uint8_t *area;
	mote_status status = allocate_area(base, &area, error);

	if (status != MOTE_OK)
		return status;
	status = mote_kvm_touch(base, &vm, error);
	if (status == MOTE_OK)
		status = mote_kvm_get_xsave(vm, area, error);
	if (status == MOTE_OK && !mote_x86_64_fpu_from_xsave(area, mote_kvm_xsave_bytes(base), fpu))
		status = fail_format(error);
	release_area(base, area);
	return status;
}

/* from_current: state outside fpu keeps its value; otherwise it gets its initial state. */
static mote_status write_fpu(struct mote_vm *base, const mote_fpu *fpu, bool from_current,
			     mote_error *error)
{
	struct mote_kvm_vm *vm;
	uint8_t *area;
	mote_status status = allocate_area(base, &area, error);

	if (status != MOTE_OK)
		return status;
	status = mote_kvm_touch(base, &vm, error);
	if (status == MOTE_OK && from_current)
		status = mote_kvm_get_xsave(vm, area, error);
	if (!from_current)
		mark_pkru(base, area);
	if (status == MOTE_OK && !mote_x86_64_fpu_to_xsave(fpu, area, mote_kvm_xsave_bytes(base)))
		status = fail_format(error);
	if (status == MOTE_OK)
		status = mote_kvm_put_xsave(vm, area, error);
	release_area(base, area);
	return status;
}

mote_status mote_kvm_set_fpu(struct mote_vm *base, const mote_fpu *fpu, mote_error *error)
{
	return write_fpu(base, fpu, true, error);
}

/* Components that the area does not mark are in their initial state. */
mote_status mote_kvm_reset_xsave(struct mote_vm *base, mote_error *error)
{
	mote_fpu fpu;
	mote_status status;

	mote_power_on(NULL, NULL, &fpu, NULL);
	status = write_fpu(base, &fpu, false, error);

	return status == MOTE_OK ? mote_kvm_set_xcr0((struct mote_kvm_vm *)base, error) : status;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM's x86_64 vCPU: extended state, in the standard XSAVE format.
 * Intel SDM volume 1, 13.4.
 */
#include <string.h>

#include "error_internal.h"
#include "hypervisor/backends/kvm/kvm_x86_64_internal.h"

/* The legacy region of an XSAVE area, and the header's first field (SDM volume 1, 13.4.1,
 * 13.4.2). */
enum {
	XSAVE_FCW = 0,
	XSAVE_FSW = 2,
	XSAVE_FTW = 4,
	XSAVE_FOP = 6,
	XSAVE_FIP = 8,
	XSAVE_FDP = 16,
	XSAVE_MXCSR = 24,
	XSAVE_ST = 32,
	XSAVE_XMM = 160,
	XSAVE_BV = 512,
	DEFAULT_FCW = 0x37f,
	DEFAULT_MXCSR = 0x1f80,
};

size_t mote_kvm_xsave_bytes(struct mote_vm *base)
{
	return ((struct mote_kvm_vm *)base)->kvm->arch->xsave_bytes;
}

static mote_status check_xsave_bytes(struct mote_vm *base, size_t bytes, mote_error *error)
{
	if (bytes == mote_kvm_xsave_bytes(base))
		return MOTE_OK;
	return mote_fail(error, MOTE_INVALID_ARGUMENT, "xsave state has %zu bytes, not %zu", bytes,
			 mote_kvm_xsave_bytes(base));
}

mote_status mote_kvm_xsave(struct mote_vm *base, void *state, size_t bytes, mote_error *error)
{
	struct mote_kvm_vm *vm;
	mote_status status = check_xsave_bytes(base, bytes, error);

	if (status == MOTE_OK)
		status = mote_kvm_touch(base, &vm, error);
	if (status != MOTE_OK)
		return status;
	if (bytes > MOTE_KVM_X86_XSAVE_BYTES)
		return mote_kvm_vcpu_get(vm, MOTE_KVM_GET_XSAVE2, state, "KVM_GET_XSAVE2", error);
	return mote_kvm_vcpu_get(vm, MOTE_KVM_GET_XSAVE, state, "KVM_GET_XSAVE", error);
}

mote_status mote_kvm_set_xsave(struct mote_vm *base, const void *state, size_t bytes,
			       mote_error *error)
{
	struct mote_kvm_vm *vm;
	mote_status status = check_xsave_bytes(base, bytes, error);

	if (status == MOTE_OK)
		status = mote_kvm_touch(base, &vm, error);
	if (status == MOTE_OK)
		status = mote_kvm_vcpu_set(vm, MOTE_KVM_SET_XSAVE, state, "KVM_SET_XSAVE", error);
	return status;
}

static void fpu_from_xsave(const uint8_t *area, mote_fpu *fpu)
{
	uint64_t present;

	*fpu = (mote_fpu){.fcw = DEFAULT_FCW};
	memcpy(&present, area + XSAVE_BV, 8);
	memcpy(&fpu->mxcsr, area + XSAVE_MXCSR, 4);
	/* A component that is not marked is in its initial state, regardless of what the area
	 * contains. */
	if (present & MOTE_X86_64_XCR0_X87) {
		memcpy(&fpu->fcw, area + XSAVE_FCW, 2);
		memcpy(&fpu->fsw, area + XSAVE_FSW, 2);
		memcpy(&fpu->ftwx, area + XSAVE_FTW, 1);
		memcpy(&fpu->last_opcode, area + XSAVE_FOP, 2);
		memcpy(&fpu->last_ip, area + XSAVE_FIP, 8);
		memcpy(&fpu->last_dp, area + XSAVE_FDP, 8);
		for (unsigned i = 0; i < 8; i++)
			memcpy(fpu->fpr[i], area + XSAVE_ST + 16 * i, 10);
	}
	if (present & MOTE_X86_64_XCR0_SSE)
		memcpy(fpu->xmm, area + XSAVE_XMM, sizeof(fpu->xmm));
	else if (!(present & MOTE_X86_64_XCR0_AVX))
		fpu->mxcsr = fpu->mxcsr != 0 ? fpu->mxcsr : DEFAULT_MXCSR;
}

static void fpu_to_xsave(const mote_fpu *fpu, uint8_t *area)
{
	uint64_t present;

	memcpy(&present, area + XSAVE_BV, 8);
	present |= MOTE_X86_64_XCR0_X87 | MOTE_X86_64_XCR0_SSE;
	memcpy(area + XSAVE_BV, &present, 8);
	memcpy(area + XSAVE_FCW, &fpu->fcw, 2);
	memcpy(area + XSAVE_FSW, &fpu->fsw, 2);
	memcpy(area + XSAVE_FTW, &fpu->ftwx, 1);
	memcpy(area + XSAVE_FOP, &fpu->last_opcode, 2);
	memcpy(area + XSAVE_FIP, &fpu->last_ip, 8);
	memcpy(area + XSAVE_FDP, &fpu->last_dp, 8);
	memcpy(area + XSAVE_MXCSR, &fpu->mxcsr, 4);
	for (unsigned i = 0; i < 8; i++)
		memcpy(area + XSAVE_ST + 16 * i, fpu->fpr[i], 16);
	memcpy(area + XSAVE_XMM, fpu->xmm, sizeof(fpu->xmm));
}

/* PKRU is 0 after power-on.  Kernels before 6.2 do not change it unless the area marks it; it is in
 * the component's first bytes, which are zeros here, like the whole area. */
static void mark_pkru(const struct mote_vm *base, uint8_t *area)
{
	uint64_t present;

	if (!((const struct mote_kvm_vm *)base)->kvm->arch->pkru)
		return;
	memcpy(&present, area + XSAVE_BV, 8);
	present |= MOTE_X86_64_XCR0_PKRU;
	memcpy(area + XSAVE_BV, &present, 8);
}

static mote_status allocate_area(struct mote_vm *base, uint8_t **area, mote_error *error)
{
	*area = mote_allocate(((struct mote_kvm_vm *)base)->kvm->allocator,
			      mote_kvm_xsave_bytes(base));
	return *area != NULL ? MOTE_OK : mote_fail_memory(error, "XSAVE area");
}

static void release_area(struct mote_vm *base, uint8_t *area)
{
	mote_release(((struct mote_kvm_vm *)base)->kvm->allocator, area);
}

/* Through the XSAVE area: KVM_SET_FPU does not set MXCSR on some kernels. */
mote_status mote_kvm_fpu(struct mote_vm *base, mote_fpu *fpu, mote_error *error)
{
	uint8_t *area;
	mote_status status = allocate_area(base, &area, error);

	if (status != MOTE_OK)
		return status;
	status = mote_kvm_xsave(base, area, mote_kvm_xsave_bytes(base), error);
	if (status == MOTE_OK)
		fpu_from_xsave(area, fpu);
	release_area(base, area);
	return status;
}

/* from_current: state outside fpu keeps its value; otherwise it gets its initial state. */
static mote_status write_fpu(struct mote_vm *base, const mote_fpu *fpu, bool from_current,
			     mote_error *error)
{
	size_t bytes = mote_kvm_xsave_bytes(base);
	uint8_t *area;
	mote_status status = allocate_area(base, &area, error);

	if (status != MOTE_OK)
		return status;
	if (from_current)
		status = mote_kvm_xsave(base, area, bytes, error);
	else
		mark_pkru(base, area);
	if (status == MOTE_OK) {
		fpu_to_xsave(fpu, area);
		status = mote_kvm_set_xsave(base, area, bytes, error);
	}
	release_area(base, area);
	return status;
}

mote_status mote_kvm_set_fpu(struct mote_vm *base, const mote_fpu *fpu, mote_error *error)
{
	return write_fpu(base, fpu, true, error);
}

/* Components that the area does not mark are in their initial state. */
mote_status mote_kvm_reset_xsave(struct mote_vm *base, const mote_fpu *fpu, mote_error *error)
{
	mote_status status = write_fpu(base, fpu, false, error);

	return status == MOTE_OK ? mote_kvm_set_xcr0((struct mote_kvm_vm *)base, error) : status;
}

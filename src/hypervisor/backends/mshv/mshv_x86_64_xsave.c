/* SPDX-License-Identifier: Apache-2.0
 *
 * Extended state of an x86_64 VP, which the hypervisor takes and gives in the compacted format: the
 * components of every area are the partition's, whatever XCR0 says.  Guests have x87, SSE and AVX
 * alone, and these are at the same places in both formats (Intel SDM volume 1, 13.4.3), so that an
 * area without its format is a standard one.
 */
#include <errno.h>

#include "bytes.h"
#include "error_internal.h"
#include "hypervisor/arch/x86_64/x86_64_xsave.h"
#include "hypervisor/backends/mshv/mshv_x86_64_internal.h"

enum {
	FORMAT = 520, /* XCOMP_BV: SDM volume 1, 13.4.2 */
	PAGE_BYTES = MOTE_MSHV_VP_PAGE_BYTES,
	MOST_BYTES = 64 * PAGE_BYTES,
};

static int request(struct mote_mshv_vm *vm, unsigned long number, void *area, size_t bytes,
		   uint32_t *needed)
{
	struct mote_mshv_state state = {
		.type = MOTE_MSHV_STATE_XSAVE,
		.bytes = (uint32_t)bytes,
		.buffer = (uintptr_t)area,
	};
	const int result = mote_mshv_request(vm->mshv, vm->vp, number, &state);

	*needed = state.bytes;
	return result;
}

mote_status mote_mshv_make_area(struct mote_mshv_vm *vm, mote_error *error)
{
	struct mote_mshv_vcpu *vcpu = vm->vcpu;
	const size_t bytes = vm->mshv->arch->xsave_bytes;

	vcpu->allocation = mote_allocate(vm->mshv->base.allocator, bytes + PAGE_BYTES);
	if (vcpu->allocation == NULL)
		return mote_fail_memory(error, "XSAVE area");
	vcpu->area =
		(uint8_t *)vcpu->allocation + (-(uintptr_t)vcpu->allocation & (PAGE_BYTES - 1));
	return MOTE_OK;
}

/* The least first; the driver says what it needs. */
mote_status mote_mshv_learn_area(struct mote_mshv_vm *vm, mote_error *error)
{
	struct mote_mshv_arch *arch = vm->mshv->arch;
	uint32_t needed;
	mote_status status;
	int result;

	arch->xsave_bytes = PAGE_BYTES;
	status = mote_mshv_make_area(vm, error);
	if (status != MOTE_OK)
		return status;
	result = request(vm, MOTE_MSHV_GET_VP_STATE, vm->vcpu->area, PAGE_BYTES, &needed);
	if (result == -EINVAL && needed > PAGE_BYTES && needed <= MOST_BYTES) {
		arch->xsave_bytes = (needed + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
		mote_release(vm->mshv->base.allocator, vm->vcpu->allocation);
		status = mote_mshv_make_area(vm, error);
		if (status != MOTE_OK)
			return status;
		result = request(vm, MOTE_MSHV_GET_VP_STATE, vm->vcpu->area, arch->xsave_bytes,
				 &needed);
	}
	if (result < 0)
		return mote_mshv_fail(error, -result, "MSHV_GET_VP_STATE");
	arch->xsave_format = mote_get64(vm->vcpu->area + FORMAT);
	return MOTE_OK;
}

mote_status mote_mshv_get_area(struct mote_mshv_vm *vm, mote_error *error)
{
	uint32_t needed;
	const int result = request(vm, MOTE_MSHV_GET_VP_STATE, vm->vcpu->area,
				   vm->mshv->arch->xsave_bytes, &needed);

	return result < 0 ? mote_mshv_fail(error, -result, "MSHV_GET_VP_STATE") : MOTE_OK;
}

mote_status mote_mshv_put_area(struct mote_mshv_vm *vm, mote_error *error)
{
	uint32_t needed;
	const int result = request(vm, MOTE_MSHV_SET_VP_STATE, vm->vcpu->area,
				   vm->mshv->arch->xsave_bytes, &needed);

	return result < 0 ? mote_mshv_fail(error, -result, "MSHV_SET_VP_STATE") : MOTE_OK;
}

static mote_status fail_format(mote_error *error)
{
	return mote_fail(error, MOTE_HYPERVISOR, "MSHV_GET_VP_STATE: not the compacted format");
}

mote_status mote_mshv_fpu(struct mote_vm *base, mote_fpu *fpu, mote_error *error)
{
	struct mote_mshv_vm *vm = mote_mshv_vm(base);
	uint8_t *area = vm->vcpu->area;
	mote_status status = mote_mshv_touch(vm, error);

	if (status == MOTE_OK)
		status = mote_mshv_get_area(vm, error);
	if (status != MOTE_OK)
		return status;
	mote_put64(area + FORMAT, 0);
	return mote_x86_64_fpu_from_xsave(area, vm->mshv->arch->xsave_bytes, fpu)
		       ? MOTE_OK
		       : fail_format(error);
}

/* area: what fpu does not have. */
static mote_status write_fpu(struct mote_mshv_vm *vm, const mote_fpu *fpu, mote_error *error)
{
	uint8_t *area = vm->vcpu->area;

	mote_put64(area + FORMAT, 0);
	if (!mote_x86_64_fpu_to_xsave(fpu, area, vm->mshv->arch->xsave_bytes))
		return fail_format(error);
	mote_put64(area + FORMAT, vm->mshv->arch->xsave_format);
	return mote_mshv_put_area(vm, error);
}

mote_status mote_mshv_set_fpu(struct mote_vm *base, const mote_fpu *fpu, mote_error *error)
{
	struct mote_mshv_vm *vm = mote_mshv_vm(base);
	mote_status status = mote_mshv_touch(vm, error);

	if (status == MOTE_OK)
		status = mote_mshv_get_area(vm, error);
	return status == MOTE_OK ? write_fpu(vm, fpu, error) : status;
}

mote_status mote_mshv_reset_area(struct mote_mshv_vm *vm, mote_error *error)
{
	mote_fpu fpu;

	mote_power_on(NULL, NULL, &fpu, NULL);
	memset(vm->vcpu->area, 0, vm->mshv->arch->xsave_bytes);
	return write_fpu(vm, &fpu, error);
}

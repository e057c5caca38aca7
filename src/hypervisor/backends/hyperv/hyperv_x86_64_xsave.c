/* SPDX-License-Identifier: Apache-2.0
 *
 * Extended state of an x86_64 VP, which the hypervisor takes and gives in the compacted format: the
 * components of every area are the partition's, whatever XCR0 says.  Guests have x87, SSE and AVX
 * alone, and these are at the same places in both formats (Intel SDM volume 1, 13.4.3), so that an
 * area without its format is a standard one.
 */
#include <string.h>

#include "allocator.h"
#include "bytes.h"
#include "error_internal.h"
#include "hypervisor/arch/x86_64/x86_64_xsave.h"
#include "hypervisor/backends/hyperv/hyperv_x86_64.h"

enum {
	FORMAT = 520, /* XCOMP_BV: SDM volume 1, 13.4.2 */
	PAGE_BYTES = MOTE_HYPERV_AREA_PAGE,
};

mote_status mote_hyperv_make_area(struct mote_hyperv_vm *vm, size_t bytes, mote_error *error)
{
	const mote_allocator *allocator = vm->base.hypervisor->allocator;
	struct mote_hyperv_vcpu *vcpu = vm->vcpu;
	const size_t pages = (bytes + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);

	mote_release(allocator, vcpu->allocation);
	vcpu->allocation = mote_allocate(allocator, pages + PAGE_BYTES);
	if (vcpu->allocation == NULL)
		return mote_fail_memory(error, "XSAVE area");
	vcpu->area =
		(uint8_t *)vcpu->allocation + (-(uintptr_t)vcpu->allocation & (PAGE_BYTES - 1));
	return MOTE_OK;
}

void mote_hyperv_learn_format(struct mote_hyperv_vm *vm)
{
	vm->facts->xsave_format = mote_get64(vm->vcpu->area + FORMAT);
}

static mote_status fail_format(mote_error *error)
{
	return mote_fail(error, MOTE_HYPERVISOR,
			 "XSAVE state of a VP: not in the compacted format");
}

mote_status mote_hyperv_fpu(struct mote_vm *base, mote_fpu *fpu, mote_error *error)
{
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	uint8_t *area = vm->vcpu->area;
	mote_status status = mote_hyperv_touch(vm, error);

	if (status == MOTE_OK)
		status = vm->ops->get_area(vm, area, error);
	if (status != MOTE_OK)
		return status;
	mote_put64(area + FORMAT, 0);
	return mote_x86_64_fpu_from_xsave(area, vm->facts->xsave_bytes, fpu) ? MOTE_OK
									     : fail_format(error);
}

/* area: what fpu does not have. */
static mote_status write_fpu(struct mote_hyperv_vm *vm, const mote_fpu *fpu, mote_error *error)
{
	uint8_t *area = vm->vcpu->area;

	mote_put64(area + FORMAT, 0);
	if (!mote_x86_64_fpu_to_xsave(fpu, area, vm->facts->xsave_bytes))
		return fail_format(error);
	mote_put64(area + FORMAT, vm->facts->xsave_format);
	return vm->ops->set_area(vm, area, error);
}

mote_status mote_hyperv_set_fpu(struct mote_vm *base, const mote_fpu *fpu, mote_error *error)
{
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	mote_status status = mote_hyperv_touch(vm, error);

	if (status == MOTE_OK)
		status = vm->ops->get_area(vm, vm->vcpu->area, error);
	return status == MOTE_OK ? write_fpu(vm, fpu, error) : status;
}

mote_status mote_hyperv_reset_area(struct mote_hyperv_vm *vm, mote_error *error)
{
	mote_fpu fpu;

	mote_power_on(NULL, NULL, &fpu, NULL);
	memset(vm->vcpu->area, 0, vm->facts->xsave_bytes);
	return write_fpu(vm, &fpu, error);
}

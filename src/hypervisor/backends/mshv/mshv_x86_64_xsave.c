/* SPDX-License-Identifier: Apache-2.0
 *
 * Extended state of an x86_64 VP, through the driver.
 */
#include <errno.h>

#include "hypervisor/backends/mshv/mshv_x86_64_internal.h"

enum {
	PAGE_BYTES = MOTE_HYPERV_AREA_PAGE,
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

/* The least first; the driver says what it needs. */
mote_status mote_mshv_learn_area(struct mote_mshv_vm *vm, mote_error *error)
{
	struct mote_hyperv_facts *facts = vm->hyperv.facts;
	uint32_t needed;
	mote_status status;
	int result;

	facts->xsave_bytes = PAGE_BYTES;
	status = mote_hyperv_make_area(&vm->hyperv, PAGE_BYTES, error);
	if (status != MOTE_OK)
		return status;
	result = request(vm, MOTE_MSHV_GET_VP_STATE, vm->hyperv.vcpu->area, PAGE_BYTES, &needed);
	if (result == -EINVAL && needed > PAGE_BYTES && needed <= MOST_BYTES) {
		facts->xsave_bytes = (needed + PAGE_BYTES - 1) & ~(size_t)(PAGE_BYTES - 1);
		status = mote_hyperv_make_area(&vm->hyperv, facts->xsave_bytes, error);
		if (status != MOTE_OK)
			return status;
		result = request(vm, MOTE_MSHV_GET_VP_STATE, vm->hyperv.vcpu->area,
				 facts->xsave_bytes, &needed);
	}
	if (result < 0)
		return mote_mshv_fail(error, -result, "MSHV_GET_VP_STATE");
	mote_hyperv_learn_format(&vm->hyperv);
	return MOTE_OK;
}

mote_status mote_mshv_get_area(struct mote_hyperv_vm *vm, void *area, mote_error *error)
{
	uint32_t needed;
	const int result = request((struct mote_mshv_vm *)vm, MOTE_MSHV_GET_VP_STATE, area,
				   vm->facts->xsave_bytes, &needed);

	return result < 0 ? mote_mshv_fail(error, -result, "MSHV_GET_VP_STATE") : MOTE_OK;
}

mote_status mote_mshv_set_area(struct mote_hyperv_vm *vm, const void *area, mote_error *error)
{
	uint32_t needed;
	const int result = request((struct mote_mshv_vm *)vm, MOTE_MSHV_SET_VP_STATE,
				   (void *)(uintptr_t)area, vm->facts->xsave_bytes, &needed);

	return result < 0 ? mote_mshv_fail(error, -result, "MSHV_SET_VP_STATE") : MOTE_OK;
}

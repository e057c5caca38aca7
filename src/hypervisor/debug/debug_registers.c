/* SPDX-License-Identifier: Apache-2.0
 *
 * The user program's registers, which are the vCPU's or where an exception put them.
 */
#include <string.h>

#include "error_internal.h"
#include "hypervisor/debug/debug_internal.h"

mote_status mote_debug_fetch(struct mote_debug_vm *debug, mote_error *error)
{
	struct mote_vm *vm = debug->sandbox_vm->vm;
	mote_status status = MOTE_OK;

	if (debug->known)
		return MOTE_OK;
	status = vm->ops->regs(vm, &debug->regs, error);
	if (status == MOTE_OK)
		status = vm->ops->sregs(vm, &debug->sregs, error);
	if (status != MOTE_OK)
		return status;
	mote_debug_get(&debug->sandbox_vm->monitor, &debug->regs, &debug->sregs, &debug->user);
	debug->known = true;
	return MOTE_OK;
}

static mote_status set_facility(struct mote_debug_vm *debug, bool on, mote_error *error)
{
	struct mote_vm *vm = debug->sandbox_vm->vm;
	mote_debug_regs regs;
	mote_status status;

	if (!MOTE_STEP_FACILITY || debug->facility == on)
		return MOTE_OK;
	status = vm->ops->debug_regs(vm, &regs, error);
	if (status != MOTE_OK)
		return status;
	mote_debug_set_step_facility(&regs, on);
	status = vm->ops->set_debug_regs(vm, &regs, error);
	if (status == MOTE_OK)
		debug->facility = on;
	return status;
}

mote_status mote_debug_store(struct mote_debug_vm *debug, bool step, mote_error *error)
{
	struct mote_vm *vm = debug->sandbox_vm->vm;
	const mote_regs before = debug->regs;
	mote_status status = set_facility(debug, step, error);

	if (status != MOTE_OK)
		return status;
	if (mote_debug_put(&debug->sandbox_vm->monitor, &debug->user, step, &debug->regs,
			   &debug->sregs))
		status = vm->ops->set_sregs(vm, &debug->sregs, error);
	if (status == MOTE_OK && memcmp(&debug->regs, &before, sizeof(before)) != 0)
		status = vm->ops->set_regs(vm, &debug->regs, error);
	return status;
}

mote_status mote_debug_find_place(struct mote_debug_vm *debug, enum mote_debug_place *place,
				  mote_error *error)
{
	struct mote_vm *vm = debug->sandbox_vm->vm;
	mote_regs regs, before;
	mote_sregs sregs;
	mote_status status = vm->ops->regs(vm, &regs, error);

	if (status == MOTE_OK)
		status = vm->ops->sregs(vm, &sregs, error);
	if (status != MOTE_OK)
		return status;
	before = regs;
	*place = mote_debug_settle(&debug->sandbox_vm->monitor, &sregs, &regs);
	if (memcmp(&regs, &before, sizeof(regs)) != 0)
		status = vm->ops->set_regs(vm, &regs, error);
	return status;
}

mote_status mote_debug_vm_registers(struct mote_debug_vm *debug, mote_regs *regs, mote_error *error)
{
	mote_status status = mote_debug_fetch(debug, error);

	if (status == MOTE_OK)
		*regs = debug->user;
	return status;
}

static mote_status refuse(mote_error *error)
{
	return mote_fail(error, MOTE_INVALID_ARGUMENT,
			 "registers: a value that no guest program can have");
}

mote_status mote_debug_vm_set_registers(struct mote_debug_vm *debug, const mote_regs *regs,
					mote_error *error)
{
	mote_status status = mote_debug_fetch(debug, error);

	if (status != MOTE_OK)
		return status;
	if (!mote_debug_accepts(regs))
		return refuse(error);
	debug->user = *regs;
	debug->stepping = false;
	status = mote_debug_store(debug, false, error);
	debug->known = false; /* what the vCPU has taken is what is read next */
	return status;
}

mote_status mote_debug_vm_fpu(struct mote_debug_vm *debug, mote_fpu *fpu, mote_error *error)
{
	return debug->sandbox_vm->vm->ops->fpu(debug->sandbox_vm->vm, fpu, error);
}

mote_status mote_debug_vm_set_fpu(struct mote_debug_vm *debug, const mote_fpu *fpu,
				  mote_error *error)
{
	if (!mote_debug_accepts_fpu(fpu))
		return refuse(error);
	return debug->sandbox_vm->vm->ops->set_fpu(debug->sandbox_vm->vm, fpu, error);
}

mote_status mote_debug_vm_sregs(struct mote_debug_vm *debug, mote_sregs *sregs, mote_error *error)
{
	return debug->sandbox_vm->vm->ops->sregs(debug->sandbox_vm->vm, sregs, error);
}

mote_status mote_debug_vm_set_thread(struct mote_debug_vm *debug, const mote_sregs *wanted,
				     mote_error *error)
{
	struct mote_vm *vm = debug->sandbox_vm->vm;
	mote_sregs sregs;
	mote_status status = vm->ops->sregs(vm, &sregs, error);

	if (status != MOTE_OK)
		return status;
	if (!mote_debug_put_thread(wanted, &sregs))
		return refuse(error);
	debug->known = false;
	return vm->ops->set_sregs(vm, &sregs, error);
}

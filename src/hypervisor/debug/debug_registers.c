/* SPDX-License-Identifier: Apache-2.0
 *
 * The user program's registers, which are the vCPU's or where an exception put them.
 */
#include <string.h>

#include "error_internal.h"
#include "hypervisor/debug/debug_internal.h"

mote_status mote_debug_fetch(struct mote_debug_vm *debug, enum mote_debug_known what,
			     mote_error *error)
{
	struct mote_vm *vm = debug->sandbox_vm->vm;
	mote_status status = MOTE_OK;

	if (debug->known >= what)
		return MOTE_OK;
	status = vm->ops->regs(vm, &debug->regs, error);
	if (status == MOTE_OK)
		status = vm->ops->sregs(vm, &debug->sregs, error);
	if (status != MOTE_OK)
		return status;
	mote_debug_get(&debug->sandbox_vm->monitor, &debug->regs, &debug->sregs, &debug->user);
	debug->known = MOTE_DEBUG_ALL;
	return MOTE_OK;
}

void mote_debug_learn(struct mote_debug_vm *debug, const struct mote_guest_event *event)
{
	if (event->kind != MOTE_EVENT_FAULT || !event->in_monitor)
		return;
	mote_regs_pc(&debug->user) = event->exception.pc;
	mote_regs_sp(&debug->user) = event->exception.sp;
	mote_regs_flags(&debug->user) = event->exception.flags;
	debug->known = MOTE_DEBUG_FLOW;
}

static mote_status set_facility(struct mote_debug_vm *debug, bool on, mote_error *error)
{
	struct mote_vm *vm;
	mote_debug_regs regs;
	mote_status status;

	if (!MOTE_STEP_FACILITY || debug->facility == on)
		return MOTE_OK;
	vm = debug->sandbox_vm->vm;
	status = vm->ops->debug_regs(vm, &regs, error);
	if (status != MOTE_OK)
		return status;
	mote_debug_set_step_facility(&regs, on);
	status = vm->ops->set_debug_regs(vm, &regs, error);
	if (status == MOTE_OK)
		debug->facility = on;
	return status;
}

/* The general registers, if they are known.  returns: the monitor's return takes the rest. */
static mote_status store_general(struct mote_debug_vm *debug, bool step, bool *returns,
				 mote_error *error)
{
	struct mote_vm *vm = debug->sandbox_vm->vm;
	const mote_regs before = debug->regs;

	*returns = true;
	if (debug->known != MOTE_DEBUG_ALL)
		return MOTE_OK;
	*returns = mote_debug_put(&debug->user, step, &debug->sregs, &debug->regs);
	if (memcmp(&debug->regs, &before, sizeof(before)) == 0)
		return MOTE_OK;
	return vm->ops->set_regs(vm, &debug->regs, error);
}

mote_status mote_debug_store(struct mote_debug_vm *debug, bool step, mote_error *error)
{
	struct mote_vm *vm = debug->sandbox_vm->vm;
	mote_exception_state state = {0};
	mote_status status = set_facility(debug, step, error);
	bool returns;

	if (status == MOTE_OK)
		status = store_general(debug, step, &returns, error);
	if (status != MOTE_OK || !returns)
		return status;
	mote_debug_put_return(&debug->sandbox_vm->monitor, &debug->user, step, &state);
	return vm->ops->set_exception_return(vm, &state, error);
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
	mote_status status = mote_debug_fetch(debug, MOTE_DEBUG_ALL, error);

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
	mote_status status = mote_debug_fetch(debug, MOTE_DEBUG_ALL, error);

	if (status != MOTE_OK)
		return status;
	if (!mote_debug_accepts(regs))
		return refuse(error);
	debug->user = *regs;
	debug->stepping = false;
	status = mote_debug_store(debug, false, error);
	debug->known = MOTE_DEBUG_NOTHING; /* what the vCPU has taken is what is read next */
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
	debug->known = MOTE_DEBUG_NOTHING;
	return vm->ops->set_sregs(vm, &sregs, error);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * All registers of a sandbox at once: its state as a block of bytes, and the reset.
 */
#include <string.h>

#include "hypervisor/backends/hvf/hvf_internal.h"

mote_status mote_hvf_state_bytes(struct mote_vm *base, size_t *bytes, mote_error *error)
{
	(void)base;
	(void)error;
	*bytes = sizeof(struct mote_hvf_registers);
	return MOTE_OK;
}

mote_status mote_hvf_save_state(struct mote_vm *base, void *state, size_t bytes, mote_error *error)
{
	struct mote_hvf_vm *vm = mote_hvf_vm(base);
	mote_status status = mote_vm_check_state(bytes, sizeof(vm->registers), error);

	if (status == MOTE_OK)
		status = mote_hvf_sync(vm, MOTE_HVF_ALL, error);
	if (status == MOTE_OK)
		memcpy(state, &vm->registers, bytes);
	return status;
}

mote_status mote_hvf_load_state(struct mote_vm *base, const void *state, size_t bytes,
				mote_error *error)
{
	struct mote_hvf_vm *vm = mote_hvf_vm(base);
	mote_status status = mote_vm_check_state(bytes, sizeof(vm->registers), error);

	if (status != MOTE_OK)
		return status;
	mote_hvf_forget(vm);
	memcpy(&vm->registers, state, sizeof(vm->registers));
	return MOTE_OK;
}

/* Memory is where registers are, so a gate would save nothing. */
mote_status mote_hvf_load_user_state(struct mote_vm *base, const void *state, size_t bytes,
				     const struct mote_user_gate *gate, mote_error *error)
{
	struct mote_hvf_vm *vm = mote_hvf_vm(base);
	mote_status status = mote_hvf_sync(vm, MOTE_HVF_ALL, error);
	struct mote_hvf_registers from;

	(void)gate;
	if (status == MOTE_OK)
		status = mote_vm_check_state(bytes, sizeof(from), error);
	if (status != MOTE_OK)
		return status;
	memcpy(&from, state, sizeof(from));
	vm->registers.regs = from.regs;
	vm->registers.fpu = from.fpu;
	vm->registers.sregs.sp_el0 = from.sregs.sp_el0;
	vm->registers.sregs.tpidr_el0 = from.sregs.tpidr_el0;
	vm->in_memory |= MOTE_HVF_REGS | MOTE_HVF_SREGS | MOTE_HVF_FPU;
	return MOTE_OK;
}

mote_status mote_hvf_begin_reset(struct mote_vm *base, mote_error *error)
{
	struct mote_hvf_vm *vm = mote_hvf_vm(base);

	(void)error;
	mote_hvf_forget(vm);
	vm->registers = (struct mote_hvf_registers){0};
	return MOTE_OK;
}

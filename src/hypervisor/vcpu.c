/* SPDX-License-Identifier: Apache-2.0
 *
 * The reset of a vCPU.
 */
#include "hypervisor/vcpu.h"

mote_status mote_vcpu_reset(struct mote_vm *vm, mote_error *error)
{
	mote_regs regs;
	mote_sregs sregs;
	mote_fpu fpu;
	mote_debug_regs debug;
	mote_status status = vm->ops->begin_reset(vm, error);

	mote_power_on(&regs, &sregs, &fpu, &debug);
	if (status == MOTE_OK)
		status = vm->ops->set_sregs(vm, &sregs, error);
	if (status == MOTE_OK)
		status = vm->ops->set_regs(vm, &regs, error);
	if (status == MOTE_OK)
		status = vm->ops->set_fpu(vm, &fpu, error);
	if (status == MOTE_OK)
		status = vm->ops->set_debug_regs(vm, &debug, error);
	return status;
}

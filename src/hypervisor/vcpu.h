/* SPDX-License-Identifier: Apache-2.0
 *
 * What every backend's vCPU has in common: who may stop it, and what power-on means.
 */
#ifndef MOTE_HYPERVISOR_VCPU_H
#define MOTE_HYPERVISOR_VCPU_H

#include "hypervisor/interrupt/interrupt_internal.h"
#include "hypervisor/virtual_machine.h"

/* Where stores are doorbells, a store to their page becomes the exit that it means. */
static inline void mote_vcpu_recognize(const struct mote_vm *vm, struct mote_vm_exit *exit)
{
	const uint64_t address = exit->as.mmio.gpa - vm->address_base;
	uint8_t *data = exit->as.mmio.data;

	switch (mote_monitor_store(address, exit->as.mmio.size)) {
	case MOTE_STORE_PLAIN:
		break;
	case MOTE_STORE_DOORBELL:
		exit->kind = MOTE_EXIT_IO_OUT;
		exit->as.io.port = mote_monitor_port(address);
		exit->as.io.size = MOTE_DOORBELL_BYTES;
		exit->as.io.count = 1;
		exit->as.io.data = data;
		break;
	case MOTE_STORE_MONITOR:
		exit->kind = MOTE_EXIT_HALT;
		break;
	}
}

/*
 * Runs until the next exit, once: an interruption is MOTE_EXIT_RETRY, or MOTE_EXIT_CANCELLED once
 * the call is cancelled. While a break is to be taken it does not run at all. Inline, because every
 * call uses it.
 */
static inline mote_status mote_vcpu_run(struct mote_vm *vm, struct mote_vm_exit *exit,
					mote_error *error)
{
	mote_status status;

	if (!mote_interrupt_set_running(vm->interrupt)) {
		exit->kind = mote_interrupt_cancelled(vm->interrupt) ? MOTE_EXIT_CANCELLED
								     : MOTE_EXIT_RETRY;
		return MOTE_OK;
	}
	status = vm->ops->enter(vm, exit, error);
	mote_interrupt_clear_running(vm->interrupt);
	/* A port's doorbell, which is what most exits are, is as it should be. */
	if (status != MOTE_OK || exit->kind == MOTE_EXIT_IO_OUT)
		return status;
	if (exit->kind == MOTE_EXIT_MMIO_WRITE)
		mote_vcpu_recognize(vm, exit);
	else if (exit->kind == MOTE_EXIT_RETRY && mote_interrupt_cancelled(vm->interrupt))
		exit->kind = MOTE_EXIT_CANCELLED;
	return MOTE_OK;
}

/* The calling thread is done with the vCPU, for now. */
static inline mote_status mote_vcpu_park(struct mote_vm *vm, mote_error *error)
{
	return vm->hypervisor->capabilities.thread_bound ? vm->ops->park(vm, error) : MOTE_OK;
}

/* Resets every register class to the power-on state and discards pending exits. */
mote_status mote_vcpu_reset(struct mote_vm *vm, mote_error *error);

#endif

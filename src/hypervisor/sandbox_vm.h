/* SPDX-License-Identifier: Apache-2.0
 *
 * A VM as a sandbox uses it: memory and monitor in place, guest code at its
 * first instruction, and a run loop that turns VM exits into the three things
 * that can happen: a doorbell, a fault, a cancellation; and, under a debugger, a break.
 */
#ifndef MOTE_HYPERVISOR_SANDBOX_VM_H
#define MOTE_HYPERVISOR_SANDBOX_VM_H

#include <mote/abi.h>

#include "hypervisor/tracking.h"
#include "hypervisor/vcpu.h"
#include "hypervisor/vm.h"

enum { MOTE_DOORBELL_PORTS = 4 };

static const uint16_t mote_doorbell_ports[MOTE_DOORBELL_PORTS] = {
	MOTE_ABI_PORT_READY,
	MOTE_ABI_PORT_HOST_CALL,
	MOTE_ABI_PORT_LOG,
	MOTE_ABI_PORT_ABORT,
};

struct mote_sandbox_vm {
	struct mote_vm *vm; /* NULL: not created */
	bool parks;	    /* a thread that is done with it must say so: mote_vcpu_park */
	struct mote_monitor monitor;
	struct mote_tracking *tracking; /* borrowed; NULL: nobody asks what the guest writes */
	uint64_t
		root; /* of its page tables, while a load that failed may have left another; or 0 */
	uint64_t exits;
};

struct mote_sandbox_vm_setup {
	struct mote_memory_region ram;
	struct mote_monitor monitor;
	struct mote_user_start start; /* what is of the vCPU is filled in here */
};

enum mote_guest_event_kind {
	MOTE_EVENT_DOORBELL = 1,
	MOTE_EVENT_FAULT,
	MOTE_EVENT_CANCELLED,
	MOTE_EVENT_BREAK, /* mote_interrupt_break: to be taken before the guest runs on */
};

struct mote_guest_event {
	enum mote_guest_event_kind kind;
	bool served;			 /* the exit was served below, and the guest runs on */
	uint16_t port;			 /* DOORBELL */
	struct mote_exception exception; /* FAULT; vector is MOTE_FAULT_NO_VECTOR without one */
	bool in_monitor;		 /* FAULT: the vCPU is in the monitor, not in user code */
	char text[MOTE_EXIT_TEXT_BYTES]; /* FAULT of kind OTHER or DOORBELL: what happened */
};

/* A VM without memory. */
mote_status mote_sandbox_vm_create(struct mote_hypervisor *hypervisor,
				   struct mote_sandbox_vm *created, mote_error *error);

/* Writes the monitor into guest memory, and maps it.  Before mote_sandbox_vm_set_up. */
void mote_sandbox_vm_build_monitor(const struct mote_monitor *monitor);
bool mote_sandbox_vm_map_monitor(const struct mote_monitor *monitor,
				 struct mote_page_tables *tables);

/* Maps the memory, and puts the vCPU at the guest's first instruction.  Once. */
mote_status mote_sandbox_vm_set_up(struct mote_sandbox_vm *sandbox_vm,
				   const struct mote_sandbox_vm_setup *setup, mote_error *error);

/* ---- The vCPU as a whole ------------------------------------------------------------------- */

/* The state of a vCPU that waits in user code, at a doorbell that was served. */
struct mote_vcpu_state {
	void *block; /* vm->ops->save_state; bytes of it */
	size_t bytes;
	uint64_t root; /* of the page tables that it runs with */
	struct mote_user_gate gate;
};

/* Fills in the state; block and bytes are set.  Also writes its gate, if there can be one, to guest
 * memory, behind the monitor. */
mote_status mote_sandbox_vm_save(struct mote_sandbox_vm *sandbox_vm, struct mote_vcpu_state *state,
				 mote_error *error);

/* Maps the page of gates.  The monitor is in place. */
bool mote_sandbox_vm_map_gate(const struct mote_sandbox_vm *sandbox_vm,
			      struct mote_page_tables *tables);

/* Puts the vCPU into a state, but leaves it its own page tables.  clean: it waits at a doorbell of
 * user code itself, and only user code has run since it was in a state with the same system
 * registers, or none at all since it was set up; the state's gate is in guest memory; and the
 * state stays until the vCPU has run, or was put into another one.  If not, whatever it was doing,
 * it no longer is. */
mote_status mote_sandbox_vm_load(struct mote_sandbox_vm *sandbox_vm,
				 const struct mote_vcpu_state *state, bool clean,
				 mote_error *error);

/* A program's registers as files have them (arch/.../..._saved.h).  problem: NULL, or why no file
 * may have them; then put has changed nothing. */

/* Of a state; the vCPU, which is not to run any more, takes it. */
mote_status mote_sandbox_vm_get_saved(struct mote_sandbox_vm *sandbox_vm,
				      const struct mote_vcpu_state *state,
				      uint8_t saved[MOTE_SAVED_BYTES], const char **problem,
				      mote_error *error);
/* Of a vCPU that is at the guest's first instruction. */
mote_status mote_sandbox_vm_put_saved(struct mote_sandbox_vm *sandbox_vm,
				      const uint8_t saved[MOTE_SAVED_BYTES], const char **problem,
				      mote_error *error);

/* Accepts a zeroed structure. */
void mote_sandbox_vm_destroy(struct mote_sandbox_vm *sandbox_vm);

static inline bool mote_is_doorbell(const struct mote_vm_exit *exit)
{
	if (exit->kind != MOTE_EXIT_IO_OUT || exit->as.io.size != MOTE_DOORBELL_BYTES ||
	    exit->as.io.count != 1)
		return false;
	for (unsigned i = 0; i < MOTE_DOORBELL_PORTS; i++)
		if (exit->as.io.port == mote_doorbell_ports[i])
			return true;
	return false;
}

/* After an exit that is not a doorbell: turns it into an event, or serves it and runs on until
 * something happens. */
mote_status mote_sandbox_vm_translate(struct mote_sandbox_vm *sandbox_vm, struct mote_vm_exit *exit,
				      struct mote_guest_event *event, mote_error *error);

/* Where user code is, of a vCPU that may have stopped anywhere: in the monitor too, at or behind
 * the exit of an exception that was not seen.  Of the event only what
 * mote_sandbox_vm_user_registers needs is filled in. */
mote_status mote_sandbox_vm_locate(struct mote_sandbox_vm *sandbox_vm,
				   struct mote_guest_event *event, mote_error *error);

/* The registers of the user program at a fault: while the vCPU has not run since. */
mote_status mote_sandbox_vm_user_registers(struct mote_sandbox_vm *sandbox_vm,
					   const struct mote_guest_event *event,
					   mote_registers *registers, mote_error *error);

/* Runs the guest until an exit. */
static inline mote_status mote_sandbox_vm_enter(struct mote_sandbox_vm *sandbox_vm,
						struct mote_vm_exit *exit, mote_error *error)
{
	struct mote_vm *vm = sandbox_vm->vm;
	mote_status status;

	/* A profiler's signals are normal, so the number of retries is not limited. */
	do
		status = mote_vcpu_run(vm, exit, error);
	while (status == MOTE_OK && exit->kind == MOTE_EXIT_RETRY &&
	       !mote_interrupt_breaks(vm->interrupt));
	sandbox_vm->exits++;
	return status;
}

/* Runs the guest until something happens.  Inline, because every call uses it. */
static inline mote_status mote_sandbox_vm_run(struct mote_sandbox_vm *sandbox_vm,
					      struct mote_guest_event *event, mote_error *error)
{
	struct mote_vm_exit exit;
	mote_status status = mote_sandbox_vm_enter(sandbox_vm, &exit, error);

	if (status != MOTE_OK)
		return status;
	if (!mote_is_doorbell(&exit))
		return mote_sandbox_vm_translate(sandbox_vm, &exit, event, error);
	event->kind = MOTE_EVENT_DOORBELL;
	event->port = exit.as.io.port;
	return MOTE_OK;
}

#endif

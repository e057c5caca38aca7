/* SPDX-License-Identifier: Apache-2.0
 *
 * A VM as a sandbox uses it: memory and monitor in place, guest code at its
 * first instruction, and a run loop that turns VM exits into the three things
 * that can happen: a doorbell, a fault, a cancellation.
 */
#ifndef MOTE_HYPERVISOR_SANDBOX_VM_H
#define MOTE_HYPERVISOR_SANDBOX_VM_H

#include "hypervisor/virtual_machine.h"

struct mote_sandbox_vm {
	struct mote_vm *vm; /* NULL: not created */
	struct mote_monitor monitor;
	uint64_t exits;
};

struct mote_sandbox_vm_setup {
	struct mote_memory_region ram;
	struct mote_monitor monitor;
	struct mote_user_start start; /* features is filled in here */
};

enum mote_guest_event_kind {
	MOTE_EVENT_DOORBELL = 1,
	MOTE_EVENT_FAULT,
	MOTE_EVENT_CANCELLED,
};

struct mote_guest_event {
	enum mote_guest_event_kind kind;
	uint16_t port;			 /* DOORBELL */
	struct mote_exception exception; /* FAULT; vector is MOTE_FAULT_NO_VECTOR if it was none */
	char text[MOTE_EXIT_TEXT_BYTES]; /* FAULT of kind OTHER or DOORBELL: what happened */
};

/* Writes the monitor and its mappings into guest memory.  Before mote_sandbox_vm_create. */
bool mote_sandbox_vm_place_monitor(const struct mote_monitor *monitor,
				   struct mote_page_tables *tables);

mote_status mote_sandbox_vm_create(struct mote_hypervisor *hypervisor,
				   const struct mote_sandbox_vm_setup *setup,
				   struct mote_sandbox_vm *created, mote_error *error);

/* Accepts a zeroed structure. */
void mote_sandbox_vm_destroy(struct mote_sandbox_vm *sandbox_vm);

/* Runs the guest until something happens. */
mote_status mote_sandbox_vm_run(struct mote_sandbox_vm *sandbox_vm, struct mote_guest_event *event,
				mote_error *error);

#endif

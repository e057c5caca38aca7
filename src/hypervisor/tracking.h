/* SPDX-License-Identifier: Apache-2.0
 *
 * Which pages of a range the guest has written, told by its page tables: processors mark pages
 * there, or the first write traps.  No mark is ever taken back, so the set only grows, and nothing
 * that a hypervisor derived from the tables can hide a write.  What traps as a whole, 2 MiB, is
 * looked at only after it has.
 */
#ifndef MOTE_HYPERVISOR_TRACKING_H
#define MOTE_HYPERVISOR_TRACKING_H

#include "allocator.h"
#include "hypervisor/virtual_machine.h"

struct mote_tracking {
	struct mote_page_tables *tables;
	uint64_t begin, end; /* guest-virtual; begin is not a multiple of MOTE_BLOCK_BYTES */
	uint64_t traps;
	uint64_t useless;   /* address of a trap that had no reason, to which the guest returned */
	uint64_t regions[]; /* a bit per MOTE_BLOCK_BYTES of addresses: to be looked at */
};

/* For the tables of a VM; NULL: no memory.  Nothing is tracked yet. */
struct mote_tracking *mote_tracking_make(const mote_allocator *allocator,
					 struct mote_page_tables *tables, uint64_t begin,
					 uint64_t end);

/* From now on, once what is derived from the tables is invalidated, the set is empty and grows. */
void mote_tracking_begin(struct mote_tracking *tracking);

/* Right after that: the page will be written, so its first write need not trap. */
void mote_tracking_expect(struct mote_tracking *tracking, uint64_t gva);

/* User code could not write.  handled: it may now, and goes on when the vCPU is entered. */
mote_status mote_tracking_serve(struct mote_tracking *tracking, struct mote_vm *vm,
				const struct mote_exception *exception, bool *handled,
				mote_error *error);

/* Visits runs of pages that cover the set. */
void mote_tracking_visit(const struct mote_tracking *tracking, mote_visit_written *visit,
			 void *user);

#endif

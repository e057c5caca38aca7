/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of the debug core know of each other: debug_vm.c runs the guest, debug_memory.c
 * has its memory and breakpoints, debug_watch.c the pages that are protected for watchpoints,
 * debug_registers.c the vCPU's registers.
 */
#ifndef MOTE_HYPERVISOR_DEBUG_INTERNAL_H
#define MOTE_HYPERVISOR_DEBUG_INTERNAL_H

#include "hypervisor/debug/debug_vm.h"

struct mote_debug_breakpoint {
	uint64_t gva;
	uint8_t original[MOTE_BREAKPOINT_BYTES];
	bool set; /* by the debugger */
	bool end; /* of an exclusive sequence that must not be stepped through */
};

struct mote_debug_watch {
	uint64_t gva, bytes;
	enum mote_watch_kind kind;
	uint8_t *copy; /* of the watched bytes, as they were last seen */
};

/* A page with watched bytes. */
struct mote_debug_page {
	uint64_t gva;
	struct mote_translation loaded; /* without watchpoints */
	bool open;			/* as loaded, for one instruction */
};

/* What of the registers is known. */
enum mote_debug_known {
	MOTE_DEBUG_NOTHING,
	MOTE_DEBUG_FLOW, /* of the user program's: pc, sp and flags, as the monitor's exit tells */
	MOTE_DEBUG_ALL,
};

struct mote_debug_vm {
	struct mote_sandbox_vm *sandbox_vm;
	struct mote_page_tables *tables;
	const mote_allocator *allocator;

	/* The registers, while the guest does not run. */
	enum mote_debug_known known;
	mote_regs user; /* the user program's */
	mote_regs regs; /* the vCPU's */
	mote_sregs sregs;
	bool facility; /* for steps, on in the vCPU */

	struct mote_debug_breakpoint
		breakpoints[MOTE_DEBUG_MOST_BREAKPOINTS + MOTE_DEBUG_MOST_ENDS];
	size_t breakpoint_count;
	bool is_lifted; /* a breakpoint's instruction is back, to be executed */
	uint64_t lifted;

	struct mote_debug_watch *watches;
	size_t watch_count;
	struct mote_debug_page *pages; /* in ascending order */
	size_t page_count;
	size_t open_count;

	/* What the run is doing. */
	bool stepping;		  /* the next instruction traps */
	bool stores_flags;	  /* it is one that stores them */
	bool after_doorbell;	  /* the last exit was one */
	bool breaking;		  /* a break was taken */
	bool in_sequence;	  /* runs to one of the ends */
	unsigned retries;	  /* steps in which a store that failed must be tried again */
	int store_status;	  /* register of a store-exclusive that faulted; -1: none */
	uint64_t store_end;	  /* behind it */
	enum mote_watch_kind hit; /* the access that is going on */
	uint64_t hit_address;
	bool reported; /* the access at reported_pc, before it happened */
	uint64_t reported_pc;
};

/* ---- Registers --------------------------------------------------------------------------- */

/* Makes registers known: what is asked for, or more. */
mote_status mote_debug_fetch(struct mote_debug_vm *debug, enum mote_debug_known what,
			     mote_error *error);
/* Takes from an exception what it tells. */
void mote_debug_learn(struct mote_debug_vm *debug, const struct mote_guest_event *event);
/* Gives them to the vCPU, with the flag for a step or without. */
mote_status mote_debug_store(struct mote_debug_vm *debug, bool step, mote_error *error);
/* Where the vCPU is after an interruption; if it was leaving the monitor, it is put back. */
mote_status mote_debug_find_place(struct mote_debug_vm *debug, enum mote_debug_place *place,
				  mote_error *error);

/* ---- Memory ------------------------------------------------------------------------------ */

/* The slot that has a guest-physical address; NULL: none. */
const struct mote_memory_region *mote_debug_slot(const struct mote_debug_vm *debug, uint64_t gpa);

struct mote_debug_breakpoint *mote_debug_breakpoint_at(struct mote_debug_vm *debug, uint64_t gva);
/* Takes a breakpoint's instruction out for one instruction; false: there is none. */
bool mote_debug_lift(struct mote_debug_vm *debug, uint64_t gva);
void mote_debug_put_back(struct mote_debug_vm *debug);
/* The ends of the sequence that runs.  Those that cannot be set are left out. */
void mote_debug_set_ends(struct mote_debug_vm *debug, const struct mote_debug_ends *ends);
void mote_debug_clear_ends(struct mote_debug_vm *debug);
void mote_debug_clear_breakpoints(struct mote_debug_vm *debug);

/* ---- Watchpoints ------------------------------------------------------------------------- */

/* The page whose protection caused a fault; NULL: the program did. */
struct mote_debug_page *mote_debug_watched_page(struct mote_debug_vm *debug,
						const struct mote_exception *exception);
/* The kind of watchpoint that an access hits. */
enum mote_watch_kind mote_debug_watch_at(const struct mote_debug_vm *debug, uint64_t address,
					 mote_access access);
mote_status mote_debug_open_page(struct mote_debug_vm *debug, struct mote_debug_page *page,
				 mote_error *error);
mote_status mote_debug_close_pages(struct mote_debug_vm *debug, mote_error *error);
/* The kind of watchpoint whose bytes have changed since this was last asked, and where. */
enum mote_watch_kind mote_debug_changed(struct mote_debug_vm *debug, uint64_t *address);
mote_status mote_debug_clear_watches(struct mote_debug_vm *debug, mote_error *error);

#endif

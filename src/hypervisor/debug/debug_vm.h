/* SPDX-License-Identifier: Apache-2.0
 *
 * A VM under a debugger: breakpoints, watchpoints, steps, the user program's registers and memory.
 * Independent of hypervisor and protocol, and of debug registers, which not every machine has:
 * breakpoints are instructions, watchpoints are page protection, and the monitor's exits tell of
 * both.
 *
 * One thread at a time, that which may use the VM; all but resume while the guest does not run.
 */
#ifndef MOTE_HYPERVISOR_DEBUG_VM_H
#define MOTE_HYPERVISOR_DEBUG_VM_H

#include "hypervisor/sandbox_vm.h"

enum {
	MOTE_DEBUG_MOST_BREAKPOINTS = 1024,
	MOTE_DEBUG_MOST_WATCHED_BYTES = 16 << 20, /* of one watchpoint: the host keeps a copy */
};

enum mote_watch_kind {
	MOTE_WATCH_NONE,
	MOTE_WATCH_WRITE,
	MOTE_WATCH_READ,
	MOTE_WATCH_ACCESS,
};

enum mote_debug_stop_kind {
	MOTE_STOP_INTERRUPT = 1, /* mote_interrupt_break */
	MOTE_STOP_STEP,
	MOTE_STOP_BREAKPOINT, /* pc is on it */
	/* x86_64: the access has happened; aarch64: the program counter is on it, but behind it for
	 * a store-exclusive.  Or the host wrote there, since the last doorbell. */
	MOTE_STOP_WATCH,
	MOTE_STOP_FAULT,    /* a fault, or a trap of the program's own; resume runs into it again */
	MOTE_STOP_DOORBELL, /* to be served; resume goes on with what it was doing */
	MOTE_STOP_CANCELLED,
	/* Made of a doorbell by who serves them: the program gives up, and the call ends. */
	MOTE_STOP_ABORT,
};

struct mote_debug_stop {
	enum mote_debug_stop_kind kind;
	enum mote_watch_kind watch;    /* WATCH */
	uint64_t address;	       /* WATCH: of the access */
	struct mote_guest_event event; /* FAULT, DOORBELL */
};

/* How to go on. */
struct mote_debug_resume {
	bool step; /* one instruction, or until pc is outside [begin, end) */
	uint64_t begin, end;
};

struct mote_debug_vm;

/* sandbox_vm, tables: those of a VM that is set up; borrowed, as is the allocator. */
mote_status mote_debug_vm_create(struct mote_sandbox_vm *sandbox_vm,
				 struct mote_page_tables *tables, const mote_allocator *allocator,
				 struct mote_debug_vm **created, mote_error *error);

/* Removes what the debugger put into the guest, which can go on without it. */
mote_status mote_debug_vm_leave(struct mote_debug_vm *debug, mote_error *error);

/* Frees it, whatever it still has in the guest; may be NULL. */
void mote_debug_vm_destroy(struct mote_debug_vm *debug);

/* Runs until something happens.  stop is written on success. */
mote_status mote_debug_vm_resume(struct mote_debug_vm *debug, const struct mote_debug_resume *how,
				 struct mote_debug_stop *stop, mote_error *error);

/* ---- Registers --------------------------------------------------------------------------- */

/* Those of the user program.  The setters give MOTE_INVALID_ARGUMENT for values that no program can
 * have, and keep flags that are not a program's own. */
mote_status mote_debug_vm_registers(struct mote_debug_vm *debug, mote_regs *regs,
				    mote_error *error);
mote_status mote_debug_vm_set_registers(struct mote_debug_vm *debug, const mote_regs *regs,
					mote_error *error);
mote_status mote_debug_vm_fpu(struct mote_debug_vm *debug, mote_fpu *fpu, mote_error *error);
mote_status mote_debug_vm_set_fpu(struct mote_debug_vm *debug, const mote_fpu *fpu,
				  mote_error *error);
mote_status mote_debug_vm_sregs(struct mote_debug_vm *debug, mote_sregs *sregs, mote_error *error);
/* Sets the registers for thread-local storage; the rest is not a program's. */
mote_status mote_debug_vm_set_thread(struct mote_debug_vm *debug, const mote_sregs *sregs,
				     mote_error *error);

/* ---- Memory ------------------------------------------------------------------------------ */

/* Reads what user code could see there, without breakpoints.  Returns how many bytes there are
 * before the first that it could not. */
size_t mote_debug_vm_read(const struct mote_debug_vm *debug, uint64_t gva, void *to, size_t bytes);

/* Writes all or nothing; also where user code may only read.  False: not all of it is the guest's,
 * or the host itself may not write there. */
bool mote_debug_vm_write(struct mote_debug_vm *debug, uint64_t gva, const void *from, size_t bytes);

/* Takes the breakpoints out of memory, for somebody who looks at it without mote_debug_vm_read; and
 * puts them back. */
void mote_debug_vm_hide(struct mote_debug_vm *debug, bool hidden);
/* What is mapped for user code at a page, without watchpoints; false: nothing. */
bool mote_debug_vm_translate(const struct mote_debug_vm *debug, uint64_t gva,
			     struct mote_translation *translation);

/* A breakpoint there; again: no change.  MOTE_LIMIT, MOTE_INVALID_ARGUMENT. */
mote_status mote_debug_vm_set_breakpoint(struct mote_debug_vm *debug, uint64_t gva,
					 mote_error *error);
/* Without one: no change. */
void mote_debug_vm_clear_breakpoint(struct mote_debug_vm *debug, uint64_t gva);

/*
 * Watches bytes of the guest's own memory, not of shared buffers.  An access counts if its first
 * byte is in the range, a write also if bytes there differ afterwards; operand sizes are not known.
 * MOTE_LIMIT, MOTE_INVALID_ARGUMENT, MOTE_NO_MEMORY; failures of the hypervisor.
 */
mote_status mote_debug_vm_set_watch(struct mote_debug_vm *debug, uint64_t gva, uint64_t bytes,
				    enum mote_watch_kind kind, mote_error *error);
/* MOTE_NOT_FOUND; failures of the hypervisor, after which it is gone all the same. */
mote_status mote_debug_vm_clear_watch(struct mote_debug_vm *debug, uint64_t gva, uint64_t bytes,
				      enum mote_watch_kind kind, mote_error *error);

#endif

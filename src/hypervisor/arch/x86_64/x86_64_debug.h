/* SPDX-License-Identifier: Apache-2.0
 *
 * What a debugger needs of x86_64: the user program's registers out of a vCPU and back, what of
 * them may be changed, single steps, the breakpoint instruction.  Pure data.
 * Intel SDM volume 1, 3.4.3 (RFLAGS); volume 3, 6.14 (frames), 18.3.1.4 (single steps).
 */
#ifndef MOTE_HYPERVISOR_ARCH_X86_64_DEBUG_H
#define MOTE_HYPERVISOR_ARCH_X86_64_DEBUG_H

#include <stdbool.h>
#include <stddef.h>

#include "../debug.h"
#include "x86_64_instructions.h"
#include "x86_64_monitor.h"

#define MOTE_X86_64_BREAKPOINT_BYTES 1u
static const uint8_t mote_x86_64_breakpoint[MOTE_X86_64_BREAKPOINT_BYTES] = {MOTE_X86_64_INT3};

/*
 * Where an interrupted vCPU is.  One that was leaving the monitor is put back to right behind the
 * exit, from where it leaves again; then regs has changed.
 */
enum mote_debug_place mote_x86_64_debug_settle(const struct mote_monitor *monitor,
					       const struct mote_x86_64_sregs *sregs,
					       mote_x86_64_regs *regs);

/* The user program's registers, of a vCPU that is in user code or right behind the monitor's exit.
 * Without what stepping leaves in them. */
void mote_x86_64_debug_get(const struct mote_monitor *monitor, const mote_x86_64_regs *regs,
			   const struct mote_x86_64_sregs *sregs, mote_x86_64_regs *user);

/* The reverse, into regs; of the flags only those that belong to a program.  step: a trap comes
 * after the next instruction.  True: it is in the monitor, and rip, rsp and rflags are for
 * mote_x86_64_debug_put_return. */
bool mote_x86_64_debug_put(const mote_x86_64_regs *user, bool step,
			   const struct mote_x86_64_sregs *sregs, mote_x86_64_regs *regs);

/* What the return from the monitor takes: into its memory. */
void mote_x86_64_debug_put_return(const struct mote_monitor *monitor, const mote_x86_64_regs *user,
				  bool step, struct mote_x86_64_exception_state *state);

/* Whether a program may have these registers: a bad address would fault in the monitor. */
bool mote_x86_64_debug_accepts(const mote_x86_64_regs *user);
bool mote_x86_64_debug_accepts_fpu(const struct mote_x86_64_fpu *fpu);

/* Copies the registers for thread-local storage; false if they are not accepted. */
bool mote_x86_64_debug_put_thread(const struct mote_x86_64_sregs *wanted,
				  struct mote_x86_64_sregs *sregs);

enum mote_debug_trap_kind mote_x86_64_debug_trap(const struct mote_exception *exception);

/* Where the instruction is that raised a breakpoint's exception. */
static inline uint64_t mote_x86_64_debug_trap_pc(const struct mote_exception *exception)
{
	return exception->pc - MOTE_X86_64_BREAKPOINT_BYTES;
}

/* Whether the instruction stores the flags, and so the one for single steps, at the stack
 * pointer. */
bool mote_x86_64_debug_stores_flags(const uint8_t *code, size_t bytes);

/* The same without it, of the second byte there. */
#define MOTE_X86_64_PUSHED_FLAGS_MASK ((uint8_t) ~(MOTE_X86_64_RFLAGS_TF >> 8))

/* The flag is all that a step needs. */
#define MOTE_X86_64_STEP_FACILITY false
static inline void mote_x86_64_debug_set_step_facility(struct mote_x86_64_debug_regs *debug,
						       bool on)
{
	(void)debug;
	(void)on;
}

/* No sequence of instructions depends on not being interrupted. */
static inline void mote_x86_64_debug_exclusive(const uint8_t *code, size_t bytes, uint64_t gva,
					       struct mote_debug_ends *ends)
{
	(void)code;
	(void)bytes;
	(void)gva;
	ends->count = 0;
}

static inline int mote_x86_64_debug_store_exclusive(const uint8_t *code, size_t bytes)
{
	(void)code;
	(void)bytes;
	return -1;
}

static inline bool mote_x86_64_debug_store_failed(const mote_x86_64_regs *user, int number)
{
	(void)user;
	(void)number;
	return false;
}

/* A watchpoint is reported when the access has happened. */
#define MOTE_X86_64_WATCH_STOPS_BEFORE false

#endif

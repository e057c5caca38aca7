/* SPDX-License-Identifier: Apache-2.0
 *
 * What a debugger needs of aarch64: the user program's registers out of a vCPU and back, what of
 * them may be changed, single steps, the breakpoint instruction, exclusive sequences.  Pure data.
 * Arm ARM (DDI 0487), D2.12 (software step), B2.12 (exclusives: an exception ends them).
 */
#ifndef MOTE_HYPERVISOR_ARCH_AARCH64_DEBUG_H
#define MOTE_HYPERVISOR_ARCH_AARCH64_DEBUG_H

#include <stdbool.h>
#include <stddef.h>

#include "../debug.h"
#include "aarch64_instructions.h"
#include "aarch64_monitor.h"

#define MOTE_AARCH64_BREAKPOINT_BYTES MOTE_AARCH64_INSTRUCTION_BYTES
/* brk #0 */
static const uint8_t mote_aarch64_breakpoint[MOTE_AARCH64_BREAKPOINT_BYTES] = {0x00, 0x00, 0x20,
									       0xd4};

/* Where an interrupted vCPU is.  regs never changes: ELR and SPSR hold until eret has retired. */
enum mote_debug_place mote_aarch64_debug_settle(const struct mote_monitor *monitor,
						const struct mote_aarch64_sregs *sregs,
						mote_aarch64_regs *regs);

/* The user program's registers, of a vCPU that is in user code or behind the monitor's store.
 * Without what stepping leaves in them. */
void mote_aarch64_debug_get(const struct mote_monitor *monitor, const mote_aarch64_regs *regs,
			    const struct mote_aarch64_sregs *sregs, mote_aarch64_regs *user);

/* The reverse, into regs; of the flags only those that belong to a program.  step: a trap comes
 * after the next instruction, with the facility for it on.  True: it is in the monitor, and pc, sp
 * and pstate are for mote_aarch64_debug_put_return. */
bool mote_aarch64_debug_put(const mote_aarch64_regs *user, bool step,
			    const struct mote_aarch64_sregs *sregs, mote_aarch64_regs *regs);

/* What the return from the monitor takes. */
void mote_aarch64_debug_put_return(const struct mote_monitor *monitor,
				   const mote_aarch64_regs *user, bool step,
				   struct mote_aarch64_exception_state *state);

/* A program may have any values. */
static inline bool mote_aarch64_debug_accepts(const mote_aarch64_regs *user)
{
	(void)user;
	return true;
}

static inline bool mote_aarch64_debug_accepts_fpu(const struct mote_aarch64_fpu *fpu)
{
	(void)fpu;
	return true;
}

/* Copies the register for thread-local storage. */
static inline bool mote_aarch64_debug_put_thread(const struct mote_aarch64_sregs *wanted,
						 struct mote_aarch64_sregs *sregs)
{
	sregs->tpidr_el0 = wanted->tpidr_el0;
	return true;
}

enum mote_debug_trap_kind mote_aarch64_debug_trap(const struct mote_exception *exception);

/* Where the instruction is that raised a breakpoint's exception. */
static inline uint64_t mote_aarch64_debug_trap_pc(const struct mote_exception *exception)
{
	return exception->pc;
}

/* No instruction of EL0 stores the flag for single steps. */
static inline bool mote_aarch64_debug_stores_flags(const uint8_t *code, size_t bytes)
{
	(void)code;
	(void)bytes;
	return false;
}

#define MOTE_AARCH64_PUSHED_FLAGS_MASK 0xffu

/* A step also needs MDSCR_EL1.SS. */
#define MOTE_AARCH64_STEP_FACILITY true
static inline void mote_aarch64_debug_set_step_facility(struct mote_aarch64_debug_regs *debug,
							bool on)
{
	debug->mdscr_el1 &= ~MOTE_AARCH64_MDSCR_SS;
	debug->mdscr_el1 |= on ? MOTE_AARCH64_MDSCR_SS : 0;
}

/*
 * Where an exclusive sequence ends that begins at gva, of which code is a copy.  Its store fails
 * for ever if it is stepped through one instruction at a time.
 */
void mote_aarch64_debug_exclusive(const uint8_t *code, size_t bytes, uint64_t gva,
				  struct mote_debug_ends *ends);

/* The register for the status of the store-exclusive that code begins with; -1: it is none. */
int mote_aarch64_debug_store_exclusive(const uint8_t *code, size_t bytes);

/* Whether that status says that nothing was stored. */
static inline bool mote_aarch64_debug_store_failed(const mote_aarch64_regs *user, int number)
{
	return number < 31 && (uint32_t)user->x[number] != 0;
}

/* A watchpoint is reported before the access; debuggers step over it themselves. */
#define MOTE_AARCH64_WATCH_STOPS_BEFORE true

#endif

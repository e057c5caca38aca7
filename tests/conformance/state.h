/* SPDX-License-Identifier: Apache-2.0
 *
 * All registers of a vCPU at once.
 */
#ifndef MOTE_TESTS_STATE_H
#define MOTE_TESTS_STATE_H

#include "machine.h"

/* Every register class that the contract has. */
struct state {
	mote_regs regs;
	mote_sregs sregs;
	mote_fpu fpu;
	mote_debug_regs debug;
};

struct state state_power_on(void);
struct state state_read(struct machine *machine);
void state_write(struct machine *machine, const struct state *state);
/* Whether the vCPU has these registers. */
void state_check(struct machine *machine, const struct state *expected);

/* ---- extended_<architecture>.c ------------------------------------------------------------ */

/* Field by field: the structure may have padding. */
void state_compare_fpu(const mote_fpu *fpu, const mote_fpu *expected);
/* Whether an exception's state is that of these registers. */
void state_check_exception(const mote_exception_state *state, const mote_regs *regs,
			   const mote_sregs *sregs);
/* Changes something in every class; the guest goes on as it would. */
void state_make_busy(struct state *state);
/* As at power-on: the registers for thread-local storage. */
void state_clear_thread(mote_sregs *sregs);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * A vCPU that stopped in the monitor: aarch64.
 */
#ifndef MOTE_UNIT_STOPPED_H
#define MOTE_UNIT_STOPPED_H

#include "hypervisor/arch/arch.h"

/* At the vector of a data abort, whose store has retired or not. */
static inline void stop_in_monitor(const struct mote_monitor *monitor, uint64_t pc, uint64_t sp,
				   bool retired, mote_exception_state *state)
{
	enum { SYNCHRONOUS = 8 };

	*state = (mote_exception_state){
		.pc = monitor->gva + SYNCHRONOUS * MOTE_AARCH64_VECTOR_BYTES + (retired ? 4 : 0),
		.pstate = MOTE_AARCH64_PSTATE_EL1H,
		.elr = pc,
		.esr = 0x92000047,
		.sp_el0 = sp,
	};
}

/* In user code. */
static inline void stop_in_user(uint64_t pc, mote_exception_state *state)
{
	*state = (mote_exception_state){.pc = pc};
}

#endif

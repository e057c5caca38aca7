/* SPDX-License-Identifier: Apache-2.0
 *
 * A vCPU that stopped in the monitor: x86_64.
 */
#ifndef MOTE_UNIT_STOPPED_H
#define MOTE_UNIT_STOPPED_H

#include "bytes.h"
#include "hypervisor/arch/arch.h"

/* At the stub of a page fault, whose hlt has retired or not.  Writes the frame that the processor
 * pushed. */
static inline void stop_in_monitor(const struct mote_monitor *monitor, uint64_t pc, uint64_t sp,
				   bool retired, mote_exception_state *state)
{
	enum { PAGE_FAULT = 14, FRAME_BYTES = 48 };
	const uint64_t frame[] = {4,	 pc, MOTE_X86_64_USER_CODE_SELECTOR,
				  0x202, sp, MOTE_X86_64_USER_DATA_SELECTOR};

	for (unsigned i = 0; i < 6; i++)
		mote_put64(monitor->memory + MOTE_MONITOR_BYTES - FRAME_BYTES + 8 * i, frame[i]);
	*state = (mote_exception_state){
		.rip = monitor->gva + PAGE_FAULT * MOTE_X86_64_STUB_BYTES + (retired ? 1 : 0),
		.rsp = monitor->gva + MOTE_MONITOR_BYTES - FRAME_BYTES,
	};
}

/* In user code. */
static inline void stop_in_user(uint64_t pc, mote_exception_state *state)
{
	*state = (mote_exception_state){.rip = pc, .cs = MOTE_X86_64_USER_CODE_SELECTOR};
}

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Types shared by what a debugger needs of both architectures.
 */
#ifndef MOTE_HYPERVISOR_ARCH_DEBUG_H
#define MOTE_HYPERVISOR_ARCH_DEBUG_H

#include <stdint.h>

/* Where a vCPU is, that may have been interrupted anywhere. */
enum mote_debug_place {
	MOTE_DEBUG_USER,     /* in user code: its registers are the vCPU's */
	MOTE_DEBUG_SAVED,    /* in the monitor: the user's are where the exception put them */
	MOTE_DEBUG_ENTERING, /* in the monitor, whose exit for an exception comes first */
	MOTE_DEBUG_LOST,     /* in supervisor mode elsewhere, which cannot be */
};

/* What raised an exception, for a debugger. */
enum mote_debug_trap_kind {
	MOTE_DEBUG_NO_TRAP,
	MOTE_DEBUG_TRAP_STEP,	    /* one instruction has retired */
	MOTE_DEBUG_TRAP_BREAKPOINT, /* the instruction of breakpoints */
};

enum { MOTE_DEBUG_MOST_ENDS = 4 };

/* Where a sequence of instructions that must not be interrupted can go on: its end, and the
 * targets of the branches out of it. */
struct mote_debug_ends {
	uint64_t gva[MOTE_DEBUG_MOST_ENDS];
	unsigned count; /* 0: there is no such sequence */
};

/* The most code that one of the functions looks at. */
#define MOTE_DEBUG_CODE_BYTES 72u

#endif

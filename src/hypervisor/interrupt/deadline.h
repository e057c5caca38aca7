/* SPDX-License-Identifier: Apache-2.0
 *
 * Deadlines of calls.  One thread per engine, started when the first deadline is set, cancels the
 * calls that exceed theirs, with the same handshake as a kill.  A wall-clock deadline costs a call
 * no system call, except one to set the thread's alarm when no deadline as early is known yet; a
 * CPU-time deadline costs one reading of the thread's clock, and two more for each host function.
 * A call never wakes the thread.
 */
#ifndef MOTE_HYPERVISOR_INTERRUPT_DEADLINE_H
#define MOTE_HYPERVISOR_INTERRUPT_DEADLINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <mote/error.h>
#include <mote/interrupt.h>

#include "allocator.h"
#include "hypervisor/interrupt/guest_clock.h"
#include "os/os.h"

/* What the thread watches for one sandbox.  Times are monotonic-clock times; 0: none. */
struct mote_watch {
	struct mote_watch *next, *previous; /* under the lock */
	bool registered;
	mote_interrupt *interrupt;
	const struct mote_guest_clock *guest_clock; /* of the VM; read until it is forgotten */
	_Atomic uint64_t call_id;
	_Atomic uint64_t wall_ns;      /* when the call must have ended */
	_Atomic uint64_t cpu_check_ns; /* the earliest time that cpu_limit_ns can be reached */
	_Atomic uint64_t cpu_limit_ns; /* of the thread's clock and the guest's together */
	_Atomic intptr_t cpu_clock;    /* the clock of the thread that makes the call */
	uint64_t cpu_remaining_ns;     /* while a host function runs */
	uint64_t wall_remaining_ns;    /* while the clocks stand still; 0: no deadline */
};

struct mote_deadlines;

mote_status mote_deadlines_create(const mote_allocator *allocator,
				  struct mote_deadlines **deadlines, mote_error *error);

/* Ends the thread.  forked: this is a child process, which does not have the thread. */
void mote_deadlines_destroy(struct mote_deadlines *deadlines, bool forked);

/* Called before the first deadline of a sandbox; calling it again is harmless.  interrupt and
 * guest_clock of watch are set. */
mote_status mote_deadlines_prepare(struct mote_deadlines *deadlines, struct mote_watch *watch,
				   mote_error *error);

/* Sets the deadlines of the call in progress, in ns from now; 0: none.  On failure it has none. */
mote_status mote_deadlines_begin(struct mote_deadlines *deadlines, struct mote_watch *watch,
				 uint64_t wall_ns, uint64_t cpu_ns, mote_error *error);

/* Whether the call in progress has a CPU-time deadline. */
static inline bool mote_deadlines_cpu_set(const struct mote_watch *watch)
{
	return atomic_load(&watch->cpu_limit_ns) != 0;
}

/* Used around a host function when there is a CPU-time deadline: its CPU time does not count.  Both
 * fail with MOTE_OS when the clock cannot be read. */
mote_status mote_deadlines_pause(struct mote_watch *watch, mote_error *error);
mote_status mote_deadlines_resume(struct mote_deadlines *deadlines, struct mote_watch *watch,
				  mote_error *error);

/* Between the two no time counts: the call is stopped under a debugger.  Both fail as those
 * above. */
mote_status mote_deadlines_stop(struct mote_watch *watch, mote_error *error);
mote_status mote_deadlines_continue(struct mote_deadlines *deadlines, struct mote_watch *watch,
				    mote_error *error);

/* The call has ended. */
void mote_deadlines_end(struct mote_watch *watch);

/* The sandbox is being destroyed. */
void mote_deadlines_forget(struct mote_deadlines *deadlines, struct mote_watch *watch, bool forked);

#endif

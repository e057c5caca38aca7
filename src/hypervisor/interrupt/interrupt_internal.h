/* SPDX-License-Identifier: Apache-2.0
 *
 * The interrupt handle, for the side that runs the vCPU.
 *
 * One atomic word holds the whole state: flags in the low byte, the call's id above.  A kick is
 * sent only while RUNNING and SENDING are both set, and clear_running waits for SENDING to end and
 * consumes the kick.  So a kick cannot reach a dead thread, a thread that no longer runs this
 * vCPU, or the memory of a vCPU that is gone.
 */
#ifndef MOTE_HYPERVISOR_INTERRUPT_INTERNAL_H
#define MOTE_HYPERVISOR_INTERRUPT_INTERNAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <mote/engine.h>
#include <mote/error.h>
#include <mote/interrupt.h>

#include "allocator.h"
#include "hypervisor/interrupt/kick.h"
#include "os/os_thread.h"

enum mote_interrupt_flags {
	MOTE_INTERRUPT_IN_CALL = 1u << 0,
	MOTE_INTERRUPT_RUNNING = 1u << 1,
	MOTE_INTERRUPT_CANCEL = 1u << 2,
	MOTE_INTERRUPT_SENDING = 1u << 3,
	MOTE_INTERRUPT_DROPPED = 1u << 4,
	/* Why CANCEL is set; neither: a kill. */
	MOTE_INTERRUPT_WALL_DEADLINE = 1u << 5,
	MOTE_INTERRUPT_CPU_DEADLINE = 1u << 6,
	/* The thread that runs the vCPU, or will, has to look at something: see break. */
	MOTE_INTERRUPT_BREAK = 1u << 7,
};

#define MOTE_INTERRUPT_ID_SHIFT 8
/* What keeps the vCPU from running. */
#define MOTE_INTERRUPT_STOPS (MOTE_INTERRUPT_CANCEL | MOTE_INTERRUPT_BREAK)

/* A handle with one reference.  The allocator is copied.  kick: borrowed; used only while the vCPU
 * runs. */
mote_status mote_interrupt_create(const mote_allocator *allocator, struct mote_kick *kick,
				  mote_interrupt **interrupt, mote_error *error);

/* Records that the vCPU is gone: kills have no effect from now on. */
void mote_interrupt_drop(mote_interrupt *interrupt);

/* Whether the call in progress is cancelled. */
bool mote_interrupt_cancelled(const mote_interrupt *interrupt);

/* Cancels the call with this id because a deadline has passed; cause: one of the two flags. */
void mote_interrupt_expire(mote_interrupt *interrupt, uint64_t id, uint64_t cause);

/* Makes the thread that runs the vCPU leave it, and enter it again only after take_break.  Unlike a
 * cancel it ends no call, and lasts: without a call in progress the next one begins with it. */
void mote_interrupt_break(mote_interrupt *interrupt);

/* Whether a break was asked for: until take_break the vCPU does not run. */
bool mote_interrupt_breaks(const mote_interrupt *interrupt);

/* On the thread that makes the call, while the vCPU does not run. */
void mote_interrupt_take_break(mote_interrupt *interrupt);

/* In a forked child: whether it is this thread, of the parent then, that makes the call in
 * progress, from a callback of which it came here. */
bool mote_interrupt_is_in_this_thread(const mote_interrupt *interrupt);

/* The flags that say why the call was cancelled. */
uint64_t mote_interrupt_cause(const mote_interrupt *interrupt);

/* ---- The thread that runs the vCPU: on the path of every call ----------------------------- */

struct mote_interrupt {
	_Atomic uint64_t word;
	_Atomic uint32_t references;
	struct mote_kick *kick;
	uintptr_t thread; /* that makes the call: written before RUNNING is set, read while it is */
	mote_allocator allocator;
};

/* The id of the call in progress. */
static inline uint64_t mote_interrupt_call_id(const mote_interrupt *interrupt)
{
	return atomic_load_explicit(&interrupt->word, memory_order_relaxed) >>
	       MOTE_INTERRUPT_ID_SHIFT;
}

/* Begins a call: assigns the next id and clears an earlier cancel; a break stays. */
static inline void mote_interrupt_begin_call(mote_interrupt *interrupt)
{
	const uint64_t kept = ~(uint64_t)(MOTE_INTERRUPT_BREAK - 1);
	const uint64_t next = (1u << MOTE_INTERRUPT_ID_SHIFT) | MOTE_INTERRUPT_IN_CALL;
	uint64_t word = atomic_load_explicit(&interrupt->word, memory_order_relaxed);

	interrupt->thread = mote_os_thread_self();
	/* Only a break writes the word now: a kill changes it only during a call. */
	while (!atomic_compare_exchange_weak(&interrupt->word, &word, (word & kept) + next))
		;
}

static inline void mote_interrupt_end_call(mote_interrupt *interrupt)
{
	atomic_fetch_and(&interrupt->word, ~(uint64_t)MOTE_INTERRUPT_IN_CALL);
}

/* A cancel or a break came while the vCPU ran: the kick is on its way, or will be sent. */
void mote_interrupt_wait_for_kick(mote_interrupt *interrupt);

/* Takes RUNNING back; before: the word from before it was set. */
void mote_interrupt_refuse(mote_interrupt *interrupt, uint64_t before);

/*
 * Brackets around a run of the vCPU on this thread. set_running returns false when the call is
 * already cancelled, or a break is to be taken; then the vCPU must not run, and clear_running is
 * not called. Only this thread changes RUNNING, so adding sets it and subtracting
 * clears it, in one instruction that returns the old word.
 */
static inline void mote_interrupt_clear_running(mote_interrupt *interrupt)
{
	if (atomic_fetch_sub(&interrupt->word, MOTE_INTERRUPT_RUNNING) & MOTE_INTERRUPT_STOPS)
		mote_interrupt_wait_for_kick(interrupt);
}

static inline bool mote_interrupt_set_running_unless(mote_interrupt *interrupt, uint64_t stops)
{
	uint64_t before;

	interrupt->kick->ops->arm(interrupt->kick);
	before = atomic_fetch_add(&interrupt->word, MOTE_INTERRUPT_RUNNING);
	if (!(before & stops))
		return true;
	mote_interrupt_refuse(interrupt, before);
	return false;
}

static inline bool mote_interrupt_set_running(mote_interrupt *interrupt)
{
	return mote_interrupt_set_running_unless(interrupt, MOTE_INTERRUPT_STOPS);
}

/* The same for a call that waits on this thread instead of running the vCPU: a kick ends the wait,
 * but a break that is pending already is no reason not to wait. */
static inline bool mote_interrupt_set_waiting(mote_interrupt *interrupt)
{
	return mote_interrupt_set_running_unless(interrupt, MOTE_INTERRUPT_CANCEL);
}

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The interrupt handle of a sandbox: stops a guest call from any thread, at
 * any time, also after the sandbox is gone.
 */
#ifndef MOTE_INTERRUPT_H
#define MOTE_INTERRUPT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mote_interrupt mote_interrupt;

/* A snapshot of a handle. */
typedef struct mote_interrupt_state {
	uint64_t call_id; /* of the call in progress, else of the last one; 0 before the first */
	bool in_call;	  /* a guest call is in progress (host functions included) */
	bool running;	  /* guest code is executing */
	bool cancelled; /* the call in progress, or the last one, was killed or ran over a deadline */
	bool dropped;	/* the sandbox was destroyed */
} mote_interrupt_state;

/* Takes one more reference and returns the handle.  Any thread. */
mote_interrupt *mote_interrupt_retain(mote_interrupt *interrupt);

/* Gives up one reference.  interrupt: may be NULL.  Any thread. */
void mote_interrupt_release(mote_interrupt *interrupt);

/*
 * Cancels the guest call that is in progress, and nothing else: no later call is affected.  No host
 * function begins any more; the call returns as soon as none is running, with MOTE_KILLED, or with
 * what had already come to pass: a deadline's status, or the result of a guest that was done.
 * Returns true when a call was in progress and is now cancelled, false when there was none.
 * Does not wait for the call to end.  Any thread; not from a signal handler.
 */
bool mote_interrupt_kill(mote_interrupt *interrupt);

/* The same, for the call with this id only (mote_interrupt_state.call_id; a sandbox numbers its
 * calls 1, 2, 3, ...), so that a late watchdog cannot hit the next call.  False for any other id. */
bool mote_interrupt_kill_call(mote_interrupt *interrupt, uint64_t call_id);

/* Whether the call in progress, or the last one, was cancelled by a kill; false when a deadline came
 * first.  Any thread. */
bool mote_interrupt_is_killed(const mote_interrupt *interrupt);

/* Whether the sandbox was destroyed.  Any thread. */
bool mote_interrupt_is_dropped(const mote_interrupt *interrupt);

/* Any thread. */
mote_interrupt_state mote_interrupt_get_state(const mote_interrupt *interrupt);

#ifdef __cplusplus
}
#endif
#endif

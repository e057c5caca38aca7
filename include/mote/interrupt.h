/* SPDX-License-Identifier: Apache-2.0
 *
 * The interrupt handle of a sandbox: stops a guest call from any thread, at
 * any time, also after the sandbox is gone.
 */
#ifndef MOTE_INTERRUPT_H
#define MOTE_INTERRUPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/error.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mote_interrupt mote_interrupt;

/*
 * Takes one more reference.
 *
 * Returns    interrupt
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_interrupt *mote_interrupt_retain(mote_interrupt *interrupt);

/*
 * Gives up one reference.
 *
 * interrupt  may be NULL
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API void mote_interrupt_release(mote_interrupt *interrupt);

/*
 * Cancels the guest call that is in progress, and nothing else: no later call is affected.  No host
 * function begins any more. The call returns as soon as none is running: with MOTE_KILLED, or, if
 * a deadline had already expired or the guest had already finished, with that outcome. Does not
 * wait for the call to end.
 *
 * Returns    true when a call was in progress and is now cancelled, false when there was none
 * Threads    any, and a thread may be cancelled in it; not from a signal handler
 * Since      0.1
 */
MOTE_API bool mote_interrupt_kill(mote_interrupt *interrupt);

/*
 * The same, for one call only, so that a late watchdog cannot hit the next call.
 *
 * call_id    of mote_interrupt_state; a sandbox numbers its calls 1, 2, 3, ...
 *
 * Returns    false for any other call than the one in progress
 * Threads    as mote_interrupt_kill
 * Since      0.1
 */
MOTE_API bool mote_interrupt_kill_call(mote_interrupt *interrupt, uint64_t call_id);

/*
 * Whether the call in progress, or the last one, was cancelled by a kill; false when a deadline
 * came first.
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API bool mote_interrupt_is_killed(const mote_interrupt *interrupt);

/*
 * Whether the sandbox was destroyed.
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API bool mote_interrupt_is_dropped(const mote_interrupt *interrupt);

/* What a handle knows at one moment. */
typedef struct mote_interrupt_state {
	size_t size;	  /* sizeof(mote_interrupt_state) of the caller */
	uint64_t call_id; /* of the call in progress, else of the last one; 0 before the first */
	bool in_call;	  /* a guest call is in progress (host functions included) */
	bool running;	  /* guest code is executing */
	bool cancelled;	  /* that call was killed, or ran over a deadline */
	bool dropped;	  /* the sandbox was destroyed */
} mote_interrupt_state;

/* clang-format off */
#define MOTE_INTERRUPT_STATE_INIT                                                                  \
	{sizeof(mote_interrupt_state), 0, false, false, false, false}
/* clang-format on */

/*
 * MOTE_INTERRUPT_STATE_INIT as a function.
 *
 * state      not NULL
 * size       the caller's sizeof(mote_interrupt_state)
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API void mote_interrupt_state_init(mote_interrupt_state *state, size_t size);

/*
 * Reads the state of a handle.
 *
 * state      state->size is set; written on success
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_INVALID_ARGUMENT
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_status mote_interrupt_get_state(const mote_interrupt *interrupt,
					      mote_interrupt_state *state, mote_error *error);

#ifdef __cplusplus
}
#endif
#endif

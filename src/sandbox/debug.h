/* SPDX-License-Identifier: Apache-2.0
 *
 * A sandbox under a debugger.  Calls run under it on the threads that make them: where the guest
 * stops, the call's thread asks the debugger how to go on.  Whoever speaks to a person, by whatever
 * protocol, is built on this.
 */
#ifndef MOTE_SANDBOX_DEBUG_H
#define MOTE_SANDBOX_DEBUG_H

#include "hypervisor/debug/debug_vm.h"
#include "sandbox/sandbox_internal.h"

enum mote_debugger_action {
	MOTE_DEBUGGER_RESUME,  /* after an ABORT stop: the call ends all the same */
	MOTE_DEBUGGER_GIVE_UP, /* after a FAULT stop: it ends the call, as without a debugger */
	MOTE_DEBUGGER_KILL,    /* ends the call with MOTE_KILLED */
	MOTE_DEBUGGER_DETACH,  /* the call goes on without the debugger */
};

struct mote_debugger_answer {
	enum mote_debugger_action action;
	struct mote_debug_resume how; /* RESUME; it also holds for the calls after this one */
};

struct mote_debugger {
	/* The call has stopped, on whose thread this is.  Until it returns, the vCPU and the
	 * memory are the debugger's, on this thread. stop is of any kind but DOORBELL and
	 * CANCELLED. */
	struct mote_debugger_answer (*stopped)(void *user, struct mote_debug_vm *vm,
					       const struct mote_debug_stop *stop);
	/* A call has ended during which mote_sandbox_hold was tried: the sandbox is held from now
	 * on, as after it.  On the call's thread.  NULL: it is released at once. */
	void (*held)(void *user, struct mote_debug_vm *vm);
	void *user;
};

/*
 * Puts a sandbox under a debugger, which is copied.  The call in progress stops as after
 * mote_sandbox_break_in; without one, the next call stops before its first instruction. One that
 * is there already stays, even if it is about to detach. One thread at a time. MOTE_FORKED.
 */
mote_status mote_sandbox_attach(mote_sandbox *sandbox, const struct mote_debugger *debugger,
				mote_error *error);

/* ---- While a call is stopped -------------------------------------------------------------- */

/* In mote_debugger.stopped, which may thus leave its answer to another thread: waits for
 * mote_debugger_wake.  False: the call was killed, or its sandbox destroyed. */
bool mote_debugger_wait(mote_sandbox *sandbox);

/* Any thread.  resumes: what is asked for from now on, by mote_sandbox_break_in, is about the run
 * that follows. */
void mote_debugger_wake(mote_sandbox *sandbox, bool resumes);

/* ---- While no call is in progress --------------------------------------------------------- */

/*
 * Holds a sandbox that has a debugger: calls wait until mote_sandbox_release, on the same thread.
 * Until then the vCPU and the memory are the debugger's, but nothing may be resumed. A break that
 * was asked for is answered by this. MOTE_BUSY: a call is in progress; mote_debugger.held tells
 * if it ends without a stop.
 */
mote_status mote_sandbox_hold(mote_sandbox *sandbox, struct mote_debug_vm **vm, mote_error *error);
/* how: NULL, or how the next call goes on. */
void mote_sandbox_release(mote_sandbox *sandbox, const struct mote_debug_resume *how);

/* Removes the debugger of a sandbox that is held, with all that it put into the guest. */
mote_status mote_sandbox_detach(mote_sandbox *sandbox, mote_error *error);

/* Whether somebody holds it: the debugger, or for a moment a call that has just ended. */
static inline bool mote_sandbox_is_held(const mote_sandbox *sandbox)
{
	const uint8_t use = atomic_load(&sandbox->use);

	return use == MOTE_SANDBOX_HELD || use == MOTE_SANDBOX_AWAITED;
}

/* ---- At any time -------------------------------------------------------------------------- */

/* Asks for a stop of the kind INTERRUPT; of a call that has stopped, nothing.  Any thread. */
void mote_sandbox_break_in(mote_sandbox *sandbox);

#endif

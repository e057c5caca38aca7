/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the calls of a sandbox under its debugger.  While there is one, a break is always pending
 * in the interrupt handle between runs, so that every run of the call loop comes here first: calls
 * without a debugger pay nothing for the possibility.
 */
#include "sandbox/debug.h"

#include <stdatomic.h>
#include <stddef.h>

#include "error_internal.h"
#include "hypervisor/interrupt/interrupt_internal.h"

struct mote_sandbox_debug {
	mote_sandbox *sandbox;
	struct mote_debug_vm *vm;
	struct mote_debugger debugger;
	struct mote_debug_resume how; /* the last answer */

	/* Ends the waiting of a call that is stopped, or that waits for the end of a hold, where a
	 * kick would end a run.  There is one such call at a time. */
	struct mote_kick kick;
	struct mote_os_event *woken;

	struct mote_os_lock *lock; /* of the rest */
	_Atomic bool attached;	   /* also read without it */
	bool kept;		   /* attached, maybe again, since the last stop or hold began */
	bool stopped;		   /* the debugger is being asked */
	bool stop_wanted;	   /* by break_in */
};

/* ---- The call's thread ------------------------------------------------------------------- */

/* Whether a stop was asked for. */
static bool is_stop_wanted(struct mote_sandbox_debug *debug)
{
	bool wanted;

	mote_os_lock_acquire(debug->lock);
	wanted = debug->stop_wanted;
	mote_os_lock_release(debug->lock);
	return wanted;
}

/* A break that was asked for until now is answered by this stop. */
static void begin_stop(struct mote_sandbox_debug *debug)
{
	mote_os_lock_acquire(debug->lock);
	debug->stopped = true;
	debug->stop_wanted = false;
	debug->kept = false;
	mote_interrupt_take_break(debug->sandbox->watch.interrupt);
	mote_os_lock_release(debug->lock);
}

static void end_stop(struct mote_sandbox_debug *debug, bool attached)
{
	mote_os_lock_acquire(debug->lock);
	debug->stopped = false;
	debug->attached = attached || debug->kept;
	mote_os_lock_release(debug->lock);
}

/* The break that only brought the call here; one that was asked for stays. */
static void take_own_break(struct mote_sandbox_debug *debug)
{
	mote_os_lock_acquire(debug->lock);
	if (!debug->stop_wanted)
		mote_interrupt_take_break(debug->sandbox->watch.interrupt);
	mote_os_lock_release(debug->lock);
}

/* What the call loop must see ends the run here, and the next one comes here again. */
static mote_status hand_over(struct mote_sandbox_debug *debug, struct mote_guest_event *event,
			     const struct mote_debug_stop *stop)
{
	*event = stop->event;
	if (stop->kind == MOTE_STOP_CANCELLED)
		event->kind = MOTE_EVENT_CANCELLED;
	mote_interrupt_break(debug->sandbox->watch.interrupt);
	return MOTE_OK;
}

/* The debugger wants no more of the call.  One that was cancelled meanwhile ends as that. */
static mote_status end_call(struct mote_sandbox_debug *debug, mote_error *error)
{
	mote_interrupt *interrupt = debug->sandbox->watch.interrupt;
	const bool cancelled = mote_interrupt_cancelled(interrupt);

	mote_interrupt_kill(interrupt);
	return cancelled ? MOTE_OK : mote_fail(error, MOTE_KILLED, "the debugger ended the call");
}

/* Asks the debugger.  ends: the stop is the call loop's affair. */
static mote_status ask(struct mote_sandbox_debug *debug, const struct mote_debug_stop *stop,
		       bool *ends, mote_error *error)
{
	struct mote_watch *watch = &debug->sandbox->watch;
	struct mote_debugger_answer answer;
	mote_status status = mote_deadlines_stop(watch, error);

	if (status != MOTE_OK)
		return status;
	begin_stop(debug);
	answer = debug->debugger.stopped(debug->debugger.user, debug->vm, stop);
	debug->how = answer.how;
	*ends = answer.action == MOTE_DEBUGGER_GIVE_UP && stop->kind == MOTE_STOP_FAULT;
	if (answer.action == MOTE_DEBUGGER_KILL)
		status = end_call(debug, error);
	if (answer.action == MOTE_DEBUGGER_DETACH)
		status = mote_debug_vm_leave(debug->vm, error);
	end_stop(debug, answer.action != MOTE_DEBUGGER_DETACH);
	if (status == MOTE_OK)
		status = mote_deadlines_continue(debug->sandbox->engine->deadlines, watch, error);
	return status;
}

static bool is_abort(const struct mote_debug_stop *stop)
{
	return stop->kind == MOTE_STOP_DOORBELL && stop->event.port == MOTE_ABI_PORT_ABORT;
}

/* The debugger can look at a program that has given up; the call loop serves the doorbell then. */
static mote_status ask_about_abort(struct mote_sandbox_debug *debug,
				   const struct mote_debug_stop *doorbell, mote_error *error)
{
	struct mote_debug_stop stop = *doorbell;
	bool ends;

	stop.kind = MOTE_STOP_ABORT;
	return ask(debug, &stop, &ends, error);
}

/* Runs while the debugger is attached.  ends: the event is the call loop's affair. */
static mote_status run_attached(struct mote_sandbox_debug *debug, struct mote_guest_event *event,
				bool *ends, mote_error *error)
{
	mote_status status = MOTE_OK;

	while (status == MOTE_OK && debug->attached) {
		struct mote_debug_stop stop;

		status = mote_debug_vm_resume(debug->vm, &debug->how, &stop, error);
		if (status != MOTE_OK)
			break;
		if (is_abort(&stop)) {
			*ends = true;
			status = ask_about_abort(debug, &stop, error);
			return status == MOTE_OK ? hand_over(debug, event, &stop) : status;
		}
		*ends = stop.kind == MOTE_STOP_DOORBELL || stop.kind == MOTE_STOP_CANCELLED;
		if (*ends)
			return hand_over(debug, event, &stop);
		/* It may have been the break that brought the call here. */
		if (stop.kind == MOTE_STOP_INTERRUPT && !is_stop_wanted(debug))
			continue;
		status = ask(debug, &stop, ends, error);
		if (status == MOTE_OK && *ends)
			return hand_over(debug, event, &stop);
	}
	return status;
}

/* Whether a debugger that has left is still away; then a late break means nothing. */
static bool is_gone(struct mote_sandbox_debug *debug)
{
	bool gone;

	mote_os_lock_acquire(debug->lock);
	gone = !debug->attached;
	if (gone)
		mote_interrupt_take_break(debug->sandbox->watch.interrupt);
	mote_os_lock_release(debug->lock);
	return gone;
}

static mote_status run_debugged(mote_sandbox *sandbox, struct mote_guest_event *event,
				mote_error *error)
{
	struct mote_sandbox_debug *debug = sandbox->debug;
	mote_status status = MOTE_OK;
	bool ends = false;

	take_own_break(debug);
	while (status == MOTE_OK && !ends && event->kind == MOTE_EVENT_BREAK)
		if (is_gone(debug)) /* the run is the call loop's own, until another one comes */
			status = mote_sandbox_vm_run(&sandbox->vm, event, error);
		else
			status = run_attached(debug, event, &ends, error);
	return status;
}

/* ---- A call that waits -------------------------------------------------------------------- */

static void kick_arm(struct mote_kick *kick)
{
	(void)kick;
}

static struct mote_sandbox_debug *to_debug(struct mote_kick *kick)
{
	return (struct mote_sandbox_debug *)((char *)kick -
					     offsetof(struct mote_sandbox_debug, kick));
}

static void kick_send(struct mote_kick *kick, uintptr_t thread)
{
	(void)thread;
	mote_os_event_set(to_debug(kick)->woken);
}

/* To a kill, the waiting is a run of the vCPU.  It may end for no reason. */
static void wait_to_be_woken(struct mote_sandbox_debug *debug)
{
	mote_interrupt *interrupt = debug->sandbox->watch.interrupt;
	struct mote_kick *kick = interrupt->kick;

	interrupt->kick = &debug->kick;
	if (mote_interrupt_set_waiting(interrupt)) {
		mote_os_event_wait(debug->woken);
		mote_interrupt_clear_running(interrupt);
	}
	interrupt->kick = kick;
}

/* ---- While a call is stopped -------------------------------------------------------------- */

/* Whether the call is still stopped; a break that comes now means nothing. */
static bool is_stopped(struct mote_sandbox_debug *debug)
{
	bool stopped;

	mote_os_lock_acquire(debug->lock);
	stopped = debug->stopped;
	if (stopped)
		mote_interrupt_take_break(debug->sandbox->watch.interrupt);
	mote_os_lock_release(debug->lock);
	return stopped;
}

bool mote_debugger_wait(mote_sandbox *sandbox)
{
	struct mote_sandbox_debug *debug = sandbox->debug;

	if (!is_stopped(debug))
		return true;
	wait_to_be_woken(debug);
	return !mote_interrupt_cancelled(sandbox->watch.interrupt);
}

void mote_debugger_wake(mote_sandbox *sandbox, bool resumes)
{
	struct mote_sandbox_debug *debug = sandbox->debug;

	mote_os_lock_acquire(debug->lock);
	if (resumes)
		debug->stopped = false;
	mote_os_lock_release(debug->lock);
	mote_os_event_set(debug->woken);
}

/* ---- While no call is in progress --------------------------------------------------------- */

/* A break that was asked for until now is answered: it is the debugger's sandbox. */
static struct mote_debug_vm *begin_hold(struct mote_sandbox_debug *debug)
{
	mote_os_lock_acquire(debug->lock);
	debug->stop_wanted = false;
	debug->kept = false;
	mote_os_lock_release(debug->lock);
	return debug->vm;
}

mote_status mote_sandbox_hold(mote_sandbox *sandbox, struct mote_debug_vm **vm, mote_error *error)
{
	uint8_t use = MOTE_SANDBOX_IDLE, wanted = MOTE_SANDBOX_HELD;

	while (!atomic_compare_exchange_strong(&sandbox->use, &use, wanted)) {
		if (use != MOTE_SANDBOX_IDLE && use != MOTE_SANDBOX_BUSY)
			break;
		wanted = use == MOTE_SANDBOX_IDLE ? MOTE_SANDBOX_HELD : MOTE_SANDBOX_WANTED;
	}
	if (use != MOTE_SANDBOX_IDLE)
		return mote_fail(error, MOTE_BUSY, "debugger: a call is in progress");
	*vm = begin_hold(sandbox->debug);
	return MOTE_OK;
}

static void give_to_debugger(mote_sandbox *sandbox)
{
	struct mote_sandbox_debug *debug = sandbox->debug;
	struct mote_debugger debugger;
	struct mote_debug_vm *vm = begin_hold(debug);

	mote_os_lock_acquire(debug->lock);
	debugger = debug->debugger;
	mote_os_lock_release(debug->lock);
	if (debugger.held != NULL)
		debugger.held(debugger.user, vm);
	else
		mote_sandbox_release(sandbox, NULL);
}

void mote_sandbox_release(mote_sandbox *sandbox, const struct mote_debug_resume *how)
{
	uint8_t use = MOTE_SANDBOX_HELD, after = MOTE_SANDBOX_IDLE;

	if (how != NULL)
		sandbox->debug->how = *how;
	mote_sandbox_park(sandbox);
	while (!atomic_compare_exchange_strong(&sandbox->use, &use, after)) {
		if (use != MOTE_SANDBOX_HELD && use != MOTE_SANDBOX_AWAITED) {
			mote_sandbox_free(sandbox); /* it was destroyed meanwhile */
			return;
		}
		after = use == MOTE_SANDBOX_HELD ? MOTE_SANDBOX_IDLE : MOTE_SANDBOX_BUSY;
	}
	if (after == MOTE_SANDBOX_BUSY)
		mote_os_event_set(sandbox->debug->woken);
}

/* Whether the hold has ended; false: a kill has ended the waiting. */
static bool outlast_hold(struct mote_sandbox_debug *debug)
{
	mote_interrupt *interrupt = debug->sandbox->watch.interrupt;
	bool killed;

	mote_interrupt_begin_call(interrupt);
	while (atomic_load(&debug->sandbox->use) == MOTE_SANDBOX_AWAITED &&
	       !mote_interrupt_cancelled(interrupt))
		wait_to_be_woken(debug);
	killed = mote_interrupt_cancelled(interrupt);
	mote_interrupt_end_call(interrupt);
	return !killed;
}

static mote_status wait_for_release(mote_sandbox *sandbox, mote_error *error)
{
	uint8_t use = MOTE_SANDBOX_AWAITED;

	if (outlast_hold(sandbox->debug))
		return MOTE_OK;
	/* If the hold has ended too, the sandbox is this thread's already. */
	if (!atomic_compare_exchange_strong(&sandbox->use, &use, MOTE_SANDBOX_HELD))
		(void)mote_sandbox_unclaim(sandbox);
	return mote_fail(error, MOTE_KILLED, "guest call killed while a debugger held the sandbox");
}

mote_status mote_sandbox_detach(mote_sandbox *sandbox, mote_error *error)
{
	struct mote_sandbox_debug *debug = sandbox->debug;
	mote_status status = mote_debug_vm_leave(debug->vm, error);

	end_stop(debug, false);
	return status;
}

/* ---- At any time -------------------------------------------------------------------------- */

void mote_sandbox_break_in(mote_sandbox *sandbox)
{
	struct mote_sandbox_debug *debug = sandbox->debug;

	mote_os_lock_acquire(debug->lock);
	if (debug->attached && !debug->stopped) {
		debug->stop_wanted = true;
		mote_interrupt_break(sandbox->watch.interrupt);
	}
	mote_os_lock_release(debug->lock);
}

static bool is_attached(const struct mote_sandbox_debug *debug)
{
	return debug->attached;
}

static void free_debug(struct mote_sandbox_debug *debug)
{
	const mote_allocator *allocator = &debug->sandbox->engine->allocator;

	mote_debug_vm_destroy(debug->vm);
	mote_os_lock_destroy(debug->lock);
	mote_os_event_destroy(debug->woken);
	mote_release(allocator, debug);
}

static mote_status make_debug(mote_sandbox *sandbox, struct mote_sandbox_debug **made,
			      mote_error *error)
{
	static const struct mote_kick_ops kick = {
		.arm = kick_arm, .send = kick_send, .take = kick_arm};
	const mote_allocator *allocator = &sandbox->engine->allocator;
	struct mote_sandbox_debug *debug = mote_allocate(allocator, sizeof(*debug));
	mote_status status;

	if (debug == NULL)
		return mote_fail_memory(error, "debugger");
	debug->sandbox = sandbox;
	debug->kick.ops = &kick;
	status = mote_debug_vm_create(&sandbox->vm, &sandbox->tables, allocator, &debug->vm, error);
	if (status == MOTE_OK)
		status = mote_os_lock_create(allocator, &debug->lock, error);
	if (status == MOTE_OK)
		status = mote_os_event_create(allocator, &debug->woken, error);
	if (status == MOTE_OK)
		*made = debug;
	else
		free_debug(debug);
	return status;
}

/* ---- For cores ------------------------------------------------------------------------------ */

static void hide(struct mote_sandbox_debug *debug, bool hidden)
{
	mote_debug_vm_hide(debug->vm, hidden);
}

static bool translate(struct mote_sandbox_debug *debug, uint64_t gva,
		      struct mote_translation *translation)
{
	return mote_debug_vm_translate(debug->vm, gva, translation);
}

static mote_status read_registers(struct mote_sandbox_debug *debug, mote_regs *regs,
				  mote_sregs *sregs, mote_fpu *fpu, mote_error *error)
{
	mote_status status = mote_debug_vm_registers(debug->vm, regs, error);

	if (status == MOTE_OK)
		status = mote_debug_vm_sregs(debug->vm, sregs, error);
	return status == MOTE_OK ? mote_debug_vm_fpu(debug->vm, fpu, error) : status;
}

/* ---- Attaching ------------------------------------------------------------------------------ */

/* From here on the call's thread sees it all. */
static void begin_attachment(struct mote_sandbox_debug *debug, const struct mote_debugger *debugger)
{
	mote_os_lock_acquire(debug->lock);
	if (!debug->attached) {
		debug->debugger = *debugger;
		debug->how = (struct mote_debug_resume){.step = false};
	}
	debug->attached = true;
	debug->kept = true;
	if (!debug->stopped) {
		debug->stop_wanted = true;
		mote_interrupt_break(debug->sandbox->watch.interrupt);
	}
	mote_os_lock_release(debug->lock);
}

mote_status mote_sandbox_attach(mote_sandbox *sandbox, const struct mote_debugger *debugger,
				mote_error *error)
{
	static const struct mote_sandbox_debug_ops ops = {
		.run = run_debugged,
		.wait_for_release = wait_for_release,
		.hand_over = give_to_debugger,
		.free = free_debug,
		.hide = hide,
		.translate = translate,
		.registers = read_registers,
		.is_attached = is_attached,
	};
	struct mote_sandbox_debug *debug = sandbox->debug;
	mote_status status;

	if (mote_engine_forked(sandbox->engine))
		return mote_fail(error, MOTE_FORKED, "this sandbox belongs to the parent process");
	if (debug == NULL) {
		status = make_debug(sandbox, &debug, error);
		if (status != MOTE_OK)
			return status;
		sandbox->debug_ops = &ops;
		sandbox->debug = debug;
	}
	begin_attachment(debug, debugger);
	return MOTE_OK;
}

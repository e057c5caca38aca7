/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may use the guest.  What the server's thread asks for is done by the thread whose call has
 * stopped, or by the server's own while it holds the sandbox between calls.
 */
#include "sandbox/debug_server.h"

#include "error_internal.h"
#include "hypervisor/interrupt/interrupt_internal.h"

/* ---- State; with the lock ------------------------------------------------------------------- */

static void lock(struct mote_debug_server *link)
{
	mote_os_lock_acquire(link->lock);
}

static void unlock(struct mote_debug_server *link)
{
	mote_os_lock_release(link->lock);
}

static void tell(struct mote_debug_server *link, struct mote_gdb_stop stop)
{
	link->stop = stop;
	link->is_due = true;
	if (link->server != NULL)
		mote_gdb_server_ring(link->server);
}

static enum mote_debug_use find_use(struct mote_debug_server *link)
{
	enum mote_debug_use use;

	lock(link);
	use = mote_debug_use_of(link);
	unlock(link);
	return use;
}

/* Takes out what a client has left behind. */
static void clean(struct mote_debug_server *link, struct mote_debug_vm *vm)
{
	mote_error ignored;
	bool is_dirty;

	lock(link);
	is_dirty = link->is_dirty;
	link->is_dirty = false;
	unlock(link);
	mote_error_begin(&ignored);
	if (is_dirty)
		(void)mote_debug_vm_leave(vm, &ignored);
}

/* ---- The call's thread ---------------------------------------------------------------------- */

/* Does what the server's thread has asked for.  True: it has said how to go on. */
static bool serve(struct mote_debug_server *link)
{
	void (*work)(void *);
	void *argument;
	bool is_answered;

	lock(link);
	work = link->work;
	argument = link->argument;
	link->work = NULL;
	is_answered = link->is_answered;
	unlock(link);
	if (work != NULL) {
		work(argument);
		mote_os_event_set(link->done);
	}
	mote_debug_receive_visit(link);
	return is_answered;
}

/* Whether anybody wants to know of this stop, or will. */
static bool begin_stop(struct mote_debug_server *link, struct mote_debug_vm *vm,
		       const struct mote_debug_stop *stop)
{
	struct mote_gdb_stop described = mote_debug_describe(vm, stop);
	const bool is_fault = stop->kind == MOTE_STOP_FAULT || stop->kind == MOTE_STOP_ABORT;
	bool wanted;

	lock(link);
	wanted = !link->is_closed &&
		 (link->has_client || link->is_awaited || (is_fault && link->waits_on_fault));
	if (wanted) {
		if (stop->kind == MOTE_STOP_INTERRUPT)
			described.signal = link->break_signal;
		link->is_awaited = false;
		link->use = MOTE_DEBUG_STOPPED;
		link->vm = vm;
		link->is_answered = false;
		link->is_fault = is_fault;
		link->is_changed = false;
		link->wants_hold = false;
		tell(link, described);
	} else {
		/* With the lock: a client that comes now is about the run that follows. */
		mote_debugger_wake(link->sandbox, true);
	}
	unlock(link);
	return wanted;
}

/* alive: the call was not killed meanwhile. */
static struct mote_debugger_answer end_stop(struct mote_debug_server *link, bool alive)
{
	struct mote_debugger_answer answer = {.action = MOTE_DEBUGGER_KILL};
	struct mote_gdb_stop end;

	lock(link);
	if (alive)
		answer = link->answer;
	link->use = MOTE_DEBUG_RUNS;
	link->vm = NULL;
	if (!alive || answer.action == MOTE_DEBUGGER_GIVE_UP) {
		end = link->stop;
		end.kind = MOTE_GDB_STOP_TERMINATED;
		if (!alive)
			end.signal = MOTE_GDB_SIGKILL;
		link->has_client = false;
		tell(link, end);
	}
	unlock(link);
	(void)serve(link); /* work that nobody can do any more: it finds no guest, and says so */
	return answer;
}

/* What happens to a stop that nobody wants. */
static struct mote_debugger_answer go_on_alone(struct mote_debug_server *link,
					       const struct mote_debug_stop *stop)
{
	struct mote_debugger_answer answer = {.action = MOTE_DEBUGGER_DETACH};
	bool is_awaited;

	lock(link);
	is_awaited = link->is_awaited;
	unlock(link);
	if (is_awaited) /* by this call, and nobody can come any more */
		answer.action = MOTE_DEBUGGER_KILL;
	else if (link->waits_on_fault)
		answer.action = stop->kind == MOTE_STOP_FAULT ? MOTE_DEBUGGER_GIVE_UP
							      : MOTE_DEBUGGER_RESUME;
	return answer;
}

static struct mote_debugger_answer stopped(void *user, struct mote_debug_vm *vm,
					   const struct mote_debug_stop *stop)
{
	struct mote_debug_server *link = user;
	struct mote_debugger_answer answer;
	mote_error ignored;
	bool alive = true;

	clean(link, vm);
	if (!begin_stop(link, vm, stop))
		return go_on_alone(link, stop);
	while (!serve(link) && alive)
		alive = mote_debugger_wait(link->sandbox);
	answer = end_stop(link, alive);
	if (answer.action == MOTE_DEBUGGER_DETACH && link->waits_on_fault) {
		mote_error_begin(&ignored);
		(void)mote_debug_vm_leave(vm, &ignored);
		answer = (struct mote_debugger_answer){.action = MOTE_DEBUGGER_RESUME};
	}
	return answer;
}

/* ---- Between calls -------------------------------------------------------------------------- */

/* Removes the debugger, from a sandbox that this thread holds. */
static void leave(struct mote_debug_server *link, struct mote_debug_vm *vm)
{
	mote_error ignored;

	mote_error_begin(&ignored);
	if (link->waits_on_fault)
		(void)mote_debug_vm_leave(vm, &ignored);
	else
		(void)mote_sandbox_detach(link->sandbox, &ignored);
}

static void let_go(struct mote_debug_server *link, const struct mote_debug_resume *how)
{
	lock(link);
	link->use = MOTE_DEBUG_RUNS;
	link->vm = NULL;
	unlock(link);
	mote_debug_receive_visit(link);
	mote_sandbox_release(link->sandbox, how);
}

/* The sandbox is held, for the client, if there still is one. */
static void held(void *user, struct mote_debug_vm *vm)
{
	struct mote_debug_server *link = user;
	bool has_client, stays;

	clean(link, vm);
	lock(link);
	has_client = link->has_client && !link->is_closed;
	stays = has_client && link->wants_hold;
	link->wants_hold = false;
	if (stays) {
		link->use = MOTE_DEBUG_HELD;
		link->vm = vm;
		tell(link, mote_debug_describe_hold(vm, link->break_signal));
		mote_sandbox_park(link->sandbox); /* the server's thread goes on */
	}
	unlock(link);
	if (stays)
		return; /* and nothing here may be touched any more */
	if (!has_client)
		leave(link, vm);
	mote_sandbox_release(link->sandbox, NULL);
}

/* Stops the call in progress, or holds the sandbox; if the call ends without a stop, it is held
 * then. */
static void break_in(struct mote_debug_server *link, enum mote_gdb_signal signal)
{
	struct mote_debug_vm *vm;
	mote_error ignored;
	unsigned tries = 0;
	bool is_stopped;

	if (link->sandbox->debug == NULL)
		return; /* it could not be made */
	lock(link);
	is_stopped = mote_debug_use_of(link) ==
		     MOTE_DEBUG_STOPPED;      /* on its own, since this was decided */
	if (!is_stopped && !link->wants_hold) /* or what asked first is what is told */
		link->break_signal = signal;
	link->wants_hold = link->wants_hold || !is_stopped;
	unlock(link);
	if (is_stopped)
		return;
	mote_sandbox_break_in(link->sandbox);
	mote_error_begin(&ignored);
	while (mote_sandbox_hold(link->sandbox, &vm, &ignored) != MOTE_OK) {
		/* A call's thread may be about to let go what nobody wanted any more. */
		if (!mote_sandbox_is_held(link->sandbox) || find_use(link) == MOTE_DEBUG_HELD)
			return;
		mote_os_yield(tries++);
	}
	held(link, vm);
}

/* ---- The server's thread --------------------------------------------------------------------- */

struct mote_debugger mote_debug_debugger(struct mote_debug_server *link)
{
	return (struct mote_debugger){.stopped = stopped, .held = held, .user = link};
}

static void gdb_attach(void *user)
{
	struct mote_debug_server *link = user;
	const struct mote_debugger debugger = mote_debug_debugger(link);
	enum mote_debug_use use;
	mote_status status;
	mote_error ignored;

	lock(link);
	link->has_client = true;
	link->is_awaited = false;
	link->wants_hold = false;
	link->break_signal = MOTE_GDB_SIGTRAP;
	use = mote_debug_use_of(link);
	link->is_due = use == MOTE_DEBUG_STOPPED;
	unlock(link);
	if (use == MOTE_DEBUG_STOPPED)
		return; /* a call has waited for it */
	mote_error_begin(&ignored);
	status = mote_sandbox_attach(link->sandbox, &debugger, &ignored);
	if (status == MOTE_OK) {
		break_in(link, MOTE_GDB_SIGTRAP);
	} else {
		lock(link);
		tell(link, (struct mote_gdb_stop){.kind = MOTE_GDB_STOP_EXITED});
		unlock(link);
	}
}

/* The answer of a call that has stopped. */
static void answer(struct mote_debug_server *link, struct mote_debugger_answer answer)
{
	lock(link);
	link->answer = answer;
	link->is_answered = true;
	unlock(link);
	mote_debugger_wake(link->sandbox, true);
}

static void gdb_detach(void *user)
{
	struct mote_debug_server *link = user;
	struct mote_debugger_answer go_on = {.action = MOTE_DEBUGGER_DETACH};
	enum mote_debug_use use;

	lock(link);
	link->has_client = false;
	use = mote_debug_use_of(link);
	link->is_dirty = use == MOTE_DEBUG_RUNS;
	if (link->is_doomed)
		go_on.action = MOTE_DEBUGGER_KILL;
	unlock(link);
	if (use == MOTE_DEBUG_STOPPED) {
		answer(link, go_on);
	} else if (use == MOTE_DEBUG_HELD) {
		leave(link, link->vm);
		let_go(link, NULL);
	} else {
		break_in(link, MOTE_GDB_SIGNAL_NONE);
	}
}

static void gdb_kill(void *user)
{
	struct mote_debug_server *link = user;
	const enum mote_debug_use use = find_use(link);
	mote_error error;

	if (use == MOTE_DEBUG_STOPPED) {
		answer(link, (struct mote_debugger_answer){.action = MOTE_DEBUGGER_KILL});
	} else if (use == MOTE_DEBUG_HELD) {
		mote_error_begin(&error);
		(void)mote_sandbox_poison(link->sandbox,
					  mote_fail(&error, MOTE_KILLED, "killed by the debugger"),
					  &error);
	} else {
		mote_interrupt_kill(link->sandbox->watch.interrupt);
	}
}

static void gdb_break_in(void *user)
{
	struct mote_debug_server *link = user;

	if (find_use(link) == MOTE_DEBUG_RUNS)
		break_in(link, MOTE_GDB_SIGINT);
}

static bool gdb_take_stop(void *user, struct mote_gdb_stop *stop)
{
	struct mote_debug_server *link = user;
	bool is_due;

	/* The server asks after each ring.  A stopped call's thread has its own visitors. */
	if (find_use(link) == MOTE_DEBUG_HELD)
		mote_debug_receive_visit(link);
	lock(link);
	is_due = link->is_due;
	link->is_due = false;
	*stop = link->stop;
	unlock(link);
	return is_due;
}

static void gdb_perform(void *user, void (*work)(void *argument), void *argument)
{
	struct mote_debug_server *link = user;
	bool is_stopped;

	lock(link);
	is_stopped = mote_debug_use_of(link) == MOTE_DEBUG_STOPPED;
	if (is_stopped) {
		link->work = work;
		link->argument = argument;
	}
	unlock(link);
	if (!is_stopped) {
		work(argument);
		return;
	}
	mote_debugger_wake(link->sandbox, false);
	mote_os_event_wait(link->done);
}

/* Whether the guest goes on to its end: with the signal of its fault, to which gdb holds on.
 * After a repair it tries again. */
static bool ends_call(const struct mote_debug_server *link, enum mote_gdb_signal signal)
{
	return link->is_fault && !link->is_changed && signal != MOTE_GDB_SIGNAL_NONE &&
	       signal != MOTE_GDB_SIGTRAP && signal != MOTE_GDB_SIGINT;
}

static void gdb_resume(void *user, const struct mote_gdb_resume *resume)
{
	struct mote_debug_server *link = user;
	const bool in_range = resume->kind == MOTE_GDB_STEP_RANGE;
	struct mote_debugger_answer go_on = {
		.action = MOTE_DEBUGGER_RESUME,
		.how = {.step = resume->kind != MOTE_GDB_CONTINUE,
			.begin = in_range ? resume->begin : 0,
			.end = in_range ? resume->end : 0},
	};
	const enum mote_debug_use use = find_use(link);

	if (use == MOTE_DEBUG_HELD) {
		let_go(link, &go_on.how);
	} else if (use == MOTE_DEBUG_STOPPED) {
		if (ends_call(link, resume->signal))
			go_on.action = MOTE_DEBUGGER_GIVE_UP;
		answer(link, go_on);
	}
}

const struct mote_gdb_target mote_debug_target = {
	.attach = gdb_attach,
	.detach = gdb_detach,
	.kill = gdb_kill,
	.break_in = gdb_break_in,
	.take_stop = gdb_take_stop,
	.perform = gdb_perform,
	.resume = gdb_resume,
	.read_registers = mote_debug_read_registers,
	.write_registers = mote_debug_write_registers,
	.read_memory = mote_debug_read_memory,
	.write_memory = mote_debug_write_memory,
	.insert = mote_debug_insert,
	.remove = mote_debug_remove,
	.monitor = mote_debug_monitor,
};

/* ---- The end --------------------------------------------------------------------------------- */

struct mote_gdb_server *mote_debug_begin_close(struct mote_debug_server *link, bool is_doomed)
{
	struct mote_gdb_server *server;

	lock(link);
	server = link->server;
	link->server = NULL;
	link->is_closed = true;
	link->is_doomed = is_doomed;
	if (mote_debug_use_of(link) == MOTE_DEBUG_RUNS && !link->is_due)
		tell(link, (struct mote_gdb_stop){.kind = MOTE_GDB_STOP_EXITED});
	unlock(link);
	return server;
}

void mote_debug_end_close(struct mote_debug_server *link)
{
	/* A call that waited for a client: none comes. */
	if (find_use(link) == MOTE_DEBUG_STOPPED)
		answer(link, (struct mote_debugger_answer){.action = MOTE_DEBUGGER_KILL});
}

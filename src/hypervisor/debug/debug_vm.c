/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a guest under a debugger, one entry at a time, until something happens that the debugger
 * must see.  What the debugger does not see: steps over its own breakpoints, accesses to pages with
 * watched bytes, exclusive sequences, which an exception would make fail for ever.
 *
 * A step that was begun is always ended: abandoned, its trap could come later.
 */
#include "hypervisor/debug/debug_vm.h"

#include "error_internal.h"
#include "hypervisor/debug/debug_internal.h"

/* How many steps after a store-exclusive has failed its loop must have begun again. */
enum { MOST_RETRY_STEPS = 16 };

/* ---- Life -------------------------------------------------------------------------------- */

mote_status mote_debug_vm_create(struct mote_sandbox_vm *sandbox_vm,
				 struct mote_page_tables *tables, const mote_allocator *allocator,
				 struct mote_debug_vm **created, mote_error *error)
{
	struct mote_debug_vm *debug = mote_allocate(allocator, sizeof(*debug));

	if (debug == NULL)
		return mote_fail_memory(error, "debugger");
	debug->sandbox_vm = sandbox_vm;
	debug->tables = tables;
	debug->allocator = allocator;
	debug->store_status = -1;
	*created = debug;
	return MOTE_OK;
}

mote_status mote_debug_vm_leave(struct mote_debug_vm *debug, mote_error *error)
{
	mote_status status, unwatched;

	mote_debug_clear_breakpoints(debug);
	unwatched = mote_debug_clear_watches(debug, error);
	status = mote_debug_fetch(debug, MOTE_DEBUG_FLOW, error);
	if (status == MOTE_OK)
		status = mote_debug_store(debug, false, error);
	debug->stepping = false;
	debug->known = MOTE_DEBUG_NOTHING;
	return status == MOTE_OK ? unwatched : status;
}

void mote_debug_vm_destroy(struct mote_debug_vm *debug)
{
	if (debug == NULL)
		return;
	for (size_t i = 0; i < debug->watch_count; i++)
		mote_release(debug->allocator, debug->watches[i].copy);
	mote_release(debug->allocator, debug->watches);
	mote_release(debug->allocator, debug->pages);
	mote_release(debug->allocator, debug);
}

/* ---- Entering ---------------------------------------------------------------------------- */

/* Arms what the next entry needs. */
static mote_status prepare(struct mote_debug_vm *debug, const struct mote_debug_resume *how,
			   mote_error *error)
{
	const bool doorbell = debug->after_doorbell;
	struct mote_debug_ends ends = {.count = 0};
	uint8_t code[MOTE_DEBUG_CODE_BYTES];
	mote_status status;
	size_t bytes;
	bool lifted;

	debug->after_doorbell = false;
	/* The doorbell was stepped over, and its trap is pending: setting registers would lose
	 * it. */
	if (doorbell && debug->stepping && how->step)
		return MOTE_OK;
	status = mote_debug_fetch(debug, MOTE_DEBUG_FLOW, error);
	if (status != MOTE_OK)
		return status;
	bytes = mote_debug_vm_read(debug, mote_regs_pc(&debug->user), code, sizeof(code));
	lifted = mote_debug_lift(debug, mote_regs_pc(&debug->user));
	debug->stepping = lifted || (!debug->in_sequence && (how->step || debug->open_count > 0));
	if (debug->stepping && !debug->in_sequence)
		mote_debug_exclusive(code, bytes, mote_regs_pc(&debug->user), &ends);
	if (ends.count > 0) {
		mote_debug_set_ends(debug, &ends);
		debug->stepping = false;
	}
	debug->stores_flags = debug->stepping && mote_debug_stores_flags(code, bytes);
	return mote_debug_store(debug, debug->stepping, error);
}

/* Enters until an event.  A break is one only where the user program's registers are known. */
static mote_status enter(struct mote_debug_vm *debug, struct mote_guest_event *event,
			 mote_error *error)
{
	enum mote_debug_place place = MOTE_DEBUG_ENTERING;
	mote_status status;

	debug->known = MOTE_DEBUG_NOTHING;
	for (;;) {
		status = mote_sandbox_vm_run(debug->sandbox_vm, event, error);
		if (status == MOTE_OK)
			mote_debug_learn(debug, event);
		if (status != MOTE_OK || event->kind != MOTE_EVENT_BREAK)
			return status;
		mote_interrupt_take_break(debug->sandbox_vm->vm->interrupt);
		debug->breaking = true;
		if (debug->stepping)
			continue;
		status = mote_debug_find_place(debug, &place, error);
		if (status != MOTE_OK)
			return status;
		if (place == MOTE_DEBUG_LOST)
			return mote_fail(error, MOTE_HYPERVISOR,
					 "interrupted outside the guest and its monitor");
		if (place != MOTE_DEBUG_ENTERING)
			return MOTE_OK;
	}
}

/* ---- What happened ----------------------------------------------------------------------- */

static void stop_at(struct mote_debug_stop *stop, enum mote_debug_stop_kind kind)
{
	stop->kind = kind;
}

static void stop_at_watch(struct mote_debug_stop *stop, enum mote_watch_kind watch,
			  uint64_t address)
{
	*stop = (struct mote_debug_stop){
		.kind = MOTE_STOP_WATCH, .watch = watch, .address = address};
}

/* The instruction, or sequence, that was to be executed is done: is there anything to report? */
static mote_status executed(struct mote_debug_vm *debug, const struct mote_debug_resume *how,
			    struct mote_debug_stop *stop, mote_error *error)
{
	const bool accessed = debug->open_count > 0;
	const bool reported = debug->reported;
	enum mote_watch_kind changed = MOTE_WATCH_NONE;
	uint64_t address;
	mote_status status = mote_debug_close_pages(debug, error);

	if (status == MOTE_OK)
		status = mote_debug_fetch(debug, MOTE_DEBUG_FLOW, error);
	if (status != MOTE_OK)
		return status;
	if (accessed)
		changed = mote_debug_changed(debug, &address);
	debug->reported = false;
	if (debug->hit != MOTE_WATCH_NONE)
		stop_at_watch(stop, debug->hit, debug->hit_address);
	else if (changed != MOTE_WATCH_NONE && !reported)
		stop_at_watch(stop, changed, address);
	else if (how->step && (mote_regs_pc(&debug->user) - how->begin >= how->end - how->begin ||
			       mote_debug_breakpoint_at(debug, mote_regs_pc(&debug->user)) != NULL))
		stop_at(stop, MOTE_STOP_STEP);
	return MOTE_OK;
}

/* The program does not see that it is being stepped. */
static void hide_step(struct mote_debug_vm *debug)
{
	const uint64_t gva = mote_regs_sp(&debug->user) + 1;
	uint8_t byte;

	if (mote_debug_vm_read(debug, gva, &byte, 1) != 1)
		return;
	byte &= MOTE_PUSHED_FLAGS_MASK;
	(void)mote_debug_vm_write(debug, gva, &byte, 1);
}

static mote_status after_step(struct mote_debug_vm *debug, const struct mote_debug_resume *how,
			      struct mote_debug_stop *stop, mote_error *error)
{
	mote_status status = mote_debug_fetch(debug, MOTE_DEBUG_FLOW, error);

	if (status != MOTE_OK)
		return status;
	if (debug->stores_flags)
		hide_step(debug);
	if (debug->in_sequence)
		return MOTE_OK;
	if (debug->retries > 0 && --debug->retries > 0)
		return MOTE_OK;
	return executed(debug, how, stop, error);
}

/* At an end of an exclusive sequence. */
static mote_status at_end(struct mote_debug_vm *debug, const struct mote_debug_resume *how,
			  uint64_t gva, struct mote_debug_stop *stop, mote_error *error)
{
	bool failed = debug->store_status >= 0 && gva == debug->store_end, set;
	mote_status status = MOTE_OK;

	mote_debug_clear_ends(debug);
	if (failed) {
		status = mote_debug_fetch(debug, MOTE_DEBUG_ALL, error);
		if (status != MOTE_OK)
			return status;
		failed = mote_debug_store_failed(&debug->user, debug->store_status);
	}
	set = mote_debug_breakpoint_at(debug, gva) != NULL;
	if (failed) {
		debug->retries = MOST_RETRY_STEPS; /* with its page open, until it succeeds */
		return MOTE_OK;
	}
	debug->retries = 0;
	debug->store_status = -1;
	status = executed(debug, how, stop, error);
	if (status == MOTE_OK && stop->kind == 0 && set)
		stop_at(stop, MOTE_STOP_BREAKPOINT);
	return status;
}

static mote_status at_breakpoint(struct mote_debug_vm *debug, const struct mote_debug_resume *how,
				 const struct mote_debug_breakpoint *breakpoint,
				 struct mote_debug_stop *stop, mote_error *error)
{
	mote_status status = mote_debug_fetch(debug, MOTE_DEBUG_FLOW, error);

	if (status != MOTE_OK)
		return status;
	mote_regs_pc(&debug->user) = breakpoint->gva;
	status = mote_debug_store(debug, false, error);
	if (status != MOTE_OK)
		return status;
	if (breakpoint->end)
		return at_end(debug, how, breakpoint->gva, stop, error);
	stop_at(stop, MOTE_STOP_BREAKPOINT);
	return MOTE_OK;
}

/* A store-exclusive has failed by faulting.  It is tried again until it succeeds, page open. */
static void watch_store(struct mote_debug_vm *debug, uint64_t pc, int status_register)
{
	const struct mote_debug_ends ends = {.gva = {pc + MOTE_BREAKPOINT_BYTES}, .count = 1};

	if (status_register < 0)
		return;
	debug->store_status = status_register;
	debug->store_end = ends.gva[0];
	mote_debug_set_ends(debug, &ends);
}

/* An access to a page with watched bytes. */
static mote_status at_watched(struct mote_debug_vm *debug, const struct mote_exception *exception,
			      struct mote_debug_page *page, struct mote_debug_stop *stop,
			      mote_error *error)
{
	enum mote_watch_kind hit =
		mote_debug_watch_at(debug, exception->address, exception->access);
	const uint64_t pc = exception->pc;
	uint8_t code[MOTE_DEBUG_CODE_BYTES];
	int status_register;

	status_register =
		mote_debug_store_exclusive(code, mote_debug_vm_read(debug, pc, code, sizeof(code)));
	if (debug->reported && debug->reported_pc == pc)
		hit = MOTE_WATCH_NONE;
	else
		debug->reported = false;
	if (hit != MOTE_WATCH_NONE && MOTE_WATCH_STOPS_BEFORE && status_register < 0) {
		debug->reported = true;
		debug->reported_pc = pc;
		stop_at_watch(stop, hit, exception->address);
		return MOTE_OK;
	}
	if (hit != MOTE_WATCH_NONE && debug->hit == MOTE_WATCH_NONE) {
		debug->hit = hit;
		debug->hit_address = exception->address;
	}
	watch_store(debug, pc, status_register);
	return mote_debug_open_page(debug, page, error);
}

static mote_status on_fault(struct mote_debug_vm *debug, const struct mote_debug_resume *how,
			    const struct mote_guest_event *event, struct mote_debug_stop *stop,
			    mote_error *error)
{
	const struct mote_exception *exception = &event->exception;
	const enum mote_debug_trap_kind trap =
		event->in_monitor ? mote_debug_trap(exception) : MOTE_DEBUG_NO_TRAP;
	const struct mote_debug_breakpoint *breakpoint = NULL;
	struct mote_debug_page *page;

	if (trap == MOTE_DEBUG_TRAP_STEP && debug->stepping)
		return after_step(debug, how, stop, error);
	if (trap == MOTE_DEBUG_TRAP_BREAKPOINT)
		breakpoint = mote_debug_breakpoint_at(debug, mote_debug_trap_pc(exception));
	if (breakpoint != NULL)
		return at_breakpoint(debug, how, breakpoint, stop, error);
	page = event->in_monitor ? mote_debug_watched_page(debug, exception) : NULL;
	if (page != NULL)
		return at_watched(debug, exception, page, stop, error);
	stop_at(stop, MOTE_STOP_FAULT);
	stop->event = *event;
	return MOTE_OK;
}

/* stop->kind 0: nothing that anyone must see. */
static mote_status on_event(struct mote_debug_vm *debug, const struct mote_debug_resume *how,
			    const struct mote_guest_event *event, struct mote_debug_stop *stop,
			    mote_error *error)
{
	switch (event->kind) {
	case MOTE_EVENT_DOORBELL:
		stop_at(stop, MOTE_STOP_DOORBELL);
		stop->event = *event;
		debug->after_doorbell = true;
		break;
	case MOTE_EVENT_FAULT:
		return on_fault(debug, how, event, stop, error);
	case MOTE_EVENT_CANCELLED:
		stop_at(stop, MOTE_STOP_CANCELLED);
		break;
	case MOTE_EVENT_BREAK:
		break;
	}
	return MOTE_OK;
}

/* Nothing of a run that has stopped stays in the guest. */
static mote_status end_run(struct mote_debug_vm *debug, mote_error *error)
{
	mote_debug_clear_ends(debug);
	debug->retries = 0;
	debug->store_status = -1;
	debug->hit = MOTE_WATCH_NONE;
	debug->breaking = false;
	return mote_debug_close_pages(debug, error);
}

mote_status mote_debug_vm_resume(struct mote_debug_vm *debug, const struct mote_debug_resume *how,
				 struct mote_debug_stop *stop, mote_error *error)
{
	struct mote_debug_stop happened = {.kind = 0};
	struct mote_guest_event event;
	mote_status status = MOTE_OK, ended;

	/* What the host wrote while it served the last doorbell faulted nowhere. */
	if (debug->after_doorbell) {
		happened.watch = mote_debug_changed(debug, &happened.address);
		if (happened.watch != MOTE_WATCH_NONE)
			stop_at(&happened, MOTE_STOP_WATCH);
	}
	while (status == MOTE_OK && happened.kind == 0) {
		status = prepare(debug, how, error);
		if (status == MOTE_OK)
			status = enter(debug, &event, error);
		mote_debug_put_back(debug);
		if (status == MOTE_OK)
			status = on_event(debug, how, &event, &happened, error);
		if (happened.kind == 0 && debug->breaking)
			stop_at(&happened, MOTE_STOP_INTERRUPT);
	}
	ended = end_run(debug, error);
	status = status == MOTE_OK ? ended : status;
	if (status == MOTE_OK)
		*stop = happened;
	return status;
}

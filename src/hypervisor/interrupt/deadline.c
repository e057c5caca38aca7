/* SPDX-License-Identifier: Apache-2.0
 *
 * The thread that watches deadlines.
 *
 * A caller publishes its deadline and then reads next_wake; the thread publishes next_wake and then
 * reads all deadlines again.  So one of the two always sees the other, and neither takes the lock
 * for it.  A caller whose deadline is earlier than next_wake sets the alarm, which does not wake
 * the thread.
 */
#include "hypervisor/interrupt/deadline.h"

#include "error_internal.h"
#include "hypervisor/interrupt/interrupt_internal.h"

struct mote_deadlines {
	const mote_allocator *allocator;
	struct mote_os_lock *lock;
	struct mote_os_watcher *watcher; /* NULL until a deadline is set; set under the lock */
	struct mote_watch *first;
	_Atomic uint64_t next_wake_ns; /* what the alarm is set to; written under the lock */
};

/* Calls whose deadline has passed: found under the lock, cancelled outside it. */
enum { MAXIMUM_EXPIRIES = 16 };

struct expiries {
	struct {
		mote_interrupt *interrupt; /* retained */
		uint64_t id, cause;
	} calls[MAXIMUM_EXPIRIES];
	unsigned count;
};

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* 0 means "none": comparisons treat it as never. */
static uint64_t due(uint64_t ns)
{
	return ns != 0 ? ns : MOTE_OS_FOREVER;
}

static uint64_t watch_due(struct mote_watch *watch)
{
	return earlier(due(atomic_load(&watch->wall_ns)), due(atomic_load(&watch->cpu_check_ns)));
}

/* The CPU time of a thread and of the guest in it. */
static bool read_cpu(const struct mote_watch *watch, struct mote_os_cpu_clock clock, uint64_t *ns)
{
	uint64_t thread, guest;

	if (!mote_os_cpu_clock_read(clock, &thread) ||
	    !watch->guest_clock->read(watch->guest_clock, &guest))
		return false;
	*ns = thread + guest;
	return true;
}

/* ---- The thread -------------------------------------------------------------------------- */

static void add_expiry(struct expiries *expiries, const struct mote_watch *watch, uint64_t id,
		       uint64_t cause)
{
	expiries->calls[expiries->count].interrupt = mote_interrupt_retain(watch->interrupt);
	expiries->calls[expiries->count].id = id;
	expiries->calls[expiries->count].cause = cause;
	expiries->count++;
}

static void check_wall(struct mote_watch *watch, uint64_t id, uint64_t now,
		       struct expiries *expiries)
{
	uint64_t wall = atomic_load(&watch->wall_ns);

	/* The id is read before and after the time, so both belong to the same call. */
	if (due(wall) > now || atomic_load(&watch->call_id) != id)
		return;
	if (atomic_compare_exchange_strong(&watch->wall_ns, &wall, 0))
		add_expiry(expiries, watch, id, MOTE_INTERRUPT_WALL_DEADLINE);
}

/*
 * The thread may have used less CPU time than wall-clock time; then check again later.  Its clock
 * counts only if it was read before a host function began (the clock would include that time) and
 * before the call ended.  Both clear the check first, and no later check has the same time, because
 * all of them lie after now.
 */
static void check_cpu(struct mote_watch *watch, uint64_t id, uint64_t now,
		      struct expiries *expiries)
{
	uint64_t check = atomic_load(&watch->cpu_check_ns);
	uint64_t limit = atomic_load(&watch->cpu_limit_ns);
	const struct mote_os_cpu_clock clock = {.id = atomic_load(&watch->cpu_clock)};
	uint64_t used;

	if (due(check) > now || atomic_load(&watch->call_id) != id)
		return;
	if (!read_cpu(watch, clock, &used))
		used = limit;
	if (used < limit)
		atomic_compare_exchange_strong(&watch->cpu_check_ns, &check, now + (limit - used));
	else if (atomic_compare_exchange_strong(&watch->cpu_check_ns, &check, 0))
		add_expiry(expiries, watch, id, MOTE_INTERRUPT_CPU_DEADLINE);
}

/* An expiry that does not fit stays due, so the alarm rings again at once. */
static uint64_t check_all(struct mote_deadlines *deadlines, struct expiries *expiries)
{
	uint64_t now = mote_os_monotonic_ns();
	uint64_t next = MOTE_OS_FOREVER;

	for (struct mote_watch *watch = deadlines->first; watch != NULL; watch = watch->next) {
		uint64_t id = atomic_load(&watch->call_id);

		if (expiries->count < MAXIMUM_EXPIRIES)
			check_wall(watch, id, now, expiries);
		if (expiries->count < MAXIMUM_EXPIRIES)
			check_cpu(watch, id, now, expiries);
		next = earlier(next, watch_due(watch));
	}
	return next;
}

static uint64_t earliest(const struct mote_deadlines *deadlines)
{
	uint64_t next = MOTE_OS_FOREVER;

	for (struct mote_watch *watch = deadlines->first; watch != NULL; watch = watch->next)
		next = earlier(next, watch_due(watch));
	return next;
}

/* Finds the expired deadlines and sets the alarm to the next one. */
static void check_and_set(struct mote_deadlines *deadlines, struct expiries *expiries)
{
	uint64_t next;

	do {
		next = check_all(deadlines, expiries);
		atomic_store(&deadlines->next_wake_ns, next);
	} while (earliest(deadlines) < next);
	mote_os_watcher_set(deadlines->watcher, next);
}

/* No call waits for the lock while another one is being cancelled. */
static void on_alarm(void *user)
{
	struct mote_deadlines *deadlines = user;
	struct expiries expiries = {.count = 0};

	mote_os_lock_acquire(deadlines->lock);
	/* It may ring before the thread that starts the watcher has stored it; then nothing is due
	 * yet. */
	if (deadlines->watcher != NULL)
		check_and_set(deadlines, &expiries);
	mote_os_lock_release(deadlines->lock);
	for (unsigned i = 0; i < expiries.count; i++) {
		mote_interrupt_expire(expiries.calls[i].interrupt, expiries.calls[i].id,
				      expiries.calls[i].cause);
		mote_interrupt_release(expiries.calls[i].interrupt);
	}
}

/* ---- The callers ------------------------------------------------------------------------- */

mote_status mote_deadlines_prepare(struct mote_deadlines *deadlines, struct mote_watch *watch,
				   mote_error *error)
{
	mote_status status = MOTE_OK;

	if (watch->registered)
		return MOTE_OK;
	mote_os_lock_acquire(deadlines->lock);
	if (deadlines->watcher == NULL)
		status = mote_os_watcher_start(deadlines->allocator, "mote-deadlines", on_alarm,
					       deadlines, &deadlines->watcher, error);
	if (status == MOTE_OK) {
		watch->previous = NULL;
		watch->next = deadlines->first;
		if (watch->next != NULL)
			watch->next->previous = watch;
		deadlines->first = watch;
		watch->registered = true;
	}
	mote_os_lock_release(deadlines->lock);
	return status;
}

/* Called after a deadline was published: sets the alarm if the thread would sleep past it. */
static void announce(struct mote_deadlines *deadlines, uint64_t due_ns)
{
	if (due_ns >= atomic_load(&deadlines->next_wake_ns))
		return;
	mote_os_lock_acquire(deadlines->lock);
	if (due_ns < atomic_load(&deadlines->next_wake_ns)) {
		atomic_store(&deadlines->next_wake_ns, due_ns);
		mote_os_watcher_set(deadlines->watcher, due_ns);
	}
	mote_os_lock_release(deadlines->lock);
}

static uint64_t add(uint64_t a, uint64_t b)
{
	return b < MOTE_OS_FOREVER - 1 - a ? a + b : MOTE_OS_FOREVER - 1;
}

static mote_status fail_cpu_clock(mote_error *error)
{
	return mote_fail(error, MOTE_OS,
			 "the CPU clock of this thread cannot be read; call without a CPU-time "
			 "deadline");
}

static mote_status set_cpu(struct mote_watch *watch, uint64_t now, uint64_t cpu_ns,
			   mote_error *error)
{
	struct mote_os_cpu_clock clock;
	uint64_t used;

	if (!mote_os_cpu_clock_self(&clock) || !read_cpu(watch, clock, &used))
		return fail_cpu_clock(error);
	atomic_store(&watch->cpu_clock, clock.id);
	atomic_store(&watch->cpu_limit_ns, add(used, cpu_ns));
	atomic_store(&watch->cpu_check_ns, add(now, cpu_ns));
	return MOTE_OK;
}

mote_status mote_deadlines_begin(struct mote_deadlines *deadlines, struct mote_watch *watch,
				 uint64_t wall_ns, uint64_t cpu_ns, mote_error *error)
{
	mote_status status = MOTE_OK;
	uint64_t now;

	/* This comes before the clock is read: if the thread is still handling the last call, whose
	 * time has passed, it finds another id or a later time. */
	atomic_store(&watch->call_id, mote_interrupt_call_id(watch->interrupt));
	now = mote_os_monotonic_ns();
	if (now == 0)
		return mote_fail(error, MOTE_OS,
				 "the monotonic clock cannot be read; call without deadlines");
	if (cpu_ns != 0)
		status = set_cpu(watch, now, cpu_ns, error);
	if (status != MOTE_OK)
		return status;
	if (wall_ns != 0)
		atomic_store(&watch->wall_ns, add(now, wall_ns));
	announce(deadlines, watch_due(watch));
	return MOTE_OK;
}

mote_status mote_deadlines_pause(struct mote_watch *watch, mote_error *error)
{
	const struct mote_os_cpu_clock clock = {.id = atomic_load(&watch->cpu_clock)};
	uint64_t limit = atomic_load(&watch->cpu_limit_ns);
	uint64_t used;

	atomic_store(&watch->cpu_check_ns, 0);
	if (!read_cpu(watch, clock, &used))
		return fail_cpu_clock(error);
	watch->cpu_remaining_ns = used < limit ? limit - used : 0;
	return MOTE_OK;
}

mote_status mote_deadlines_resume(struct mote_deadlines *deadlines, struct mote_watch *watch,
				  mote_error *error)
{
	mote_status status;

	if (watch->cpu_remaining_ns == 0) {
		mote_interrupt_expire(watch->interrupt, atomic_load(&watch->call_id),
				      MOTE_INTERRUPT_CPU_DEADLINE);
		return MOTE_OK;
	}
	/* If the current time is unknown, the thread just checks too early. */
	status = set_cpu(watch, mote_os_monotonic_ns(), watch->cpu_remaining_ns, error);
	if (status == MOTE_OK)
		announce(deadlines, watch_due(watch));
	return status;
}

mote_status mote_deadlines_stop(struct mote_watch *watch, mote_error *error)
{
	uint64_t wall = atomic_exchange(&watch->wall_ns, 0);
	uint64_t now = mote_os_monotonic_ns();

	/* One that has passed unnoticed passes when the call goes on. */
	watch->wall_remaining_ns = wall == 0 ? 0 : wall > now ? wall - now : 1;
	return mote_deadlines_cpu_set(watch) ? mote_deadlines_pause(watch, error) : MOTE_OK;
}

mote_status mote_deadlines_continue(struct mote_deadlines *deadlines, struct mote_watch *watch,
				    mote_error *error)
{
	if (watch->wall_remaining_ns != 0) {
		atomic_store(&watch->wall_ns,
			     add(mote_os_monotonic_ns(), watch->wall_remaining_ns));
		announce(deadlines, watch_due(watch));
	}
	return mote_deadlines_cpu_set(watch) ? mote_deadlines_resume(deadlines, watch, error)
					     : MOTE_OK;
}

void mote_deadlines_end(struct mote_watch *watch)
{
	atomic_store(&watch->wall_ns, 0);
	atomic_store(&watch->cpu_check_ns, 0);
	atomic_store(&watch->cpu_limit_ns, 0);
}

void mote_deadlines_forget(struct mote_deadlines *deadlines, struct mote_watch *watch, bool forked)
{
	if (!watch->registered || forked)
		return;
	mote_os_lock_acquire(deadlines->lock);
	if (watch->previous != NULL)
		watch->previous->next = watch->next;
	else
		deadlines->first = watch->next;
	if (watch->next != NULL)
		watch->next->previous = watch->previous;
	mote_os_lock_release(deadlines->lock);
	watch->registered = false;
}

/* ---- Life -------------------------------------------------------------------------------- */

mote_status mote_deadlines_create(const mote_allocator *allocator,
				  struct mote_deadlines **deadlines, mote_error *error)
{
	struct mote_deadlines *created = mote_allocate(allocator, sizeof(*created));
	mote_status status;

	if (created == NULL)
		return mote_fail_memory(error, "deadlines");
	created->allocator = allocator;
	atomic_init(&created->next_wake_ns, MOTE_OS_FOREVER);
	status = mote_os_lock_create(allocator, &created->lock, error);
	if (status != MOTE_OK) {
		mote_release(allocator, created);
		return status;
	}
	*deadlines = created;
	return MOTE_OK;
}

void mote_deadlines_destroy(struct mote_deadlines *deadlines, bool forked)
{
	if (deadlines == NULL)
		return;
	/* In a forked child the lock may be in any state, and the thread does not exist. */
	if (forked) {
		mote_os_watcher_forget(deadlines->watcher);
	} else {
		mote_os_watcher_stop(deadlines->watcher);
		mote_os_lock_destroy(deadlines->lock);
	}
	mote_release(deadlines->allocator, deadlines);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The thread that watches deadlines.
 *
 * A caller publishes its deadline and then looks at next_wake; the thread
 * publishes next_wake and then looks at all deadlines again.  So one of the two
 * always sees the other, and nobody takes the lock on the way.
 */
#include "hypervisor/interrupt/deadline.h"

#include "error_internal.h"
#include "hypervisor/interrupt/interrupt_internal.h"

struct mote_deadlines {
	const mote_allocator *allocator;
	struct mote_os_lock *lock;
	struct mote_os_thread *thread; /* NULL until a deadline is set */
	struct mote_watch *first;
	_Atomic uint64_t next_wake_ns;
	bool stop;
};

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* 0 means "none": for comparisons that is never. */
static uint64_t due(uint64_t ns)
{
	return ns != 0 ? ns : MOTE_OS_FOREVER;
}

static uint64_t watch_due(struct mote_watch *watch)
{
	return earlier(due(atomic_load(&watch->wall_ns)), due(atomic_load(&watch->cpu_check_ns)));
}

/* ---- The thread -------------------------------------------------------------------------- */

static void check_wall(struct mote_watch *watch, uint64_t id, uint64_t now)
{
	uint64_t wall = atomic_load(&watch->wall_ns);

	/* The id is read on both sides of the time: together they are of one call. */
	if (due(wall) > now || atomic_load(&watch->call_id) != id)
		return;
	mote_interrupt_expire(watch->interrupt, id, MOTE_INTERRUPT_WALL_DEADLINE);
	atomic_compare_exchange_strong(&watch->wall_ns, &wall, 0);
}

/* The thread may have had less CPU time than wall-clock time: then look again later. */
static void check_cpu(struct mote_watch *watch, uint64_t id, uint64_t now)
{
	uint64_t check = atomic_load(&watch->cpu_check_ns);
	uint64_t limit = atomic_load(&watch->cpu_limit_ns);
	const struct mote_os_cpu_clock clock = {.id = atomic_load(&watch->cpu_clock)};
	uint64_t used, later = 0;

	if (due(check) > now || atomic_load(&watch->call_id) != id)
		return;
	if (!mote_os_cpu_clock_read(clock, &used) || used >= limit)
		mote_interrupt_expire(watch->interrupt, id, MOTE_INTERRUPT_CPU_DEADLINE);
	else
		later = now + (limit - used);
	atomic_compare_exchange_strong(&watch->cpu_check_ns, &check, later);
}

static uint64_t check_all(struct mote_deadlines *deadlines)
{
	uint64_t now = mote_os_monotonic_ns();
	uint64_t next = MOTE_OS_FOREVER;

	for (struct mote_watch *watch = deadlines->first; watch != NULL; watch = watch->next) {
		uint64_t id = atomic_load(&watch->call_id);

		check_wall(watch, id, now);
		check_cpu(watch, id, now);
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

static void watch_deadlines(void *user)
{
	struct mote_deadlines *deadlines = user;

	mote_os_lock_acquire(deadlines->lock);
	while (!deadlines->stop) {
		uint64_t next = check_all(deadlines);

		atomic_store(&deadlines->next_wake_ns, next);
		if (earliest(deadlines) >= next)
			mote_os_lock_wait(deadlines->lock, next);
	}
	mote_os_lock_release(deadlines->lock);
}

/* ---- The callers ------------------------------------------------------------------------- */

static mote_status register_watch(struct mote_deadlines *deadlines, struct mote_watch *watch,
				  mote_error *error)
{
	mote_status status = MOTE_OK;

	mote_os_lock_acquire(deadlines->lock);
	if (deadlines->thread == NULL)
		status = mote_os_thread_start("mote-deadlines", watch_deadlines, deadlines,
					      &deadlines->thread, error);
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

/* A deadline was published: wakes the thread if it would sleep past it. */
static void announce(struct mote_deadlines *deadlines, uint64_t due_ns)
{
	if (due_ns >= atomic_load(&deadlines->next_wake_ns))
		return;
	mote_os_lock_acquire(deadlines->lock);
	mote_os_lock_wake(deadlines->lock);
	mote_os_lock_release(deadlines->lock);
}

static uint64_t add(uint64_t a, uint64_t b)
{
	return b < MOTE_OS_FOREVER - 1 - a ? a + b : MOTE_OS_FOREVER - 1;
}

static void set_cpu(struct mote_watch *watch, uint64_t now, uint64_t cpu_ns)
{
	const struct mote_os_cpu_clock clock = mote_os_cpu_clock_self();
	uint64_t used = 0;

	(void)mote_os_cpu_clock_read(clock, &used);
	atomic_store(&watch->cpu_clock, clock.id);
	atomic_store(&watch->cpu_limit_ns, add(used, cpu_ns));
	atomic_store(&watch->cpu_check_ns, add(now, cpu_ns));
}

mote_status mote_deadlines_begin(struct mote_deadlines *deadlines, struct mote_watch *watch,
				 uint64_t wall_ns, uint64_t cpu_ns, mote_error *error)
{
	uint64_t now = mote_os_monotonic_ns();

	if (!watch->registered) {
		mote_status status = register_watch(deadlines, watch, error);

		if (status != MOTE_OK)
			return status;
	}
	atomic_store(&watch->call_id, mote_interrupt_call_id(watch->interrupt));
	if (cpu_ns != 0)
		set_cpu(watch, now, cpu_ns);
	if (wall_ns != 0)
		atomic_store(&watch->wall_ns, add(now, wall_ns));
	announce(deadlines, watch_due(watch));
	return MOTE_OK;
}

void mote_deadlines_pause(struct mote_watch *watch)
{
	const struct mote_os_cpu_clock clock = {.id = atomic_load(&watch->cpu_clock)};
	uint64_t limit = atomic_load(&watch->cpu_limit_ns);
	uint64_t used = 0;

	atomic_store(&watch->cpu_check_ns, 0);
	(void)mote_os_cpu_clock_read(clock, &used);
	watch->cpu_remaining_ns = used < limit ? limit - used : 0;
}

void mote_deadlines_resume(struct mote_deadlines *deadlines, struct mote_watch *watch)
{
	if (watch->cpu_remaining_ns == 0) {
		mote_interrupt_expire(watch->interrupt, atomic_load(&watch->call_id),
				      MOTE_INTERRUPT_CPU_DEADLINE);
		return;
	}
	set_cpu(watch, mote_os_monotonic_ns(), watch->cpu_remaining_ns);
	announce(deadlines, watch_due(watch));
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
	status = mote_os_lock_create(&created->lock, error);
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
	if (!forked) {
		mote_os_lock_acquire(deadlines->lock);
		deadlines->stop = true;
		mote_os_lock_wake(deadlines->lock);
		mote_os_lock_release(deadlines->lock);
		mote_os_thread_join(deadlines->thread);
		mote_os_lock_destroy(deadlines->lock);
	}
	mote_release(deadlines->allocator, deadlines);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The last descriptor of a partition that is closed destroys it, which takes the kernel some 40 ms.
 * A thread of the hypervisor does that, so that who destroys a sandbox does not wait.  Only so many
 * wait for it: they hold descriptors and the guest's memory.
 */
#include <stdbool.h>

#include "error_internal.h"
#include "hypervisor/backends/mshv/mshv_internal.h"
#include "os/os_process.h"
#include "os/os_thread.h"

enum { MOST_WAITING = 32 };

struct mote_mshv_reaper {
	const struct mote_linux_device *system;
	const mote_allocator *allocator;
	uint64_t process;
	struct mote_os_lock *lock;
	struct mote_os_event *work, *done;
	struct mote_os_thread *thread; /* NULL: it could not be started */
	/* Under the lock. */
	struct mote_mshv_remains waiting[MOST_WAITING];
	unsigned count;
	uint64_t closed; /* so far */
	bool busy, ends;
};

/* Takes one that waits.  False: none does. */
static bool take(struct mote_mshv_reaper *reaper, struct mote_mshv_remains *remains, bool *ends)
{
	bool taken;

	mote_os_lock_acquire(reaper->lock);
	if (reaper->busy)
		reaper->closed++;
	taken = reaper->count > 0;
	if (taken)
		*remains = reaper->waiting[--reaper->count];
	reaper->busy = taken;
	*ends = reaper->ends;
	mote_os_lock_release(reaper->lock);
	return taken;
}

static void run(void *user)
{
	struct mote_mshv_reaper *reaper = user;
	struct mote_mshv_remains remains;
	bool ends = false;

	while (!ends) {
		while (take(reaper, &remains, &ends))
			mote_mshv_bury(reaper->system, &remains);
		mote_os_event_set(reaper->done);
		if (!ends)
			mote_os_event_wait(reaper->work);
	}
}

mote_status mote_mshv_reaper_create(const struct mote_linux_device *system,
				    const mote_allocator *allocator,
				    struct mote_mshv_reaper **created, mote_error *error)
{
	struct mote_mshv_reaper *reaper = mote_allocate(allocator, sizeof(*reaper));
	mote_status status;

	if (reaper == NULL)
		return mote_fail_memory(error, "hypervisor");
	reaper->system = system;
	reaper->allocator = allocator;
	reaper->process = mote_os_process_id();
	status = mote_os_lock_create(allocator, &reaper->lock, error);
	if (status == MOTE_OK)
		status = mote_os_event_create(allocator, &reaper->work, error);
	if (status == MOTE_OK)
		status = mote_os_event_create(allocator, &reaper->done, error);
	if (status == MOTE_OK)
		status = mote_os_thread_start(allocator, "mote-reaper", run, reaper,
					      &reaper->thread, error);
	if (status != MOTE_OK) {
		mote_mshv_reaper_destroy(reaper);
		return status;
	}
	*created = reaper;
	return MOTE_OK;
}

/* A forked child has the descriptors, and neither the thread nor the lock. */
static bool is_of_parent(const struct mote_mshv_reaper *reaper)
{
	return reaper->process != mote_os_process_id();
}

void mote_mshv_reaper_give(struct mote_mshv_reaper *reaper, const struct mote_mshv_remains *remains)
{
	bool given;

	if (is_of_parent(reaper)) {
		mote_mshv_bury(reaper->system, remains);
		return;
	}
	mote_os_lock_acquire(reaper->lock);
	given = reaper->count < MOST_WAITING;
	if (given)
		reaper->waiting[reaper->count++] = *remains;
	mote_os_lock_release(reaper->lock);
	if (given)
		mote_os_event_set(reaper->work);
	else
		mote_mshv_bury(reaper->system, remains);
}

/* How many it has closed.  busy: whether it has more to close. */
static uint64_t look(struct mote_mshv_reaper *reaper, bool *busy)
{
	uint64_t closed;

	mote_os_lock_acquire(reaper->lock);
	*busy = reaper->count > 0 || reaper->busy;
	closed = reaper->closed;
	mote_os_lock_release(reaper->lock);
	return closed;
}

uint64_t mote_mshv_reaper_closed(struct mote_mshv_reaper *reaper)
{
	bool busy;

	return is_of_parent(reaper) ? 0 : look(reaper, &busy);
}

bool mote_mshv_reaper_finish(struct mote_mshv_reaper *reaper, uint64_t before)
{
	uint64_t closed;
	bool busy;

	if (is_of_parent(reaper))
		return false;
	closed = look(reaper, &busy);
	if (!busy)
		return closed != before;
	while (busy) {
		mote_os_event_wait(reaper->done);
		look(reaper, &busy);
	}
	mote_os_event_set(reaper->done); /* for another thread that waits */
	return true;
}

static void end_thread(struct mote_mshv_reaper *reaper)
{
	if (reaper->thread == NULL)
		return;
	mote_os_lock_acquire(reaper->lock);
	reaper->ends = true;
	mote_os_lock_release(reaper->lock);
	mote_os_event_set(reaper->work);
	mote_os_thread_join(reaper->thread);
}

/* In a forked child.  What the thread was closing at that moment stays open in it. */
static void forget(struct mote_mshv_reaper *reaper)
{
	for (unsigned i = 0; i < reaper->count; i++)
		mote_mshv_bury(reaper->system, &reaper->waiting[i]);
	if (reaper->thread != NULL)
		mote_os_thread_forget(reaper->thread);
	mote_os_event_forget(reaper->done);
	mote_os_event_forget(reaper->work);
	mote_os_lock_forget(reaper->lock);
	mote_release(reaper->allocator, reaper);
}

void mote_mshv_reaper_destroy(struct mote_mshv_reaper *reaper)
{
	if (reaper == NULL)
		return;
	if (is_of_parent(reaper)) {
		forget(reaper);
		return;
	}
	end_thread(reaper);
	mote_os_event_destroy(reaper->done);
	mote_os_event_destroy(reaper->work);
	mote_os_lock_destroy(reaper->lock);
	mote_release(reaper->allocator, reaper);
}

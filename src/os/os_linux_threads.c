/* SPDX-License-Identifier: Apache-2.0
 *
 * Clocks, locks and threads on Linux.
 */
#define _GNU_SOURCE /* pthread_setname_np, pthread_getcpuclockid */
#include "os/os.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "allocator.h"
#include "error_internal.h"

static const uint64_t NS_PER_SECOND = 1000000000;

static uint64_t to_ns(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * NS_PER_SECOND + (uint64_t)time->tv_nsec;
}

uint64_t mote_os_monotonic_ns(void)
{
	struct timespec now;

	return clock_gettime(CLOCK_MONOTONIC, &now) == 0 ? to_ns(&now) : 0;
}

bool mote_os_cpu_clock_self(struct mote_os_cpu_clock *clock)
{
	clockid_t id;

	if (pthread_getcpuclockid(pthread_self(), &id) != 0)
		return false;
	clock->id = id;
	return true;
}

bool mote_os_cpu_clock_read(struct mote_os_cpu_clock clock, uint64_t *ns)
{
	struct timespec now;

	if (clock_gettime((clockid_t)clock.id, &now) != 0)
		return false;
	*ns = to_ns(&now);
	return true;
}

struct mote_os_lock {
	const mote_allocator *allocator;
	pthread_mutex_t mutex;
	pthread_cond_t condition;
};

static mote_status fail(mote_error *error, int code, const char *call)
{
	return mote_os_fail(error, MOTE_DOMAIN_OS, code, call);
}

static mote_status make_condition(pthread_cond_t *condition, mote_error *error)
{
	pthread_condattr_t attributes;
	mote_status status = MOTE_OK;
	int code = pthread_condattr_init(&attributes);

	if (code != 0)
		return fail(error, code, "pthread_condattr_init");
	code = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	if (code != 0) {
		status = fail(error, code, "pthread_condattr_setclock");
		goto out;
	}
	code = pthread_cond_init(condition, &attributes);
	if (code != 0)
		status = fail(error, code, "pthread_cond_init");
out:
	pthread_condattr_destroy(&attributes);
	return status;
}

mote_status mote_os_lock_create(const mote_allocator *allocator, struct mote_os_lock **lock,
				mote_error *error)
{
	struct mote_os_lock *created = mote_allocate(allocator, sizeof(*created));
	mote_status status;
	int code;

	if (created == NULL)
		return mote_fail_memory(error, "lock");
	created->allocator = allocator;
	status = make_condition(&created->condition, error);
	if (status != MOTE_OK)
		goto fail;
	code = pthread_mutex_init(&created->mutex, NULL);
	if (code != 0) {
		status = fail(error, code, "pthread_mutex_init");
		pthread_cond_destroy(&created->condition);
		goto fail;
	}
	*lock = created;
	return MOTE_OK;
fail:
	mote_release(allocator, created);
	return status;
}

void mote_os_lock_destroy(struct mote_os_lock *lock)
{
	if (lock == NULL)
		return;
	pthread_cond_destroy(&lock->condition);
	pthread_mutex_destroy(&lock->mutex);
	mote_release(lock->allocator, lock);
}

void mote_os_lock_acquire(struct mote_os_lock *lock)
{
	pthread_mutex_lock(&lock->mutex);
}

void mote_os_lock_release(struct mote_os_lock *lock)
{
	pthread_mutex_unlock(&lock->mutex);
}

void mote_os_lock_wait(struct mote_os_lock *lock, uint64_t until_ns)
{
	const struct timespec until = {
		.tv_sec = (time_t)(until_ns / NS_PER_SECOND),
		.tv_nsec = (long)(until_ns % NS_PER_SECOND),
	};

	if (until_ns == MOTE_OS_FOREVER)
		pthread_cond_wait(&lock->condition, &lock->mutex);
	else
		pthread_cond_timedwait(&lock->condition, &lock->mutex, &until);
}

void mote_os_lock_wake(struct mote_os_lock *lock)
{
	pthread_cond_signal(&lock->condition);
}

struct mote_os_thread {
	const mote_allocator *allocator;
	pthread_t thread;
	void (*run)(void *user);
	void *user;
};

static void *thread_main(void *argument)
{
	struct mote_os_thread *thread = argument;

	thread->run(thread->user);
	return NULL;
}

/* Creates the thread with all signals blocked, which it inherits. */
static mote_status create_thread(struct mote_os_thread *thread, const char *name, mote_error *error)
{
	sigset_t all, before;
	int code;

	sigfillset(&all);
	code = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (code != 0)
		return fail(error, code, "pthread_sigmask for a thread");
	code = pthread_create(&thread->thread, NULL, thread_main, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (code == EAGAIN)
		return mote_fail_code(error, MOTE_LIMIT, MOTE_DOMAIN_OS, code,
				      "thread %s cannot be started; raise ulimit -u", name);
	if (code != 0)
		return fail(error, code, "pthread_create");
	(void)pthread_setname_np(thread->thread, name);
	return MOTE_OK;
}

mote_status mote_os_thread_start(const mote_allocator *allocator, const char *name,
				 void (*run)(void *user), void *user,
				 struct mote_os_thread **thread, mote_error *error)
{
	struct mote_os_thread *created = mote_allocate(allocator, sizeof(*created));
	mote_status status;

	if (created == NULL)
		return mote_fail_memory(error, "thread");
	created->allocator = allocator;
	created->run = run;
	created->user = user;
	status = create_thread(created, name, error);
	if (status != MOTE_OK) {
		mote_release(allocator, created);
		return status;
	}
	*thread = created;
	return MOTE_OK;
}

void mote_os_thread_join(struct mote_os_thread *thread)
{
	if (thread == NULL)
		return;
	pthread_join(thread->thread, NULL);
	mote_release(thread->allocator, thread);
}

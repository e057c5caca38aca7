/* SPDX-License-Identifier: Apache-2.0
 *
 * Locks, events, the calling thread, the time of day and waiting, and the environment, on POSIX
 * systems.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "allocator.h"
#include "error_internal.h"
#include "os/os_clock.h"
#include "os/os_error.h"
#include "os/os_process.h"
#include "os/os_thread.h"
#include "os/posix/posix_clock.h"

static const uint64_t NS_PER_SECOND = 1000000000;

uint64_t mote_posix_read_clock(int id)
{
	struct timespec now;

	if (clock_gettime((clockid_t)id, &now) != 0 || now.tv_sec < 0)
		return 0;
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t mote_os_real_ns(void)
{
	return mote_posix_read_clock(CLOCK_REALTIME);
}

void mote_os_pause(uint64_t ns)
{
	const struct timespec time = {(time_t)(ns / NS_PER_SECOND), (long)(ns % NS_PER_SECOND)};
	int before = mote_os_hold_cancellation();

	/* A call that is left by the cancellation of its thread would never end. */
	nanosleep(&time, NULL);
	mote_os_allow_cancellation(before);
}

const char *mote_os_environment(const char *name)
{
	return getenv(name);
}

uint64_t mote_os_process_id(void)
{
	return (uint64_t)getpid();
}

/* ---- The calling thread ------------------------------------------------------------------- */

enum { YIELDS = 100 };		      /* before a thread that waits for another one sleeps */
static const uint64_t MOMENT = 50000; /* ns */

uintptr_t mote_os_thread_self(void)
{
	return (uintptr_t)pthread_self();
}

/* A thread of a higher fixed priority would never let the other run if it only yielded. */
void mote_os_yield(unsigned tries)
{
	if (tries < YIELDS)
		sched_yield();
	else
		mote_os_pause(MOMENT);
}

int mote_os_hold_cancellation(void)
{
	int before;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	return before;
}

void mote_os_allow_cancellation(int before)
{
	pthread_setcancelstate(before, &before);
}

/* ---- Locks ------------------------------------------------------------------------------- */

struct mote_os_lock {
	const mote_allocator *allocator;
	pthread_mutex_t mutex;
};

mote_status mote_os_lock_create(const mote_allocator *allocator, struct mote_os_lock **lock,
				mote_error *error)
{
	struct mote_os_lock *created = mote_allocate(allocator, sizeof(*created));
	int code;

	if (created == NULL)
		return mote_fail_memory(error, "lock");
	created->allocator = allocator;
	code = pthread_mutex_init(&created->mutex, NULL);
	if (code != 0) {
		mote_release(allocator, created);
		return mote_os_fail(error, MOTE_DOMAIN_OS, code, "pthread_mutex_init");
	}
	*lock = created;
	return MOTE_OK;
}

void mote_os_lock_destroy(struct mote_os_lock *lock)
{
	if (lock == NULL)
		return;
	pthread_mutex_destroy(&lock->mutex);
	mote_release(lock->allocator, lock);
}

void mote_os_lock_forget(struct mote_os_lock *lock)
{
	if (lock != NULL)
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

/* ---- Events ------------------------------------------------------------------------------ */

struct mote_os_event {
	const mote_allocator *allocator;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool set;
};

mote_status mote_os_event_create(const mote_allocator *allocator, struct mote_os_event **event,
				 mote_error *error)
{
	struct mote_os_event *created = mote_allocate(allocator, sizeof(*created));
	const char *what = "pthread_mutex_init";
	int code;

	if (created == NULL)
		return mote_fail_memory(error, "event");
	created->allocator = allocator;
	code = pthread_mutex_init(&created->mutex, NULL);
	if (code == 0) {
		what = "pthread_cond_init";
		code = pthread_cond_init(&created->changed, NULL);
		if (code == 0) {
			*event = created;
			return MOTE_OK;
		}
		pthread_mutex_destroy(&created->mutex);
	}
	mote_release(allocator, created);
	return mote_os_fail(error, MOTE_DOMAIN_OS, code, what);
}

void mote_os_event_destroy(struct mote_os_event *event)
{
	if (event == NULL)
		return;
	pthread_cond_destroy(&event->changed);
	pthread_mutex_destroy(&event->mutex);
	mote_release(event->allocator, event);
}

/* Destroying a condition waits for those that wait for it. */
void mote_os_event_forget(struct mote_os_event *event)
{
	if (event != NULL)
		mote_release(event->allocator, event);
}

void mote_os_event_set(struct mote_os_event *event)
{
	pthread_mutex_lock(&event->mutex);
	event->set = true;
	pthread_cond_signal(&event->changed);
	pthread_mutex_unlock(&event->mutex);
}

void mote_os_event_wait(struct mote_os_event *event)
{
	/* A thread that is cancelled in here would leave the lock behind. */
	int before = mote_os_hold_cancellation();

	pthread_mutex_lock(&event->mutex);
	while (!event->set)
		pthread_cond_wait(&event->changed, &event->mutex);
	event->set = false;
	pthread_mutex_unlock(&event->mutex);
	mote_os_allow_cancellation(before);
}

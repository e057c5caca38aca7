/* SPDX-License-Identifier: Apache-2.0
 *
 * Clocks, locks, alarms and threads on Linux.
 */
#define _GNU_SOURCE /* pthread_setname_np, pthread_getcpuclockid */
#include "os/os.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

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

/* ---- Locks ------------------------------------------------------------------------------- */

struct mote_os_lock {
	const mote_allocator *allocator;
	pthread_mutex_t mutex;
};

static mote_status fail(mote_error *error, int code, const char *call)
{
	return mote_os_fail(error, MOTE_DOMAIN_OS, code, call);
}

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
		return fail(error, code, "pthread_mutex_init");
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

void mote_os_lock_acquire(struct mote_os_lock *lock)
{
	pthread_mutex_lock(&lock->mutex);
}

void mote_os_lock_release(struct mote_os_lock *lock)
{
	pthread_mutex_unlock(&lock->mutex);
}

/* ---- Alarms ------------------------------------------------------------------------------ */

/* A timer of the kernel: to set it is one call that touches no other thread. */
struct mote_os_alarm {
	const mote_allocator *allocator;
	int fd;
};

mote_status mote_os_alarm_create(const mote_allocator *allocator, struct mote_os_alarm **alarm,
				 mote_error *error)
{
	struct mote_os_alarm *created = mote_allocate(allocator, sizeof(*created));

	if (created == NULL)
		return mote_fail_memory(error, "alarm");
	created->allocator = allocator;
	created->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (created->fd < 0) {
		int code = errno;

		mote_release(allocator, created);
		return fail(error, code, "timerfd_create");
	}
	*alarm = created;
	return MOTE_OK;
}

void mote_os_alarm_destroy(struct mote_os_alarm *alarm)
{
	if (alarm == NULL)
		return;
	close(alarm->fd);
	mote_release(alarm->allocator, alarm);
}

void mote_os_alarm_set(struct mote_os_alarm *alarm, uint64_t until_ns)
{
	/* The kernel cuts what is too far away; the type of the seconds may be shorter still. */
	uint64_t seconds = until_ns / NS_PER_SECOND;
	const struct itimerspec when = {
		.it_value.tv_sec = seconds < INT32_MAX ? (time_t)seconds : INT32_MAX,
		.it_value.tv_nsec = (long)(until_ns % NS_PER_SECOND),
	};

	(void)timerfd_settime(alarm->fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void mote_os_alarm_wait(struct mote_os_alarm *alarm)
{
	uint64_t times;

	(void)!read(alarm->fd, &times, sizeof(times));
}

/* ---- Threads ----------------------------------------------------------------------------- */

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

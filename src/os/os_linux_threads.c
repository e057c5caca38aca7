/* SPDX-License-Identifier: Apache-2.0
 *
 * Clocks, locks, alarms and threads on Linux.
 */
#define _GNU_SOURCE /* pthread_setname_np, pthread_getcpuclockid */
#include "os/os.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "error_internal.h"

static const uint64_t NS_PER_SECOND = 1000000000;

static uint64_t to_ns(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * NS_PER_SECOND + (uint64_t)time->tv_nsec;
}

uint64_t mote_os_monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return to_ns(&now);
}

struct mote_os_cpu_clock mote_os_cpu_clock_self(void)
{
	clockid_t id = CLOCK_THREAD_CPUTIME_ID;

	/* Cannot fail for the calling thread. */
	(void)pthread_getcpuclockid(pthread_self(), &id);
	return (struct mote_os_cpu_clock){.id = id};
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
	pthread_mutex_t mutex;
};

mote_status mote_os_lock_create(struct mote_os_lock **lock, mote_error *error)
{
	struct mote_os_lock *created = calloc(1, sizeof(*created));

	if (created == NULL)
		return mote_fail_memory(error, "lock");
	pthread_mutex_init(&created->mutex, NULL);
	*lock = created;
	return MOTE_OK;
}

void mote_os_lock_destroy(struct mote_os_lock *lock)
{
	if (lock == NULL)
		return;
	pthread_mutex_destroy(&lock->mutex);
	free(lock);
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
	int fd;
};

mote_status mote_os_alarm_create(struct mote_os_alarm **alarm, mote_error *error)
{
	struct mote_os_alarm *created = calloc(1, sizeof(*created));

	if (created == NULL)
		return mote_fail_memory(error, "alarm");
	created->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (created->fd < 0) {
		int code = errno;

		free(created);
		return mote_os_fail(error, MOTE_DOMAIN_OS, code, "timerfd_create");
	}
	*alarm = created;
	return MOTE_OK;
}

void mote_os_alarm_destroy(struct mote_os_alarm *alarm)
{
	if (alarm == NULL)
		return;
	close(alarm->fd);
	free(alarm);
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

mote_status mote_os_thread_start(const char *name, void (*run)(void *user), void *user,
				 struct mote_os_thread **thread, mote_error *error)
{
	struct mote_os_thread *created = calloc(1, sizeof(*created));
	sigset_t all, before;
	int code;

	if (created == NULL)
		return mote_fail_memory(error, "thread");
	created->run = run;
	created->user = user;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	code = pthread_create(&created->thread, NULL, thread_main, created);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (code != 0) {
		free(created);
		return mote_fail_code(error, MOTE_LIMIT, MOTE_DOMAIN_OS, code,
				      "thread %s cannot be started; raise ulimit -u", name);
	}
	(void)pthread_setname_np(created->thread, name);
	*thread = created;
	return MOTE_OK;
}

void mote_os_thread_join(struct mote_os_thread *thread)
{
	if (thread == NULL)
		return;
	pthread_join(thread->thread, NULL);
	free(thread);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The library's own threads, on Linux: one that waits for an alarm.
 */
#define _GNU_SOURCE /* pthread_setname_np, SIGEV_THREAD_ID, cpu_set_t */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "allocator.h"
#include "error_internal.h"
#include "os/os_error.h"
#include "os/os_thread.h"
#include "os/posix/posix_own_threads.h"

static const uint64_t NS_PER_SECOND = 1000000000;

const char mote_posix_thread_limits[] =
	"the limit on processes and threads (RLIMIT_NPROC, ulimit -u, pids.max) or on addresses "
	"(RLIMIT_AS, ulimit -v)";

void mote_posix_name_thread(pthread_t thread, const char *name)
{
	if (!pthread_equal(thread, pthread_self()))
		(void)pthread_setname_np(thread, name);
}

static mote_status fail(mote_error *error, int code, const char *call)
{
	return mote_os_fail(error, MOTE_DOMAIN_OS, code, call);
}

/* ---- A thread that waits for an alarm ---------------------------------------------------- */

/*
 * The alarm is a timer of the process that sends a signal to this thread alone, which blocks it and
 * waits for it.  The kernel reserves the memory for that signal when the timer is created, so it
 * cannot be lost.  Nothing else uses the last real-time signal.
 */
#define ALARM_SIGNAL SIGRTMAX

#ifndef sigev_notify_thread_id /* the kernel's name, which some C libraries lack */
#define sigev_notify_thread_id _sigev_un._tid
#endif

struct mote_os_watcher {
	const mote_allocator *allocator;
	void (*on_alarm)(void *user);
	void *user;
	pthread_t thread;
	timer_t timer;
	int timer_error; /* 0, or why the thread could not create its timer */
	pthread_barrier_t started;
	_Atomic bool stop;
};

enum { MOST_FAVORED = -20 }; /* a nice value: it runs for microseconds, and others depend on it */

static pid_t this_thread(void)
{
	return (pid_t)syscall(SYS_gettid);
}

static int make_timer(timer_t *timer)
{
	struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = ALARM_SIGNAL};

	event.sigev_notify_thread_id = this_thread();
	return timer_create(CLOCK_MONOTONIC, &event, timer) != 0 ? errno : 0;
}

/* The thread that starts this one may be bound to one processor, with a fixed priority that lets
 * nothing else run there.  The kernel reduces the set to what the process may use. */
static void leave_the_starter(void)
{
	const struct sched_param ordinary = {.sched_priority = 0};
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	(void)sched_setscheduler(0, SCHED_OTHER, &ordinary);
	(void)sched_setaffinity(0, sizeof(all), &all);
	(void)setpriority(PRIO_PROCESS, (id_t)this_thread(), MOST_FAVORED);
}

static void *watcher_main(void *argument)
{
	struct mote_os_watcher *watcher = argument;
	sigset_t alarm;

	sigemptyset(&alarm);
	sigaddset(&alarm, ALARM_SIGNAL);
	leave_the_starter();
	watcher->timer_error = make_timer(&watcher->timer);
	pthread_barrier_wait(&watcher->started);
	if (watcher->timer_error != 0)
		return NULL;
	while (!atomic_load(&watcher->stop)) {
		(void)sigwaitinfo(&alarm, NULL);
		watcher->on_alarm(watcher->user);
	}
	timer_delete(watcher->timer);
	return NULL;
}

static void join(struct mote_os_watcher *watcher)
{
	mote_posix_join_thread(watcher->thread);
	pthread_barrier_destroy(&watcher->started);
}

static mote_status fail_timer(int code, mote_error *error)
{
	if (code != EAGAIN)
		return fail(error, code, "timer_create");
	return mote_os_fail_code(
		error, MOTE_LIMIT, MOTE_DOMAIN_OS, code,
		"timer_create: the limit on pending signals (RLIMIT_SIGPENDING) is "
		"reached; raise it with ulimit -i");
}

static mote_status start_watcher(struct mote_os_watcher *watcher, const char *name,
				 mote_error *error)
{
	int code = pthread_barrier_init(&watcher->started, NULL, 2);
	mote_status status;

	if (code != 0)
		return fail(error, code, "pthread_barrier_init");
	status = mote_posix_start_thread(name, &watcher->thread, watcher_main, watcher, error);
	if (status == MOTE_OK)
		pthread_barrier_wait(&watcher->started);
	else
		pthread_barrier_destroy(&watcher->started);
	if (status != MOTE_OK || watcher->timer_error == 0)
		return status;
	join(watcher);
	return fail_timer(watcher->timer_error, error);
}

mote_status mote_os_watcher_start(const mote_allocator *allocator, const char *name,
				  void (*on_alarm)(void *user), void *user,
				  struct mote_os_watcher **watcher, mote_error *error)
{
	struct mote_os_watcher *created = mote_allocate(allocator, sizeof(*created));
	mote_status status;

	if (created == NULL)
		return mote_fail_memory(error, "thread");
	created->allocator = allocator;
	created->on_alarm = on_alarm;
	created->user = user;
	status = start_watcher(created, name, error);
	if (status != MOTE_OK) {
		mote_release(allocator, created);
		return status;
	}
	*watcher = created;
	return MOTE_OK;
}

void mote_os_watcher_set(struct mote_os_watcher *watcher, uint64_t until_ns)
{
	/* The kernel clamps times that are too far away; the type of the seconds may be even
	 * shorter. */
	uint64_t seconds = until_ns / NS_PER_SECOND;
	const struct itimerspec when = {
		.it_value.tv_sec = seconds < INT32_MAX ? (time_t)seconds : INT32_MAX,
		.it_value.tv_nsec = (long)(until_ns % NS_PER_SECOND),
	};

	(void)timer_settime(watcher->timer, TIMER_ABSTIME, &when, NULL);
}

void mote_os_watcher_stop(struct mote_os_watcher *watcher)
{
	if (watcher == NULL)
		return;
	atomic_store(&watcher->stop, true);
	mote_os_watcher_set(watcher, 1);
	join(watcher);
	mote_release(watcher->allocator, watcher);
}

void mote_os_watcher_forget(struct mote_os_watcher *watcher)
{
	if (watcher != NULL)
		mote_release(watcher->allocator, watcher);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The library's own threads, on Linux: one that runs a function, one that waits for an alarm.
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

static const uint64_t NS_PER_SECOND = 1000000000;

static mote_status fail(mote_error *error, int code, const char *call)
{
	return mote_os_fail(error, MOTE_DOMAIN_OS, code, call);
}

/* ---- Starting and joining ---------------------------------------------------------------- */

enum { SMALLEST_STACK = 64 << 10, LARGEST_STACK = 16 << 20 };

/* The minimum stack depends on the program's thread-local variables: EINVAL means that it is
 * larger. */
static int create_with_small_stack(pthread_t *thread, void *(*start)(void *), void *argument)
{
	pthread_attr_t attributes;
	size_t bytes = SMALLEST_STACK;
	int code = pthread_attr_init(&attributes);

	if (code != 0)
		return code;
	do {
		code = pthread_attr_setstacksize(&attributes, bytes);
		if (code == 0)
			code = pthread_create(thread, &attributes, start, argument);
		bytes *= 2;
	} while (code == EINVAL && bytes <= LARGEST_STACK);
	pthread_attr_destroy(&attributes);
	return code;
}

/* Starts the thread with all signals blocked, which it inherits. */
static mote_status start_thread(const char *name, pthread_t *thread, void *(*start)(void *),
				void *argument, mote_error *error)
{
	sigset_t all, before;
	int code;

	sigfillset(&all);
	code = pthread_sigmask(SIG_SETMASK, &all, &before);
	if (code != 0)
		return fail(error, code, "pthread_sigmask for a thread");
	code = create_with_small_stack(thread, start, argument);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (code == EAGAIN)
		return mote_os_fail_code(
			error, MOTE_LIMIT, MOTE_DOMAIN_OS, code,
			"thread %s cannot be started: the limit on processes and "
			"threads (RLIMIT_NPROC, ulimit -u, pids.max) or on addresses "
			"(RLIMIT_AS, ulimit -v) is reached",
			name);
	if (code != 0)
		return fail(error, code, "pthread_create");
	(void)pthread_setname_np(*thread, name);
	return MOTE_OK;
}

/* A thread that is cancelled while it waits here would leave the other one behind, and locks
 * held. */
static void join_thread(pthread_t thread)
{
	int before;

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	pthread_join(thread, NULL);
	pthread_setcancelstate(before, &before);
}

/* ---- A thread that runs a function ------------------------------------------------------- */

struct mote_os_thread {
	const mote_allocator *allocator;
	void (*run)(void *user);
	void *user;
	pthread_t thread;
};

static void *thread_main(void *argument)
{
	struct mote_os_thread *thread = argument;

	thread->run(thread->user);
	return NULL;
}

mote_status mote_os_thread_start(const mote_allocator *allocator, const char *name,
				 void (*run)(void *user), void *user,
				 struct mote_os_thread **thread, mote_error *error)
{
	struct mote_os_thread *created = mote_allocate(allocator, sizeof(*created));
	mote_status status;

	if (created == NULL)
		return mote_fail_memory(error, "thread");
	*created = (struct mote_os_thread){.allocator = allocator, .run = run, .user = user};
	status = start_thread(name, &created->thread, thread_main, created, error);
	if (status == MOTE_OK)
		*thread = created;
	else
		mote_release(allocator, created);
	return status;
}

void mote_os_thread_join(struct mote_os_thread *thread)
{
	join_thread(thread->thread);
	mote_os_thread_forget(thread);
}

void mote_os_thread_forget(struct mote_os_thread *thread)
{
	mote_release(thread->allocator, thread);
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
	join_thread(watcher->thread);
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
	status = start_thread(name, &watcher->thread, watcher_main, watcher, error);
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

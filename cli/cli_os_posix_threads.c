/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads on POSIX systems, and what the tool has them wait for: a time, a signal.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "cli_os.h"
#include "cli_os_posix.h"

/* Signals stay the affair of the main thread. */
static int start_thread(pthread_t *thread, void *(*body)(void *), void *argument)
{
	sigset_t all, before;
	int code;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	code = pthread_create(thread, NULL, body, argument);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return code;
}

/* ---- Threads ----------------------------------------------------------------------------- */

struct cli_os_thread {
	pthread_t thread;
	void (*body)(void *user);
	void *user;
};

static void *run_body(void *argument)
{
	const struct cli_os_thread *thread = argument;

	thread->body(thread->user);
	return NULL;
}

int cli_os_thread_start(void (*body)(void *user), void *user, struct cli_os_thread **thread)
{
	struct cli_os_thread *started = malloc(sizeof(*started));
	int code;

	if (started == NULL)
		return CLI_OS_NO_MEMORY;
	started->body = body;
	started->user = user;
	code = start_thread(&started->thread, run_body, started);
	if (code != 0)
		free(started);
	else
		*thread = started;
	return code;
}

void cli_os_thread_join(struct cli_os_thread *thread)
{
	pthread_join(thread->thread, NULL);
	free(thread);
}

/* ---- Timers ------------------------------------------------------------------------------ */

struct cli_os_timer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool stopped;
	uint64_t end_ns;
	void (*on_end)(void *user);
	void *user;
};

static void *wait_for_end(void *argument)
{
	struct cli_os_timer *timer = argument;
	int code = 0;

	pthread_mutex_lock(&timer->lock);
	while (!timer->stopped && code != ETIMEDOUT)
		code = cli_os_condition_wait(&timer->changed, &timer->lock, timer->end_ns);
	if (!timer->stopped)
		timer->on_end(timer->user); /* with the lock, so that cli_os_timer_stop waits */
	pthread_mutex_unlock(&timer->lock);
	return NULL;
}

static void free_timer(struct cli_os_timer *timer)
{
	pthread_cond_destroy(&timer->changed);
	pthread_mutex_destroy(&timer->lock);
	free(timer);
}

int cli_os_timer_start(uint64_t ns, void (*on_end)(void *user), void *user,
		       struct cli_os_timer **timer)
{
	struct cli_os_timer *started = malloc(sizeof(*started));
	int code;

	if (started == NULL)
		return CLI_OS_NO_MEMORY;
	started->stopped = false;
	started->end_ns = cli_os_monotonic_ns() + ns;
	started->on_end = on_end;
	started->user = user;
	cli_os_condition_init(&started->changed);
	pthread_mutex_init(&started->lock, NULL);
	code = start_thread(&started->thread, wait_for_end, started);
	if (code != 0)
		free_timer(started);
	else
		*timer = started;
	return code;
}

void cli_os_timer_stop(struct cli_os_timer *timer)
{
	pthread_mutex_lock(&timer->lock);
	timer->stopped = true;
	pthread_cond_signal(&timer->changed);
	pthread_mutex_unlock(&timer->lock);
	pthread_join(timer->thread, NULL);
	free_timer(timer);
}

/* ---- Signals that tell the process to end ------------------------------------------------ */

static const struct {
	int number;
	const char *name;
} watched[] = {{SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}, {SIGHUP, "SIGHUP"}};

enum {
	WATCHED = sizeof(watched) / sizeof(watched[0]),
	WAKE = SIGTERM, /* what cli_os_stops_end wakes the thread with */
};

/* A thread waits for the signals, which are blocked everywhere, so that on_stop is ordinary code
 * and not a signal handler. */
struct cli_os_stops {
	pthread_t thread;
	sigset_t signals, before;
	atomic_bool done;
	bool ignores_wake; /* the signal that wakes the thread is otherwise ignored */
	void (*on_stop)(void *user, int number);
	void *user;
};

const char *cli_os_stop_name(int number)
{
	for (size_t i = 0; i < WATCHED; i++)
		if (watched[i].number == number)
			return watched[i].name;
	return "a signal";
}

static void *wait_for_signals(void *argument)
{
	struct cli_os_stops *stops = argument;
	int number = 0;

	for (;;) {
		if (sigwait(&stops->signals, &number) != 0)
			continue;
		if (atomic_load(&stops->done))
			return NULL;
		if (number != WAKE || !stops->ignores_wake)
			stops->on_stop(stops->user, number);
	}
}

static void choose_signals(struct cli_os_stops *stops)
{
	struct sigaction action;

	sigemptyset(&stops->signals);
	for (size_t i = 0; i < WATCHED; i++)
		if (sigaction(watched[i].number, NULL, &action) == 0 &&
		    action.sa_handler != SIG_IGN)
			sigaddset(&stops->signals, watched[i].number);
	stops->ignores_wake = !sigismember(&stops->signals, WAKE);
	sigaddset(&stops->signals, WAKE);
}

int cli_os_stops_begin(void (*on_stop)(void *user, int number), void *user,
		       struct cli_os_stops **stops)
{
	struct cli_os_stops *begun = malloc(sizeof(*begun));
	int code;

	if (begun == NULL)
		return CLI_OS_NO_MEMORY;
	atomic_init(&begun->done, false);
	begun->on_stop = on_stop;
	begun->user = user;
	choose_signals(begun);
	pthread_sigmask(SIG_BLOCK, &begun->signals, &begun->before);
	code = start_thread(&begun->thread, wait_for_signals, begun);
	if (code == 0) {
		*stops = begun;
		return 0;
	}
	pthread_sigmask(SIG_SETMASK, &begun->before, NULL);
	free(begun);
	return code;
}

void cli_os_stops_end(struct cli_os_stops *stops)
{
	atomic_store(&stops->done, true);
	/* Sent to the thread, it is taken before any that was sent to the process; those stay
	 * pending and do what they always do as soon as they are not blocked any more. */
	pthread_kill(stops->thread, WAKE);
	pthread_join(stops->thread, NULL);
	pthread_sigmask(SIG_SETMASK, &stops->before, NULL);
	free(stops);
}

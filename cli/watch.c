/* SPDX-License-Identifier: Apache-2.0
 *
 * A thread that waits for the signals, which are blocked everywhere, so that the
 * interrupt handle is used from ordinary code and not from a signal handler.
 */
#define _POSIX_C_SOURCE 200809L
#include "watch.h"

#include <time.h>
#include <unistd.h>

#include "tool.h"

static const struct {
	int number;
	const char *name;
} watched[] = {{SIGINT, "SIGINT"}, {SIGTERM, "SIGTERM"}, {SIGHUP, "SIGHUP"}};

enum {
	WATCHED = sizeof(watched) / sizeof(watched[0]),
	WAKE = SIGTERM, /* what watch_stop wakes the thread with */
};

const char *watch_signal_name(int number)
{
	for (size_t i = 0; i < WATCHED; i++)
		if (watched[i].number == number)
			return watched[i].name;
	return "a signal";
}

/* The call may not have begun when the signal comes: tries again until it has, or is over. */
static void kill_call(struct watch *watch)
{
	static const struct timespec pause = {.tv_nsec = 1000000};

	while (!atomic_load(&watch->done) && !mote_interrupt_kill(watch->interrupt))
		nanosleep(&pause, NULL);
}

static void *wait_for_signals(void *argument)
{
	struct watch *watch = argument;
	int number = 0;

	for (;;) {
		if (sigwait(&watch->signals, &number) != 0)
			continue;
		if (atomic_load(&watch->done))
			return NULL;
		if (number == WAKE && watch->ignores_wake)
			continue;
		if (atomic_exchange(&watch->caught, number) != 0)
			_exit(EXIT_SIGNAL +
			      number); /* the call did not end; somebody is impatient */
		kill_call(watch);
	}
}

int watch_start(struct watch *watch, mote_interrupt *interrupt)
{
	struct sigaction action;
	int code;

	watch->interrupt = interrupt;
	atomic_init(&watch->caught, 0);
	atomic_init(&watch->done, false);
	sigemptyset(&watch->signals);
	for (size_t i = 0; i < WATCHED; i++)
		if (sigaction(watched[i].number, NULL, &action) == 0 &&
		    action.sa_handler != SIG_IGN)
			sigaddset(&watch->signals, watched[i].number);
	watch->ignores_wake = !sigismember(&watch->signals, WAKE);
	sigaddset(&watch->signals, WAKE);
	pthread_sigmask(SIG_BLOCK, &watch->signals, &watch->before);
	code = pthread_create(&watch->thread, NULL, wait_for_signals, watch);
	if (code != 0)
		pthread_sigmask(SIG_SETMASK, &watch->before, NULL);
	return code;
}

int watch_stop(struct watch *watch)
{
	atomic_store(&watch->done, true);
	/* Sent to the thread, it is taken before any that was sent to the process; those stay
	 * pending and do what they always do as soon as they are not blocked any more. */
	pthread_kill(watch->thread, WAKE);
	pthread_join(watch->thread, NULL);
	pthread_sigmask(SIG_SETMASK, &watch->before, NULL);
	return atomic_load(&watch->caught);
}

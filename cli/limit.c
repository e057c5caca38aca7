/* SPDX-License-Identifier: Apache-2.0
 *
 * A thread that ends the process when a step takes too long.
 */
#define _POSIX_C_SOURCE 200809L
#include "limit.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

enum { NS_PER_S = 1000000000 };

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static int set_problem(const struct limit *limit, struct problem *problem)
{
	return problem_set(problem, EXIT_DEADLINE, "wall_deadline",
			   "%s guest image %s: the wall-clock deadline passed (--timeout)",
			   limit->what, limit->guest);
}

static void *wait_for_end(void *argument)
{
	struct limit *limit = argument;
	uint64_t end_ns = limit->begin_ns + limit->left_ns;
	const struct timespec end = {.tv_sec = (time_t)(end_ns / NS_PER_S),
				     .tv_nsec = (long)(end_ns % NS_PER_S)};
	int code = 0;

	pthread_mutex_lock(&limit->lock);
	while (!limit->done && code != ETIMEDOUT)
		code = pthread_cond_timedwait(&limit->changed, &limit->lock, &end);
	if (!limit->done) {
		struct problem problem;

		set_problem(limit, &problem);
		/* The lock is kept: the main thread may come as far as limit_end, no further. */
		_exit(problem_report(&problem, "run", limit->as_json));
	}
	pthread_mutex_unlock(&limit->lock);
	return NULL;
}

/* Signals stay the affair of the main thread. */
static int start_thread(struct limit *limit)
{
	sigset_t all, before;
	int code;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	code = pthread_create(&limit->thread, NULL, wait_for_end, limit);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return code;
}

int limit_begin(struct limit *limit, const char *what, const char *guest, struct problem *problem)
{
	pthread_condattr_t attributes;
	int code;

	if (!limit->limited)
		return EXIT_FINE;
	limit->what = what;
	limit->guest = guest;
	limit->begin_ns = now_ns();
	limit->done = false;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&limit->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&limit->lock, NULL);
	code = start_thread(limit);
	if (code == 0)
		return EXIT_FINE;
	return problem_set(problem, EXIT_PROBLEM, "os", "thread for --timeout: %s", strerror(code));
}

int limit_end(struct limit *limit, int failed, struct problem *problem)
{
	uint64_t spent;

	if (!limit->limited)
		return failed;
	pthread_mutex_lock(&limit->lock);
	limit->done = true;
	pthread_cond_signal(&limit->changed);
	pthread_mutex_unlock(&limit->lock);
	pthread_join(limit->thread, NULL);
	pthread_cond_destroy(&limit->changed);
	pthread_mutex_destroy(&limit->lock);
	spent = now_ns() - limit->begin_ns;
	limit->left_ns = spent < limit->left_ns ? limit->left_ns - spent : 0;
	if (failed == EXIT_FINE && limit->left_ns == 0)
		return set_problem(limit, problem);
	return failed;
}

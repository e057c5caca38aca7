/* SPDX-License-Identifier: Apache-2.0
 *
 * What ends a run of the simulated /dev/mshv that has no exit: a signal that arrives in it.  One
 * that arrives before it is lost, unless its handler replaces the descriptor.
 */
#define _GNU_SOURCE /* sigaction */
#include "sim/mshv/mshv_simulator.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

enum { SIGNAL = SIGUSR1 };

static _Atomic int handled;

static void pause_ns(long nanoseconds)
{
	const struct timespec time = {0, nanoseconds};

	nanosleep(&time, NULL);
}

static void count(int number)
{
	(void)number;
	atomic_fetch_add(&handled, 1);
}

static void handle(void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};

	sigemptyset(&action.sa_mask);
	REQUIRE_EQ(sigaction(SIGNAL, &action, NULL), 0);
	atomic_store(&handled, 0);
}

/* ---- Rings ----------------------------------------------------------------------------------- */

static pthread_t ringer, rung;
static atomic_bool rings;

static void *ring(void *user)
{
	(void)user;
	while (atomic_load(&rings)) {
		pthread_kill(rung, SIGNAL);
		pause_ns(10000000);
	}
	return NULL;
}

void begin_ringing(void)
{
	handle(count);
	rung = pthread_self();
	atomic_store(&rings, true);
	REQUIRE_EQ(pthread_create(&ringer, NULL, ring, NULL), 0);
}

void end_ringing(void)
{
	atomic_store(&rings, false);
	pthread_join(ringer, NULL);
}

static void a_signal_ends_a_run(void)
{
	put_loop();
	begin_ringing();
	CHECK_EQ(request(vp, MOTE_MSHV_RUN_VP, &message), -EINTR);
	end_ringing();
	CHECK(atomic_load(&handled) > 0);
	CHECK_EQ(get(MOTE_MSHV_EXPLICIT_SUSPEND), 1);
	CHECK_EQ(get(MOTE_MSHV_INTERCEPT_SUSPEND), 0);
	put_store(NOWHERE);
	run_to(MOTE_MSHV_MESSAGE_UNMAPPED_GPA);
}

/* It stays pending: the program takes it, or unblocks it. */
static void a_blocked_signal_ends_none(void)
{
	sigset_t set, before;
	int number = 0;

	handle(count);
	sigemptyset(&set);
	sigaddset(&set, SIGNAL);
	REQUIRE_EQ(pthread_sigmask(SIG_BLOCK, &set, &before), 0);
	pthread_kill(pthread_self(), SIGNAL);
	put_store(NOWHERE);
	run_to(MOTE_MSHV_MESSAGE_UNMAPPED_GPA);
	CHECK_EQ(atomic_load(&handled), 0);
	CHECK_EQ(sigwait(&set, &number), 0);
	CHECK_EQ(number, SIGNAL);
	REQUIRE_EQ(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
}

static void a_signal_before_a_run_does_not_end_it(void)
{
	handle(count);
	pthread_kill(pthread_self(), SIGNAL);
	CHECK_EQ(atomic_load(&handled), 1);
	put_store(NOWHERE);
	run_to(MOTE_MSHV_MESSAGE_UNMAPPED_GPA);
}

/* ---- One kick each --------------------------------------------------------------------------- */

enum { NOT_SENT, TO_SEND, SENT };

struct kicks {
	pthread_t runner;
	atomic_int state;
	atomic_bool ends, left;
	_Atomic uint64_t lost;
	bool repeats; /* frees a runner whose kick was lost */
};

static int null_file, run_file;

static void replace_and_count(int number)
{
	(void)number;
	atomic_fetch_add(&handled, 1);
	sim->replace(sim, run_file, null_file);
}

/* Whether the runner leaves in time: long after any kick that was not lost. */
static bool leaves(const struct kicks *kicks)
{
	for (int i = 0; i < 200 && !atomic_load(&kicks->left); i++)
		pause_ns(1000000);
	return atomic_load(&kicks->left);
}

static void *send_kicks(void *user)
{
	struct kicks *kicks = user;

	for (unsigned round = 0; !atomic_load(&kicks->ends); round++) {
		while (atomic_load(&kicks->state) != TO_SEND && !atomic_load(&kicks->ends))
			pause_ns(1000);
		if (atomic_load(&kicks->ends))
			break;
		pause_ns(round % 97 * 1000);
		pthread_kill(kicks->runner, SIGNAL);
		atomic_store(&kicks->state, SENT);
		if (!kicks->repeats)
			continue;
		if (!leaves(kicks))
			kicks->lost++;
		while (!atomic_load(&kicks->left)) {
			pthread_kill(kicks->runner, SIGNAL);
			pause_ns(1000000);
		}
	}
	return NULL;
}

/* Runs that only a kick ends: rounds, or until some are lost. */
static void run_and_kick(struct kicks *kicks, uint64_t rounds, uint64_t most_lost)
{
	pthread_t sender;

	kicks->runner = pthread_self();
	REQUIRE_EQ(pthread_create(&sender, NULL, send_kicks, kicks), 0);
	for (uint64_t i = 0; i < rounds && kicks->lost <= most_lost; i++) {
		int result;

		atomic_store(&kicks->left, false);
		atomic_store(&kicks->state, TO_SEND);
		result = request(run_file, MOTE_MSHV_RUN_VP, &message);
		atomic_store(&kicks->left, true);
		if (result != -EINTR && result != -ENOTTY)
			CHECK_EQ(result, -EINTR);
		while (atomic_load(&kicks->state) != SENT)
			pause_ns(1000);
		if (run_file != vp)
			sim->replace(sim, run_file, vp);
	}
	atomic_store(&kicks->ends, true);
	pthread_join(sender, NULL);
}

static void signals_in_the_window_are_lost(void)
{
	struct kicks kicks = {.repeats = true};

	put_loop();
	handle(count);
	sim_mshv_rules()->window_us = 50;
	run_file = vp;
	run_and_kick(&kicks, 1000, 0);
	CHECK(kicks.lost > 0);
}

static void no_kick_is_lost_that_replaces_the_descriptor(void)
{
	struct kicks kicks = {.repeats = false};
	const uint64_t rounds = test_scale(10000);

	put_loop();
	null_file = sim->open(sim, "/dev/null");
	run_file = sim->duplicate(sim, vp);
	REQUIRE(null_file >= 0 && run_file >= 0);
	handle(replace_and_count);
	sim_mshv_rules()->window_us = 20;
	run_and_kick(&kicks, rounds, 0);
	CHECK(atomic_load(&handled) >= (int)rounds);
	sim->close(sim, run_file);
	sim->close(sim, null_file);
}

static void begin(void)
{
	begin_vp();
	begin_code();
}

const struct test_case kick_cases[] = {
	CASE_WITHIN(a_signal_ends_a_run, begin, end),
	CASE_WITHIN(a_blocked_signal_ends_none, begin, end),
	CASE_WITHIN(a_signal_before_a_run_does_not_end_it, begin, end),
	CASE_WITHIN(signals_in_the_window_are_lost, begin, end),
	CASE_WITHIN(no_kick_is_lost_that_replaces_the_descriptor, begin, end),
};

const size_t kick_case_count = TEST_COUNT(kick_cases);

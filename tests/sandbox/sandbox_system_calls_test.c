/* SPDX-License-Identifier: Apache-2.0
 *
 * What a call costs in system calls of its thread, as docs/limits.md says, counted
 * one by one.
 */
#define _GNU_SOURCE
#include <time.h>
#include <unistd.h>

#include <signal.h>

#include "fixture.h"
#include "system_calls.h"

static const uint64_t HOUR = 3600000000000;

enum { REPEATS = 20 };

struct subject {
	mote_engine *engine;
	mote_sandbox *sandbox;
	uint64_t per_clock; /* system calls that a look at the monotonic clock costs here */
};

/* An engine that watches a deadline already, and a sandbox that is warm. */
static struct subject subject(void)
{
	const mote_value none = mote_value_u32(0);
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	struct subject subject = {0};
	mote_error error = MOTE_ERROR_INIT;
	mote_function tick;

	if (TEST_SANITIZED)
		SKIP("sanitizers make system calls of their own");
	subject.engine = fixture_engine();
	subject.sandbox = fixture_sandbox(subject.engine, "loops", NULL);
	REQUIRE_OK(mote_sandbox_find(subject.sandbox, "tick", NULL, &tick, &error), &error);
	options.wall_ns = HOUR;
	options.cpu_ns = HOUR;
	REQUIRE_OK(mote_sandbox_call(subject.sandbox, tick, &none, 1, &options, NULL, &error),
		   &error);
	return subject;
}

/* ---- Making calls ------------------------------------------------------------------------- */

struct cost {
	const char *what;
	uint64_t wall_ns, cpu_ns;
	uint32_t host_calls;
	size_t batch; /* calls in one; 0: a plain call */
	uint64_t runs, cpu_clocks, clocks;
};

/* The result tells whether the call itself went well. */
static bool make_call(mote_sandbox *sandbox, const struct cost *cost)
{
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	mote_value arguments[8], results[8];
	size_t calls = cost->batch ? cost->batch : 1;
	mote_function tick;
	mote_status status;

	options.wall_ns = cost->wall_ns;
	options.cpu_ns = cost->cpu_ns;
	for (size_t i = 0; i < calls; i++)
		arguments[i] = mote_value_u32(cost->host_calls);
	if (mote_sandbox_find(sandbox, "tick", "u32(u32)", &tick, NULL) != MOTE_OK)
		return false;
	status = cost->batch
			 ? mote_sandbox_call_batch(sandbox, tick, arguments, calls, &options,
						   results, NULL)
			 : mote_sandbox_call(sandbox, tick, arguments, 1, &options, results, NULL);
	return status == MOTE_OK && results[calls - 1].as.u32 == cost->host_calls;
}

static void check_cost(const struct subject *subject, const struct cost *cost,
		       const struct system_calls *made, uint64_t masks, uint64_t alarms)
{
	if (!CHECK_EQ(made->runs, cost->runs) || !CHECK_EQ(made->cpu_clocks, cost->cpu_clocks) ||
	    !CHECK_EQ(made->clocks, cost->clocks * subject->per_clock) ||
	    !CHECK_EQ(made->masks, masks) || !CHECK_EQ(made->alarms, alarms) ||
	    !CHECK_EQ(made->others, 0))
		test_note("in: %s (last other system call: %llu)", cost->what,
			  (unsigned long long)made->last_other);
}

/* What a look at the clock costs; leaves the counter at zero. */
static void calibrate(struct subject *subject, struct system_call_counter *counter)
{
	struct timespec now;

	system_calls_take(counter);
	clock_gettime(CLOCK_MONOTONIC, &now);
	subject->per_clock = system_calls_take(counter).clocks;
}

static const struct cost costs[] = {
	{"no deadline", 0, 0, 0, 0, 1, 0, 0},
	{"no deadline, a host function", 0, 0, 1, 0, 2, 0, 0},
	{"no deadline, a batch", 0, 0, 0, 8, 1, 0, 0},
	{"wall clock", HOUR, 0, 0, 0, 1, 0, 1},
	{"wall clock, a host function", HOUR, 0, 1, 0, 2, 0, 1},
	{"wall clock, a batch", HOUR, 0, 0, 8, 1, 0, 1},
	{"CPU time", 0, HOUR, 0, 0, 1, 1, 1},
	{"CPU time, a host function", 0, HOUR, 1, 0, 2, 3, 2},
	{"CPU time, a batch", 0, HOUR, 0, 8, 1, 1, 1},
	{"both", HOUR, HOUR, 0, 0, 1, 1, 1},
	{"both, a host function", HOUR, HOUR, 1, 0, 2, 3, 2},
	{"both, a batch of host functions", HOUR, HOUR, 1, 8, 9, 17, 9},
};

/* ---- Cases -------------------------------------------------------------------------------- */

static void make_known_calls(struct system_call_counter *counter, void *user)
{
	struct system_calls made;

	(void)user;
	system_calls_take(counter);
	for (unsigned i = 0; i < 3; i++)
		getppid();
	made = system_calls_take(counter);
	CHECK_EQ(made.others, 3);
	CHECK_EQ(made.runs + made.cpu_clocks + made.alarms + made.masks, 0);
}

static void the_counter_counts(void)
{
	if (TEST_SANITIZED)
		SKIP("sanitizers make system calls of their own");
	system_calls_of(make_known_calls, NULL);
}

static void make_warm_calls(struct system_call_counter *counter, void *user)
{
	struct subject *subject = user;

	CHECK(make_call(subject->sandbox, &costs[0])); /* the first of this thread */
	calibrate(subject, counter);
	for (size_t i = 0; i < REPEATS * TEST_COUNT(costs); i++) {
		const struct cost *cost = &costs[i % TEST_COUNT(costs)];
		bool well = make_call(subject->sandbox, cost);
		struct system_calls made = system_calls_take(counter);

		check_cost(subject, cost, &made, 0, 0);
		CHECK(well);
		system_calls_take(counter);
	}
}

static void warm_calls(void)
{
	struct subject it = subject();

	system_calls_of(make_warm_calls, &it);
	fixture_destroy(it.sandbox, it.engine);
}

static void make_first_call(struct system_call_counter *counter, void *user)
{
	struct subject *subject = user;
	const struct cost *cost = &costs[TEST_COUNT(costs) - 2];
	struct system_calls made;
	bool well;

	calibrate(subject, counter);
	well = make_call(subject->sandbox, cost);
	made = system_calls_take(counter);
	check_cost(subject, cost, &made, 1, 0);
	CHECK(well);
}

static void the_first_call_of_a_thread(void)
{
	struct subject it = subject();

	for (unsigned i = 0; i < 3; i++)
		system_calls_of(make_first_call, &it);
	fixture_destroy(it.sandbox, it.engine);
}

static void make_earlier_deadlines(struct system_call_counter *counter, void *user)
{
	struct subject *subject = user;
	struct system_calls made;
	bool well;

	CHECK(make_call(subject->sandbox, &costs[0]));
	calibrate(subject, counter);
	for (unsigned i = 0; i < 2 * REPEATS; i++) {
		struct cost cost = {"an earlier deadline", 0, 0, 0, 0, 1, 0, 1};
		/* Each a minute earlier than the one before, then once more the same. */
		uint64_t moment = HOUR - (i / 2 + 1) * (HOUR / 60);

		cost.cpu_clocks = i / 2 % 2;
		*(cost.cpu_clocks ? &cost.cpu_ns : &cost.wall_ns) = moment;
		well = make_call(subject->sandbox, &cost);
		made = system_calls_take(counter);
		check_cost(subject, &cost, &made, 0, i % 2 == 0);
		CHECK(well);
		system_calls_take(counter);
	}
}

/* The thread that watches is told by its alarm, and not woken. */
static void a_deadline_earlier_than_all_others(void)
{
	struct subject it = subject();

	system_calls_of(make_earlier_deadlines, &it);
	fixture_destroy(it.sandbox, it.engine);
}

/* The first of a sandbox: the guest begins. */
static void the_first_call_of_a_sandbox(void)
{
	struct subject it = subject();
	mote_sandbox *warm = it.sandbox;

	for (unsigned i = 0; i < 3; i++) {
		it.sandbox = fixture_sandbox(it.engine, "loops", NULL);
		system_calls_of(make_first_call, &it);
		fixture_destroy(it.sandbox, NULL);
	}
	fixture_destroy(warm, it.engine);
}

static void make_calls_of_two_engines(struct system_call_counter *counter, void *user)
{
	mote_sandbox **sandboxes = user;
	struct subject none = {0};

	for (unsigned i = 0; i < 2; i++)
		CHECK(make_call(sandboxes[i], &costs[0]));
	system_calls_take(counter);
	for (unsigned i = 0; i < REPEATS; i++) {
		bool well = make_call(sandboxes[i % 2], &costs[0]);
		struct system_calls made = system_calls_take(counter);

		check_cost(&none, &costs[0], &made, 0, 0);
		CHECK(well);
		system_calls_take(counter);
	}
}

/* Two engines with a signal each, on one thread. */
static void engines_with_signals_of_their_own(void)
{
	struct subject it = subject();
	mote_engine_options options = MOTE_ENGINE_OPTIONS_INIT;
	mote_sandbox *sandboxes[2] = {it.sandbox, NULL};
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *other;

	options.kick_signal = SIGUSR2;
	REQUIRE_OK(mote_engine_create(&options, &other, &error), &error);
	sandboxes[1] = fixture_sandbox(other, "loops", NULL);
	system_calls_of(make_calls_of_two_engines, sandboxes);
	fixture_destroy(sandboxes[1], other);
	fixture_destroy(it.sandbox, it.engine);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(the_counter_counts),
		CASE(warm_calls),
		CASE(the_first_call_of_a_thread),
		CASE(the_first_call_of_a_sandbox),
		CASE(a_deadline_earlier_than_all_others),
		CASE(engines_with_signals_of_their_own),
	};

	return test_main("sandbox_system_calls", cases, TEST_COUNT(cases), argc, argv);
}

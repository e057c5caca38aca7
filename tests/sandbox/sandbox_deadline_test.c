/* SPDX-License-Identifier: Apache-2.0
 *
 * Deadlines: whatever a guest does, its call ends when its wall-clock or CPU time
 * is over, with the status of the one that was, and nothing else is hit.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fixture.h"

static const uint64_t MS = 1000000;

static mote_status call(mote_sandbox *sandbox, const char *name, const mote_call_options *options,
			mote_error *error)
{
	mote_function function;

	REQUIRE_EQ(mote_sandbox_find(sandbox, name, NULL, &function, error), MOTE_OK);
	return mote_sandbox_call(sandbox, function, NULL, 0, options, NULL, error);
}

static void check_ended(const char *name, uint64_t wall_ns, uint64_t cpu_ns, mote_status expected)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	uint64_t begin = test_now_ns();

	options.wall_ns = wall_ns;
	options.cpu_ns = cpu_ns;
	CHECK_STATUS(call(sandbox, name, &options, &error), expected, &error);
	CHECK(test_now_ns() - begin >= (wall_ns < cpu_ns || cpu_ns == 0 ? wall_ns : cpu_ns));
	CHECK_CONTAINS(error.text, "deadline");
	CHECK(mote_sandbox_is_poisoned(sandbox));
	CHECK_STATUS(call(sandbox, "still_alive", NULL, &error), MOTE_POISONED, &error);
	CHECK_CONTAINS(error.text, "deadline");
	fixture_destroy(sandbox, engine);
}

static void wall_clock_ends_a_loop(void)
{
	check_ended("spin", 10 * MS, 0, MOTE_WALL_DEADLINE);
}

static void wall_clock_ends_host_calls(void)
{
	check_ended("spin_host", 10 * MS, 0, MOTE_WALL_DEADLINE);
}

static void wall_clock_ends_logging(void)
{
	check_ended("spin_log", 10 * MS, 0, MOTE_WALL_DEADLINE);
}

static void cpu_time_ends_a_loop(void)
{
	check_ended("spin", 0, 10 * MS, MOTE_CPU_DEADLINE);
}

static void cpu_time_ends_host_calls(void)
{
	check_ended("spin_host", 0, 10 * MS, MOTE_CPU_DEADLINE);
}

static void the_earlier_of_both_counts(void)
{
	check_ended("spin", 10 * MS, 60000 * MS, MOTE_WALL_DEADLINE);
	check_ended("spin", 600000 * MS, 10 * MS, MOTE_CPU_DEADLINE);
}

/* A deadline that is over at once still gives its own status. */
static void a_nanosecond_is_enough_to_end(void)
{
	check_ended("spin", 1, 0, MOTE_WALL_DEADLINE);
	check_ended("spin", 0, 1, MOTE_CPU_DEADLINE);
}

static void the_sandbox_sets_what_the_call_does_not(void)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_call_options none = MOTE_CALL_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;

	options.wall_ns = 10 * MS;
	sandbox = fixture_sandbox(engine, "faults", &options);
	none.wall_ns = MOTE_NO_DEADLINE;
	CHECK_STATUS(call(sandbox, "still_alive", &none, &error), MOTE_OK, &error);
	CHECK_STATUS(call(sandbox, "spin", NULL, &error), MOTE_WALL_DEADLINE, &error);
	fixture_destroy(sandbox, engine);
}

/* The calls before and after are not hit by a deadline of another call. */
static void only_its_own_call_is_ended(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	unsigned int ended = 0;

	/* Deadlines about as long as a call: many pass just when it is over. */
	for (unsigned int i = 0; i < test_scale(3000); i++) {
		mote_status status;

		options.wall_ns = (i * 7919) % 100000 + 1000;
		status = call(sandbox, "still_alive", &options, &error);
		if (status == MOTE_OK)
			status = call(sandbox, "still_alive", NULL, &error);
		else
			CHECK_STATUS(status, MOTE_WALL_DEADLINE, &error);
		if (status == MOTE_OK)
			continue;
		REQUIRE_EQ(status, MOTE_WALL_DEADLINE);
		ended++;
		fixture_destroy(sandbox, NULL);
		sandbox = fixture_sandbox(engine, "faults", NULL);
	}
	test_note("%u calls ended", ended);
	/* In a few rounds on one processor, as in the beds, the watching thread may come too late
	 * for every one of them; in all rounds on two it ends a thousand. */
	if (test_scale(3000) == 3000 && sysconf(_SC_NPROCESSORS_ONLN) > 1)
		CHECK(ended > 0);
	fixture_destroy(sandbox, engine);
}

/* CPU time of the calling thread. */
static uint64_t cpu_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t host_used; /* CPU time, by host functions */

/* Uses CPU time for a while, in the host. */
static mote_status work(void *user, const mote_value *arguments, size_t count, mote_value *result,
			mote_error *error)
{
	uint64_t begin = cpu_now(), used;

	(void)user, (void)count, (void)error;
	do
		used = cpu_now() - begin;
	while (used < 200 * MS);
	host_used += used;
	result->as.u32 = arguments[0].as.u32 + 1;
	return MOTE_OK;
}

/*
 * Calls a function that calls the host once, with a limit that the guest alone keeps. On a very
 * busy machine it may not: then it must have used the limit itself, and the call is tried again.
 */
static void check_host_is_free(mote_host_callback callback, uint64_t cpu_ns)
{
	const mote_host_function functions[] = {{"host_tick", "u32(u32)", callback, NULL, NULL}};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_call_options limits = MOTE_CALL_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_status status;

	options.host_functions = functions;
	options.host_function_count = 1;
	limits.cpu_ns = cpu_ns;
	do {
		mote_sandbox *sandbox = fixture_sandbox(engine, "faults", &options);
		uint64_t begin = cpu_now(), used;

		host_used = 0;
		status = call(sandbox, "tick_once", &limits, &error);
		used = cpu_now() - begin - host_used;
		if (status == MOTE_CPU_DEADLINE)
			REQUIRE(used >= cpu_ns);
		else
			REQUIRE_STATUS(status, MOTE_OK, &error);
		fixture_destroy(sandbox, NULL);
	} while (status != MOTE_OK);
	mote_engine_release(engine);
}

static void host_functions_cost_no_cpu_time(void)
{
	check_host_is_free(work, 100 * MS); /* half of what the host function uses */
}

/* Sleeps for a while. */
static mote_status rest(void *user, const mote_value *arguments, size_t count, mote_value *result,
			mote_error *error)
{
	const struct timespec moment = {0, 100000000};

	(void)user, (void)count, (void)error;
	nanosleep(&moment, NULL);
	*result = arguments[0];
	return MOTE_OK;
}

static void sleep_in_host_functions_is_no_cpu_time(void)
{
	const mote_host_function functions[] = {{"host_tick", "u32(u32)", rest, NULL, NULL}};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_call_options limits = MOTE_CALL_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;

	for (unsigned int i = 0; i < 3; i++)
		check_host_is_free(rest, 50 * MS);
	/* Of the wall clock it is, and the function is not interrupted. */
	options.host_functions = functions;
	options.host_function_count = 1;
	sandbox = fixture_sandbox(engine, "faults", &options);
	limits.wall_ns = 50 * MS;
	CHECK_STATUS(call(sandbox, "tick_once", &limits, &error), MOTE_WALL_DEADLINE, &error);
	fixture_destroy(sandbox, engine);
}

/* ---- Whatever a guest does ---------------------------------------------------------------- */

static const char *const never_ending[] = {"spin", "spin_relaxed", "spin_ticking"};

static void check_ends(mote_engine *engine, const char *function, uint64_t wall_ns, uint64_t cpu_ns,
		       mote_status expected)
{
	mote_sandbox *sandbox = fixture_sandbox(engine, "loops", NULL);
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_status status;

	options.wall_ns = wall_ns;
	options.cpu_ns = cpu_ns;
	status = call(sandbox, function, &options, &error);
	CHECK_STATUS(status, expected, &error);
	if (status != expected)
		test_note("in: %s", function);
	CHECK(!mote_interrupt_is_killed(mote_sandbox_get_interrupt(sandbox)));
	CHECK_EQ(test_interrupt_state(mote_sandbox_get_interrupt(sandbox)).cancelled,
		 expected != MOTE_GUEST_FAULT);
	fixture_destroy(sandbox, NULL);
}

static void ten_milliseconds_end_whatever_a_guest_does(void)
{
	mote_engine *engine = fixture_engine();

	for (size_t i = 0; i < TEST_COUNT(never_ending); i++) {
		const char *function = never_ending[i];

		check_ends(engine, function, 10 * MS, 0, MOTE_WALL_DEADLINE);
		check_ends(engine, function, 0, 10 * MS, MOTE_CPU_DEADLINE);
		check_ends(engine, function, 10 * MS, 600000 * MS, MOTE_WALL_DEADLINE);
		check_ends(engine, function, 600000 * MS, 10 * MS, MOTE_CPU_DEADLINE);
	}
	mote_engine_release(engine);
}

/* It cannot fault for ever: no handler of the guest runs, so the first fault ends its call, and the
 * deadline comes first on a slow machine only. */
static void a_guest_that_faults_in_its_own_stack_ends(void)
{
	static const char *const functions[] = {"lose_stack", "use_up_stack"};
	mote_engine *engine = fixture_engine();

	for (size_t i = 0; i < 2 * TEST_COUNT(functions); i++) {
		mote_sandbox *sandbox = fixture_sandbox(engine, "loops", NULL);
		mote_call_options options = MOTE_CALL_OPTIONS_INIT;
		mote_error error = MOTE_ERROR_INIT;
		mote_status status;

		*(i / 2 ? &options.cpu_ns : &options.wall_ns) = 10 * MS;
		status = call(sandbox, functions[i % 2], &options, &error);
		if (status != (i / 2 ? MOTE_CPU_DEADLINE : MOTE_WALL_DEADLINE))
			CHECK_STATUS(status, MOTE_GUEST_FAULT, &error);
		fixture_destroy(sandbox, NULL);
		check_ends(engine, functions[i % 2], 600000 * MS, 600000 * MS, MOTE_GUEST_FAULT);
	}
	mote_engine_release(engine);
}

static void deadlines_and_kill_work_together(void)
{
	mote_engine *engine = fixture_engine();

	for (size_t i = 0; i < TEST_COUNT(never_ending); i++) {
		mote_sandbox *sandbox = fixture_sandbox(engine, "loops", NULL);
		mote_call_options options = MOTE_CALL_OPTIONS_INIT;
		mote_error error = MOTE_ERROR_INIT;
		struct fixture_killer *killer = fixture_kill_later(sandbox, 1000);

		options.wall_ns = 600000 * MS;
		options.cpu_ns = 600000 * MS;
		CHECK_STATUS(call(sandbox, never_ending[i], &options, &error), MOTE_KILLED, &error);
		CHECK(mote_interrupt_is_killed(mote_sandbox_get_interrupt(sandbox)));
		fixture_killer_join(killer);
		fixture_destroy(sandbox, NULL);
	}
	mote_engine_release(engine);
}

/* ---- Odd values --------------------------------------------------------------------------- */

/* Times that no clock will ever show are as good as none. */
static void endless_deadlines_do_not_overflow(void)
{
	static const uint64_t endless[] = {0, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX - 1,
					   MOTE_NO_DEADLINE};
	mote_sandbox_options defaults = MOTE_SANDBOX_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();

	for (size_t i = 0; i < TEST_COUNT(endless) * TEST_COUNT(endless); i++) {
		mote_call_options options = MOTE_CALL_OPTIONS_INIT;
		mote_error error = MOTE_ERROR_INIT;
		mote_sandbox *sandbox;

		defaults.wall_ns = endless[i % TEST_COUNT(endless)];
		defaults.cpu_ns = endless[i / TEST_COUNT(endless)];
		sandbox = fixture_sandbox(engine, "loops", &defaults);
		CHECK_STATUS(call(sandbox, "nothing", NULL, &error), MOTE_OK, &error);
		options.wall_ns = defaults.cpu_ns;
		options.cpu_ns = defaults.wall_ns;
		CHECK_STATUS(call(sandbox, "nothing", &options, &error), MOTE_OK, &error);
		fixture_destroy(sandbox, NULL);
	}
	mote_engine_release(engine);
}

static const struct test_case cases[] = {
	CASE(wall_clock_ends_a_loop),
	CASE(wall_clock_ends_host_calls),
	CASE(wall_clock_ends_logging),
	CASE(cpu_time_ends_a_loop),
	CASE(cpu_time_ends_host_calls),
	CASE(the_earlier_of_both_counts),
	CASE(a_nanosecond_is_enough_to_end),
	CASE(the_sandbox_sets_what_the_call_does_not),
	CASE(only_its_own_call_is_ended),
	CASE(host_functions_cost_no_cpu_time),
	CASE(sleep_in_host_functions_is_no_cpu_time),
	CASE(ten_milliseconds_end_whatever_a_guest_does),
	CASE(a_guest_that_faults_in_its_own_stack_ends),
	CASE(deadlines_and_kill_work_together),
	CASE(endless_deadlines_do_not_overflow),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_deadline", cases, TEST_COUNT(cases), argc, argv);
}

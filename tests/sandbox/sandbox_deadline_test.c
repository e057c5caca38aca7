/* SPDX-License-Identifier: Apache-2.0
 *
 * Deadlines: whatever a guest does, its call ends when its wall-clock or CPU time
 * is over, with the status of the one that was, and nothing else is hit.
 */
#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <sys/wait.h>
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
	CHECK(mote_sandbox_poisoned(sandbox));
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
	CHECK(ended > 0);
	fixture_destroy(sandbox, engine);
}

/* Uses CPU time for a while, in the host. */
static mote_status work(void *user, const mote_value *arguments, size_t count, mote_value *result,
			mote_error *error)
{
	struct timespec now;
	long begin;

	(void)user;
	(void)count;
	(void)error;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	begin = now.tv_sec * 1000 + now.tv_nsec / 1000000;
	do
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	while (now.tv_sec * 1000 + now.tv_nsec / 1000000 - begin < 200);
	result->as.u32 = arguments[0].as.u32 + 1;
	return MOTE_OK;
}

static void host_functions_cost_no_cpu_time(void)
{
	const mote_host_function functions[] = {{"host_tick", "u32(u32)", work, NULL, NULL}};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_call_options limits = MOTE_CALL_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;

	options.host_functions = functions;
	options.host_function_count = 1;
	sandbox = fixture_sandbox(engine, "faults", &options);
	limits.cpu_ns = 100 * MS; /* half of what the host function uses */
	CHECK_STATUS(call(sandbox, "tick_once", &limits, &error), MOTE_OK, &error);
	fixture_destroy(sandbox, engine);
}

static void deadlines_and_kill_work_together(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	struct fixture_killer *killer = fixture_kill_later(sandbox, 1000);

	options.wall_ns = 600000 * MS;
	options.cpu_ns = 600000 * MS;
	CHECK_STATUS(call(sandbox, "spin", &options, &error), MOTE_KILLED, &error);
	fixture_killer_join(killer);
	fixture_destroy(sandbox, engine);
}

/* The thread that watches does not exist in a child; giving up there must not wait for it. */
static void a_forked_child_gives_up_in_peace(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	int status = 0;
	pid_t child;

	options.wall_ns = 60000 * MS;
	CHECK_STATUS(call(sandbox, "still_alive", &options, &error), MOTE_OK, &error);
	child = fork();
	if (child == 0) {
		mote_status forked = call(sandbox, "still_alive", &options, &error);

		mote_sandbox_destroy(sandbox);
		mote_engine_destroy(engine);
		_exit(forked == MOTE_FORKED ? 0 : 1);
	}
	REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK_STATUS(call(sandbox, "still_alive", &options, &error), MOTE_OK, &error);
	fixture_destroy(sandbox, engine);
}

static const struct test_case cases[] = {
	CASE(wall_clock_ends_a_loop),		CASE(wall_clock_ends_host_calls),
	CASE(wall_clock_ends_logging),		CASE(cpu_time_ends_a_loop),
	CASE(cpu_time_ends_host_calls),		CASE(the_earlier_of_both_counts),
	CASE(a_nanosecond_is_enough_to_end),	CASE(the_sandbox_sets_what_the_call_does_not),
	CASE(only_its_own_call_is_ended),	CASE(host_functions_cost_no_cpu_time),
	CASE(deadlines_and_kill_work_together), CASE(a_forked_child_gives_up_in_peace),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_deadline", cases, TEST_COUNT(cases), argc, argv);
}

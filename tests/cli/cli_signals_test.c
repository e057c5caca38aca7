/* SPDX-License-Identifier: Apache-2.0
 *
 * Ctrl-C and its relatives while a guest runs.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "json_check.h"
#include "test.h"
#include "tool.h"

static void sleep_us(long us)
{
	struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};

	nanosleep(&time, NULL);
}

static void expect_killed(int number, const char *name)
{
	struct tool tool = TOOL_INIT;

	TOOL_START(&tool, "run", test_guest("cli"), "spin");
	tool_await(&tool, "guest info: spinning\n");
	kill(tool.process, number);
	tool_finish(&tool);
	CHECK_EQ(tool.code, 128 + number);
	CHECK_CONTAINS(tool.errors, "\nmote: spin: the call was ended by ");
	CHECK_CONTAINS(tool.errors, name);
	CHECK_STR(tool.output, "");
	tool_clear(&tool);
}

static void signals_end_the_call(void)
{
	tool_need_vm();
	expect_killed(SIGINT, "SIGINT");
	expect_killed(SIGTERM, "SIGTERM");
	expect_killed(SIGHUP, "SIGHUP");
}

static void killed_as_json(void)
{
	struct tool tool = TOOL_INIT;

	tool_need_vm();
	TOOL_START(&tool, "run", "--json", test_guest("cli"), "spin");
	tool_await(&tool, "spinning");
	kill(tool.process, SIGTERM);
	tool_finish(&tool);
	CHECK_EQ(tool.code, 128 + SIGTERM);
	REQUIRE(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "status"), "\"killed\"");
	CHECK_STR(json_at(tool.output, "signal"), "15");
	CHECK_STR(json_at(tool.output, "function"), "\"spin\"");
	tool_clear(&tool);
}

static void ignored_signals_stay_ignored(int ignored, int other)
{
	struct tool tool = TOOL_INIT;

	tool.ignored = ignored;
	TOOL_START(&tool, "run", test_guest("cli"), "spin");
	tool_await(&tool, "spinning");
	kill(tool.process, ignored);
	sleep_us(100000);
	CHECK_EQ(kill(tool.process, 0), 0);
	kill(tool.process, other);
	tool_finish(&tool);
	CHECK_EQ(tool.code, 128 + other);
	tool_clear(&tool);
}

static void nohup_works(void)
{
	tool_need_vm();
	ignored_signals_stay_ignored(SIGHUP, SIGTERM);
	ignored_signals_stay_ignored(SIGINT, SIGTERM);
	ignored_signals_stay_ignored(SIGTERM, SIGINT);
}

/* A signal may arrive after the tool began to watch and before the call began: when the thread that
 * watches is made. */
static void just_before_the_call(void)
{
	uint64_t rounds = test_scale(100);

	tool_need_vm();
	for (uint64_t round = 0; round < rounds; round++) {
		struct tool tool = TOOL_INIT;

		tool.hold = (struct hold){.number = SYS_clone3, .other = SYS_clone};
		TOOL_START(&tool, "run", test_guest("cli"), "spin");
		tool_await_hold(&tool);
		kill(tool.process, SIGTERM);
		hold_let_go(&tool.hold);
		tool_finish(&tool);
		REQUIRE_EQ(tool.code, 128 + SIGTERM);
		tool_clear(&tool);
	}
}

/* What a parent blocked reaches the tool nevertheless: also what came before the tool began. */
static void blocked_signals_arrive(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

	tool_need_vm();
	for (size_t i = 0; i < TEST_COUNT(numbers); i++) {
		struct tool tool = TOOL_INIT;

		tool.hostile_signals = true;
		TOOL_START(&tool, "run", test_guest("cli"), "spin");
		tool_await(&tool, "guest info: spinning\n");
		kill(tool.process, numbers[i]);
		tool_finish(&tool);
		CHECK_EQ(tool.code, 128 + numbers[i]);
		tool_clear(&tool);

		tool.pending = numbers[i];
		TOOL_RUN_PREPARED(&tool, "run", test_guest("cli"), "spin");
		CHECK_EQ(tool.code, TOOL_DIED + numbers[i]);
		tool_clear(&tool);
	}
}

/* Deadlines and plain calls, and the processes of mote bench, do not depend on what a parent did.
 */
static void signals_of_the_parent_do_not_matter(void)
{
	struct tool tool = TOOL_INIT;

	tool_need_vm();
	tool.hostile_signals = true;
	TOOL_RUN_PREPARED(&tool, "run", "--cpu-time", "10ms", test_guest("cli"), "spin");
	CHECK_EQ(tool.code, 5);
	CHECK_CONTAINS(tool.errors, "CPU-time deadline");
	tool_clear(&tool);
	tool.hostile_signals = true;
	TOOL_RUN_PREPARED(&tool, "run", test_guest("echo"), "add", "40", "2");
	tool_expect(&tool, "add", 0, "42\n");
	tool_clear(&tool);
	tool.hostile_signals = true;
	TOOL_RUN_PREPARED(&tool, "bench", "--seconds", "10ms");
	CHECK_EQ(tool.code, 0);
	tool_clear(&tool);
}

/* Opening can take for ever on a file system that does not answer. */
static void opening_can_be_ended(void)
{
	struct tool tool = TOOL_INIT;

	tool.hostile_signals = true;
	tool.hold = (struct hold){.number = SYS_pread64, .minimum_third = 4096};
	TOOL_START(&tool, "run", test_guest("cli"), "spin");
	tool_await_hold(&tool);
	kill(tool.process, SIGINT);
	tool_finish(&tool);
	CHECK_EQ(tool.code, TOOL_DIED + SIGINT);
	tool_clear(&tool);
}

/* Whenever it comes, before, in or after the call, the tool ends by it or finishes. */
static void any_moment(void)
{
	uint64_t rounds = test_scale(150);
	unsigned state = 7, killed = 0;

	tool_need_vm();
	for (uint64_t round = 0; round < rounds; round++) {
		struct tool tool = TOOL_INIT;
		bool spins = round % 3 != 0;

		TOOL_START(&tool, "run", test_guest("cli"), spins ? "spin" : "log_all");
		state = state * 1103515245 + 12345;
		sleep_us((long)(test_slow(1) * (state >> 8) % 15000));
		kill(tool.process, SIGTERM);
		tool_finish(&tool);
		CHECK(tool.code == 128 + SIGTERM || tool.code == TOOL_DIED + SIGTERM ||
		      (!spins && tool.code == 0));
		killed += tool.code == 128 + SIGTERM;
		tool_clear(&tool);
	}
	test_note("%u of %llu ended in the call", killed, (unsigned long long)rounds);
}

/* Nobody reads what the guest says, so the call cannot end; the second signal ends the tool. */
static void second_signal_is_final(void)
{
	struct tool tool = TOOL_INIT;
	char byte;
	int ends[2];

	tool_need_vm();
	REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
	tool.err = ends[1];
	TOOL_START(&tool, "run", test_guest("cli"), "spin_log");
	CHECK_EQ(read(ends[0], &byte, 1), 1); /* it runs */
	sleep_us((long)test_slow(200000));
	kill(tool.process, SIGINT);
	sleep_us((long)test_slow(100000));
	kill(tool.process, SIGINT);
	tool_finish(&tool);
	CHECK_EQ(tool.code, 128 + SIGINT);
	tool_clear(&tool);
	close(ends[0]);
	close(ends[1]);
}

/* Before the call the tool waits for input; then signals do what they always do. */
static void waiting_for_input_can_be_ended(void)
{
	struct tool tool = TOOL_INIT;
	int ends[2];

	REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
	tool.in = ends[0];
	TOOL_START(&tool, "run", test_guest("echo"), "sum_bytes", "@-");
	sleep_us((long)test_slow(100000));
	kill(tool.process, SIGINT);
	tool_finish(&tool);
	CHECK_EQ(tool.code, TOOL_DIED + SIGINT);
	tool_clear(&tool);
	close(ends[0]);
	close(ends[1]);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(signals_end_the_call),
		CASE(killed_as_json),
		CASE(nohup_works),
		CASE(just_before_the_call),
		CASE(blocked_signals_arrive),
		CASE(signals_of_the_parent_do_not_matter),
		CASE(opening_can_be_ended),
		CASE(any_moment),
		CASE(second_signal_is_final),
		CASE(waiting_for_input_can_be_ended),
	};

	return test_main("cli_signals", cases, TEST_COUNT(cases), argc, argv);
}

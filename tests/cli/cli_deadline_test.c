/* SPDX-License-Identifier: Apache-2.0
 *
 * mote run --timeout and --cpu-time.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "json_check.h"
#include "test.h"
#include "tool.h"

/* Runs a function that does not end, with a deadline that passes in the call: --timeout counts from
 * the beginning of the tool, and how long a busy machine takes to create a sandbox is unknown. */
static void run_into_timeout(struct tool *tool, const char *more, const char *function)
{
	char timeout[32];
	bool too_early = true;

	for (unsigned seconds = 1; too_early; seconds *= 2) {
		snprintf(timeout, sizeof(timeout), "%u000000us", seconds);
		TOOL_RUN(tool, "run", more, "--timeout", timeout, test_guest("cli"), function);
		too_early = strstr(tool->errors, "(--timeout)") != NULL;
		if (too_early)
			tool_clear(tool);
	}
}

static void endless_loops_end(void)
{
	static const char *const functions[] = {"spin", "spin_log"};
	struct tool tool;
	uint64_t begin;

	tool_need_vm();
	for (size_t i = 0; i < 2 * TEST_COUNT(functions); i++) {
		const char *function = functions[i / 2];
		bool wall = i % 2 == 0;

		begin = test_now_ns();
		if (wall)
			run_into_timeout(&tool, "--cpu-time=1h", function);
		else
			TOOL_RUN(&tool, "run", "--cpu-time", "10ms", test_guest("cli"), function);
		CHECK_EQ(tool.code, 5);
		CHECK_CONTAINS(tool.errors, wall ? "ended by its wall-clock deadline"
						 : "ended by its CPU-time deadline");
		CHECK_STR(tool.output, "");
		CHECK(test_now_ns() - begin >= (wall ? 1000000000u : 10000000u));
		tool_clear(&tool);
	}
}

/* Runs with a deadline that passes while the guest's file is read, from a file system that does not
 * answer: long enough for a busy machine to come that far. */
static void time_out_in_opening(struct tool *tool, const char *more)
{
	char timeout[32];
	bool held = false;

	for (unsigned ms = 50; !held; ms *= 2) {
		*tool = (struct tool)TOOL_INIT;
		tool->hold = (struct hold){.number = SYS_pread64, .minimum_third = 4096};
		snprintf(timeout, sizeof(timeout), "%ums", ms);
		TOOL_START(tool, "run", "--timeout", timeout, more, test_guest("cli"), "spin");
		held = hold_await(&tool->hold);
		tool_finish(tool);
		if (!held)
			tool_clear(tool);
	}
}

static void opening_counts(void)
{
	struct tool tool;

	if (TOOL_ON_WINDOWS)
		SKIP("no system call can be held here");
	time_out_in_opening(&tool, "--quiet");
	tool_expect_error(&tool, "text", 5, ": the wall-clock deadline passed (--timeout)");
	CHECK_CONTAINS(tool.errors, "mote: opening guest image /");
	tool_clear(&tool);

	time_out_in_opening(&tool, "--json");
	CHECK_EQ(tool.code, 5);
	REQUIRE(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "status"), "\"wall_deadline\"");
	tool_clear(&tool);
}

/* A refused image is refused, with a limit or without. */
static void a_limit_changes_no_refusal(void)
{
	struct tool tool;

	TOOL_RUN(&tool, "run", "--timeout", "1h", "/nowhere/at/all");
	tool_expect_error(&tool, "nowhere", 1, "/nowhere/at/all: " NO_SUCH_FILE);
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--timeout", "1ns", test_guest("echo"), "add", "40", "2");
	tool_expect_error(&tool, "at once", 5, "the wall-clock deadline passed (--timeout)");
	tool_clear(&tool);
}

static void the_first_deadline_counts(void)
{
	struct tool tool;

	tool_need_vm();
	TOOL_RUN(&tool, "run", "--timeout=1h", "--cpu-time=10ms", test_guest("cli"), "spin");
	CHECK_EQ(tool.code, 5);
	CHECK_CONTAINS(tool.errors, "CPU-time deadline");
	tool_clear(&tool);
	run_into_timeout(&tool, "--cpu-time=1h", "spin");
	CHECK_EQ(tool.code, 5);
	CHECK_CONTAINS(tool.errors, "wall-clock deadline");
	tool_clear(&tool);
}

static void quick_calls_are_left_alone(void)
{
	struct tool tool;

	tool_need_vm();
	TOOL_RUN(&tool, "run", "--timeout", "10m", "--cpu-time", "100000h", test_guest("echo"),
		 "add", "40", "2");
	tool_expect(&tool, "add", 0, "42\n");
	tool_clear(&tool);
}

static void deadlines_as_json(void)
{
	struct tool tool;

	tool_need_vm();
	run_into_timeout(&tool, "--json", "spin");
	CHECK_EQ(tool.code, 5);
	REQUIRE(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "status"), "\"wall_deadline\"");
	CHECK_STR(json_at(tool.output, "function"), "\"spin\"");
	CHECK_STR(json_at(tool.output, "fault"), "(none)");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--json", "--cpu-time", "10ms", test_guest("cli"), "spin");
	CHECK_EQ(tool.code, 5);
	REQUIRE(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "status"), "\"cpu_deadline\"");
	tool_clear(&tool);
}

static void bad_durations_are_usage_errors(void)
{
	static const char form[] = "is not a time such as 10ms, 1.5s, 2m or 30 (seconds)";
	static const char range[] = "is not a time of 1ns to 100000h";
	static const struct {
		const char *value, *part;
	} cases[] = {
		{"", form},
		{"soon", form},
		{"-1", form},
		{"+1", form},
		{" 1", form},
		{".5", form},
		{"1.", form},
		{"1.s", form},
		{"1,5", form},
		{"1 s", form},
		{"1e3", form},
		{"0x10", form},
		{"10msec", form},
		{"10S", form},
		{"10d", form},
		{"1.5.2s", form},
		{"inf", form},
		{"0", range},
		{"0s", range},
		{"0.9999999999ns", range},
		{"100001h", range},
		{"100000.1h", range},
		{"99999999999999999999", range},
	};
	static const char *const options[] = {"--timeout", "--cpu-time"};
	struct tool tool;

	for (size_t i = 0; i < 2 * TEST_COUNT(cases); i++) {
		TOOL_RUN(&tool, "run", options[i % 2], cases[i / 2].value, "x");
		tool_expect_error(&tool, cases[i / 2].value, 2, cases[i / 2].part);
		CHECK_CONTAINS(tool.errors, options[i % 2]);
		tool_clear(&tool);
	}
	TOOL_RUN(&tool, "run", "--timeout");
	tool_expect_error(&tool, "nothing", 2, "--timeout needs a value");
	tool_clear(&tool);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(endless_loops_end),
		CASE(opening_counts),
		CASE(a_limit_changes_no_refusal),
		CASE(the_first_deadline_counts),
		CASE(quick_calls_are_left_alone),
		CASE(deadlines_as_json),
		CASE(bad_durations_are_usage_errors),
	};

	return test_main("cli_deadline", cases, TEST_COUNT(cases), argc, argv);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The guest SDK at work, inside sandboxes: self tests of the C library, its printf against the
 * host, the time that it is told, how values travel through it, and how it ends a guest that did
 * something wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "guest_fixture.h"

static mote_status try_call(struct fixture *fixture, const char *name, const mote_value *arguments,
			    size_t count, mote_value *result)
{
	return fixture_try(fixture->sandbox, name, arguments, count, result, &fixture->error);
}

static mote_value call(struct fixture *fixture, const char *name, const mote_value *arguments,
		       size_t count)
{
	return fixture_call(fixture->sandbox, name, arguments, count);
}

/* ---- The libc ---------------------------------------------------------------------------- */

/* Every self test of the guest named libc, in one sandbox, as a program would use it. */
static void libc_passes_its_self_tests(void)
{
	struct fixture fixture;
	uint32_t count;

	guest_set_up(&fixture, "libc", NULL);
	count = call(&fixture, "test_count", NULL, 0).as.u32;
	CHECK(count >= 8);
	for (uint32_t i = 0; i < count; i++) {
		mote_value index = mote_value_u32(i);

		if (!CHECK(call(&fixture, "run_test", &index, 1).as.boolean))
			test_note("%s: %s", call(&fixture, "test_name", &index, 1).as.string.data,
				  fixture.log);
	}
	guest_tear_down(&fixture);
}

/* The index of a self test. */
static mote_value self_test(struct fixture *fixture, const char *name)
{
	uint32_t count = call(fixture, "test_count", NULL, 0).as.u32;

	for (uint32_t i = 0; i < count; i++) {
		mote_value index = mote_value_u32(i);

		if (!strcmp(call(fixture, "test_name", &index, 1).as.string.data, name))
			return index;
	}
	REQUIRE(false);
	return mote_value_u32(0);
}

static void missing_system_calls_are_told_once_by_name(void)
{
	struct fixture fixture;
	mote_value index;
	const char *told;

	guest_set_up(&fixture, "libc", NULL);
	index = self_test(&fixture, "system");
	CHECK(call(&fixture, "run_test", &index, 1).as.boolean);
	told = strstr(fixture.log, "(socket) for guests: ENOSYS");
	CHECK(told && !strstr(told + 1, "(socket)"));
	fixture.log_length = 0;
	CHECK(call(&fixture, "run_test", &index, 1).as.boolean);
	CHECK_EQ(fixture.log_length, 0);
	guest_tear_down(&fixture);
}

static void the_clock_shows_when_the_call_began(void)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	struct fixture fixture;
	int64_t before, shown;

	guest_set_up(&fixture, "libc", NULL);
	CHECK_EQ(call(&fixture, "now", NULL, 0).as.i64, 0);
	mote_sandbox_destroy(fixture.sandbox);
	options.tell_time = true;
	fixture.sandbox = fixture_sandbox(fixture.engine, "libc", &options);
	for (int i = 0; i < 2; i++) {
		before = (int64_t)time(NULL);
		shown = call(&fixture, "now", NULL, 0).as.i64;
		CHECK(shown >= before && shown <= (int64_t)time(NULL));
	}
	options.forbid_timestamp = true;
	mote_sandbox_destroy(fixture.sandbox);
	CHECK_STATUS(fixture_create(fixture.engine, "libc", &options, &fixture.sandbox,
				    &fixture.error),
		     MOTE_INVALID_ARGUMENT, &fixture.error);
	fixture.sandbox = NULL;
	guest_tear_down(&fixture);
}

static void heap_survives_stress(void)
{
	struct fixture fixture;
	mote_value rounds = mote_value_u32((uint32_t)test_scale(500000));

	guest_set_up(&fixture, "libc", NULL);
	CHECK(call(&fixture, "stress_heap", &rounds, 1).as.boolean);
	CHECK_STR(fixture.log, "");
	guest_tear_down(&fixture);
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	return *state ^= *state << 17;
}

/* Any bit pattern, or something of a size that people print. */
static double random_double(uint64_t *state)
{
	uint64_t bits = next_random(state);
	double value;

	if (bits % 2)
		return (double)(int64_t)next_random(state) / (double)(UINT64_C(1) << (bits >> 58));
	bits = next_random(state);
	memcpy(&value, &bits, sizeof(value));
	return value;
}

static void printf_agrees_with_the_host(void)
{
	static const char *const formats[] = {"%f",   "%e",	"%g",	   "%.0f",   "%.17g",
					      "%.3e", "%+.12f", "%#20.5G", "%020.2f"};
	uint64_t state = UINT64_C(88172645463325252);
	struct fixture fixture;

	guest_set_up(&fixture, "libc", NULL);
	for (uint64_t i = 0; i < test_scale(3000); i++) {
		const char *format = formats[i % TEST_COUNT(formats)];
		double value = random_double(&state);
		mote_value arguments[] = {mote_value_string(format), mote_value_f64(value)};
		char expected[512];
		int (*print)(char *, size_t, const char *, ...) = snprintf;

		print(expected, sizeof(expected), format, value);
		CHECK_STR(call(&fixture, "format_double", arguments, 2).as.string.data, expected);
	}
	guest_tear_down(&fixture);
}

/* ---- Values ------------------------------------------------------------------------------ */

static void printf_tells_of_unknown_conversions(void)
{
	mote_value arguments[] = {mote_value_string("%g %y"), mote_value_f64(1)};
	struct fixture fixture;

	guest_set_up(&fixture, "libc", NULL);
	CHECK_STR(call(&fixture, "format_double", arguments, 2).as.string.data, "1 ");
	CHECK_STR(fixture.log, "2:printf: the text ends at an unknown conversion in \"%g %y\"\n");
	guest_tear_down(&fixture);
}

static void constructors_run_once(void)
{
	struct fixture fixture;

	guest_set_up(&fixture, "echo", NULL);
	CHECK_EQ(call(&fixture, "constructor_result", NULL, 0).as.u32, 7);
	CHECK_EQ(call(&fixture, "constructor_result", NULL, 0).as.u32, 7);
	guest_tear_down(&fixture);
}

static void results_may_be_arguments_or_own_memory(void)
{
	mote_value arguments[] = {mote_value_bytes("first", 5), mote_value_bytes("second", 6)};
	mote_value length = mote_value_u32(65536);
	struct fixture fixture;
	mote_value result;

	guest_set_up(&fixture, "echo", NULL);
	result = call(&fixture, "second", arguments, 2);
	REQUIRE_EQ(result.as.bytes.length, 6);
	CHECK_MEM(result.as.bytes.data, "second", 6);
	result = call(&fixture, "pattern", &length, 1);
	REQUIRE_EQ(result.as.bytes.length, 65536);
	for (size_t i = 0; i < 65536; i++)
		REQUIRE_EQ(((const unsigned char *)result.as.bytes.data)[i], i & 0xff);
	guest_tear_down(&fixture);
}

static void data_stays_intact_across_host_calls(void)
{
	mote_value bytes = mote_value_bytes("not to be overwritten", 21),
		   text = mote_value_string("chain");
	struct fixture fixture;
	char *large;

	guest_set_up(&fixture, "callbacks", NULL);
	CHECK(call(&fixture, "stays_intact", &bytes, 1).as.boolean);
	CHECK(call(&fixture, "chains", &text, 1).as.boolean);
	/* Twice as much is all that the mailbox holds: no room to move anything. */
	large = calloc(1, 32769);
	REQUIRE(large);
	memset(large, 'x', 32768);
	text = mote_value_string(large);
	CHECK(call(&fixture, "chains", &text, 1).as.boolean);
	free(large);
	guest_tear_down(&fixture);
}

static void thread_local_variables_work(void)
{
	struct fixture fixture;

	guest_set_up(&fixture, "tls", NULL);
	CHECK_EQ(call(&fixture, "next_number", NULL, 0).as.u32, 42);
	CHECK_EQ(call(&fixture, "next_number", NULL, 0).as.u32, 43);
	CHECK_STR(call(&fixture, "local_text", NULL, 0).as.string.data, "thread local");
	CHECK_EQ(call(&fixture, "shared_number", NULL, 0).as.i32, -5);
	CHECK(call(&fixture, "wide_is_right", NULL, 0).as.boolean);
	guest_tear_down(&fixture);
}

/* ---- Logs and ends ----------------------------------------------------------------------- */

static void log_lines_arrive(void)
{
	struct fixture fixture;

	guest_set_up(&fixture, "logs", NULL);
	call(&fixture, "log_all", NULL, 0);
	call(&fixture, "log_lines", NULL, 0);
	call(&fixture, "log_errors", NULL, 0);
	CHECK_STR(fixture.log, "1:error 1\n2:warning two\n3:info 3\n"
			       "3:one\n3:two three\n3:rest\n2:to stderr\n");
	fixture.log_length = 0;
	call(&fixture, "log_long", NULL, 0);
	CHECK_EQ(fixture.log_length, 2 + 1023 + 1);
	guest_tear_down(&fixture);
}

static void wrong_things_end_with_a_message(void)
{
	static const struct {
		const char *function, *text;
	} ends[] = {
		{"call_abort", "guest aborted: abort() called"},
		{"fail_assertion", "fail_assertion: assertion `two == 3' failed"},
		{"smash_stack", "guest aborted: stack smashing detected"},
		{"free_twice", "already freed"},
		{"free_wild", "not a pointer from malloc"},
		{"overrun_heap", "heap corrupted"},
		{"huge_result", "export huge_result: its result takes 4294967295 bytes, but the "
				"mailbox holds 65536"},
		{"null_string", "null pointer was handed to the host as a string"},
	};

	for (size_t i = 0; i < TEST_COUNT(ends); i++) {
		struct fixture fixture;

		guest_set_up(&fixture, "faults", NULL);
		CHECK_STATUS(try_call(&fixture, ends[i].function, NULL, 0, NULL), MOTE_GUEST_ABORT,
			     &fixture.error);
		CHECK_CONTAINS(fixture.error.text, ends[i].text);
		guest_tear_down(&fixture);
	}
}

static void the_ends_of_libc_end_with_a_message(void)
{
	static const struct {
		const char *function, *text, *log;
		mote_value argument;
		size_t count;
	} ends[] = {
		{"wait_for_nobody", "deadlock: waits for another thread", "", {0}, 0},
		{"raise_signal",
		 "signal 11 (SIGSEGV) raised",
		 "",
		 {.type = MOTE_TYPE_I32, .as.i32 = 11},
		 1},
		{"leave",
		 "exit(3) called",
		 "3:last words\n",
		 {.type = MOTE_TYPE_I32, .as.i32 = 3},
		 1},
		{"log_format",
		 "a text has the conversion %5a, which mote_log does not know",
		 "",
		 {.type = MOTE_TYPE_STRING, .as.string = {"a %5a", 5}},
		 1},
		{"log_format",
		 "a text has the conversion %n, which mote_log does not know",
		 "",
		 {.type = MOTE_TYPE_STRING, .as.string = {"%n", 2}},
		 1},
	};

	for (size_t i = 0; i < TEST_COUNT(ends); i++) {
		struct fixture fixture;

		guest_set_up(&fixture, "libc", NULL);
		CHECK_STATUS(try_call(&fixture, ends[i].function, &ends[i].argument, ends[i].count,
				      NULL),
			     MOTE_GUEST_ABORT, &fixture.error);
		CHECK_CONTAINS(fixture.error.text, ends[i].text);
		CHECK_STR(fixture.log, ends[i].log);
		guest_tear_down(&fixture);
	}
}

static void too_large_arguments_end_with_a_message(void)
{
	char *large = calloc(1, 40001);
	struct fixture fixture;
	mote_value text;

	REQUIRE(large);
	memset(large, 'x', 40000);
	text = mote_value_string(large);
	guest_set_up(&fixture, "callbacks", NULL);
	CHECK_STATUS(try_call(&fixture, "chains", &text, 1, NULL), MOTE_GUEST_ABORT,
		     &fixture.error);
	CHECK_CONTAINS(fixture.error.text, "import host_join: its arguments take 80000 bytes");
	guest_tear_down(&fixture);
	free(large);
}

static const struct test_case cases[] = {
	CASE(libc_passes_its_self_tests),
	CASE(missing_system_calls_are_told_once_by_name),
	CASE(the_clock_shows_when_the_call_began),
	CASE(heap_survives_stress),
	CASE(printf_agrees_with_the_host),
	CASE(printf_tells_of_unknown_conversions),
	CASE(constructors_run_once),
	CASE(results_may_be_arguments_or_own_memory),
	CASE(data_stays_intact_across_host_calls),
	CASE(thread_local_variables_work),
	CASE(log_lines_arrive),
	CASE(wrong_things_end_with_a_message),
	CASE(the_ends_of_libc_end_with_a_message),
	CASE(too_large_arguments_end_with_a_message),
};

int main(int argc, char **argv)
{
	return test_main("guest_library", cases, TEST_COUNT(cases), argc, argv);
}

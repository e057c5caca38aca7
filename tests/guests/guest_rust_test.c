/* SPDX-License-Identifier: Apache-2.0
 *
 * Guests in Rust, inside sandboxes: how values travel through the crate mote-guest, how such a
 * guest ends, what its standard library does; a crate without it; and a program that knows nothing
 * of mote.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest_fixture.h"

enum { MAILBOX_BYTES = 65536 };

static mote_status host_many(void *user, const mote_value *arguments, size_t count,
			     mote_value *result, mote_error *error)
{
	uint64_t sum = 0;

	(void)user, (void)error;
	for (size_t i = 9; i < count; i++)
		sum += (uint64_t)arguments[i].as.i32;
	result->as.u64 = sum * 1000000 + (uint64_t)arguments[0].as.i32 * 100000 +
			 arguments[1].as.u32 * 10000 + (uint64_t)arguments[2].as.i64 * 1000 +
			 arguments[3].as.u64 * 100 + (uint64_t)arguments[4].as.f32 * 10 +
			 (uint64_t)arguments[5].as.f64 + arguments[6].as.boolean +
			 arguments[7].as.string.length + arguments[8].as.bytes.length;
	return MOTE_OK;
}

/* What no string of a sane host is. */
static mote_status host_broken_string(void *user, const mote_value *arguments, size_t count,
				      mote_value *result, mote_error *error)
{
	(void)user, (void)arguments, (void)count, (void)error;
	result->as.string = (mote_text){"a\xff", 2};
	return MOTE_OK;
}

/* string: in place of the echoing host_string; may be NULL. */
static void set_up(struct fixture *fixture, const char *guest, mote_host_callback string)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	const mote_host_function *echoing = fixture_functions(&options.host_function_count);
	mote_host_function functions[32];

	guest_need_language(MOTE_TEST_RUST, "Rust");
	memcpy(functions, echoing, options.host_function_count * sizeof(*echoing));
	for (size_t i = 0; i < options.host_function_count; i++)
		if (string && !strcmp(functions[i].name, "host_string"))
			functions[i].call = string;
	functions[options.host_function_count++] = (mote_host_function){
		.name = "host_many",
		.signature = "u64(i32,u32,i64,u64,f32,f64,bool,string,bytes,i32,i32,i32,i32,i32,"
			     "i32,i32)",
		.call = host_many,
	};
	options.host_functions = functions;
	guest_set_up(fixture, guest, &options);
}

static void expect_text(struct fixture *fixture, const char *name, mote_value argument,
			const char *expected)
{
	mote_value result = CALL(fixture->sandbox, name, argument);

	CHECK_STR(result.as.string.data, expected);
	CHECK_EQ(result.as.string.length, strlen(expected));
}

/* ---- Values ------------------------------------------------------------------------------ */

static void scalars_come_back(void)
{
	static const struct {
		const char *function;
		mote_value value;
	} values[] = {
		{"echo_i32", {.type = MOTE_TYPE_I32, .as.i32 = INT32_MIN}},
		{"echo_i32", {.type = MOTE_TYPE_I32, .as.i32 = 7}},
		{"echo_u32", {.type = MOTE_TYPE_U32, .as.u32 = UINT32_MAX}},
		{"echo_i64", {.type = MOTE_TYPE_I64, .as.i64 = INT64_MIN}},
		{"echo_u64", {.type = MOTE_TYPE_U64, .as.u64 = UINT64_MAX}},
		{"echo_bool", {.type = MOTE_TYPE_BOOL, .as.boolean = true}},
		{"echo_bool", {.type = MOTE_TYPE_BOOL, .as.boolean = false}},
	};
	/* A NaN with a payload of its own. */
	const uint64_t wide = UINT64_C(0x7ff8000000000123);
	const uint32_t narrow = 0x7fc00123;
	struct fixture fixture;
	mote_value number;

	set_up(&fixture, "rust_values", NULL);
	for (size_t i = 0; i < TEST_COUNT(values); i++) {
		mote_value result = CALL(fixture.sandbox, values[i].function, values[i].value);

		CHECK_EQ(result.type, values[i].value.type);
		if (values[i].value.type == MOTE_TYPE_BOOL)
			CHECK_EQ(result.as.boolean, values[i].value.as.boolean);
		else if (values[i].value.type == MOTE_TYPE_I32)
			CHECK_EQ(result.as.i32, values[i].value.as.i32);
		else if (values[i].value.type == MOTE_TYPE_U32)
			CHECK_EQ(result.as.u32, values[i].value.as.u32);
		else
			CHECK_EQ(result.as.u64, values[i].value.as.u64);
	}
	number = mote_value_f32(0);
	memcpy(&number.as.f32, &narrow, sizeof(narrow));
	number = CALL(fixture.sandbox, "echo_f32", number);
	CHECK_MEM(&number.as.f32, &narrow, sizeof(narrow));
	number = mote_value_f64(0);
	memcpy(&number.as.f64, &wide, sizeof(wide));
	number = CALL(fixture.sandbox, "echo_f64", number);
	CHECK_MEM(&number.as.f64, &wide, sizeof(wide));
	CHECK_EQ(CALL0(fixture.sandbox, "nothing").type, MOTE_TYPE_VOID);
	CHECK_EQ(CALL0(fixture.sandbox, "capacity").as.u64, MAILBOX_BYTES);
	guest_tear_down(&fixture);
}

static void strings_and_bytes_come_back(void)
{
	static char large[MAILBOX_BYTES];
	struct fixture fixture;
	mote_value result;

	set_up(&fixture, "rust_values", NULL);
	expect_text(&fixture, "echo_string", mote_value_string(""), "");
	expect_text(&fixture, "echo_string", mote_value_string("gr\xc3\xbc\xc3\x9f dich"),
		    "gr\xc3\xbc\xc3\x9f dich");
	expect_text(&fixture, "own_string", mote_value_string(""), "");
	expect_text(&fixture, "own_string", mote_value_string("a\xc3\xa4z"),
		    "z\xc3\xa4"
		    "a");
	CHECK_STR(CALL0(fixture.sandbox, "fixed_string").as.string.data, "f\xc3\xbcr immer");
	result = CALL(fixture.sandbox, "middle", mote_value_string("0123456789"), mote_value_u32(3),
		      mote_value_u32(6));
	CHECK_STR(result.as.string.data, "345");
	result =
		CALL(fixture.sandbox, "second", mote_value_string("one"), mote_value_string("two"));
	CHECK_STR(result.as.string.data, "two");
	CHECK_EQ(CALL(fixture.sandbox, "echo_bytes", mote_value_bytes(NULL, 0)).as.bytes.length, 0);
	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (char)(i * 7);
	result = CALL(fixture.sandbox, "echo_bytes", mote_value_bytes(large, sizeof(large)));
	REQUIRE_EQ(result.as.bytes.length, sizeof(large));
	CHECK_MEM(result.as.bytes.data, large, sizeof(large));
	CHECK_EQ(CALL(fixture.sandbox, "own_bytes", mote_value_u32(0)).as.bytes.length, 0);
	/* More often than the heap could hold. */
	for (int i = 0; i < 300; i++) {
		result = CALL(fixture.sandbox, "own_bytes", mote_value_u32(MAILBOX_BYTES));
		REQUIRE_EQ(result.as.bytes.length, MAILBOX_BYTES);
	}
	for (size_t i = 0; i < MAILBOX_BYTES; i++)
		REQUIRE_EQ(((const unsigned char *)result.as.bytes.data)[i], (i + 1) & 0xff);
	guest_tear_down(&fixture);
}

static void sixteen_arguments_arrive(void)
{
	struct fixture fixture;
	mote_value result;

	set_up(&fixture, "rust_values", NULL);
	result = CALL(fixture.sandbox, "many", mote_value_i32(-1), mote_value_u32(2),
		      mote_value_i64(-3), mote_value_u64(4), mote_value_f32(5.5f),
		      mote_value_f64(-6.25), mote_value_bool(true), mote_value_string("eight"),
		      mote_value_bytes("ni\0", 3), mote_value_i32(0), mote_value_i32(0),
		      mote_value_i32(0), mote_value_i32(0), mote_value_i32(0), mote_value_i32(0),
		      mote_value_i32(16));
	CHECK_STR(result.as.string.data, "-1 2 -3 4 5.5 -6.25 true eight [110, 105, 0] 16");
	CHECK_EQ(CALL0(fixture.sandbox, "many_through_host").as.u64, 91123466);
	guest_tear_down(&fixture);
}

/* The guest has another import, which it does not use, and the host does not have. */
static void host_functions_give_back(void)
{
	struct fixture fixture;

	set_up(&fixture, "rust_values", NULL);
	CHECK(CALL(fixture.sandbox, "through_host", mote_value_string("text"),
		   mote_value_bytes("a\0b", 3))
		      .as.boolean);
	expect_text(&fixture, "ask_host", mote_value_string("\xe2\x82\xac"), "\xe2\x82\xac");
	guest_tear_down(&fixture);
}

/* ---- Messages and ends ------------------------------------------------------------------- */

static void log_lines_arrive(void)
{
	struct fixture fixture;

	set_up(&fixture, "rust_values", NULL);
	CALL(fixture.sandbox, "log_all", mote_value_i32(5));
	CHECK_STR(fixture.log, "1:error 5\n2:warning 5\n3:info\n3:printed\n2:complained\n");
	fixture.log_length = 0;
	CALL0(fixture.sandbox, "log_long");
	/* At a character's end: each has two bytes. */
	CHECK_EQ(fixture.log_length, 2 + 1022 + 1);
	guest_tear_down(&fixture);
}

static void expect_end(struct fixture *fixture, const char *function, const mote_value *argument,
		       const char *text)
{
	CHECK_STATUS(fixture_try(fixture->sandbox, function, argument, argument ? 1 : 0, NULL,
				 &fixture->error),
		     MOTE_GUEST_ABORT, &fixture->error);
	CHECK_CONTAINS(fixture->error.text, text);
}

static void wrong_things_end_with_a_message(void)
{
	static const struct {
		const char *function, *text;
		mote_value argument;
	} ends[] = {
		{"end_by_abort", "ended by 3", {.type = MOTE_TYPE_I32, .as.i32 = 3}},
		{"end_by_panic", "panic number 4", {.type = MOTE_TYPE_I32, .as.i32 = 4}},
		{"end_by_panic", "main.rs", {.type = MOTE_TYPE_I32, .as.i32 = 4}},
		{"end_by_index",
		 "index out of bounds: the len is 3 but the index is 3",
		 {.type = MOTE_TYPE_U32, .as.u32 = 3}},
		{"end_by_large_result",
		 "export end_by_large_result: its result takes 65537 bytes, but the mailbox holds "
		 "65536",
		 {.type = MOTE_TYPE_U32, .as.u32 = MAILBOX_BYTES + 1}},
		{"echo_string",
		 "export echo_string: argument 1 is not UTF-8: ",
		 {.type = MOTE_TYPE_STRING, .as.string = {"\xc3", 1}}},
		{"end_by_nul_result", "export end_by_nul_result: its result contains a NUL", {0}},
		{"end_by_nul_argument", "import host_string: argument 1 contains a NUL", {0}},
		{"end_by_deadlock", "deadlock: waits for another thread", {0}},
		{"end_by_exit", "exit(3) called", {0}},
	};

	for (size_t i = 0; i < TEST_COUNT(ends); i++) {
		const bool has_argument = ends[i].argument.type != MOTE_TYPE_VOID;
		struct fixture fixture;

		set_up(&fixture, "rust_values", NULL);
		expect_end(&fixture, ends[i].function, has_argument ? &ends[i].argument : NULL,
			   ends[i].text);
		guest_tear_down(&fixture);
	}
}

/* The library says it to the log before it aborts. */
static void no_memory_is_told(void)
{
	struct fixture fixture;

	set_up(&fixture, "rust_values", NULL);
	expect_end(&fixture, "end_by_memory", NULL, "abort() called");
	CHECK_CONTAINS(fixture.log, "2:memory allocation of 1099511627776 bytes failed\n");
	guest_tear_down(&fixture);
}

static void a_broken_string_of_the_host_ends_the_guest(void)
{
	const mote_value text = mote_value_string("text");
	struct fixture fixture;

	set_up(&fixture, "rust_values", host_broken_string);
	expect_end(&fixture, "ask_host", &text, "import host_string: its result is not UTF-8: ");
	guest_tear_down(&fixture);
}

/* ---- Snapshots and chance ---------------------------------------------------------------- */

static void renews_itself(const char *guest)
{
	struct fixture fixture;
	mote_snapshot *snapshot;
	uint64_t generation;

	set_up(&fixture, guest, NULL);
	CHECK_EQ(CALL0(fixture.sandbox, "generation").as.u64, 0);
	REQUIRE_OK(mote_snapshot_take(fixture.sandbox, NULL, &snapshot, &fixture.error),
		   &fixture.error);
	REQUIRE_OK(mote_sandbox_restore(fixture.sandbox, snapshot, &fixture.error), &fixture.error);
	generation = CALL0(fixture.sandbox, "generation").as.u64;
	CHECK(generation != 0);
	REQUIRE_OK(mote_sandbox_restore(fixture.sandbox, snapshot, &fixture.error), &fixture.error);
	CHECK(CALL0(fixture.sandbox, "generation").as.u64 != generation);
	mote_snapshot_destroy(snapshot);
	guest_tear_down(&fixture);
}

static void hooks_run_after_a_return_to_a_snapshot(void)
{
	renews_itself("rust_values");
	renews_itself("rust_bare");
}

static void random_numbers_differ(void)
{
	struct fixture fixture, other;
	uint64_t number;

	set_up(&fixture, "rust_values", NULL);
	set_up(&other, "rust_values", NULL);
	number = CALL0(fixture.sandbox, "random").as.u64;
	CHECK(CALL0(fixture.sandbox, "random").as.u64 != number);
	CHECK(CALL0(other.sandbox, "random").as.u64 != number);
	guest_tear_down(&other);
	guest_tear_down(&fixture);
}

static void a_guest_says_what_it_needs(void)
{
	mote_image_information information = MOTE_IMAGE_INFORMATION_INIT;
	struct fixture fixture;
	mote_image *image;

	set_up(&fixture, "rust_values", NULL);
	REQUIRE_OK(mote_image_open(fixture.engine, test_guest("rust_values"), &image,
				   &fixture.error),
		   &fixture.error);
	REQUIRE_OK(mote_image_get_information(image, &information, &fixture.error), &fixture.error);
	CHECK_EQ(information.heap_bytes, 2 << 20);
	CHECK_EQ(information.stack_bytes, 128 << 10);
	/* All that it uses, and no more. */
	CHECK_EQ(information.import_count, 11);
	mote_image_release(image);
	guest_tear_down(&fixture);
}

/* ---- The standard library, and none ------------------------------------------------------ */

static void the_standard_library_works(void)
{
	static const char *const functions[] = {
		"std_has_files",	"std_has_time",	      "std_has_locks", "std_has_no_threads",
		"std_has_no_arguments", "std_catches_panics", "std_waits",     "std_sleeps",
	};
	struct fixture fixture;

	set_up(&fixture, "rust_values", NULL);
	for (size_t i = 0; i < TEST_COUNT(functions); i++)
		if (!CHECK(CALL0(fixture.sandbox, functions[i]).as.boolean))
			test_note("%s", functions[i]);
	expect_text(&fixture, "std_has_maps", mote_value_string("b a b"),
		    "[(\"a\", 1), (\"b\", 2)]");
	expect_text(&fixture, "std_computes", mote_value_string("2.5e-3"),
		    "0.050 2.5e-3 0.16572270086699936");
	/* What it asks the system for is there. */
	if (!CHECK(!strstr(fixture.log, "no system call")))
		test_note("%s", fixture.log);
	CHECK(CALL0(fixture.sandbox, "std_has_no_network").as.boolean);
	guest_tear_down(&fixture);
}

static void a_guest_without_the_standard_library_works(void)
{
	const mote_value numbers[] = {mote_value_i32(7), mote_value_i32(0)};
	struct fixture fixture;

	set_up(&fixture, "rust_bare", NULL);
	CHECK_EQ(CALL(fixture.sandbox, "sum", mote_value_bytes("\x01\xff", 2)).as.u64, 256);
	expect_text(&fixture, "first_word", mote_value_string("one two"), "one");
	CHECK_EQ(CALL(fixture.sandbox, "divide", mote_value_i32(7), mote_value_i32(2)).as.i32, 3);
	CHECK_STR(fixture.log, "3:7 by 2\n");
	CHECK_STATUS(fixture_try(fixture.sandbox, "divide", numbers, 2, NULL, &fixture.error),
		     MOTE_GUEST_ABORT, &fixture.error);
	CHECK_CONTAINS(fixture.error.text, "attempt to divide by zero");
	guest_tear_down(&fixture);
}

/* ---- A program --------------------------------------------------------------------------- */

struct text {
	char bytes[512];
	size_t length;
};

static mote_status append(void *user, const void *data, size_t length, mote_error *error)
{
	struct text *text = user;

	(void)error;
	if (length >= sizeof(text->bytes) - text->length)
		return MOTE_TOO_LARGE;
	memcpy(text->bytes + text->length, data, length);
	text->length += length;
	return MOTE_OK;
}

static mote_status give(void *user, void *data, size_t capacity, size_t *length, mote_error *error)
{
	const char **text = user;

	(void)error;
	*length = strlen(*text) < capacity ? strlen(*text) : capacity;
	memcpy(data, *text, *length);
	*text += *length;
	return MOTE_OK;
}

/* Runs the program once; what argument asks for. */
static void run(const char *argument, const char *input, int expected, struct text *output,
		struct text *errors, struct text *file)
{
	const char *const arguments[] = {"program", argument, "two words", NULL};
	static const char *const environment[] = {"COLOR=blue", NULL};
	const char *contents = "contents";
	const mote_program_file in = {
		"in", {MOTE_STREAM_CALLBACK, 0, give, NULL, &contents}, false};
	mote_program_file out = {"out", {MOTE_STREAM_CALLBACK, 0, NULL, append, file}, false};
	mote_program_options options = MOTE_PROGRAM_OPTIONS_INIT;
	struct fixture fixture;
	int status = -1;

	set_up(&fixture, "rust_program", NULL);
	options.arguments = arguments;
	options.environment = environment;
	options.input = (mote_stream){MOTE_STREAM_CALLBACK, 0, give, NULL, &input};
	options.output = (mote_stream){MOTE_STREAM_CALLBACK, 0, NULL, append, output};
	options.errors = (mote_stream){MOTE_STREAM_CALLBACK, 0, NULL, append, errors};
	options.files = &in;
	options.file_count = 1;
	options.wanted = &out;
	options.wanted_count = 1;
	REQUIRE_OK(mote_program_run(fixture.sandbox, &options, &status, &fixture.error),
		   &fixture.error);
	CHECK_EQ(status, expected);
	CHECK_STR(fixture.log, "");
	guest_tear_down(&fixture);
}

static void a_program_runs(void)
{
	struct text output = {0}, errors = {0}, file = {0};

	run("file", "one\ntwo\n", 2, &output, &errors, &file);
	CHECK_STR(output.bytes, "file two words Ok(\"blue\")\nONE\nTWO\n");
	CHECK_STR(errors.bytes, "2 lines\n");
	CHECK_STR(file.bytes, "contents");
}

static void a_panic_is_the_programs_exit_code(void)
{
	struct text output = {0}, errors = {0}, file = {0};

	run("panic", "one\n", 101, &output, &errors, &file);
	CHECK_CONTAINS(errors.bytes, "after 1 lines");
	CHECK_CONTAINS(errors.bytes, "main.rs");
}

static const struct test_case cases[] = {
	CASE(scalars_come_back),
	CASE(strings_and_bytes_come_back),
	CASE(sixteen_arguments_arrive),
	CASE(host_functions_give_back),
	CASE(log_lines_arrive),
	CASE(wrong_things_end_with_a_message),
	CASE(no_memory_is_told),
	CASE(a_broken_string_of_the_host_ends_the_guest),
	CASE(hooks_run_after_a_return_to_a_snapshot),
	CASE(random_numbers_differ),
	CASE(a_guest_says_what_it_needs),
	CASE(the_standard_library_works),
	CASE(a_guest_without_the_standard_library_works),
	CASE(a_program_runs),
	CASE(a_panic_is_the_programs_exit_code),
};

int main(int argc, char **argv)
{
	return test_main("guest_rust", cases, TEST_COUNT(cases), argc, argv);
}

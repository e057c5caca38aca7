/* SPDX-License-Identifier: Apache-2.0
 *
 * Guests in C++ with the compiler's own library, inside sandboxes: self tests of the library, what
 * is printed, how a guest ends by an exception, and what a program destroys when it exits.
 */
#include <stdio.h>
#include <string.h>

#include "guest_fixture.h"

static void set_up(struct fixture *fixture)
{
	guest_need_language(MOTE_TEST_CXX, "C++");
	guest_set_up(fixture, "cxx", NULL);
}

static void the_library_passes_its_self_tests(void)
{
	struct fixture fixture;
	uint32_t count;

	set_up(&fixture);
	count = CALL0(fixture.sandbox, "test_count").as.u32;
	CHECK(count >= 20);
	for (uint32_t i = 0; i < count; i++) {
		fixture.log_length = 0;
		fixture.log[0] = '\0';
		if (!CHECK(CALL(fixture.sandbox, "run_test", mote_value_u32(i)).as.boolean))
			test_note("%s: %s",
				  CALL(fixture.sandbox, "test_name", mote_value_u32(i))
					  .as.string.data,
				  fixture.log);
	}
	guest_tear_down(&fixture);
}

/* Twice: nothing is left from the first time. */
static void self_tests_pass_again(void)
{
	struct fixture fixture;

	set_up(&fixture);
	for (int i = 0; i < 2; i++)
		if (!CHECK(CALL0(fixture.sandbox, "run_all").as.boolean))
			test_note("%s", fixture.log);
	guest_tear_down(&fixture);
}

static void streams_print_to_the_log(void)
{
	struct fixture fixture;

	set_up(&fixture);
	CALL0(fixture.sandbox, "print");
	CHECK_STR(fixture.log, "3:a line of cout 42\n2:a line of cerr\n2:and of clog\n"
			       "3:wide 1.5\n3:printf and cout in order\n");
	guest_tear_down(&fixture);
}

static void uncaught_exceptions_end_with_their_text(void)
{
	static const struct {
		const char *function, *text;
	} ends[] = {
		{"leave_deep", "uncaught exception std::runtime_error: five frames down"},
		{"leave_with_int", "uncaught exception int"},
		{"leave_with_strange_error",
		 "uncaught exception (anonymous namespace)::strange_error"},
		{"leave_with_rethrown", "uncaught exception std::runtime_error: five frames down"},
		{"leave_noexcept", "uncaught exception std::runtime_error: five frames down"},
		{"leave_no_memory", "uncaught exception std::bad_alloc: std::bad_alloc"},
		{"leave_throwing_text",
		 "uncaught exception std::runtime_error, whose what() ended in another one"},
		{"terminate", "std::terminate() called"},
		{"call_pure_virtual", "a pure virtual function was called"},
	};

	for (size_t i = 0; i < TEST_COUNT(ends); i++) {
		struct fixture fixture;
		char text[128];

		set_up(&fixture);
		snprintf(text, sizeof(text), "guest aborted: %s", ends[i].text);
		CHECK_STATUS(fixture_try(fixture.sandbox, ends[i].function, NULL, 0, NULL,
					 &fixture.error),
			     MOTE_GUEST_ABORT, &fixture.error);
		CHECK_STR(fixture.error.text, text);
		CHECK_STR(fixture.log, "");
		guest_tear_down(&fixture);
	}
}

static void an_exception_may_leave_with_an_argument(void)
{
	mote_value text = mote_value_string("what the host said");
	struct fixture fixture;

	set_up(&fixture);
	CHECK_STATUS(fixture_try(fixture.sandbox, "leave", &text, 1, NULL, &fixture.error),
		     MOTE_GUEST_ABORT, &fixture.error);
	CHECK_STR(fixture.error.text,
		  "guest aborted: uncaught exception std::invalid_argument: what the host said");
	guest_tear_down(&fixture);
}

/* ---- A program ----------------------------------------------------------------------------- */

struct text {
	char kept[512];
	size_t length;
};

static mote_status read_lines(void *user, void *data, size_t capacity, size_t *length,
			      mote_error *error)
{
	const char **lines = user;

	(void)error;
	*length = strlen(*lines);
	if (*length > capacity)
		*length = capacity;
	memcpy(data, *lines, *length);
	*lines += *length;
	return MOTE_OK;
}

static mote_status keep(void *user, const void *data, size_t length, mote_error *error)
{
	struct text *text = user;

	(void)error;
	if (length > sizeof(text->kept) - 1 - text->length)
		length = sizeof(text->kept) - 1 - text->length;
	memcpy(text->kept + text->length, data, length);
	text->length += length;
	return MOTE_OK;
}

static mote_stream text_stream(struct text *text)
{
	return (mote_stream){.kind = MOTE_STREAM_CALLBACK, .write = keep, .user = text};
}

/* Runs the program, and what it prints, its exit status and its end must be so. */
static void run(const char *what, mote_status expected, int expected_status, const char *printed)
{
	const char *const arguments[] = {"program", what, NULL};
	const char *lines = "one\ntwo\n";
	struct text output = {0}, errors = {0}, file = {0};
	mote_program_file files[] = {{"/result", text_stream(&file), false}};
	mote_program_options options = MOTE_PROGRAM_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "cxx_program", NULL);
	mote_error error = MOTE_ERROR_INIT;
	int status = -1;

	options.arguments = arguments;
	options.input =
		(mote_stream){.kind = MOTE_STREAM_CALLBACK, .read = read_lines, .user = &lines};
	options.output = text_stream(&output);
	options.errors = text_stream(&errors);
	options.wanted = files;
	options.wanted_count = 1;
	CHECK_STATUS(mote_program_run(sandbox, &options, &status, &error), expected, &error);
	CHECK_STR(output.kept, printed);
	CHECK_STR(errors.kept, "to errors\n");
	if (expected == MOTE_OK) {
		CHECK_EQ(status, expected_status);
		CHECK_STR(file.kept, "written 2.5\n");
	} else {
		CHECK_STR(error.text, "guest aborted: uncaught exception std::runtime_error: "
				      "nobody catches it");
	}
	fixture_destroy(sandbox, engine);
}

static void a_program_destroys_its_objects(void)
{
	guest_need_language(MOTE_TEST_CXX, "C++");
	run("return", MOTE_OK, 3,
	    "[one]\n[two]\n~automatic\n~thread local\natexit\n~second static\n~first static\n");
	run("exit", MOTE_OK, 4,
	    "[one]\n[two]\n~thread local\natexit\n~second static\n~first static\n");
	run("quick", MOTE_OK, 5, "[one]\n[two]\n");
	run("throw", MOTE_GUEST_ABORT, 0, "[one]\n[two]\n");
}

static const struct test_case cases[] = {
	CASE(the_library_passes_its_self_tests),
	CASE(self_tests_pass_again),
	CASE(streams_print_to_the_log),
	CASE(uncaught_exceptions_end_with_their_text),
	CASE(an_exception_may_leave_with_an_argument),
	CASE(a_program_destroys_its_objects),
};

int main(int argc, char **argv)
{
	return test_main("guest_cxx", cases, TEST_COUNT(cases), argc, argv);
}

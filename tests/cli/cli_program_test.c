/* SPDX-License-Identifier: Apache-2.0
 *
 * mote run PROGRAM: arguments, standard streams, environment, files in and out, exit codes.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json_check.h"
#include "test.h"
#include "tool.h"

static char program[4096];

static void begin(void)
{
	tool_need_vm();
	snprintf(program, sizeof(program), "%s", test_guest("program"));
}

static void expect(const char *const *arguments, const char *input, int code, const char *output)
{
	struct tool tool = TOOL_INIT;

	tool.input = input;
	tool.input_length = input != NULL ? strlen(input) : 0;
	tool_run_prepared(&tool, arguments);
	tool_expect(&tool, arguments[1], code, output);
	tool_clear(&tool);
}

#define EXPECT(input, code, output, ...)                                                           \
	expect((const char *const[]){__VA_ARGS__, NULL}, input, code, output)

static void refuse(const char *const *arguments, int code, const char *part)
{
	struct tool tool;

	tool_run(&tool, arguments);
	tool_expect_error(&tool, part, code, part);
	tool_clear(&tool);
}

#define REFUSE(code, part, ...) refuse((const char *const[]){__VA_ARGS__, NULL}, code, part)

static void check_file(const char *path, const char *expected)
{
	size_t length;
	char *contents = test_read_file(path, &length);

	CHECK_EQ(length, strlen(expected));
	CHECK_MEM(contents, expected, length);
	free(contents);
}

static void streams_are_those_of_the_tool(void)
{
	begin();
	EXPECT("through\na pipe", 0, "through\na pipe", "run", program, "copy");
	EXPECT(NULL, 0, "", "run", program, "copy");
}

/* Also those that look like options of the tool. */
static void arguments_are_the_programs_own(void)
{
	char expected[8192];
	struct tool tool;

	begin();
	snprintf(expected, sizeof(expected), "%s say\n--help\n-q\n--\n\n", program);
	TOOL_RUN(&tool, "run", program, "say", "--help", "-q", "--", "");
	CHECK_EQ(tool.code, 300 & 0xff);
	CHECK_STR(tool.output, expected);
	CHECK_STR(tool.errors, "done\n");
	tool_clear(&tool);
}

static void environment_is_what_is_given(void)
{
	struct tool tool = TOOL_INIT;

	begin();
	tool.variable = "OUTSIDE=1";
	TOOL_RUN_PREPARED(&tool, "run", "--env", "A=1", "--env=B=", program, "say");
	CHECK_CONTAINS(tool.output, "\nA=1;B=;");
	CHECK(strstr(tool.output, "OUTSIDE") == NULL);
	tool_clear(&tool);
}

static void files_come_in_and_go_out(void)
{
	char in[4096], out[4096], given[4200], wanted[4200];
	struct tool tool;

	begin();
	snprintf(in, sizeof(in), "%s", test_file("in"));
	snprintf(out, sizeof(out), "%s", test_file("out"));
	snprintf(given, sizeof(given), "data.txt=%s", in);
	snprintf(wanted, sizeof(wanted), "result=%s", out);
	test_write_file(in, "what is in it", 13);
	TOOL_RUN(&tool, "run", "--file", given, program, "say");
	CHECK_CONTAINS(tool.output, "data.txt=what is in it");
	tool_clear(&tool);

	EXPECT("what is left", 0, "", "run", "--out", wanted, program, "leave");
	check_file(out, "what is left");
	EXPECT(NULL, 0, "", "run", "--out", wanted, program, "leave_empty");
	check_file(out, "");

	/* What is not left does not replace what is there. */
	test_write_file(out, "before", 6);
	REFUSE(1, "the program has left no file result", "run", "--out", wanted, program, "copy");
	check_file(out, "before");

	EXPECT("to a file", 0, "", "run", "--output", out, program, "copy");
	check_file(out, "to a file");
	unlink(in);
	unlink(out);
}

static void ends_have_codes(void)
{
	begin();
	REFUSE(5, "wall-clock deadline", "run", "--timeout", "1ms", program, "spin");
	REFUSE(5, "CPU-time deadline", "run", "--cpu-time", "1ms", program, "spin");
	REFUSE(1, "the program has no stream", "run", program, "wild_stream");
}

/* Standard input stays open, and empty. */
static void a_deadline_ends_the_reading(void)
{
	struct tool tool = TOOL_INIT;
	int in[2];

	begin();
	REQUIRE(pipe(in) == 0);
	tool.in = in[0];
	TOOL_RUN_PREPARED(&tool, "run", "--timeout", "1s", program, "copy");
	tool_expect_error(&tool, "a pipe", 5, "wall-clock deadline");
	tool_clear(&tool);
	close(in[0]);
	close(in[1]);
}

static void json_needs_the_output(void)
{
	struct tool tool;
	char out[4096];

	begin();
	snprintf(out, sizeof(out), "%s", test_file("out"));
	TOOL_RUN(&tool, "run", "--json", "--output", out, program, "say");
	CHECK_EQ(tool.code, 300 & 0xff);
	REQUIRE(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "status"), "\"ok\"");
	CHECK_STR(json_at(tool.output, "exit_status"), "44");
	tool_clear(&tool);
	unlink(out);
}

static void a_snapshot_is_run_again(void)
{
	char file[4096];

	begin();
	snprintf(file, sizeof(file), "%s", test_file("snapshot"));
	EXPECT(NULL, 0, "", "snapshot", program, file);
	EXPECT("one", 0, "one", "run", "--snapshot", file, program, "copy");
	EXPECT("two", 0, "two", "run", "--snapshot", file, program, "copy");
	unlink(file);
}

/* ---- Ordinary programs --------------------------------------------------------------------- */

/* An ordinary program, with a C library. */
static const char *begin_ordinary(void)
{
	tool_need_vm();
	snprintf(program, sizeof(program), "%s", test_guest("stdio"));
	return program;
}

static void a_c_program_reads_and_writes(void)
{
	char *text = malloc(300001), *upper = malloc(300001);

	begin_ordinary();
	REQUIRE(text != NULL && upper != NULL);
	for (size_t i = 0; i < 300000; i++) {
		text[i] = "abcdefg\n"[i % 8];
		upper[i] = "ABCDEFG\n"[i % 8];
	}
	text[300000] = upper[300000] = '\0';
	EXPECT("hello\n\nthere", 300 & 0xff, "HELLO\n\nTHERE", "run", program, "copy");
	EXPECT(text, 300 & 0xff, upper, "run", program, "copy");
	EXPECT("World\n", 0, "name? hello World\n", "run", program, "ask");
	EXPECT(NULL, 1, "name? ", "run", program, "ask");
	free(text);
	free(upper);
}

static void a_c_program_has_arguments(void)
{
	char expected[8192];

	begin_ordinary();
	snprintf(expected, sizeof(expected), "0=%s\n1=show\n2=\n3=-x\nHOME is not set\n", program);
	EXPECT(NULL, 0, expected, "run", program, "show", "", "-x");
	snprintf(expected, sizeof(expected), "0=%s\n1=show\nA=1\nHOME=/\nHOME is /\n", program);
	EXPECT(NULL, 0, expected, "run", "--env", "A=1", "--env", "HOME=/", program, "show");
}

static void a_c_program_has_files(void)
{
	char in[4096], large[4096], left[4096], empty[4096], words[4][4200];
	char *bytes = calloc(1, 200000);

	begin_ordinary();
	REQUIRE(bytes != NULL);
	snprintf(in, sizeof(in), "%s", test_file("in"));
	snprintf(large, sizeof(large), "%s", test_file("large"));
	snprintf(left, sizeof(left), "%s", test_file("left"));
	snprintf(empty, sizeof(empty), "%s", test_file("empty"));
	test_write_file(in, "first line\nsecond\n", 18);
	test_write_file(large, bytes, 200000);
	snprintf(words[0], sizeof(words[0]), "data.txt=%s", in);
	snprintf(words[1], sizeof(words[1]), "/a/b/c=%s", large);
	snprintf(words[2], sizeof(words[2]), "tmp/left=%s", left);
	snprintf(words[3], sizeof(words[3]), "empty=%s", empty);
	EXPECT(NULL, 0, "", "run", "--file", words[0], "--file", words[1], "--out", words[2],
	       "--out", words[3], program, "files");
	check_file(left, "first line\n200000\n");
	check_file(empty, "");
	REFUSE(4, "file /a/b/c: No space left on device", "run", "--memory", "2M", "--file",
	       words[0], "--file", words[1], "--mailbox", "64K", "--heap", "128K", program,
	       "files");
	unlink(in);
	unlink(large);
	unlink(left);
	unlink(empty);
	free(bytes);
}

static void a_c_program_ends(void)
{
	struct tool tool;

	begin_ordinary();
	EXPECT(NULL, 42, "bye\n", "run", program, "exit");
	EXPECT(NULL, 43, "", "run", program, "_exit");
	TOOL_RUN(&tool, "run", program, "abort");
	CHECK_EQ(tool.code, 4);
	CHECK_STR(tool.output, "kept\n");
	CHECK_CONTAINS(tool.errors, "guest aborted: abort() called");
	tool_clear(&tool);
	EXPECT(NULL, 0, "", "run", program, "clock");
	EXPECT(NULL, 1, "", "run", "--clock", program, "clock");
	EXPECT(NULL, 42, "bye\n", "run", "--huge-pages", program, "exit");
	TOOL_RUN(&tool, "run", program, "error");
	CHECK_STR(tool.errors, "message: No such file or directory\n");
	tool_clear(&tool);
}

static void a_hostile_c_program_is_ended(void)
{
	struct tool tool;

	begin_ordinary();
	REFUSE(3, "; raise --stack", "run", program, "recurse");
	EXPECT(NULL, 300 & 0xff, "", "run", "--memory", "16M", program, "bomb");
	TOOL_RUN(&tool, "run", "--timeout", "100ms", "--output", NOTHING_PATH, program, "flood");
	tool_expect_error(&tool, "flood", 5, "wall-clock deadline");
	tool_clear(&tool);
}

static void wrong_use(void)
{
	struct tool tool;

	begin();
	REFUSE(2, "\"a\" is not NAME=PATH", "run", "--file", "a", program);
	REFUSE(2, "\"=b\" is not NAME=PATH", "run", "--file", "=b", program);
	REFUSE(2, "\"a=\" is not NAME=PATH", "run", "--out", "a=", program);
	REFUSE(2, "\"A\" is not NAME=VALUE", "run", "--env", "A", program);
	REFUSE(2, "are for programs", "run", "--env", "A=", test_guest("cli"), "capacity");
	REFUSE(1, "/proc/none: No such file", "run", "--file", "a=/proc/none", program, "say");
	REFUSE(1, "/proc/none/b: No such file", "run", "--out", "b=/proc/none/b", program,
	       "leave_empty");
	REFUSE(1, "/proc/none/c: No such file", "run", "--output", "/proc/none/c", program, "copy");
	TOOL_RUN(&tool, "run", "--json", program, "say");
	CHECK_EQ(tool.code, 2);
	CHECK_CONTAINS(tool.errors, "both need standard output");
	tool_clear(&tool);
}

static const struct test_case cases[] = {
	CASE(streams_are_those_of_the_tool),
	CASE(arguments_are_the_programs_own),
	CASE(environment_is_what_is_given),
	CASE(files_come_in_and_go_out),
	CASE(ends_have_codes),
	CASE(a_deadline_ends_the_reading),
	CASE(json_needs_the_output),
	CASE(a_snapshot_is_run_again),
	CASE(a_c_program_reads_and_writes),
	CASE(a_c_program_has_arguments),
	CASE(a_c_program_has_files),
	CASE(a_c_program_ends),
	CASE(a_hostile_c_program_is_ended),
	CASE(wrong_use),
};

int main(int argc, char **argv)
{
	const int code = test_main("cli_program", cases, TEST_COUNT(cases), argc, argv);

	test_remove_folder();
	return code;
}

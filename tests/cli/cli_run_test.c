/* SPDX-License-Identifier: Apache-2.0
 *
 * mote run: arguments of every type, results, options, faults, JSON.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifndef _WIN32
#include <termios.h>
#endif

#include "expected.h"
#include "json_check.h"
#include "test.h"
#include "tool.h"

/* ---- Arguments --------------------------------------------------------------------------- */

struct argument_case {
	const char *function, *word;
	const char *output; /* without the newline; NULL: it is refused */
	const char *part;   /* of the message then */
};

static void expect_arguments(const struct argument_case *cases, size_t count)
{
	char guest[4096], output[512];
	struct tool tool;

	tool_need_vm();
	snprintf(guest, sizeof(guest), "%s", test_guest("echo"));
	for (size_t i = 0; i < count; i++) {
		TOOL_RUN(&tool, "run", guest, cases[i].function, cases[i].word);
		if (cases[i].output) {
			snprintf(output, sizeof(output), "%s\n", cases[i].output);
			tool_expect(&tool, cases[i].word, 0, output);
		} else {
			tool_expect_error(&tool, cases[i].word, 2, cases[i].part);
			CHECK_CONTAINS(tool.errors, cases[i].function);
		}
		tool_clear(&tool);
	}
}

static void integers_are_checked(void)
{
	static const char range[] = "out of range", form[] = "not an integer";
	static const struct argument_case cases[] = {
		{"echo_i32", "-5", "-5", NULL},
		{"echo_i32", "0x7fffffff", "2147483647", NULL},
		{"echo_i32", "-2147483648", "-2147483648", NULL},
		{"echo_i32", "-0X80000000", "-2147483648", NULL},
		{"echo_i32", "2147483648", NULL, range},
		{"echo_i32", "-2147483649", NULL, range},
		{"echo_i32", "0xffffffff", NULL, range},
		{"echo_i32", "", NULL, form},
		{"echo_i32", "-", NULL, form},
		{"echo_i32", "0x", NULL, form},
		{"echo_i32", "+5", NULL, form},
		{"echo_i32", " 5", NULL, form},
		{"echo_i32", "5 ", NULL, form},
		{"echo_i32", "5.0", NULL, form},
		{"echo_i32", "--5", NULL, form},
		{"echo_i32", "12a", NULL, form},
		{"echo_u32", "4294967295", "4294967295", NULL},
		{"echo_u32", "-0", "0", NULL},
		{"echo_u32", "010", "10", NULL},
		{"echo_u32", "4294967296", NULL, range},
		{"echo_u32", "-1", NULL, range},
		{"echo_i64", "-9223372036854775808", "-9223372036854775808", NULL},
		{"echo_i64", "9223372036854775807", "9223372036854775807", NULL},
		{"echo_i64", "9223372036854775808", NULL, range},
		{"echo_i64", "-9223372036854775809", NULL, range},
		{"echo_u64", "18446744073709551615", "18446744073709551615", NULL},
		{"echo_u64", "0xFFFFFFFFFFFFFFFF", "18446744073709551615", NULL},
		{"echo_u64", "18446744073709551616", NULL, range},
		{"echo_u64", "99999999999999999999999999", NULL, range},
		{"echo_u64", "0x10000000000000000", NULL, range},
	};

	expect_arguments(cases, TEST_COUNT(cases));
}

static void floats_are_exact(void)
{
	static const char form[] = "not a number", range[] = "out of range";
	static const struct argument_case cases[] = {
		{"echo_f32", "0.1", "0.1", NULL},
		{"echo_f32", "16777217", "16777216", NULL},
		{"echo_f32", "-1e-45", "-1e-45", NULL},
		{"echo_f32", "3.4028235e38", "3.4028235e+38", NULL},
		{"echo_f32", "1e39", NULL, range},
		{"echo_f64", "0.1", "0.1", NULL},
		{"echo_f64", "-0", "-0", NULL},
		{"echo_f64", "0x1p-1074", "5e-324", NULL},
		{"echo_f64", "0.30000000000000004", "0.30000000000000004", NULL},
		{"echo_f64", "1e400", NULL, range},
		{"echo_f64", "-1e400", NULL, range},
		{"echo_f64", "inf", "inf", NULL},
		{"echo_f64", "-inf", "-inf", NULL},
		{"echo_f64", "nan", "nan", NULL},
		{"echo_f64", ".5", "0.5", NULL},
		{"echo_f64", "", NULL, form},
		{"echo_f64", " 1", NULL, form},
		{"echo_f64", "1 ", NULL, form},
		{"echo_f64", "+1", NULL, form},
		{"echo_f64", "1,5", NULL, form},
		{"echo_f64", "nan(1)", NULL, form},
		{"echo_f64", "e5", NULL, form},
	};

	expect_arguments(cases, TEST_COUNT(cases));
}

static void bools_and_strings(void)
{
	static const char form[] = "not true, false, 1 or 0";
	static const struct argument_case cases[] = {
		{"echo_bool", "true", "true", NULL},
		{"echo_bool", "1", "true", NULL},
		{"echo_bool", "false", "false", NULL},
		{"echo_bool", "0", "false", NULL},
		{"echo_bool", "yes", NULL, form},
		{"echo_bool", "TRUE", NULL, form},
		{"echo_bool", "", NULL, form},
		{"echo_string", "", "", NULL},
		{"echo_string", "@-", "@-", NULL},
		{"echo_string", "--json", "--json", NULL},
		{"echo_string", "--", "--", NULL},
		{"echo_string", "h\xc3\xa9", "h\xc3\xa9", NULL},
		/* Arguments of Windows are Unicode. */
		{"echo_string", TOOL_ON_WINDOWS ? "\x1b" : "\xff\x1b",
		 TOOL_ON_WINDOWS ? "\x1b" : "\xff\x1b", NULL},
	};

	expect_arguments(cases, TEST_COUNT(cases));
}

static void all_sixteen_arguments(void)
{
	struct tool tool;

	tool_need_vm();
	TOOL_RUN(&tool, "run", test_guest("echo"), "sum16", "-1", "2", "-3", "4", "0.5", "0.25",
		 "true", "A", "xyz", "10", "20", "B", "", "1", "2", "0");
	tool_expect(&tool, "sum16", 0, "170.75\n");
	tool_clear(&tool);
}

static void wrong_numbers_of_arguments(void)
{
	struct tool tool;

	TOOL_RUN(&tool, "run", test_guest("echo"), "add", "1");
	tool_expect_error(&tool, "too few", 2, "add is i64(i64,i64): it takes 2 arguments, not 1");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", test_guest("echo"), "echo_i32", "1", "--json");
	tool_expect_error(&tool, "late option", 2, "options must come before the function");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", test_guest("echo"), "empty", "1");
	tool_expect_error(&tool, "too many", 2, "it takes 0 arguments, not 1");
	tool_clear(&tool);
}

static void bytes_come_from_anywhere(void)
{
	const char *path = test_file("in.bin");
	char at_path[300];
	struct tool tool = TOOL_INIT;

	tool_need_vm();
	test_write_file(path, "\0\1\2\xff", 4);
	snprintf(at_path, sizeof(at_path), "@%s", path);
	TOOL_RUN(&tool, "run", test_guest("echo"), "echo_bytes", at_path);
	CHECK_EQ(tool.code, 0);
	CHECK_EQ(tool.output_length, 4);
	CHECK_MEM(tool.output, "\0\1\2\xff", 4);
	tool_clear(&tool);

	tool.input = "from\0pipe";
	tool.input_length = 9;
	TOOL_RUN_PREPARED(&tool, "run", test_guest("echo"), "second", "literal", "@-");
	CHECK_EQ(tool.code, 0);
	CHECK_EQ(tool.output_length, 9);
	CHECK_MEM(tool.output, "from\0pipe", 9);
	tool_clear(&tool);

	TOOL_RUN(&tool, "run", test_guest("echo"), "echo_bytes", "@-"); /* /dev/null */
	tool_expect(&tool, "empty input", 0, "");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", test_guest("echo"), "echo_bytes", "literal");
	tool_expect(&tool, "literal", 0, "literal");
	tool_clear(&tool);
}

static void bad_input_is_reported(void)
{
	struct tool tool = TOOL_INIT;
	char path[300];

	TOOL_RUN(&tool, "run", test_guest("echo"), "sum_bytes", "@/nowhere/at/all");
	tool_expect_error(&tool, "missing", 1, "/nowhere/at/all: No such file");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", test_guest("echo"), "sum_bytes", "@/");
	tool_expect_error(&tool, "folder", 1, "/: Is a directory");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", test_guest("echo"), "sum_bytes", "@");
	tool_expect_error(&tool, "no name", 2, "@ needs the name of a file");
	tool_clear(&tool);
	if (!TOOL_ON_WINDOWS) {
		TOOL_RUN(&tool, "run", "--mailbox", "4K", test_guest("echo"), "sum_bytes",
			 "@/dev/zero");
		tool_expect_error(&tool, "endless", 1, "/dev/zero: larger than the 4 KiB");
		tool_clear(&tool);
	}
	snprintf(path, sizeof(path), "@%s", test_file("huge"));
	test_write_file(path + 1, "", 0);
	REQUIRE(truncate(path + 1, 1ll << 40) == 0);
	TOOL_RUN(&tool, "run", test_guest("echo"), "sum_bytes", path);
	tool_expect_error(&tool, "huge", 1, "huge: larger than the 1 GiB");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", test_guest("echo"), "second", "@-", "@-");
	tool_expect_error(&tool, "twice", 2, "only one argument can be standard input");
	tool_clear(&tool);
	tool.closes[0] = true;
	TOOL_RUN_PREPARED(&tool, "run", test_guest("echo"), "sum_bytes", "@-");
	tool_expect_error(&tool, "closed", 1, "standard input: Bad file descriptor");
	tool_clear(&tool);
}

/* The mailbox grows with the arguments. */
static void large_arguments_fit(void)
{
	size_t length = 5000000;
	char *data = malloc(length), path[300], two[300];
	struct tool tool = TOOL_INIT;

	tool_need_vm();
	for (size_t i = 0; i < length; i++)
		data[i] = (char)(i * 7 + i / 251);
	snprintf(path, sizeof(path), "@%s", test_file("large"));
	test_write_file(path + 1, data, length);
	snprintf(two, sizeof(two), "%s", path);
	TOOL_RUN(&tool, "run", test_guest("echo"), "second", path, two);
	CHECK_EQ(tool.code, 0);
	REQUIRE_EQ(tool.output_length, length);
	CHECK_MEM(tool.output, data, length);
	tool_clear(&tool);
	tool.input = data;
	tool.input_length = length;
	TOOL_RUN_PREPARED(&tool, "run", test_guest("echo"), "echo_bytes", "@-");
	REQUIRE_EQ(tool.output_length, length);
	CHECK_MEM(tool.output, data, length);
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--mailbox", "1M", test_guest("echo"), "sum_bytes", path);
	tool_expect_error(&tool, "mailbox given", 1, "larger than the 1 MiB");
	tool_clear(&tool);
	free(data);
}

/* ---- Options ----------------------------------------------------------------------------- */

static void options_stand_before_the_guest(void)
{
	char guest[4096];
	struct tool tool;

	tool_need_vm();
	snprintf(guest, sizeof(guest), "%s", test_guest("echo"));
	TOOL_RUN(&tool, "run", "--memory=32M", "--quiet", guest, "add", "-1", "-2");
	tool_expect(&tool, "negative numbers", 0, "-3\n");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--memory", "32MiB", "--heap", "1m", "--stack", "65536", "-q", "--",
		 guest, "add", "1", "2");
	tool_expect(&tool, "double dash", 0, "3\n");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", guest, "--quiet", "empty");
	CHECK_EQ(tool.code, 2);
	CHECK_CONTAINS(tool.errors,
		       "exports no function \"--quiet\"; options come before the guest");
	tool_clear(&tool);
}

static void guest_may_begin_with_a_dash(void)
{
	struct tool tool = TOOL_INIT;
	size_t length;
	char *image = test_read_file(test_guest("echo"), &length);

	tool_need_vm();
	test_write_file(test_file("-guest"), image, length);
	free(image);
	tool.folder = test_folder();
	TOOL_RUN_PREPARED(&tool, "run", "--", "-guest", "add", "2", "2");
	tool_expect(&tool, "-guest", 0, "4\n");
	tool_clear(&tool);
}

static void sizes_reach_the_sandbox(void)
{
	static const struct {
		const char *option, *value, *function, *argument, *output;
	} cases[] = {
		{"--mailbox", "200K", "capacity", NULL, "204800\n"},
		{"--mailbox", "3M", "capacity", NULL, "3145728\n"},
		{"--memory", "16M", "can_allocate", "33554432", "false\n"},
		{"--memory", "64M", "can_allocate", "33554432", "true\n"},
		{"--heap", "1M", "can_allocate", "2097152", "false\n"},
		{"--heap", "100M", "can_allocate", "90000000", "true\n"},
		{"--stack", "64M", "use_stack", "40000", "40000\n"},
		{"--backend", "auto", "capacity", NULL, "1048576\n"},
		{"--backend", OWN_BACKEND, "capacity", NULL, "1048576\n"},
	};
	struct tool tool;

	tool_need_vm();
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		TOOL_RUN(&tool, "run", cases[i].option, cases[i].value, test_guest("cli"),
			 cases[i].function, cases[i].argument);
		tool_expect(&tool, cases[i].value, 0, cases[i].output);
		tool_clear(&tool);
	}
	TOOL_RUN(&tool, "run", "--stack", "1M", test_guest("cli"), "use_stack", "4000");
	tool_expect_error(&tool, "small stack", 3, "; raise --stack");
	tool_clear(&tool);
}

static void impossible_sizes_are_refused(void)
{
	struct tool tool;

	tool_need_vm();
	TOOL_RUN(&tool, "run", "--memory", "128K", test_guest("echo"), "empty");
	tool_expect_error(&tool, "memory", 1, "raise --memory");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--memory", "100G", test_guest("echo"), "empty");
	tool_expect_error(&tool, "memory", 2,
			  "guest memory of 100 GiB: it must be 64 KiB to 64 GiB; change --memory");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--mailbox", "2G", test_guest("echo"), "empty");
	tool_expect_error(&tool, "mailbox", 2,
			  "mailbox of 2 GiB: it must be at most 1 GiB; change --mailbox");
	tool_clear(&tool);
}

/* The note of an image asks for heap and stack, its headers for as much memory as they like. */
static void an_image_chooses_no_gigabytes(void)
{
	static const char part[] = "MiB of memory, more than the 1 GiB that mote run gives without "
				   "being told; if you trust it with more, set --memory";
	const char *greedy, *path = test_file("bss");
	struct tool tool;
	size_t length;
	char *image = test_read_file(test_guest("echo"), &length);
	const Elf64_Ehdr *header = (const void *)image;
	Elf64_Phdr *segments = (void *)(image + header->e_phoff);

	tool_need_vm();
	for (unsigned i = 0; i < header->e_phnum; i++)
		if (segments[i].p_type == PT_LOAD && (segments[i].p_flags & PF_W))
			segments[i].p_memsz = 63ull << 30;
	test_write_file(path, image, length);
	free(image);
	TOOL_RUN(&tool, "run", path, "add", "40", "2");
	tool_expect_error(&tool, "segment", 1, part);
	tool_clear(&tool);

	greedy = test_guest("greedy");
	TOOL_RUN(&tool, "run", greedy, "answer");
	tool_expect_error(&tool, "note", 1, part);
	CHECK_CONTAINS(tool.errors, "greedy asks for 1101 MiB");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--json", greedy, "answer");
	CHECK_EQ(tool.code, 1);
	CHECK_STR(json_at(tool.output, "status"), "\"no_guest_memory\"");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--memory", "1200M", greedy, "answer");
	tool_expect(&tool, "--memory", 0, "42\n");
	tool_clear(&tool);
	/* What the user says counts; the library then checks it against the image. */
	TOOL_RUN(&tool, "run", "--heap", "950M", greedy, "answer");
	tool_expect(&tool, "--heap", 0, "42\n");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--memory", "1200M", "--heap", "1M", greedy, "answer");
	tool_expect_error(&tool, "small heap", 1, "; leave out or raise --heap\n");
	tool_clear(&tool);
}

static void missing_hypervisor_is_named(void)
{
	struct tool tool;

	TOOL_RUN(&tool, "run", "--backend", "hvf", test_guest("echo"), "empty");
	tool_expect_error(&tool, "hvf", 1, "backend hvf is not part of this build");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--backend", "hvf", "--json", test_guest("echo"), "empty");
	CHECK_STR(json_at(tool.output, "status"), "\"no_hypervisor\"");
	CHECK_EQ(tool.code, 1);
	tool_clear(&tool);
	/* What is wrong with the command line is said first. */
	TOOL_RUN(&tool, "run", "--backend", "hvf", test_guest("echo"), "add", "x", "1");
	tool_expect_error(&tool, "arguments first", 2, "not an integer");
	tool_clear(&tool);
}

/* ---- Which function ---------------------------------------------------------------------- */

static void main_is_called_without_a_function(void)
{
	struct tool tool;

	tool_need_vm();
	TOOL_RUN(&tool, "run", test_guest("main_none"));
	tool_expect(&tool, "i32()", 0, "42\n");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--json", test_guest("main_string"));
	CHECK_EQ(tool.code, 0);
	CHECK_STR(json_at(tool.output, "function"), "\"main\"");
	CHECK_STR(json_at(tool.output, "result"), "42");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", test_guest("main_number"), "main", "5");
	tool_expect(&tool, "named", 0, "42\n");
	tool_clear(&tool);
}

static void functions_are_listed_when_none_fits(void)
{
	struct tool tool;

	TOOL_RUN(&tool, "run", test_guest("main_number"));
	CHECK_EQ(tool.code, 2);
	CHECK_CONTAINS(tool.errors, "mote: no function given");
	CHECK_CONTAINS(tool.errors, "\n  main: i32(i32)\n");
	CHECK_STR(tool.output, "");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", test_guest("echo"), "ad");
	CHECK_EQ(tool.code, 2);
	CHECK_CONTAINS(tool.errors, "exports no function \"ad\";");
	CHECK_CONTAINS(tool.errors, "\n  add: i64(i64,i64)\n");
	tool_clear(&tool);
}

static void missing_imports_are_named(void)
{
	struct tool tool;

	tool_need_vm();
	TOOL_RUN(&tool, "run", test_guest("callbacks"), "call_empty");
	tool_expect_error(&tool, "imports", 1, "needs host function host_");
	CHECK_CONTAINS(tool.errors,
		       "; register it in a program of your own: mote run offers no host "
		       "functions\n");
	tool_clear(&tool);
}

/* ---- Results ----------------------------------------------------------------------------- */

static void expect_json_result(const char *function, const char *word, const char *type,
			       const char *encoding, const char *result)
{
	struct tool tool;

	TOOL_RUN(&tool, "run", "--json",
		 test_guest(!strncmp(function, "echo", 4) || !strcmp(function, "empty") ? "echo"
											: "cli"),
		 function, word);
	CHECK_EQ(tool.code, 0);
	CHECK(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "status"), "\"ok\"");
	CHECK_STR(json_at(tool.output, "type"), type);
	CHECK_STR(json_at(tool.output, "encoding"), encoding);
	CHECK_STR(json_at(tool.output, "result"), result);
	tool_clear(&tool);
}

static void results_as_json(void)
{
	tool_need_vm();
	expect_json_result("empty", NULL, "\"void\"", "(none)", "null");
	expect_json_result("echo_i32", "-7", "\"i32\"", "(none)", "-7");
	expect_json_result("echo_u32", "7", "\"u32\"", "(none)", "7");
	expect_json_result("echo_i64", "-9223372036854775808", "\"i64\"", "(none)",
			   "-9223372036854775808");
	expect_json_result("echo_u64", "18446744073709551615", "\"u64\"", "(none)",
			   "18446744073709551615");
	expect_json_result("echo_f32", "0.1", "\"f32\"", "(none)", "0.1");
	expect_json_result("echo_f64", "1e300", "\"f64\"", "(none)", "1e+300");
	expect_json_result("echo_f64", "nan", "\"f64\"", "(none)", "\"nan\"");
	expect_json_result("echo_f64", "-inf", "\"f64\"", "(none)", "\"-inf\"");
	expect_json_result("echo_bool", "1", "\"bool\"", "(none)", "true");
	expect_json_result("text", "0", "\"string\"", "\"utf-8\"", "\"plain\"");
	expect_json_result("text", "1", "\"string\"", "\"utf-8\"",
			   "\"a\\u001b[31mb\\u0009c\\nd\\u000d\\\"\\\\\"");
	expect_json_result("text", "2", "\"string\"", "\"base64\"", "\"//4gbm90IFVURi04\"");
	expect_json_result("text", "3", "\"string\"", "\"utf-8\"",
			   "\"h\xc3\xa9llo \xe2\x82\xac \xf0\x9f\x98\x80\"");
	expect_json_result("text", "5", "\"string\"", "\"utf-8\"", "\"\"");
	expect_json_result("pattern", "0", "\"bytes\"", "\"base64\"", "\"\"");
	expect_json_result("pattern", "1", "\"bytes\"", "\"base64\"", "\"AA==\"");
	expect_json_result("pattern", "2", "\"bytes\"", "\"base64\"", "\"AAE=\"");
	expect_json_result("pattern", "3", "\"bytes\"", "\"base64\"", "\"AAEC\"");
	expect_json_result("pattern", "4", "\"bytes\"", "\"base64\"", "\"AAECAw==\"");
}

static void results_go_to_a_file(void)
{
	const char *path = test_file("out.bin");
	struct tool tool = TOOL_INIT;
	size_t length;
	char *data;

	tool_need_vm();
	TOOL_RUN(&tool, "run", "-o", path, test_guest("cli"), "pattern", "300");
	tool_expect(&tool, "bytes", 0, "");
	data = test_read_file(path, &length);
	CHECK_EQ(length, 300);
	CHECK_EQ((unsigned char)data[255], 255);
	free(data);
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--output", path, test_guest("cli"), "text", "0");
	data = test_read_file(path, &length);
	CHECK_EQ(length, 5);
	CHECK_MEM(data, "plain", 5);
	free(data);
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "-o", "/nowhere/at/all", test_guest("cli"), "text", "0");
	tool_expect_error(&tool, "no folder", 1, "/nowhere/at/all: No such file");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--json", "-o", path, test_guest("cli"), "text", "0");
	CHECK_EQ(tool.code, 2);
	CHECK_CONTAINS(tool.errors, "--json and --output exclude each other");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "-o", path, test_guest("echo"), "empty");
	tool_expect_error(&tool, "void", 2, "returns nothing");
	tool_clear(&tool);
	if (TOOL_ON_WINDOWS)
		return; /* it has no such device */
	TOOL_RUN(&tool, "run", "-o", "/dev/full", test_guest("cli"), "pattern", "100000");
	tool_expect_error(&tool, "full", 1, "/dev/full: No space left");
	tool_clear(&tool);
}

/* Runs the tool with a terminal as standard output and returns what arrives there. */
#ifdef _WIN32
static char *run_on_terminal(const char *function, const char *word)
{
	SKIP("what a console shows cannot be read: %s %s", function, word);
}
#else
static char *run_on_terminal(const char *function, const char *word)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK), slave;
	static char text[16384];
	struct tool tool = TOOL_INIT;
	struct termios settings;
	size_t used = 0;
	ssize_t got;

	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
		SKIP("no terminals here");
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		SKIP("no terminals here");
	tcgetattr(slave, &settings);
	cfmakeraw(&settings);
	tcsetattr(slave, TCSANOW, &settings);
	tool.out = slave;
	TOOL_START(&tool, "run", test_guest("cli"), function, word);
	tool_finish(&tool);
	CHECK_EQ(tool.code, 0);
	while (used < sizeof(text) - 1 &&
	       (got = read(master, text + used, sizeof(text) - 1 - used)) > 0)
		used += (size_t)got;
	text[used] = '\0';
	close(slave);
	close(master);
	tool_clear(&tool);
	return text;
}
#endif

static void terminals_are_safe(void)
{
	char *text;

	tool_need_vm();
	setenv("LC_ALL", "C.UTF-8", 1);
	CHECK_STR(run_on_terminal("text", "1"), "a\\x1b[31mb\tc\nd\\r\"\\\n");
	CHECK_STR(run_on_terminal("text", "2"), "\\xff\\xfe not UTF-8\n");
	CHECK_STR(run_on_terminal("text", "3"), "h\xc3\xa9llo \xe2\x82\xac \xf0\x9f\x98\x80\n");
	CHECK_STR(run_on_terminal("text", "4"), "c1 \\xc2\\x9b bidi \\xe2\\x80\\xae\n");
	text = run_on_terminal("pattern", "17");
	CHECK_CONTAINS(text, "00000000  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  |");
	CHECK_CONTAINS(text, "00000010  10    ");
	CHECK_CONTAINS(text, "\n17 bytes\n");
	text = run_on_terminal("pattern", "70000");
	CHECK_CONTAINS(text, "70000 bytes, the first 256 shown");
	CHECK(strlen(text) < 2000);
	/* Bytes of UTF-8 can be control characters elsewhere. */
	setenv("LC_ALL", "C", 1);
	CHECK_STR(run_on_terminal("text", "3"),
		  "h\\xc3\\xa9llo \\xe2\\x82\\xac \\xf0\\x9f\\x98\\x80\n");
	unsetenv("LC_ALL");
}

static void output_errors_are_reported(void)
{
	struct tool tool = TOOL_INIT;
	int ends[2];

	tool_need_vm();
	REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
	close(ends[0]);
	tool.out = ends[1];
	TOOL_RUN_PREPARED(&tool, "run", test_guest("cli"), "pattern", "200000");
	tool_expect_error(&tool, "closed pipe", 1, "standard output: Broken pipe");
	tool_clear(&tool);
	close(ends[1]);
	tool.closes[1] = true;
	TOOL_RUN_PREPARED(&tool, "run", "--json", test_guest("cli"), "text", "0");
	tool_expect_error(&tool, "closed", 1, "standard output: Bad file descriptor");
	tool_clear(&tool);
	/* What the guest says must not go to a file that took the place of standard error. */
	tool.closes[2] = true;
	TOOL_RUN_PREPARED(&tool, "run", test_guest("cli"), "log_all");
	tool_expect(&tool, "no standard error", 0, "");
	tool_clear(&tool);
	tool.closes[0] = tool.closes[2] = true;
	TOOL_RUN_PREPARED(&tool, "run", test_guest("cli"), "log_all");
	tool_expect(&tool, "nor input", 0, "");
	tool_clear(&tool);
}

/* ---- Log --------------------------------------------------------------------------------- */

static void log_levels_are_kept(void)
{
	static const struct {
		const char *option, *errors;
	} cases[] = {
		{"--log-level=off", ""},
		{"--log-level=error", "guest error: e\n"},
		{"--log-level=warning", "guest error: e\nguest warning: w\n"},
		{"--log-level=info",
		 "guest error: e\nguest warning: w\nguest info: i \\x1b[1m\\n\n"},
		{"--log-level=debug",
		 "guest error: e\nguest warning: w\nguest info: i \\x1b[1m\\n\nguest debug: d\n"},
		{"--log-level=trace",
		 "guest error: e\nguest warning: w\nguest info: i \\x1b[1m\\n\nguest debug: d\n"
		 "guest trace: t\n"},
		{"--quiet", ""},
		{"--", "guest error: e\nguest warning: w\nguest info: i \\x1b[1m\\n\n"},
	};
	struct tool tool;

	tool_need_vm();
	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		TOOL_RUN(&tool, "run", cases[i].option, test_guest("cli"), "log_all");
		CHECK_EQ(tool.code, 0);
		CHECK_STR(tool.errors, cases[i].errors);
		CHECK_STR(tool.output, "");
		tool_clear(&tool);
	}
}

/* ---- Ends -------------------------------------------------------------------------------- */

static void faults_and_aborts_have_codes(void)
{
	struct tool tool;

	tool_need_vm();
	TOOL_RUN(&tool, "run", test_guest("cli"), "read_at", "16");
	tool_expect_error(&tool, "null", 3, "guest fault: memory access: ");
	CHECK_CONTAINS(tool.errors, "0x10 (null page) at 0x");
	CHECK_CONTAINS(tool.errors, "read_at");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", test_guest("cli"), "undefined");
	tool_expect_error(&tool, "ud2", 3, "guest fault: invalid instruction");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", test_guest("cli"), "abort_with", "enough\nof \x1b[31mthis");
	tool_expect_error(&tool, "abort", 4, "guest aborted: enough");
	tool_clear(&tool);
}

static void faults_as_json(void)
{
	struct tool tool;

	tool_need_vm();
	TOOL_RUN(&tool, "run", "--json", test_guest("cli"), "read_at", "0x10");
	CHECK_EQ(tool.code, 3);
	CHECK(is_error_line(tool.errors));
	REQUIRE(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "status"), "\"guest_fault\"");
	CHECK_STR(json_at(tool.output, "function"), "\"read_at\"");
	CHECK_CONTAINS(json_at(tool.output, "error"), "guest fault: memory access");
	CHECK_STR(json_at(tool.output, "result"), "(none)");
	CHECK_STR(json_at(tool.output, "fault.kind"), "\"memory\"");
	CHECK_STR(json_at(tool.output, "fault.vector"), READ_VECTOR);
	CHECK_STR(json_at(tool.output, "fault.error_code"), READ_ERROR_CODE);
	CHECK_STR(json_at(tool.output, "fault.address"), "\"0x10\"");
	CHECK_STR(json_at(tool.output, "fault.access"), "\"read\"");
	CHECK_STR(json_at(tool.output, "fault.region"), "\"null page\"");
	CHECK_CONTAINS(json_at(tool.output, "fault.symbol"), "read_at");
	CHECK_STR(json_at(tool.output, "fault.registers.machine"), "\"" MACHINE_NAME "\"");
	CHECK_STR(json_at(tool.output, "fault.registers." PC_NAME),
		  json_at(tool.output, "fault.pc"));
	CHECK_CONTAINS(json_at(tool.output, "fault.registers." FLAGS_NAME), "\"0x");
	tool_clear(&tool);

	TOOL_RUN(&tool, "run", "--json", test_guest("cli"), "undefined");
	CHECK_STR(json_at(tool.output, "fault.kind"), "\"instruction\"");
	CHECK_STR(json_at(tool.output, "fault.address"), "null");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--json", test_guest("cli"), "abort_with", "a \"quoted\" reason");
	CHECK_EQ(tool.code, 4);
	CHECK_STR(json_at(tool.output, "status"), "\"guest_abort\"");
	CHECK_STR(json_at(tool.output, "error"), "\"guest aborted: a \\\"quoted\\\" reason\"");
	CHECK_STR(json_at(tool.output, "fault"), "(none)");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--json", test_guest("cli"), "nothing");
	CHECK_EQ(tool.code, 2);
	CHECK_STR(json_at(tool.output, "status"), "\"usage\"");
	tool_clear(&tool);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(integers_are_checked),
		CASE(floats_are_exact),
		CASE(bools_and_strings),
		CASE(all_sixteen_arguments),
		CASE(wrong_numbers_of_arguments),
		CASE(bytes_come_from_anywhere),
		CASE(bad_input_is_reported),
		CASE(large_arguments_fit),
		CASE(options_stand_before_the_guest),
		CASE(guest_may_begin_with_a_dash),
		CASE(sizes_reach_the_sandbox),
		CASE(impossible_sizes_are_refused),
		CASE(an_image_chooses_no_gigabytes),
		CASE(missing_hypervisor_is_named),
		CASE(main_is_called_without_a_function),
		CASE(functions_are_listed_when_none_fits),
		CASE(missing_imports_are_named),
		CASE(results_as_json),
		CASE(results_go_to_a_file),
		CASE(terminals_are_safe),
		CASE(output_errors_are_reported),
		CASE(log_levels_are_kept),
		CASE(faults_and_aborts_have_codes),
		CASE(faults_as_json),
	};
	int code = test_main("cli_run", cases, TEST_COUNT(cases), argc, argv);

	test_remove_folder();
	return code;
}

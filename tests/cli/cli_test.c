/* SPDX-License-Identifier: Apache-2.0
 *
 * The tool without a hypervisor: help, usage, inspect, doctor, its output.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "expected.h"
#include "json_check.h"
#include "test.h"
#include "tool.h"

/* ---- The checker itself ------------------------------------------------------------------ */

static void checker_knows_json(void)
{
	static const char *const good[] = {"{}\n", "{\"a\":1}\n",
					   "{\"a\":[1,-0.5e+3,\"x\\u00e9\\n\",true,null,{}]}\n",
					   "{\"\":\"h\xc3\xa9\"}\n"};
	static const char *const bad[] = {"",
					  "{}",
					  "{}\n\n",
					  "[1]\n",
					  "{\"a\":01}\n",
					  "{\"a\":1,}\n",
					  "{\"a\"}\n",
					  "{a:1}\n",
					  "{\"a\":nan}\n",
					  "{\"a\":.5}\n",
					  "{\"a\":\"\n\"}\n",
					  "{\"a\":\"\\x41\"}\n",
					  "{\"a\":\"\xff\"}\n",
					  "{\"a\":1}x\n",
					  "{\"a\":[1}\n",
					  "{\"a\":-}\n",
					  "{\"a\":1.}\n",
					  "{\"a\":\"\xc3\"}\n"};
	const char *text = "{\"a\":{\"b\":[1,{\"c\":\"x\"}]},\"d\":2}\n";

	for (size_t i = 0; i < TEST_COUNT(good); i++)
		CHECK(json_is_valid(good[i]));
	for (size_t i = 0; i < TEST_COUNT(bad); i++)
		CHECK(!json_is_valid(bad[i]));
	CHECK_STR(json_at(text, "a.b.1.c"), "\"x\"");
	CHECK_STR(json_at(text, "d"), "2");
	CHECK_STR(json_at(text, "a.x"), "(none)");
	CHECK_EQ(json_count(text, "a.b"), 2);
}

/* ---- Help and usage ---------------------------------------------------------------------- */

static void expect_help(const char *first, const char *second, const char *part)
{
	struct tool tool;

	TOOL_RUN(&tool, first, second);
	CHECK_EQ(tool.code, 0);
	CHECK_CONTAINS(tool.output, part);
	CHECK_STR(tool.errors, "");
	for (char *line = tool.output, *end; (end = strchr(line, '\n')); line = end + 1)
		CHECK(end - line <= 100);
	tool_clear(&tool);
}

static void help_teaches(void)
{
	expect_help("help", NULL, "mote run GUEST");
	expect_help("--help", NULL, "mote doctor");
	expect_help("-h", NULL, "mote inspect");
	expect_help("help", "run", "Exit codes:");
	expect_help("help", "run", "@FILE");
	expect_help("run", "--help", "Examples:");
	expect_help("run", "-h", "--memory SIZE");
	expect_help("help", "inspect", "Examples:");
	expect_help("inspect", "--help", "signatures");
	expect_help("run", "--help", "--timeout DURATION");
	expect_help("help", "doctor", "MOTE_BACKEND");
	expect_help("core", "--help", "mote core [--json] FILE [GUEST]");
	expect_help("new", "--help", "mote new NAME");
	expect_help("bench", "--help", "--seconds DURATION");
	expect_help("doctor", "--help", "Exit codes");
	expect_help("help", "version", "version");
	expect_help("help", "help", "mote run GUEST");
}

static void version_is_printed(void)
{
	static const char *const ways[] = {"version", "--version", "-V"};
	struct tool tool;

	for (size_t i = 0; i < TEST_COUNT(ways); i++) {
		unsigned major, minor, patch;

		TOOL_RUN(&tool, ways[i]);
		CHECK_EQ(tool.code, 0);
		CHECK(sscanf(tool.output, "mote %u.%u.%u\n", &major, &minor, &patch) == 3);
		CHECK_STR(tool.errors, "");
		tool_clear(&tool);
	}
}

static void wrong_usage_is_one_line_and_code_2(void)
{
	static const struct {
		const char *words[6];
		const char *part;
	} cases[] = {
		{{NULL}, "no command; see mote help"},
		{{"frobnicate"}, "unknown command frobnicate; see mote help"},
		{{"--frobnicate"}, "unknown option --frobnicate; see mote help"},
		{{""}, "unknown command \"\"; see mote help"},
		{{"version", "x"}, "takes no arguments"},
		{{"help", "frobnicate"}, "no help about frobnicate"},
		{{"help", "run", "x"}, "help takes one command"},
		{{"run"}, "no guest given; see mote help run"},
		{{"run", "--"}, "no guest given"},
		{{"run", "--frobnicate", "x"}, "unknown option --frobnicate; see mote help run"},
		{{"run", "-x"}, "unknown option -x"},
		{{"run", "--jso", "x"}, "unknown option --jso"},
		{{"run", "--json=1", "x"}, "--json takes no value"},
		{{"run", "--memory"}, "--memory needs a value"},
		{{"run", "--memory", "lots", "x"}, "\"lots\" is not a size"},
		{{"run", "--memory", "", "x"}, "is not a size"},
		{{"run", "--memory", "-1", "x"}, "is not a size"},
		{{"run", "--memory", "16X", "x"}, "is not a size"},
		{{"run", "--memory", "16MB", "x"}, "is not a size"},
		{{"run", "--memory", "0", "x"}, "is not a size above 0"},
		{{"run", "--memory=99999999999999999999", "x"}, "is not a size above 0"},
		{{"run", "--heap=99999999999G", "x"}, "is not a size above 0"},
		{{"run", "--backend", "xen", "x"}, "one of auto, kvm"},
		{{"run", "--log-level=loud", "x"}, "one of off, error"},
		{{"run", "-o", "", "x"}, "\"\" is not the name of a file"},
		{{"inspect"}, "no file given; see mote help inspect"},
		{{"inspect", "a", "b"}, "more than one file"},
		{{"inspect", "--memory", "1M", "a"}, "unknown option --memory"},
		{{"inspect", "--json", "--names", "a"}, "--json and --names exclude each other"},
		{{"core"}, "no core given; see mote help core"},
		{{"core", "a", "b", "c"}, "more than one guest given; see mote help core"},
		{{"core", "a", "b", "--names"}, "unknown option --names"},
		{{"doctor", "x"}, "doctor takes no arguments"},
		{{"doctor", "--backend", "kvm"}, "--backend and --timeout belong to --self-test"},
		{{"doctor", "--self-test", "--backend", "frob"},
		 "\"frob\" is not one of auto, kvm"},
		{{"doctor", "--verbose"}, "unknown option --verbose; see mote help doctor"},
		/* On Windows, what is not UTF-8 cannot be an argument. */
		{{TOOL_ON_WINDOWS ? "frob\x1b[31m\n" : "frob\x1b[31m\n\xff"},
		 TOOL_ON_WINDOWS ? "frob\\x1b[31m\\n" : "frob\\x1b[31m\\n\\xff"},
	};
	struct tool tool;

	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		tool_run(&tool, cases[i].words);
		tool_expect_error(&tool, cases[i].part, 2, cases[i].part);
		tool_clear(&tool);
	}
}

/* ---- Inspect ----------------------------------------------------------------------------- */

static void inspect_shows_the_guest(void)
{
	struct tool tool;

	TOOL_RUN(&tool, "inspect", test_guest("callbacks"));
	CHECK_EQ(tool.code, 0);
	CHECK_STR(tool.errors, "");
	CHECK_CONTAINS(tool.output, "machine  " MACHINE_NAME "\n");
	CHECK_CONTAINS(tool.output, "ABI      1\n");
	CHECK_CONTAINS(tool.output, "type     static-pie executable\n");
	CHECK_CONTAINS(tool.output, "\nentry    0x");
	CHECK_CONTAINS(tool.output, "\nheap     ");
	CHECK_CONTAINS(tool.output, "  call_times: u32(u32)\n");
	CHECK_CONTAINS(tool.output, "  host_join: bytes(bytes,bytes)\n");
	CHECK_CONTAINS(tool.output, "  r-x  ");
	CHECK(!strstr(tool.output, "rwx"));
	tool_clear(&tool);
}

static void inspect_as_json(void)
{
	struct tool tool;

	TOOL_RUN(&tool, "inspect", test_guest("echo"), "--json");
	CHECK_EQ(tool.code, 0);
	REQUIRE(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "status"), "\"ok\"");
	CHECK_STR(json_at(tool.output, "machine"), "\"" MACHINE_NAME "\"");
	CHECK_STR(json_at(tool.output, "abi_version"), "1");
	CHECK_STR(json_at(tool.output, "type"), "\"static-pie\"");
	CHECK_EQ(json_count(tool.output, "exports"), 17);
	CHECK_EQ(json_count(tool.output, "imports"), 0);
	CHECK_STR(json_at(tool.output, "exports.10.name"), "\"add\"");
	CHECK_STR(json_at(tool.output, "exports.10.signature"), "\"i64(i64,i64)\"");
	CHECK_STR(json_at(tool.output, "exports.10.result"), "\"i64\"");
	CHECK_STR(json_at(tool.output, "exports.10.arguments"), "[\"i64\",\"i64\"]");
	CHECK(json_count(tool.output, "segments") >= 3);
	CHECK_STR(json_at(tool.output, "segments.0.readable"), "true");
	CHECK_STR(json_at(tool.output, "segments.0.writable"), "false");
	tool_clear(&tool);

	TOOL_RUN(&tool, "inspect", "--json", test_guest("callbacks"));
	CHECK_EQ(tool.code, 0);
	CHECK(json_count(tool.output, "imports") >= 10);
	tool_clear(&tool);
}

static void inspect_reads_both_architectures(void)
{
	const char *path = test_file("aarch64");
	struct tool tool;
	size_t length;
	char *image = test_read_file(test_guest("echo"), &length);

	test_make_other_machine(image);
	test_write_file(path, image, length);
	free(image);
	TOOL_RUN(&tool, "inspect", path);
	CHECK_EQ(tool.code, 0);
	CHECK_CONTAINS(tool.output, "machine  " OTHER_MACHINE_NAME "\n");
	tool_clear(&tool);
}

/* The note's table of exports ends where it begins: its two words are relative to themselves. */
static void remove_exports(char *image, size_t length)
{
	static const char name_and_version[] = "mote\0\0\0\0\1\0\0";
	char *at = memmem(image, length, name_and_version, sizeof(name_and_version));
	int32_t begin, end;

	REQUIRE(at);
	at += sizeof(name_and_version);
	memcpy(&begin, at, sizeof(begin));
	end = begin - (int32_t)sizeof(begin);
	memcpy(at + sizeof(begin), &end, sizeof(end));
}

static void inspect_says_when_there_is_nothing_to_call(void)
{
	const char *path = test_file("no_exports");
	struct tool tool;
	size_t length;
	char *image = test_read_file(test_guest("echo"), &length);

	remove_exports(image, length);
	test_write_file(path, image, length);
	free(image);
	TOOL_RUN(&tool, "inspect", path);
	CHECK_EQ(tool.code, 0);
	CHECK_CONTAINS(tool.output, "exports (0)\n  none: nothing can be called.");
	CHECK_CONTAINS(tool.output, "--whole-archive");
	tool_clear(&tool);
}

/* Puts another name into the record of 64 bytes of an export. */
static void rename_export(char *image, size_t length, const char *from, const char *to)
{
	char old[64] = {0}, renamed[64] = {0};
	char *at;

	snprintf(old, sizeof(old), "%s", from);
	snprintf(renamed, sizeof(renamed), "%s", to);
	at = memmem(image, length, old, sizeof(old));
	REQUIRE(at);
	memcpy(at, renamed, sizeof(renamed));
}

/* What completion asks for. */
static void inspect_names_are_plain(void)
{
	static const char *const hostile[][2] = {
		{"add", "$(reboot)"},
		{"empty", "-rf"},
		{"sum_bytes", "a;b"},
	};
	const char *path = test_file("names");
	struct tool tool;
	size_t length;
	char *image = test_read_file(test_guest("echo"), &length);

	TOOL_RUN(&tool, "inspect", "--names", test_guest("echo"));
	CHECK_EQ(tool.code, 0);
	CHECK_STR(tool.errors, "");
	CHECK_CONTAINS(tool.output, "add\ti64(i64,i64)\n");
	tool_clear(&tool);
	for (size_t i = 0; i < TEST_COUNT(hostile); i++)
		rename_export(image, length, hostile[i][0], hostile[i][1]);
	rename_export(image, length, "echo_string", "x.y-z_0");
	test_write_file(path, image, length);
	free(image);
	TOOL_RUN(&tool, "inspect", "--names", path);
	CHECK_EQ(tool.code, 0);
	CHECK_CONTAINS(tool.output, "x.y-z_0\t");
	for (size_t i = 0; i < TEST_COUNT(hostile); i++)
		CHECK(!strstr(tool.output, hostile[i][1]));
	CHECK(!strstr(tool.output, "add\t"));
	tool_clear(&tool);
}

/* ---- Doctor ------------------------------------------------------------------------------ */

static void doctor_reports(void)
{
	struct tool tool;
	bool usable;

	if (TOOL_ON_WINDOWS)
		SKIP("other hypervisors: see cli_windows");
	TOOL_RUN(&tool, "doctor");
	usable = strstr(tool.output, "  kvm   usable") != NULL;
	CHECK(usable || strstr(tool.output, "  kvm   not usable: "));
	CHECK_EQ(tool.code, usable ? 0 : 1);
	CHECK(!usable || access("/dev/kvm", R_OK | W_OK) == 0);
	CHECK_CONTAINS(tool.output, usable ? "mote run uses kvm\n" : "mote run finds none: ");
	CHECK_STR(tool.errors, "");
	if (access("/sys/devices/system/cpu/vulnerabilities/spectre_v2", R_OK) == 0)
		CHECK_CONTAINS(tool.output, "  spectre_v2 ");
	tool_clear(&tool);
}

static void doctor_as_json(void)
{
	struct tool tool;
	bool usable;

	if (TOOL_ON_WINDOWS)
		SKIP("other hypervisors: see cli_windows");
	TOOL_RUN(&tool, "doctor", "--json");
	REQUIRE(json_is_valid(tool.output));
	usable = tool.code == 0;
	CHECK_EQ(tool.code, usable ? 0 : 1);
	CHECK_STR(json_at(tool.output, "backends.0.name"), "\"mshv\"");
	if (access("/dev/mshv", F_OK) != 0) {
		CHECK_STR(json_at(tool.output, "backends.0.usable"), "false");
		CHECK_CONTAINS(json_at(tool.output, "backends.0.reason"),
			       "/dev/mshv: no such device");
	}
	CHECK_STR(json_at(tool.output, "backends.1.name"), "\"kvm\"");
	CHECK_STR(json_at(tool.output, "backends.1.usable"), usable ? "true" : "false");
	CHECK_STR(json_at(tool.output, "usable"), usable ? "true" : "false");
	CHECK(!strcmp(json_at(tool.output, "split_locks"), "\"none\"") ==
	      !strcmp(MACHINE_NAME, "aarch64"));
	CHECK_STR(json_at(tool.output, "chosen"), usable ? "\"kvm\"" : "null");
	CHECK_STR(json_at(tool.output, "hv_support"), "null"); /* it is macOS's */
	CHECK(!strcmp(json_at(tool.output, "backends.1.reason"), "\"\"") == usable);
	/* A backend that is built and whose device can be opened is usable. */
	if (!strcmp(json_at(tool.output, "backends.1.built"), "true") &&
	    access("/dev/kvm", R_OK | W_OK) == 0)
		CHECK(usable);
	tool_clear(&tool);
}

static void doctor_names_a_wrong_choice(void)
{
	struct tool tool = TOOL_INIT;

	tool.variable = "MOTE_BACKEND=frob";
	TOOL_RUN_PREPARED(&tool, "doctor");
	CHECK_CONTAINS(tool.output, "mote run finds none: ");
	CHECK_CONTAINS(tool.output, "MOTE_BACKEND=frob");
	CHECK_EQ(tool.code, 1);
	tool_clear(&tool);
	tool.variable = "MOTE_BACKEND=frob";
	TOOL_RUN_PREPARED(&tool, "doctor", "--json");
	CHECK_EQ(tool.code, 1);
	CHECK_STR(json_at(tool.output, "usable"), "false");
	CHECK_STR(json_at(tool.output, "chosen"), "null");
	CHECK_CONTAINS(json_at(tool.output, "error"), "MOTE_BACKEND=frob");
	tool_clear(&tool);
}

/* ---- Output that fails ------------------------------------------------------------------- */

static void expect_output_error(const char *what, int out, bool closed, const char *part)
{
	static const char *const commands[][3] = {
		{"version"},	      {"help"},	   {"help", "run"}, {"doctor"},
		{"doctor", "--json"}, {"inspect"},
	};

	for (size_t i = 0; i < TEST_COUNT(commands); i++) {
		struct tool tool = TOOL_INIT;
		bool inspects = !strcmp(commands[i][0], "inspect");
		char text[100];

		tool.out = out;
		tool.closes[1] = closed;
		TOOL_RUN_PREPARED(&tool, commands[i][0],
				  inspects ? test_guest("echo") : commands[i][1]);
		snprintf(text, sizeof(text), "%s, %s", what, commands[i][0]);
		tool_expect_error(&tool, text, 1, part);
		tool_clear(&tool);
	}
}

static void failing_output_is_reported(void)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), ends[2];

	REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
	close(ends[0]);
	expect_output_error("closed pipe", ends[1], false, "standard output: Broken pipe");
	close(ends[1]);
	expect_output_error("closed descriptor", -1, true, "standard output: Bad file descriptor");
	if (full < 0)
		return; /* only Linux has it */
	expect_output_error("full disk", full, false, "standard output: No space left");
	close(full);
}

static void lives_without_standard_descriptors(void)
{
	struct tool tool = {.in = -1, .out = -1, .err = -1, .closes = {true, true, true}};

	TOOL_RUN_PREPARED(&tool, "inspect", test_guest("echo"));
	CHECK_EQ(tool.code, 1);
	tool_clear(&tool);
	tool.closes[0] = tool.closes[2] = true;
	TOOL_RUN_PREPARED(&tool, "version");
	CHECK_EQ(tool.code, 0);
	CHECK_CONTAINS(tool.output, "mote ");
	tool_clear(&tool);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(checker_knows_json),
		CASE(help_teaches),
		CASE(version_is_printed),
		CASE(wrong_usage_is_one_line_and_code_2),
		CASE(inspect_shows_the_guest),
		CASE(inspect_as_json),
		CASE(inspect_says_when_there_is_nothing_to_call),
		CASE(inspect_names_are_plain),
		CASE(inspect_reads_both_architectures),
		CASE(doctor_reports),
		CASE(doctor_as_json),
		CASE(doctor_names_a_wrong_choice),
		CASE(failing_output_is_reported),
		CASE(lives_without_standard_descriptors),
	};
	int code = test_main("cli", cases, TEST_COUNT(cases), argc, argv);

	test_remove_folder();
	return code;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * mote bench: its figures are there and make sense.  How large they are is not judged.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json_check.h"
#include "test.h"
#include "tool.h"

/* The least that it can do: ten samples of each. */
#define SHORT "--seconds=1ms"

static const struct {
	const char *name, *unit, *reference;
} figures[] = {
	{"call", "us", "\"system call\""},
	{"call with host call", "us", "\"system call\""},
	{"create, call, destroy", "us", "\"process\""},
	{"call, restore", "us", "\"system call\""},
	{"acquire, call, release", "us", "\"process\""},
	{"clone, call, destroy", "us", "\"process\""},
	{"take a snapshot", "us", "\"process\""},
	{"64 KiB in", "MiB/s", "\"memcpy\""},
	{"64 KiB out", "MiB/s", "\"memcpy\""},
	{"kill to return", "us", "null"},
};

static const char *member(const char *text, size_t figure, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "figures.%zu.%s", figure, name);
	return json_at(text, path);
}

static double value(const char *text, size_t figure, const char *name)
{
	return strtod(member(text, figure, name), NULL);
}

static void expect_figure(const char *text, size_t i)
{
	bool less_is_better = strcmp(figures[i].unit, "us") == 0;
	double best = value(text, i, "best"), median = value(text, i, "median"),
	       p99 = value(text, i, "p99");
	char quoted[64];

	snprintf(quoted, sizeof(quoted), "\"%s\"", figures[i].name);
	CHECK_STR(member(text, i, "name"), quoted);
	snprintf(quoted, sizeof(quoted), "\"%s\"", figures[i].unit);
	CHECK_STR(member(text, i, "unit"), quoted);
	CHECK_STR(member(text, i, "reference"), figures[i].reference);
	CHECK(best > 0 && median > 0 && p99 > 0);
	CHECK(less_is_better ? best <= median && median <= p99 : best >= median && median >= p99);
	CHECK(value(text, i, "samples") >= 10);
	if (strcmp(figures[i].reference, "null") == 0)
		CHECK_STR(member(text, i, "ratio"), "null");
	else
		CHECK(value(text, i, "reference_median") > 0 && value(text, i, "ratio") > 0);
}

static void expect_figures(const char *text)
{
	REQUIRE(json_is_valid(text));
	CHECK_STR(json_at(text, "status"), "\"ok\"");
	CHECK_STR(json_at(text, "backend"), "\"" OWN_BACKEND "\"");
	CHECK(json_at(text, "version")[0] == '"');
	REQUIRE(json_count(text, "figures") == (int)TEST_COUNT(figures));
	for (size_t i = 0; i < TEST_COUNT(figures); i++)
		expect_figure(text, i);
}

static void prints_a_table(void)
{
	struct tool tool;

	tool_need_vm();
	TOOL_RUN(&tool, "bench", SHORT);
	CHECK_EQ(tool.code, 0);
	CHECK_STR(tool.errors, "");
	CHECK_CONTAINS(tool.output, ", " OWN_BACKEND "\n");
	CHECK_CONTAINS(tool.output, "median");
	for (size_t i = 0; i < TEST_COUNT(figures); i++) {
		char line[64];

		snprintf(line, sizeof(line), "\n%-22s %-6s ", figures[i].name, figures[i].unit);
		CHECK_CONTAINS(tool.output, line);
	}
	CHECK_CONTAINS(tool.output, " x system call (");
	tool_clear(&tool);
}

static void json_to_standard_output(void)
{
	struct tool tool;

	tool_need_vm();
	TOOL_RUN(&tool, "bench", SHORT, "--json", "-", "--backend", OWN_BACKEND);
	CHECK_EQ(tool.code, 0);
	CHECK_STR(tool.errors, "");
	expect_figures(tool.output);
	tool_clear(&tool);
}

static void json_to_a_file(void)
{
	struct tool tool;
	size_t length;
	char *data, *text;

	tool_need_vm();
	TOOL_RUN(&tool, "bench", SHORT, "--json", test_file("figures.json"));
	CHECK_EQ(tool.code, 0);
	CHECK_CONTAINS(tool.output, "kill to return");
	tool_clear(&tool);
	data = test_read_file(test_file("figures.json"), &length);
	text = strndup(data, length);
	expect_figures(text);
	free(text);
	free(data);
}

static void failures_have_their_json(void)
{
	struct tool tool = TOOL_INIT;

	tool.variable = "MOTE_BACKEND=xen";
	TOOL_RUN_PREPARED(&tool, "bench", SHORT, "--json=-");
	CHECK_EQ(tool.code, 1);
	CHECK(is_error_line(tool.errors));
	REQUIRE(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "figures"), "(none)");
	CHECK(strcmp(json_at(tool.output, "status"), "\"ok\"") != 0);
	CHECK_CONTAINS(json_at(tool.output, "error"), "xen");
	tool_clear(&tool);
}

/* Before anything is measured. */
static void refuses_a_file_that_cannot_be(void)
{
	struct tool tool;

	TOOL_RUN(&tool, "bench", "--json", "/nowhere/at/all", "--seconds", "100h");
	tool_expect_error(&tool, "folder", 1, "/nowhere/at/all: No such file");
	tool_clear(&tool);
}

static void full_disk_is_reported(void)
{
	struct tool tool;

	if (access("/dev/full", W_OK) != 0)
		SKIP("there is no /dev/full");
	tool_need_vm();
	TOOL_RUN(&tool, "bench", SHORT, "--json", "/dev/full");
	CHECK_EQ(tool.code, 1);
	CHECK_CONTAINS(tool.errors, "/dev/full: No space left");
	tool_clear(&tool);
}

static void wrong_usage(void)
{
	static const struct {
		const char *words[6];
		const char *part;
	} cases[] = {
		{{"bench", "guest"}, "bench takes no arguments; see mote help bench"},
		{{"bench", "--seconds", "0"}, "a time of 1ns to 100000h"},
		{{"bench", "--seconds", "soon"}, "\"soon\" is not a time"},
		{{"bench", "--quick", "--seconds", "1"}, "exclude each other"},
		{{"bench", "--json"}, "--json needs a value"},
		{{"bench", "--backend", "xen"}, "one of auto, kvm"},
		{{"bench", "--memory", "1M"}, "unknown option --memory; see mote help bench"},
	};
	struct tool tool;

	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		tool_run(&tool, cases[i].words);
		tool_expect_error(&tool, cases[i].part, 2, cases[i].part);
		tool_clear(&tool);
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(prints_a_table),
		CASE(json_to_standard_output),
		CASE(json_to_a_file),
		CASE(failures_have_their_json),
		CASE(refuses_a_file_that_cannot_be),
		CASE(full_disk_is_reported),
		CASE(wrong_usage),
	};
	int code = test_main("cli_bench", cases, TEST_COUNT(cases), argc, argv);

	test_remove_folder();
	return code;
}

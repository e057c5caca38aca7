/* SPDX-License-Identifier: Apache-2.0
 *
 * Parts of the tool, called as functions: its text and JSON, and what doctor
 * reads, in a folder that looks like the machine's.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"
#include "json_check.h"
#include "printable.h"
#include "split_lock.h"
#include "test.h"
#include "text.h"
#include "tool.h"

/* ---- Text -------------------------------------------------------------------------------- */

/* The tool escapes what the library replaces. */
static void hostile_text_is_escaped(void)
{
	for (size_t i = 0; i < TEST_COUNT(printable_rows); i++) {
		const struct printable_row *row = &printable_rows[i];
		char escaped[256];
		bool good = !strcmp(row->text, row->shown);

		escape_text(escaped, sizeof(escaped), row->text, strlen(row->text), false);
		CHECK(is_printable_line(escaped));
		if ((strcmp(escaped, row->text) == 0) != good)
			FAIL("%s: \"%s\"", row->name, escaped);
	}
}

static void hostile_text_is_valid_json(void)
{
	for (size_t i = 0; i < TEST_COUNT(printable_rows); i++) {
		const struct printable_row *row = &printable_rows[i];
		struct output output = {.name = "memory"}; /* the text stays in its buffer */
		struct json json;

		json_begin(&json, &output);
		json_string(&json, "text", row->text);
		json_end(&json);
		output.buffer[output.used] = '\0';
		if (!json_is_valid(output.buffer))
			FAIL("%s: %s", row->name, output.buffer);
		output.buffer[output.used - 1] = '\0';
		CHECK(is_printable_line(output.buffer));
	}
}

static void characters_above_ffff_are_two_surrogates(void)
{
	struct output output = {.name = "memory"};
	struct json json;

	json_begin(&json, &output);
	json_string(&json, "tag", "\xf3\xa0\x80\x81");
	json_end(&json);
	CHECK_MEM(output.buffer, "{\"tag\":\"\\udb40\\udc01\"}\n", output.used);
}

static void long_texts_lose_their_middle(void)
{
	char text[400], shown[64];

	fit_text(shown, sizeof(shown), "short");
	CHECK_STR(shown, "short");
	for (size_t before = 0; before < 8; before++) {
		memset(text, 'x', before);
		for (size_t at = before; at < 320; at += 4)
			memcpy(text + at, "\xf0\x9f\x98\x80", 5);
		strcat(text, ": the reason");
		fit_text(shown, sizeof(shown), text);
		CHECK(is_printable_line(shown));
		CHECK_CONTAINS(shown, "...");
		CHECK_STR(shown + strlen(shown) - 12, ": the reason");
		CHECK(strlen(shown) > sizeof(shown) - 10);
	}
}

/* ---- Split locks ------------------------------------------------------------------------- */

/* NULL: the file is not there. */
static void make_file(const char *name, const char *text)
{
	const char *path = test_file(name);

	unlink(path);
	if (text)
		test_write_file(path, text, strlen(text));
}

static void make_machine(const char *flags, const char *command_line, const char *mitigate)
{
	char text[256];

	mkdir(test_file("proc"), 0700);
	mkdir(test_file("proc/sys"), 0700);
	mkdir(test_file("proc/sys/kernel"), 0700);
	snprintf(text, sizeof(text), "processor\t: 0\nmodel name\t: %s\n%s%s\nbugs\t\t: x\n",
		 "split_lock_detect", flags ? "flags\t\t: fpu " : "Features\t: fp ",
		 flags ? flags : "asimd");
	make_file("proc/cpuinfo", text);
	make_file("proc/cmdline", command_line);
	make_file("proc/sys/kernel/split_lock_mitigate", mitigate);
}

static void split_locks_are_known(void)
{
	static const struct {
		const char *flags, *command_line, *mitigate, *name;
	} machines[] = {
		{NULL, "quiet\n", NULL, "none"},
		{"sse constant_tsc", "quiet\n", "1\n", "undetected"},
		{"sse bus_lock_detect", "quiet\n", "1\n", "undetected"},
		{"not_split_lock_detect split_lock_detect_x", "\n", "1\n", "undetected"},
		{"split_lock_detect", "quiet\n", "1\n", "slow"},
		{"sse split_lock_detect bus_lock_detect", NULL, NULL, "slow"},
		{"split_lock_detect", "quiet\n", "0\n", "warn"},
		{"split_lock_detect", "split_lock_detect=warn quiet\n", "0\n", "warn"},
		{"split_lock_detect", "quiet split_lock_detect=off\n", "1\n", "undetected"},
		{"split_lock_detect", "split_lock_detect=ratelimit:5\n", "1\n", "undetected"},
		{"split_lock_detect", "a split_lock_detect=fatal b\n", "0\n", "fatal"},
		{"split_lock_detect", "split_lock_detect=off split_lock_detect=fatal", "1\n",
		 "fatal"},
		{"split_lock_detect", "split_lock_detect=fatality\n", "1\n", "slow"},
		{"split_lock_detect", "x_split_lock_detect=fatal\n", "1\n", "slow"},
		{"split_lock_detect", "", "", "slow"},
	};

	for (size_t i = 0; i < TEST_COUNT(machines); i++) {
		enum split_lock mode;

		make_machine(machines[i].flags, machines[i].command_line, machines[i].mitigate);
		mode = split_lock_read(test_folder());
		if (strcmp(split_lock_name(mode), machines[i].name))
			FAIL("machine %zu: %s, not %s", i, split_lock_name(mode), machines[i].name);
		CHECK(is_printable_line(split_lock_text(mode)));
	}
	CHECK_EQ(split_lock_read("/nowhere"), SPLIT_LOCK_NONE);
	CHECK_CONTAINS(split_lock_text(SPLIT_LOCK_FATAL), "SIGBUS");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(hostile_text_is_escaped),
		CASE(hostile_text_is_valid_json),
		CASE(characters_above_ffff_are_two_surrogates),
		CASE(long_texts_lose_their_middle),
		CASE(split_locks_are_known),
	};
	int code = test_main("cli_parts", cases, TEST_COUNT(cases), argc, argv);

	test_remove_folder();
	return code;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * mote new: what it writes and what it refuses.  That the result builds and runs
 * is tested with the installed package (scripts/check-package).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "tool.h"

/* Runs it in the test's own folder. */
static void run_new(struct tool *tool, const char *name, const char *more)
{
	*tool = (struct tool)TOOL_INIT;
	tool->folder = test_folder();
	TOOL_RUN_PREPARED(tool, "new", name, more);
}

static int count_files(const char *folder)
{
	DIR *directory = opendir(folder);
	int count = 0;

	if (!directory)
		return -1;
	while (readdir(directory))
		count++;
	closedir(directory);
	return count - 2;
}

static void expect_file(const char *path, const char *part)
{
	size_t length;
	char *data = test_read_file(test_file(path), &length);
	char *text = strndup(data, length);

	CHECK_CONTAINS(text, part);
	CHECK(length > 0 && text[length - 1] == '\n');
	CHECK(!strchr(text, '@') || strstr(text, " @README.md"));
	free(text);
	free(data);
}

static void writes_four_files(void)
{
	struct tool tool;

	run_new(&tool, "first-1", NULL);
	CHECK_EQ(tool.code, 0);
	CHECK_STR(tool.errors, "");
	CHECK_CONTAINS(tool.output, "cd first-1\n");
	CHECK_CONTAINS(tool.output, "  cmake -B build");
	CHECK_CONTAINS(tool.output, " && cmake --build build\n");
	CHECK_CONTAINS(tool.output, "mote run build/first-1 greet World\n");
	tool_clear(&tool);
	CHECK_EQ(count_files(test_file("first-1")), 4);
	expect_file("first-1/CMakeLists.txt", "mote_add_guest(first-1 first-1.c)\n");
	expect_file("first-1/first-1.c", "MOTE_EXPORT(mote_string, greet, (mote_string, name))");
	expect_file("first-1/README.md", "mote run build/first-1 sum @README.md");
	expect_file("first-1/.gitignore", "/build/\n");
}

static void takes_an_empty_folder(void)
{
	struct tool tool;

	REQUIRE(mkdir(test_file("empty"), 0755) == 0);
	run_new(&tool, "empty", NULL);
	CHECK_EQ(tool.code, 0);
	tool_clear(&tool);
	CHECK_EQ(count_files(test_file("empty")), 4);
}

static void refuses_what_is_there(void)
{
	struct tool tool;

	REQUIRE(mkdir(test_file("full"), 0755) == 0);
	test_write_file(test_file("full/.hidden"), "x", 1);
	run_new(&tool, "full", NULL);
	tool_expect_error(&tool, "full", 1, "full: exists and is not empty");
	tool_clear(&tool);
	CHECK_EQ(count_files(test_file("full")), 1);
	test_write_file(test_file("file"), "x", 1);
	run_new(&tool, "file", NULL);
	tool_expect_error(&tool, "file", 1, "file: Not a directory");
	tool_clear(&tool);
}

static void refuses_a_dangling_link(void)
{
	const int linked = symlink("/nowhere/at/all", test_file("dangling"));
	struct tool tool;

	if (linked != 0 && TOOL_ON_WINDOWS)
		SKIP("no links without a right of their own here");
	run_new(&tool, "dangling", NULL);
	tool_expect_error(&tool, "dangling", 1, "dangling: No such file");
	tool_clear(&tool);
}

static void refuses_bad_names(void)
{
	static const char form[] = "is not a valid guest name", cmake[] = "a meaning of its own";
	static const struct {
		const char *name, *part;
	} cases[] = {
		{"", form},
		{"1st", form},
		{"_x", form},
		{"a b", form},
		{"a/b", form},
		{"/tmp/x", form},
		{"..", form},
		{".", form},
		{"a.b", form},
		{"a;b", form},
		{"a$(b)", form},
		{"a\n", form},
		{"h\xc3\xa9", form},
		{"test", cmake},
		{"All", cmake},
		{"install", cmake},
		{"gcc", cmake},
		{"a23456789012345678901234567890123456789012345678901234567890abcd", form},
	};
	struct tool tool;

	for (size_t i = 0; i < TEST_COUNT(cases); i++) {
		run_new(&tool, cases[i].name, NULL);
		tool_expect_error(&tool, cases[i].name, 2, cases[i].part);
		tool_clear(&tool);
	}
	run_new(&tool, NULL, NULL);
	tool_expect_error(&tool, "no name", 2, "no name given; see mote help new");
	tool_clear(&tool);
	run_new(&tool, "a", "b");
	tool_expect_error(&tool, "two names", 2, "more than one name given");
	tool_clear(&tool);
	run_new(&tool, "--force", "a");
	tool_expect_error(&tool, "option", 2, "unknown option --force; see mote help new");
	tool_clear(&tool);
	CHECK_EQ(access(test_file("a"), F_OK), -1);
}

/* Nothing is left of what could not be finished. */
static void cleans_up(void)
{
	struct tool tool = TOOL_INIT;

	if (TOOL_ON_WINDOWS)
		SKIP("no folder denies a file by its mode here");
	tool.folder = "/proc";
	TOOL_RUN_PREPARED(&tool, "new", "guest");
	tool_expect_error(&tool, "proc", 1, "guest: ");
	tool_clear(&tool);
	if (geteuid() == 0)
		return;
	REQUIRE(mkdir(test_file("locked"), 0555) == 0);
	run_new(&tool, "locked", NULL);
	tool_expect_error(&tool, "locked", 1, "locked/CMakeLists.txt: Permission denied");
	tool_clear(&tool);
	CHECK_EQ(count_files(test_file("locked")), 0);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(writes_four_files),     CASE(takes_an_empty_folder),
		CASE(refuses_what_is_there), CASE(refuses_a_dangling_link),
		CASE(refuses_bad_names),     CASE(cleans_up),
	};
	int code = test_main("cli_new", cases, TEST_COUNT(cases), argc, argv);

	test_remove_folder();
	return code;
}

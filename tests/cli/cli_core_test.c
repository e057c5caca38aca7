/* SPDX-License-Identifier: Apache-2.0
 *
 * Cores and the tool: mote run --core-dir writes one, mote core shows it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_check.h"
#include "test.h"
#include "tool.h"

static void make_core(char *path, size_t capacity)
{
	const char *line;
	struct tool tool;

	tool_need_vm();
	TOOL_RUN(&tool, "run", "--core-dir", test_folder(), test_guest("cli"), "read_at", "16");
	CHECK_EQ(tool.code, 3);
	CHECK_CONTAINS(tool.errors, "guest fault: memory access: read of 0x10");
	line = strstr(tool.errors, "mote: core: ");
	REQUIRE(line != NULL);
	snprintf(path, capacity, "%s", line + strlen("mote: core: "));
	path[strcspn(path, "\n")] = '\0';
	tool_clear(&tool);
}

static void core_is_shown(void)
{
	static const char *const parts[] = {
		"\nfault       memory\n",
		"\naddress     0x10\n",
		"\nregion      null page\n",
		"\nbacktrace\n  #0   0x",
		"read_at+0x",
		"\nregisters\n",
		"\nmemory\n",
	};
	char path[512];
	struct tool tool;

	make_core(path, sizeof(path));
	TOOL_RUN(&tool, "core", path);
	CHECK_EQ(tool.code, 0);
	CHECK_STR(tool.errors, "");
	for (size_t i = 0; i < TEST_COUNT(parts); i++)
		CHECK_CONTAINS(tool.output, parts[i]);
	tool_clear(&tool);
}

static void core_as_json(void)
{
	char path[512];
	struct tool tool;

	make_core(path, sizeof(path));
	TOOL_RUN(&tool, "core", "--json", path);
	CHECK_EQ(tool.code, 0);
	CHECK(json_is_valid(tool.output));
	CHECK_CONTAINS(tool.output, "\"end\":\"guest_fault\"");
	CHECK_CONTAINS(tool.output, "\"address\":\"0x10\"");
	CHECK_CONTAINS(tool.output, "\"backtrace\":[\"0x");
	tool_clear(&tool);
}

static void missing_folder_leaves_the_status(void)
{
	struct tool tool;

	tool_need_vm();
	TOOL_RUN(&tool, "run", "--core-dir", test_file("nowhere"), test_guest("cli"), "read_at",
		 "16");
	CHECK_EQ(tool.code, 3);
	CHECK_CONTAINS(tool.errors, "mote: no core: ");
	CHECK_CONTAINS(tool.errors, "No such file or directory");
	tool_clear(&tool);
}

static void other_files_are_refused(void)
{
	struct tool tool;

	TOOL_RUN(&tool, "core", test_guest("cli"));
	tool_expect_error(&tool, "a guest", 1, "not a core");
	tool_clear(&tool);
	TOOL_RUN(&tool, "core", test_file("nothing"));
	tool_expect_error(&tool, "nothing", 1, "No such file or directory");
	tool_clear(&tool);
	TOOL_RUN(&tool, "core");
	tool_expect_error(&tool, "no core", 2, "no core given; see mote help core");
	tool_clear(&tool);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(core_is_shown),
		CASE(core_as_json),
		CASE(missing_folder_leaves_the_status),
		CASE(other_files_are_refused),
	};
	int code = test_main("cli_core", cases, TEST_COUNT(cases), argc, argv);

	test_remove_folder();
	return code;
}

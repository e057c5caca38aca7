/* SPDX-License-Identifier: Apache-2.0
 *
 * mote snapshot, mote run --snapshot, mote inspect of a snapshot: what one process saves another
 * one goes on with; and any bad input is one clear line that leaves nothing behind.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json_check.h"
#include "test.h"
#include "tool.h"

static char guest[4096], file[4096];

/* Where files go, which is empty. */
static void begin(void)
{
	tool_need_vm();
	snprintf(guest, sizeof(guest), "%s", test_guest("cli"));
	snprintf(file, sizeof(file), "%s", test_file("snapshot"));
	(void)unlink(file);
}

static void end(void)
{
	(void)unlink(file);
}

static unsigned int files_in(const char *folder)
{
	DIR *open = opendir(folder);
	unsigned int count = 0;

	REQUIRE(open != NULL);
	for (struct dirent *entry = readdir(open); entry != NULL; entry = readdir(open))
		count += entry->d_name[0] != '.' || strlen(entry->d_name) > 2;
	closedir(open);
	return count;
}

/* On Windows a file that was deleted may vanish a moment later. */
static void expect_files(unsigned int count)
{
	const uint64_t end_ns = test_now_ns() + test_slow(10) * 1000000000u;

	while (TOOL_ON_WINDOWS && files_in(test_folder()) != count && test_now_ns() < end_ns)
		usleep(10000);
	CHECK_EQ(files_in(test_folder()), count);
}

static void expect(const char *const *arguments, const char *what, const char *output)
{
	struct tool tool;

	tool_run(&tool, arguments);
	tool_expect(&tool, what, 0, output);
	tool_clear(&tool);
}

#define EXPECT(output, what, ...) expect((const char *const[]){__VA_ARGS__, NULL}, what, output)

static void refuse(const char *const *arguments, int code, const char *part)
{
	struct tool tool;

	tool_run(&tool, arguments);
	tool_expect_error(&tool, part, code, part);
	tool_clear(&tool);
}

#define REFUSE(code, part, ...) refuse((const char *const[]){__VA_ARGS__, NULL}, code, part)

static void another_process_goes_on(void)
{
	struct stat status;

	begin();
	EXPECT("", "started", "snapshot", guest, file);
	EXPECT("1\n", "from the start", "run", "--snapshot", file, guest, "count");
	EXPECT("1\n", "again", "run", "--snapshot", file, guest, "count");
	EXPECT("", "after a call", "snapshot", "--memory", "8M", guest, file, "count");
	EXPECT("2\n", "after the call", "run", "--snapshot", file, guest, "count");
	EXPECT("2\n", "the same size", "run", "--snapshot", file, "--memory", "8M", guest, "count");
	CHECK_EQ(stat(file, &status), 0);
	CHECK(TOOL_ON_WINDOWS || (status.st_mode & 0777) == 0600);
	expect_files(1);
}

static void results_as_json(void)
{
	struct tool tool;

	begin();
	TOOL_RUN(&tool, "snapshot", "--json", guest, file, "count");
	CHECK_EQ(tool.code, 0);
	REQUIRE(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "status"), "\"ok\"");
	CHECK_STR(json_at(tool.output, "result"), "1");
	CHECK_CONTAINS(json_at(tool.output, "snapshot"), file);
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--json", "--snapshot", file, guest, "count");
	REQUIRE(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "result"), "2");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--json", "--snapshot", guest, guest, "count");
	CHECK_EQ(tool.code, 1);
	REQUIRE(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "status"), "\"bad_snapshot\"");
	tool_clear(&tool);
}

static void snapshots_are_inspected(void)
{
	struct tool tool;

	begin();
	EXPECT("", "started", "snapshot", "--memory", "8M", guest, file);
	TOOL_RUN(&tool, "inspect", file);
	CHECK_EQ(tool.code, 0);
	CHECK_CONTAINS(tool.output, "snapshot     ");
	CHECK_CONTAINS(tool.output, "memory       8 MiB\n");
	CHECK_CONTAINS(tool.output, "guest image  SHA-256 ");
	tool_clear(&tool);
	TOOL_RUN(&tool, "inspect", "--json", file);
	CHECK_EQ(tool.code, 0);
	REQUIRE(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "status"), "\"ok\"");
	CHECK_STR(json_at(tool.output, "memory_bytes"), "8388608");
	CHECK_STR(json_at(tool.output, "format_version"), "1");
	tool_clear(&tool);
}

static void bad_command_lines(void)
{
	begin();
	REFUSE(2, "no guest given", "snapshot");
	REFUSE(2, "no file given", "snapshot", guest);
	REFUSE(2, "name of the file", "snapshot", guest, "");
	REFUSE(2, "it takes 0 arguments", "snapshot", guest, file, "count", "7");
	REFUSE(2, "unknown option", "snapshot", "--output", "x", guest, file);
	REFUSE(2, "unknown option", "snapshot", "--snapshot", file, guest, file);
	REFUSE(2, "unknown option", "debug", "--snapshot", file, guest);
	REFUSE(2, "exclude each other", "run", "--snapshot", file, "--debug", "127.0.0.1:0", guest,
	       "count");
	REFUSE(2, "--snapshot needs a value", "run", "--snapshot");
	REFUSE(2, "not the name of a file", "run", "--snapshot=", guest, "count");
	expect_files(0);
}

static void failures_leave_no_file(void)
{
	struct tool tool;

	begin();
	TOOL_RUN(&tool, "snapshot", guest, file, "undefined");
	CHECK_EQ(tool.code, 3);
	tool_clear(&tool);
	TOOL_RUN(&tool, "snapshot", guest, file, "abort_with", "no");
	CHECK_EQ(tool.code, 4);
	tool_clear(&tool);
	TOOL_RUN(&tool, "snapshot", "--quiet", "--timeout", "50ms", guest, file, "spin");
	CHECK_EQ(tool.code, 5);
	tool_clear(&tool);
	REFUSE(1, "/nowhere/at/all", "snapshot", guest, "/nowhere/at/all");
	REFUSE(1, test_folder(), "snapshot", guest, test_folder());
	REFUSE(1, "/nowhere", "snapshot", "/nowhere", file);
	expect_files(0);
}

static void bad_files_are_refused(void)
{
	char other[4096];
	size_t length;
	char *bytes;

	begin();
	snprintf(other, sizeof(other), "%s", test_guest("echo"));
	REFUSE(1, NO_SUCH_FILE, "run", "--snapshot", file, guest, "count");
	REFUSE(1, "not a snapshot", "run", "--snapshot", guest, guest, "count");
	REFUSE(1, test_folder(), "run", "--snapshot", test_folder(), guest, "count");
	REFUSE(1, NOTHING_PATH, "run", "--snapshot", NOTHING_PATH, guest, "count");
	EXPECT("", "started", "snapshot", guest, file);
	REFUSE(1, "another guest image", "run", "--snapshot", file, other, "echo_u32", "1");
	REFUSE(1, "leave out the size", "run", "--snapshot", file, "--memory", "64M", guest,
	       "count");
	bytes = test_read_file(file, &length);
	REQUIRE(bytes != NULL);
	test_write_file(file, bytes, length - 1);
	REFUSE(1, "too short", "run", "--snapshot", file, guest, "count");
	REFUSE(1, "too short", "inspect", file);
	test_write_file(file, bytes, 7);
	REFUSE(1, "not a snapshot", "inspect", file);
	bytes[length / 2] ^= 1;
	test_write_file(file, bytes, length);
	REFUSE(1, "checksum", "run", "--snapshot", file, guest, "count");
	REFUSE(1, "checksum", "inspect", file);
	bytes[8] = 99;
	test_write_file(file, bytes, length);
	REFUSE(1, "format version 99", "inspect", file);
	free(bytes);
}

/* A file says how much memory it wants. */
static void a_file_chooses_no_gigabytes(void)
{
	struct tool tool;

	begin();
	TOOL_RUN(&tool, "snapshot", "--memory", "2G", guest, file);
	/* Linux refuses mappings that are far larger than its memory. */
	if (tool.code == 1 && strstr(tool.errors, "Cannot allocate memory") != NULL)
		SKIP("this machine has too little memory");
	tool_expect(&tool, "started", 0, "");
	tool_clear(&tool);
	REFUSE(1, "asks for 2048 MiB", "run", "--snapshot", file, guest, "count");
	EXPECT("1\n", "allowed", "run", "--snapshot", file, "--memory", "2G", guest, "count");
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE_WITHIN(another_process_goes_on, NULL, end),
		CASE_WITHIN(results_as_json, NULL, end),
		CASE_WITHIN(snapshots_are_inspected, NULL, end),
		CASE_WITHIN(bad_command_lines, NULL, end),
		CASE_WITHIN(failures_leave_no_file, NULL, end),
		CASE_WITHIN(bad_files_are_refused, NULL, end),
		CASE_WITHIN(a_file_chooses_no_gigabytes, NULL, end),
	};
	int code = test_main("cli_snapshot", cases, TEST_COUNT(cases), argc, argv);

	test_remove_folder();
	return code;
}

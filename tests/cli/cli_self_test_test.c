/* SPDX-License-Identifier: Apache-2.0
 *
 * mote doctor --self-test: with the program that the tool has beside it, and with one that fails in
 * every way.  That one is this program, under the other's name, beside a copy of the tool.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json_check.h"
#include "test.h"
#include "tool.h"

enum { PATH_BYTES = 4096 };

/* ---- The pretended program ----------------------------------------------------------------- */

#define PREFIX "conformance.kvm."

static void sleep_for_ever(void)
{
	for (;;)
		pause();
}

static void path_beside(char path[PATH_BYTES], const char *program, const char *name)
{
	snprintf(path, PATH_BYTES, "%.*s/%s", (int)(strrchr(program, '/') - program), program,
		 name);
}

static int open_beside(const char *program, const char *name, int flags)
{
	char path[PATH_BYTES];

	path_beside(path, program, name);
	return open(path, flags | O_CLOEXEC, 0600);
}

/* Somebody who was started, and holds the pipe and a lock. */
static void leave_somebody(const char *program)
{
	const int lock = open_beside(program, "lock", O_RDWR | O_CREAT);

	if (lock < 0 || flock(lock, LOCK_EX) != 0)
		_exit(99);
	if (fork() == 0)
		sleep_for_ever();
}

static void shout(void)
{
	for (unsigned i = 0; i < 1000000; i++)
		fputs("louder ", stdout);
	fputs("\n", stdout);
}

static int run_pretended(const char *program, const char *name)
{
	if (strcmp(name, "skips") == 0)
		return printf("skip - " PREFIX "skips: nothing to see\n") < 0;
	if (strcmp(name, "fails") == 0)
		return printf("# a detail\nnot ok - " PREFIX "fails: file.c:1: 1 > 2 \033[31m\n") >
		       0;
	if (strcmp(name, "dies") == 0) {
		fprintf(stderr, "an assertion, perhaps\n");
		raise(SIGKILL);
	} else if (strcmp(name, "says_nothing") == 0) {
		return printf("ok - " PREFIX "says_nothing_else\n") < 0;
	} else if (strcmp(name, "dies_late") == 0) {
		printf("ok - " PREFIX "dies_late\n");
		fflush(stdout);
		raise(SIGKILL);
	} else if (strcmp(name, "ends_badly") == 0) {
		printf("skip - " PREFIX "ends_badly: nothing to see\n");
		return 3;
	} else if (strcmp(name, "hangs") == 0) {
		sleep_for_ever();
	} else if (strcmp(name, "waits") == 0) {
		(void)!open_beside(program, "fifo", O_WRONLY);
		sleep_for_ever();
	} else if (strcmp(name, "leaves_somebody") == 0) {
		leave_somebody(program);
	} else if (strcmp(name, "shouts") == 0) {
		shout();
	}
	return printf("ok - " PREFIX "%s\n", name) < 0;
}

static int measure_pretended(void)
{
	static const char *const lines[] = {
		"capability - address_bits 48",
		"capability - slots 18446744073709551615",
		"measure - kicks_lost 0",
		"measure - is_good true",
		"measure - is_bad 1.5",
		"measure - octal 017",
		"measure - Name 1",
		"measure - quoted\" 1",
		"measure - empty ",
		"measure - long 184467440737095516150",
		"measure -",
		"measure - no_value",
	};

	for (size_t i = 0; i < TEST_COUNT(lines); i++)
		puts(lines[i]);
	return puts("ok - measure.kvm.all") < 0;
}

/* MOTE_PRETEND has the names of its cases. */
static int pretend(int argc, char **argv)
{
	const bool measures = argc > 1 && strcmp(argv[1], "--measure") == 0;
	const char *what = argc > 1 + measures ? argv[1 + measures] : "";
	char names[200];

	if (strcmp(what, "--list") != 0)
		return measures ? measure_pretended()
				: run_pretended(argv[0], what + strlen("=" PREFIX));
	if (measures)
		return puts("measure.kvm.all") < 0;
	snprintf(names, sizeof(names), "%s", getenv("MOTE_PRETEND"));
	puts("conformance.other.case");
	for (const char *name = strtok(names, " "); name != NULL; name = strtok(NULL, " "))
		printf(PREFIX "%s\n", name);
	return 0;
}

/* ---- The tool beside it -------------------------------------------------------------------- */

static char *own_tool; /* MOTE_TEST_CLI as it was */

/* MOTE_CONFORMANCE, from bin/. */
static const char *program_path(void)
{
	return test_file("bin/" MOTE_CONFORMANCE);
}

static void make_folders(const char *path)
{
	char part[PATH_BYTES];

	for (const char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		mkdir(part, 0700);
	}
}

static void install(void)
{
	char self[PATH_BYTES] = "";
	size_t length;
	void *tool;

	tool_need_vm();
	own_tool = strdup(getenv("MOTE_TEST_CLI"));
	tool = test_read_file(own_tool, &length);
	make_folders(test_file("bin/"));
	test_write_file(test_file("bin/mote"), tool, length);
	free(tool);
	make_folders(program_path());
	REQUIRE(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	REQUIRE_EQ(symlink(self, program_path()), 0);
	setenv("MOTE_TEST_CLI", test_file("bin/mote"), 1);
}

static void uninstall(void)
{
	if (own_tool != NULL)
		setenv("MOTE_TEST_CLI", own_tool, 1);
	free(own_tool);
	own_tool = NULL;
	test_remove_folder();
}

#define RUN(made, names, ...)                                                                      \
	do {                                                                                       \
		*(made) = (struct tool)TOOL_INIT;                                                  \
		(made)->variable = "MOTE_PRETEND=" names;                                          \
		TOOL_RUN_PREPARED(made, "doctor", "--self-test", __VA_ARGS__);                     \
	} while (0)

/* ---- Results ------------------------------------------------------------------------------- */

/* That line is in the text. */
static void check_line(const char *text, const char *line)
{
	char whole[600];

	snprintf(whole, sizeof(whole), "\n%s\n", line);
	CHECK_CONTAINS(text, whole);
}

static void what_did_not_pass_is_told_with_its_reason(void)
{
	struct tool tool;

	RUN(&tool, "passes fails skips", "--backend", "kvm");
	CHECK_EQ(tool.code, 1);
	CHECK_CONTAINS(tool.output, "\nconformance of kvm, ");
	CHECK_CONTAINS(tool.output, ": 4 cases\n");
	check_line(tool.output, "  failed   conformance.kvm.fails: file.c:1: 1 > 2 \\x1b[31m");
	check_line(tool.output, "  skipped  conformance.kvm.skips: nothing to see");
	CHECK(strstr(tool.output, "kvm.passes") == NULL);
	check_line(tool.output, "2 passed, 1 failed, 1 skipped");
	CHECK_STR(tool.errors, "");
	tool_clear(&tool);
	RUN(&tool, "passes skips", "--backend", "kvm");
	CHECK_EQ(tool.code, 0);
	check_line(tool.output, "2 passed, 0 failed, 1 skipped");
	tool_clear(&tool);
}

static void the_same_is_in_the_json(void)
{
	struct tool tool;

	RUN(&tool, "passes fails skips", "--json");
	CHECK_EQ(tool.code, 1);
	CHECK_STR(tool.errors, "");
	REQUIRE(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "status"), "\"failed\"");
	CHECK_STR(json_at(tool.output, "backend"), "\"kvm\"");
	CHECK_STR(json_at(tool.output, "passed"), "2");
	CHECK_STR(json_at(tool.output, "failed"), "1");
	CHECK_STR(json_at(tool.output, "skipped"), "1");
	CHECK_EQ(json_count(tool.output, "cases"), 4);
	CHECK_STR(json_at(tool.output, "cases.0.name"), "\"conformance.kvm.passes\"");
	CHECK_STR(json_at(tool.output, "cases.0.result"), "\"passed\"");
	CHECK_STR(json_at(tool.output, "cases.0.reason"), "\"\"");
	CHECK_STR(json_at(tool.output, "cases.1.result"), "\"failed\"");
	CHECK_STR(json_at(tool.output, "cases.1.reason"), "\"file.c:1: 1 > 2 \\u001b[31m\"");
	CHECK_STR(json_at(tool.output, "cases.2.result"), "\"skipped\"");
	CHECK_STR(json_at(tool.output, "cases.3.name"), "\"measure.kvm.all\"");
	tool_clear(&tool);
}

static void measurements_are_numbers_or_not_there(void)
{
	struct tool tool;

	RUN(&tool, "passes", "--json");
	CHECK_EQ(tool.code, 0);
	REQUIRE(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "capabilities"),
		  "{\"address_bits\":48,\"slots\":18446744073709551615}");
	CHECK_STR(json_at(tool.output, "measurements"), "{\"kicks_lost\":0,\"is_good\":true}");
	tool_clear(&tool);
}

static void a_crash_is_a_failed_case(void)
{
	struct tool tool;

	RUN(&tool, "dies says_nothing dies_late ends_badly passes", "--json");
	CHECK_EQ(tool.code, 1);
	REQUIRE(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "failed"), "4");
	CHECK_STR(json_at(tool.output, "passed"), "2");
	CHECK_STR(json_at(tool.output, "cases.0.reason"),
		  "\"it died by signal 9: an assertion, perhaps\"");
	CHECK_CONTAINS(json_at(tool.output, "cases.1.reason"),
		       "it ended without a result, with code 0");
	CHECK_STR(json_at(tool.output, "cases.2.reason"), "\"it passed, but it died by signal 9\"");
	tool_clear(&tool);
}

static void a_hang_is_cut_off(void)
{
	struct tool tool;

	RUN(&tool, "hangs hangs", "--json", "--timeout", "20ms");
	CHECK_EQ(tool.code, 1);
	REQUIRE(json_is_valid(tool.output));
	CHECK_CONTAINS(json_at(tool.output, "cases.0.reason"), "it hung, and was ended after");
	CHECK_CONTAINS(json_at(tool.output, "cases.1.reason"), "it hung, and was ended after");
	tool_clear(&tool);
}

/* What a case has started holds the pipe: it ends with the case. */
static void nobody_is_left_behind(void)
{
	struct tool tool;
	int lock;

	RUN(&tool, "leaves_somebody", "--json", "--timeout", "2s");
	CHECK_EQ(tool.code, 1);
	CHECK_CONTAINS(json_at(tool.output, "cases.0.reason"), "it hung, and was ended after");
	lock = open_beside(program_path(), "lock", O_RDWR | O_CREAT);
	REQUIRE(lock >= 0);
	CHECK_EQ(flock(lock, LOCK_EX), 0); /* for ever, if somebody is */
	close(lock);
	tool_clear(&tool);
}

static void much_output_does_no_harm(void)
{
	struct tool tool;

	RUN(&tool, "shouts", "--json");
	CHECK_EQ(tool.code, 0);
	CHECK(json_is_valid(tool.output));
	tool_clear(&tool);
}

static void a_signal_ends_the_case_too(void)
{
	struct tool tool = TOOL_INIT;
	char path[PATH_BYTES], byte;
	int fifo;

	path_beside(path, program_path(), "fifo");
	REQUIRE_EQ(mkfifo(path, 0600), 0);
	tool.variable = "MOTE_PRETEND=waits passes";
	TOOL_START(&tool, "doctor", "--self-test", "--json");
	fifo = open(path, O_RDONLY | O_CLOEXEC); /* returns when the case has opened it */
	REQUIRE(fifo >= 0);
	kill(tool.process, SIGTERM);
	CHECK_EQ(read(fifo, &byte, 1), 0); /* returns when the case is dead */
	close(fifo);
	tool_finish(&tool);
	CHECK_EQ(tool.code, 128 + SIGTERM);
	CHECK_STR(tool.errors, "mote: the self-test was ended by SIGTERM\n");
	CHECK_STR(json_at(tool.output, "status"), "\"killed\"");
	tool_clear(&tool);
}

/* ---- What is wrong before it begins -------------------------------------------------------- */

static void a_missing_program_is_named(void)
{
	struct tool tool;

	REQUIRE_EQ(unlink(program_path()), 0);
	RUN(&tool, "passes", "--backend", "kvm");
	tool_expect_error(&tool, "missing", 1,
			  "mote-conformance: No such file or directory; the self-test is this "
			  "program: install all of mote");
	CHECK(strstr(tool.errors, "..") == NULL);
	tool_clear(&tool);
	RUN(&tool, "passes", "--json");
	CHECK_EQ(tool.code, 1);
	CHECK_STR(json_at(tool.output, "status"), "\"os\"");
	tool_clear(&tool);
	test_write_file(program_path(), "no program", 10);
	RUN(&tool, "passes", "--backend", "kvm");
	tool_expect_error(&tool, "no program", 1, "Exec format error");
	tool_clear(&tool);
}

static void a_program_without_cases_is_named(void)
{
	struct tool tool;

	RUN(&tool, "", "--backend", "kvm");
	tool_expect_error(&tool, "empty", 1, "has no case conformance.kvm.*");
	tool_clear(&tool);
}

static void a_backend_that_cannot_be_used_is_named(void)
{
	struct tool tool = TOOL_INIT;

	TOOL_RUN(&tool, "doctor", "--self-test", "--backend", "whp");
	tool_expect_error(&tool, "whp", 1, "backend whp is not part of this build of mote");
	tool_clear(&tool);
	tool.variable = "MOTE_BACKEND=frob";
	TOOL_RUN_PREPARED(&tool, "doctor", "--self-test", "--json");
	CHECK_EQ(tool.code, 1);
	CHECK_STR(json_at(tool.output, "status"), "\"no_hypervisor\"");
	CHECK_CONTAINS(json_at(tool.output, "error"), "MOTE_BACKEND=frob");
	tool_clear(&tool);
}

/* ---- The program itself -------------------------------------------------------------------- */

static void check_measurements(const char *json)
{
	static const char *const numbers[] = {
		"capabilities.slots",	     "capabilities.page_bytes",
		"capabilities.address_bits", "measurements.warm_exit_ns",
		"measurements.spin_wall_ns", "measurements.spin_thread_ns",
	};

	for (size_t i = 0; i < TEST_COUNT(numbers); i++)
		if (strtoull(json_at(json, numbers[i]), NULL, 10) == 0)
			FAIL("%s is %s", numbers[i], json_at(json, numbers[i]));
	/* KVM's threads account for their guests. */
	CHECK_STR(json_at(json, "measurements.thread_time_includes_guest"), "true");
	CHECK_STR(json_at(json, "measurements.remaps"), "(none)");
}

static void note_failures(const char *json, int count)
{
	char path[64];

	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "cases.%d.result", i);
		if (strcmp(json_at(json, path), "\"failed\"") != 0)
			continue;
		snprintf(path, sizeof(path), "cases.%d", i);
		test_note("%s", json_at(json, path));
	}
}

/* In a bed the suite runs by itself, too: a few cases are enough. */
static void this_machine_conforms(void)
{
	const bool whole = !test_in_bed(NULL);
	struct tool tool = TOOL_INIT;
	char limit[32];
	int count;

	tool_need_vm();
	snprintf(limit, sizeof(limit), "%llus", (unsigned long long)test_slow(300));
	tool.patience = 600;
	tool.variable = whole ? NULL : "MOTE_TEST_FILTER=kick";
	TOOL_RUN_PREPARED(&tool, "doctor", "--self-test", "--json", "--timeout", limit);
	REQUIRE(json_is_valid(tool.output));
	CHECK_STR(tool.errors, "");
	count = json_count(tool.output, "cases");
	CHECK(count > (whole ? 100 : 2));
	note_failures(tool.output, count);
	CHECK_EQ(tool.code, 0);
	CHECK_STR(json_at(tool.output, "status"), "\"ok\"");
	CHECK_EQ(strtol(json_at(tool.output, "passed"), NULL, 10) +
			 strtol(json_at(tool.output, "skipped"), NULL, 10),
		 count);
	CHECK_STR(json_at(tool.output, "failed"), "0");
	CHECK_STR(json_at(tool.output, "os.name"), "\"Linux\"");
	CHECK(strlen(json_at(tool.output, "os.build")) > 2);
	CHECK(strlen(json_at(tool.output, "processor")) > 2);
	/* The thread sanitizer holds signals back, so there is nothing to measure then. */
	if (!TEST_THREAD_SANITIZER) {
		CHECK_STR(json_at(tool.output, "measurements.early_kicks_lost"), "0");
		CHECK(strtol(json_at(tool.output, "measurements.kicks"), NULL, 10) > 0);
	}
	if (whole)
		check_measurements(tool.output);
	tool_clear(&tool);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE_WITHIN(what_did_not_pass_is_told_with_its_reason, install, uninstall),
		CASE_WITHIN(the_same_is_in_the_json, install, uninstall),
		CASE_WITHIN(measurements_are_numbers_or_not_there, install, uninstall),
		CASE_WITHIN(a_crash_is_a_failed_case, install, uninstall),
		CASE_WITHIN(a_hang_is_cut_off, install, uninstall),
		CASE_WITHIN(nobody_is_left_behind, install, uninstall),
		CASE_WITHIN(much_output_does_no_harm, install, uninstall),
		CASE_WITHIN(a_signal_ends_the_case_too, install, uninstall),
		CASE_WITHIN(a_missing_program_is_named, install, uninstall),
		CASE_WITHIN(a_program_without_cases_is_named, install, uninstall),
		CASE(a_backend_that_cannot_be_used_is_named),
		CASE(this_machine_conforms),
	};
	const char *slash = strrchr(argv[0], '/');
	int code;

	if (slash != NULL && strcmp(slash, "/mote-conformance") == 0)
		return pretend(argc, argv);
	code = test_main("cli_self_test", cases, TEST_COUNT(cases), argc, argv);
	test_remove_folder();
	return code;
}

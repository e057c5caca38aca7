/* SPDX-License-Identifier: Apache-2.0
 *
 * What cli_os.h promises, whichever operating system keeps it.
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include <mote/mote.h>

#include "cli_os.h"
#include "test.h"
#include "tool.h"

enum { SOON_NS = 5000000, PAUSE_NS = 1000000 };
static const uint64_t LATE_NS = 600ull * 1000000000;

/* ---- The process ------------------------------------------------------------------------- */

static void the_machine_has_the_name_that_mote_gives_it(void)
{
	char text[CLI_OS_MACHINE_BYTES];
	const char *machine = cli_os_machine(text);

	CHECK(machine != NULL);
	CHECK(strcmp(machine, mote_machine_name(MOTE_MACHINE_X86_64)) == 0 ||
	      strcmp(machine, mote_machine_name(MOTE_MACHINE_AARCH64)) == 0);
}

static void a_report_names_the_system(void)
{
	struct cli_os_description description;

	cli_os_describe(&description);
	CHECK_STR(description.name, TOOL_ON_WINDOWS ? "Windows" : "Linux");
	CHECK(strlen(description.release) > 0);
	CHECK(TOOL_ON_WINDOWS || strlen(description.build) > 0);
	CHECK(strchr(description.processor, '\n') == NULL);
	CHECK_EQ(cli_os_hypervisor_support(), -1);
}

static void the_path_of_the_program_is_whole_or_unknown(void)
{
	char path[4096], small[8];

	CHECK(cli_os_program_path(path, sizeof(path)));
	CHECK_CONTAINS(path, "/cli_os");
	CHECK(!cli_os_program_path(small, sizeof(small)));
}

static void a_process_comes_and_goes(void)
{
	uint64_t begin = cli_os_monotonic_ns();

	CHECK_EQ(cli_os_run_process(), 0);
	cli_os_pause_ns(PAUSE_NS);
	CHECK(cli_os_monotonic_ns() - begin >= PAUSE_NS);
}

/* ---- Another program ---------------------------------------------------------------------- */

/* This program, with one argument. */
static void start_self(struct cli_os_child *child, const char *argument)
{
	static char path[4096];
	const char *arguments[] = {path, argument, NULL};

	REQUIRE(cli_os_program_path(path, sizeof(path)));
	REQUIRE_EQ(cli_os_child_start(child, arguments), 0);
}

static void the_output_of_a_program_can_be_read(void)
{
	struct cli_os_ending ending;
	struct cli_os_child *child;
	char text[65536];
	size_t used = 0, got = 1;

	REQUIRE_EQ(cli_os_child_create(&child), 0);
	cli_os_child_kill(child); /* none runs */
	start_self(child, "--list");
	while (got > 0) {
		REQUIRE_EQ(cli_os_child_read(child, cli_os_monotonic_ns() + LATE_NS, text + used,
					     sizeof(text) - 1 - used, &got),
			   0);
		used += got;
	}
	text[used] = '\0';
	CHECK_CONTAINS(text, "cli_os.the_output_of_a_program_can_be_read\n");
	cli_os_child_wait(child, &ending);
	CHECK(!ending.by_signal);
	CHECK_EQ(ending.number, 0);
	cli_os_child_destroy(child);
}

static void a_program_can_be_ended(void)
{
	struct cli_os_ending ending;
	struct cli_os_child *child;
	char byte;
	size_t got;

	REQUIRE_EQ(cli_os_child_create(&child), 0);
	for (unsigned i = 0; i < 3; i++) {
		start_self(child, "hang");
		CHECK_EQ(cli_os_child_read(child, cli_os_monotonic_ns() + SOON_NS, &byte, 1, &got),
			 CLI_OS_TIME_UP);
		cli_os_child_kill(child);
		cli_os_child_wait(child, &ending);
		CHECK(ending.by_signal);
		CHECK_EQ(ending.number, 9); /* SIGKILL */
	}
	CHECK(cli_os_child_start(child, (const char *const[]){test_file("missing"), NULL}) != 0);
	cli_os_child_destroy(child);
}

/* ---- Files and folders ------------------------------------------------------------------- */

static void a_file_gives_what_was_written(void)
{
	uint64_t bytes = 0;
	size_t got = 0;
	char text[16];
	int file;

	CHECK_EQ(cli_os_create(test_file("some"), &file), 0);
	CHECK_EQ(cli_os_write(file, "written", 7), 0);
	CHECK_EQ(cli_os_close(file), 0);
	CHECK_EQ(cli_os_open(test_file("some"), &file), 0);
	CHECK_EQ(cli_os_file_bytes(file, &bytes), 0);
	CHECK_EQ(bytes, 7);
	CHECK_EQ(cli_os_read(file, text, sizeof(text), &got), 0);
	CHECK_EQ(got, 7);
	CHECK_MEM(text, "written", 7);
	CHECK_EQ(cli_os_read(file, text, sizeof(text), &got), 0);
	CHECK_EQ(got, 0);
	CHECK(!cli_os_is_terminal(file));
	CHECK_EQ(cli_os_close(file), 0);
}

static void a_regular_file_is_read_anywhere(void)
{
	uint64_t bytes = 0;
	size_t got = 1;
	char text[16];
	int file;

	test_write_file(test_file("regular"), "0123456789", 10);
	CHECK_EQ(cli_os_open_regular(test_file("regular"), &file, &bytes), 0);
	CHECK_EQ(bytes, 10);
	CHECK_EQ(cli_os_read_at(file, 7, text, sizeof(text), &got), 0);
	CHECK_EQ(got, 3);
	CHECK_MEM(text, "789", 3);
	CHECK_EQ(cli_os_read_at(file, 10, text, sizeof(text), &got), 0);
	CHECK_EQ(got, 0);
	CHECK(cli_os_read_at(file, UINT64_MAX, text, sizeof(text), &got) != 0);
	CHECK_EQ(cli_os_close(file), 0);
	CHECK_EQ(cli_os_open_regular(TOOL_ON_WINDOWS ? "NUL" : "/dev/null", &file, &bytes),
		 CLI_OS_NOT_REGULAR);
	CHECK_STR(cli_os_error_text(CLI_OS_NOT_REGULAR), "not a regular file");
	CHECK(cli_os_open_regular(test_folder(), &file, &bytes) != 0);
	CHECK(cli_os_open_regular(test_file("missing"), &file, &bytes) != 0);
}

static void failures_have_texts(void)
{
	int file = -1, code = cli_os_open(test_file("missing"), &file);

	CHECK(code != 0);
	CHECK_EQ(file, -1);
	CHECK(strlen(cli_os_error_text(code)) > 0);
	CHECK(strcmp(cli_os_error_text(CLI_OS_NO_MEMORY), cli_os_error_text(code)) != 0);
}

/* In a folder of its own. */
static void use_folder(const struct cli_os_folder *folder)
{
	bool empty = true;

	CHECK_EQ(cli_os_folder_write(folder, "a", "first", 5), 0);
	CHECK(cli_os_folder_write(folder, "a", "second", 6) != 0);
	CHECK_EQ(cli_os_folder_is_empty(folder->path, &empty), 0);
	CHECK(!empty);
	cli_os_folder_remove(folder->path); /* not while there is something in it */
	CHECK_EQ(cli_os_folder_is_empty(folder->path, &empty), 0);
	cli_os_folder_remove_file(folder, "a");
	CHECK_EQ(cli_os_folder_is_empty(folder->path, &empty), 0);
	CHECK(empty);
}

static void a_folder_is_made_once_and_keeps_its_files(void)
{
	const char *path = test_file("folder");
	struct cli_os_folder folder;
	bool made = false;

	CHECK_EQ(cli_os_folder_make(path, &made), 0);
	CHECK(made);
	CHECK_EQ(cli_os_folder_make(path, &made), 0);
	CHECK(!made);
	CHECK_EQ(cli_os_folder_open(path, &folder), 0);
	use_folder(&folder);
	cli_os_folder_close(&folder);
	cli_os_folder_remove(path);
	CHECK(cli_os_folder_open(path, &folder) != 0);
}

static void names_are_sorted_and_none_is_hidden(void)
{
	struct cli_os_names names = {.count = 0};
	bool made;

	CHECK_EQ(cli_os_folder_make(test_file("names"), &made), 0);
	test_write_file(test_file("names/b"), "", 0);
	test_write_file(test_file("names/.hidden"), "", 0);
	test_write_file(test_file("names/C"), "", 0);
	test_write_file(test_file("names/a"), "", 0);
	CHECK_EQ(cli_os_names_read(test_file("names"), &names), 0);
	CHECK_EQ(names.count, 3);
	CHECK_STR(names.name[0], "C");
	CHECK_STR(names.name[1], "a");
	CHECK_STR(names.name[2], "b");
	cli_os_names_release(&names);
	CHECK(cli_os_names_read(test_file("missing"), &names) != 0);
}

/* ---- Threads ----------------------------------------------------------------------------- */

static void count(void *user)
{
	atomic_fetch_add((atomic_int *)user, 1);
}

static void wait_until(atomic_int *number, int value)
{
	while (atomic_load(number) != value)
		cli_os_pause_ns(PAUSE_NS);
}

static void a_thread_has_ended_when_it_is_joined(void)
{
	struct cli_os_thread *thread;
	atomic_int runs = 0;

	CHECK_EQ(cli_os_thread_start(count, &runs, &thread), 0);
	cli_os_thread_join(thread);
	CHECK_EQ(atomic_load(&runs), 1);
}

static void a_timer_rings_once_or_is_stopped(void)
{
	struct cli_os_timer *soon, *late;
	atomic_int rings = 0, late_rings = 0;
	uint64_t begin = cli_os_monotonic_ns();

	CHECK_EQ(cli_os_timer_start(LATE_NS, count, &late_rings, &late), 0);
	CHECK_EQ(cli_os_timer_start(SOON_NS, count, &rings, &soon), 0);
	wait_until(&rings, 1);
	CHECK(cli_os_monotonic_ns() - begin >= SOON_NS);
	cli_os_timer_stop(soon);
	cli_os_timer_stop(late);
	CHECK_EQ(atomic_load(&rings), 1);
	CHECK_EQ(atomic_load(&late_rings), 0);
}

static void remember(void *user, int number)
{
	atomic_store((atomic_int *)user, number);
}

static void a_stop_is_told_and_what_was_ignored_is_not(void)
{
#ifdef _WIN32
	SKIP("no signals here: see cli_os_windows");
#else
	struct cli_os_stops *stops;
	atomic_int told = 0;

	signal(SIGHUP, SIG_IGN);
	CHECK_EQ(cli_os_stops_begin(remember, &told, &stops), 0);
	kill(getpid(), SIGINT);
	wait_until(&told, SIGINT);
	kill(getpid(), SIGHUP);
	kill(getpid(), SIGTERM);
	wait_until(&told, SIGTERM);
	kill(getpid(), SIGHUP);
	cli_os_stops_end(stops);
	signal(SIGHUP, SIG_DFL);
	CHECK_EQ(atomic_load(&told), SIGTERM);
	CHECK_STR(cli_os_stop_name(SIGINT), "SIGINT");
	CHECK_STR(cli_os_stop_name(SIGSEGV), "a signal");
#endif
}

static void a_stop_may_be_waited_for_again(void)
{
	struct cli_os_stops *stops;
	atomic_int told = 0;

	for (int i = 0; i < 20; i++) {
		CHECK_EQ(cli_os_stops_begin(remember, &told, &stops), 0);
		cli_os_stops_end(stops);
	}
	CHECK_EQ(atomic_load(&told), 0);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(the_machine_has_the_name_that_mote_gives_it),
		CASE(a_report_names_the_system),
		CASE(the_path_of_the_program_is_whole_or_unknown),
		CASE(a_process_comes_and_goes),
		CASE(the_output_of_a_program_can_be_read),
		CASE(a_program_can_be_ended),
		CASE(a_file_gives_what_was_written),
		CASE(a_regular_file_is_read_anywhere),
		CASE(failures_have_texts),
		CASE(a_folder_is_made_once_and_keeps_its_files),
		CASE(names_are_sorted_and_none_is_hidden),
		CASE(a_thread_has_ended_when_it_is_joined),
		CASE(a_timer_rings_once_or_is_stopped),
		CASE(a_stop_is_told_and_what_was_ignored_is_not),
		CASE(a_stop_may_be_waited_for_again),
	};
	int code;

	while (argc == 2 && strcmp(argv[1], "hang") == 0)
		cli_os_pause_ns(SOON_NS);
	code = test_main("cli_os", cases, TEST_COUNT(cases), argc, argv);

	test_remove_folder();
	return code;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What Windows alone makes the tool's operating system do: UTF-16, command lines, long paths,
 * consoles, jobs.
 */
#include <windows.h>

#include <limits.h>
#include <shellapi.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_os.h"
#include "cli_os_windows.h"
#include "test.h"
#include "tool.h"

enum { READY_S = 60 };
#ifndef STATUS_DLL_INIT_FAILED
#define STATUS_DLL_INIT_FAILED 0xc0000142
#endif
static const uint64_t S = 1000000000;

/* ---- Texts ------------------------------------------------------------------------------- */

static const char grin[] = "h\xc3\xa9 \xf0\x9f\x98\x80"; /* beyond the BMP */

static void texts_survive_both_ways(void)
{
	wchar_t *wide = cli_os_wide(grin);
	char *narrow;

	REQUIRE(wide != NULL);
	CHECK_EQ(wcslen(wide), 5);
	CHECK_EQ(wide[3], 0xd83d);
	CHECK_EQ(wide[4], 0xde00);
	narrow = cli_os_narrow(wide);
	CHECK_STR(narrow, grin);
	free(narrow);
	wide[4] = L'\0'; /* half a pair */
	narrow = cli_os_narrow(wide);
	CHECK_STR(narrow, "h\xc3\xa9 \xef\xbf\xbd");
	free(narrow);
	free(wide);
}

static void what_is_not_utf8_names_no_file(void)
{
	int file = -1, code = cli_os_open("\xff", &file);

	CHECK_EQ(file, -1);
	CHECK_STR(cli_os_error_text(code), "the name is not valid UTF-8");
}

/* What the tool writes for others, the system reads as it was, and the tool too. */
static void command_lines_survive_both_ways(void)
{
	static const char *const arguments[] = {
		"C:\\Program Files\\mote\\mote.exe",
		"",
		" ",
		"a b",
		"\"",
		"\\",
		"\\\\",
		"\\\"",
		"a\\\\\"b\\",
		"tab\there",
		"*.c",
		"%PATH%",
		"h\xc3\xa9 \xf0\x9f\x98\x80",
		"ends with \\\\\\",
		NULL,
	};
	wchar_t *line = cli_os_command_line(arguments);
	char *text = cli_os_narrow(line), **own;
	int count, own_count;
	wchar_t **theirs = CommandLineToArgvW(line, &count);

	own = cli_os_take_apart(text, &own_count);
	REQUIRE(own != NULL && theirs != NULL);
	REQUIRE_EQ(count, TEST_COUNT(arguments) - 1);
	REQUIRE_EQ(own_count, count);
	CHECK(own[own_count] == NULL);
	for (int i = 0; i < count; i++) {
		char *theirs_narrow = cli_os_narrow(theirs[i]);

		CHECK_STR(theirs_narrow, arguments[i]);
		CHECK_STR(own[i], arguments[i]);
		free(theirs_narrow);
	}
	LocalFree(theirs);
	free(own);
	free(text);
	free(line);
}

/* The examples of Microsoft's page "Parsing C command-line arguments", and odd lines. */
static void command_lines_are_read_as_the_c_library_does(void)
{
	static const struct {
		const char *line, *arguments[5];
	} rows[] = {
		{"x \"abc\" d e", {"x", "abc", "d", "e"}},
		{"x a\\\\b d\"e f\"g h", {"x", "a\\\\b", "de fg", "h"}},
		{"x a\\\\\\\"b c d", {"x", "a\\\"b", "c", "d"}},
		{"x a\\\\\\\\\"b c\" d e", {"x", "a\\\\b c", "d", "e"}},
		{"x a\"b\"\" c d", {"x", "ab\" c d"}},
		{"\"c:\\a b\\\" 1", {"c:\\a b\\", "1"}},
		{"x", {"x"}},
		{"x  \t y \t", {"x", "y"}},
		{"x \"\"", {"x", ""}},
		{"x \"\" \"\"", {"x", "", ""}},
		{" y", {"", "y"}},
		{"", {""}},
		{"x \"open", {"x", "open"}},
		{"x \\", {"x", "\\"}},
	};

	for (size_t i = 0; i < TEST_COUNT(rows); i++) {
		char *line = strdup(rows[i].line);
		int count, expected = 0;
		char **arguments = cli_os_take_apart(line, &count);

		while (rows[i].arguments[expected] != NULL)
			expected++;
		REQUIRE(arguments != NULL);
		if (count != expected)
			FAIL("%s: %d arguments", rows[i].line, count);
		for (int j = 0; j < count; j++)
			CHECK_STR(arguments[j], rows[i].arguments[j]);
		free(arguments);
		free(line);
	}
}

/* ---- Files ------------------------------------------------------------------------------- */

static void expect_text(int code, const char *text)
{
	CHECK_STR(cli_os_error_text(code), text);
}

static void reasons_are_those_of_other_systems(void)
{
	char path[600];
	int file = -1;
	uint64_t bytes;

	expect_text(cli_os_open(test_file("missing"), &file), "No such file or directory");
	expect_text(cli_os_open(test_file("missing/in/it"), &file), "No such file or directory");
	expect_text(cli_os_open("", &file), "No such file or directory");
	expect_text(cli_os_open("a<b>|?", &file), "No such file or directory");
	expect_text(cli_os_open(test_folder(), &file), "Is a directory");
	expect_text(cli_os_create(test_folder(), &file), "Is a directory");
	snprintf(path, sizeof(path), "%s/", test_folder());
	expect_text(cli_os_open(path, &file), "Is a directory");
	expect_text(cli_os_open("C:\\", &file), "Is a directory");
	expect_text(cli_os_open_regular(test_folder(), &file, &bytes), "Is a directory");
	CHECK(strlen(cli_os_error_text(ERROR_CRC)) > 0); /* in the system's words */
}

static void what_may_not_be_written_is_denied(void)
{
	const char *path = test_file("read-only");
	int file = -1, other, code;

	test_write_file(path, "x", 1);
	REQUIRE_EQ(cli_os_open(path, &file), 0);
	expect_text(cli_os_write(file, "y", 1), "Permission denied");
	REQUIRE_EQ(cli_os_create(path, &other), 0); /* it is shared */
	cli_os_close(other);
	cli_os_close(file);
	SetFileAttributesA(path, FILE_ATTRIBUTE_READONLY);
	code = cli_os_create(path, &file);
	SetFileAttributesA(path, FILE_ATTRIBUTE_NORMAL);
	if (code == 0) {
		cli_os_close(file);
		SKIP("Wine of root writes to what is only for reading");
	}
	expect_text(code, "Permission denied");
}

static void another_program_may_keep_a_file(void)
{
	const char *path = test_file("kept");
	HANDLE keeper = CreateFileA(path, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
	int file;

	REQUIRE(keeper != INVALID_HANDLE_VALUE);
	expect_text(cli_os_open(path, &file), "another program is using it");
	CloseHandle(keeper);
}

/* Names that files told open neither devices nor pipes. */
static void devices_are_no_regular_files(void)
{
	static const char *const names[] = {
		"NUL", "nul", "CON", "COM1", "AUX", "PRN", "\\\\.\\pipe\\mote", "//./pipe/mote"};
	uint64_t bytes;
	int file;

	for (size_t i = 0; i < TEST_COUNT(names); i++)
		if (cli_os_open_regular(names[i], &file, &bytes) != CLI_OS_NOT_REGULAR)
			FAIL("%s", names[i]);
}

static void long_paths_are_files_too(void)
{
	char path[2000];
	struct cli_os_folder folder;
	struct cli_os_names names;
	uint64_t bytes = 0;
	bool made, empty;
	int file;

	snprintf(path, sizeof(path), "%s", test_folder());
	for (int i = 0; i < 6; i++) {
		const size_t length = strlen(path);

		snprintf(path + length, sizeof(path) - length, "/%0100d\xf0\x9f\x98\x80", i);
		REQUIRE_EQ(cli_os_folder_make(path, &made), 0);
		CHECK(made);
	}
	REQUIRE_EQ(cli_os_folder_open(path, &folder), 0);
	CHECK_EQ(cli_os_folder_write(&folder, "long", "text", 4), 0);
	CHECK_EQ(cli_os_names_read(path, &names), 0);
	CHECK_EQ(names.count, 1);
	cli_os_names_release(&names);
	cli_os_folder_remove_file(&folder, "long");
	CHECK_EQ(cli_os_folder_is_empty(path, &empty), 0);
	CHECK(empty);
	cli_os_folder_close(&folder);
	strcat(path, "/file");
	REQUIRE_EQ(cli_os_create(path, &file), 0);
	CHECK_EQ(cli_os_write(file, "12345", 5), 0);
	CHECK_EQ(cli_os_close(file), 0);
	CHECK_EQ(cli_os_open_regular(path, &file, &bytes), 0);
	CHECK_EQ(bytes, 5);
	CHECK_EQ(cli_os_close(file), 0);
}

/* Nothing is translated: neither line ends nor Ctrl-Z. */
static void bytes_stay_what_they_are(void)
{
	static const char data[] = "a\r\nb\n\x1a"
				   "c\0d";
	char got[sizeof(data)];
	size_t count;
	int file;

	REQUIRE_EQ(cli_os_create(test_file("bytes"), &file), 0);
	CHECK_EQ(cli_os_write(file, data, sizeof(data)), 0);
	cli_os_close(file);
	REQUIRE_EQ(cli_os_open(test_file("bytes"), &file), 0);
	CHECK_EQ(cli_os_read(file, got, sizeof(got), &count), 0);
	CHECK_EQ(count, sizeof(data));
	CHECK_MEM(got, data, sizeof(data));
	cli_os_close(file);
}

/* The end of a pipe is that of its other side, and not a write of nothing. */
static void pipes_are_read_to_their_end(void)
{
	HANDLE in, out;
	size_t got = 1;
	char text[8];
	DWORD put;

	REQUIRE(CreatePipe(&in, &out, NULL, 0));
	WriteFile(out, "", 0, &put, NULL);
	WriteFile(out, "text", 4, &put, NULL);
	CHECK_EQ(cli_os_read(HandleToLong(in), text, sizeof(text), &got), 0);
	CHECK_EQ(got, 4);
	CloseHandle(out);
	CHECK_EQ(cli_os_read(HandleToLong(in), text, sizeof(text), &got), 0);
	CHECK_EQ(got, 0);
	CHECK_EQ(cli_os_close(HandleToLong(in)), 0);
	expect_text(cli_os_read(HandleToLong(in), text, sizeof(text), &got), "Bad file descriptor");
}

/* ---- Standard handles -------------------------------------------------------------------- */

/* The number of a handle that was closed is soon another's. */
static void a_closed_handle_is_forgotten(void)
{
	const HANDLE before = GetStdHandle(STD_OUTPUT_HANDLE);
	HANDLE closed = CreateEventA(NULL, FALSE, FALSE, NULL);
	char **arguments;
	int count, file, used;

	SetStdHandle(STD_OUTPUT_HANDLE, closed); /* it is something else's already */
	CHECK(cli_os_start(&count, &arguments));
	CHECK(GetStdHandle(STD_OUTPUT_HANDLE) == NULL);
	CloseHandle(closed);
	SetStdHandle(STD_OUTPUT_HANDLE, closed);
	CHECK(cli_os_start(&count, &arguments));
	REQUIRE_EQ(cli_os_create(test_file("reused"), &file), 0);
	used = cli_os_write(CLI_OS_OUTPUT, "lost", 4);
	expect_text(used, "Bad file descriptor");
	expect_text(cli_os_check_use(CLI_OS_OUTPUT, true), "Bad file descriptor");
	CHECK(!cli_os_is_terminal(CLI_OS_OUTPUT));
	cli_os_close(file);
	SetStdHandle(STD_OUTPUT_HANDLE, before);
}

static void the_use_of_a_handle_is_known(void)
{
	int file;

	REQUIRE_EQ(cli_os_create(test_file("use"), &file), 0);
	CHECK_EQ(cli_os_check_use(file, true), 0);
	expect_text(cli_os_check_use(file, false), "Bad file descriptor");
	cli_os_close(file);
	REQUIRE_EQ(cli_os_open(test_file("use"), &file), 0);
	CHECK_EQ(cli_os_check_use(file, false), 0);
	expect_text(cli_os_check_use(file, true), "Bad file descriptor");
	cli_os_close(file);
}

/* ---- Other programs ---------------------------------------------------------------------- */

static char own[4096];

static struct cli_os_child *start_own(const char *mode)
{
	const char *arguments[] = {own, mode, grin, NULL};
	struct cli_os_child *child;

	REQUIRE(cli_os_program_path(own, sizeof(own)));
	REQUIRE_EQ(cli_os_child_create(&child), 0);
	REQUIRE_EQ(cli_os_child_start(child, arguments), 0);
	return child;
}

/* One line that it prints. */
static void read_line(struct cli_os_child *child, char *line, size_t capacity)
{
	size_t used = 0, got = 1;

	while (got > 0 && used + 1 < capacity && memchr(line, '\n', used) == NULL) {
		REQUIRE_EQ(cli_os_child_read(child, cli_os_monotonic_ns() + READY_S * S,
					     line + used, capacity - 1 - used, &got),
			   0);
		used += got;
	}
	line[used] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
}

static struct cli_os_ending end(struct cli_os_child *child)
{
	struct cli_os_ending ending;

	cli_os_child_wait(child, &ending);
	cli_os_child_destroy(child);
	return ending;
}

static void arguments_arrive(void)
{
	struct cli_os_child *child = start_own("say");
	char line[100];

	read_line(child, line, sizeof(line));
	CHECK_STR(line, grin);
	CHECK_EQ(end(child).number, 0);
}

static void a_crash_has_the_number_of_a_signal(void)
{
	struct cli_os_ending ending = end(start_own("crash"));

	CHECK(ending.by_signal);
	CHECK_EQ(ending.number, 11);
	ending = end(start_own("seven"));
	CHECK(!ending.by_signal);
	CHECK_EQ(ending.number, 7);
}

/* A program whose parent has ended still holds the pipe. */
static void what_a_program_leaves_behind_is_ended(void)
{
	struct cli_os_child *child = start_own("leave");
	char line[100];
	HANDLE left;

	read_line(child, line, sizeof(line));
	left = OpenProcess(SYNCHRONIZE, FALSE, strtoul(line, NULL, 10));
	REQUIRE(left != NULL);
	CHECK_EQ(WaitForSingleObject(left, 0), WAIT_TIMEOUT);
	CHECK_EQ(end(child).number, 0);
	CHECK_EQ(WaitForSingleObject(left, READY_S * 1000), WAIT_OBJECT_0);
	CloseHandle(left);
}

/* Whoever can write to the current folder does not choose the debugger. */
static void programs_are_found_by_path_alone(void)
{
	static const char *const arguments[] = {"mote-test-found", "seven", NULL};
	const char *copy = test_file("mote-test-found.exe");
	struct cli_os_process *process;
	char before[4096], path[8192];

	REQUIRE(cli_os_program_path(own, sizeof(own)));
	REQUIRE(CopyFileA(own, copy, FALSE));
	GetCurrentDirectoryA(sizeof(before), before);
	REQUIRE(SetCurrentDirectoryA(test_folder()));
	GetEnvironmentVariableA("PATH", path, sizeof(path));
	expect_text(cli_os_process_start(arguments, &process), "No such file or directory");
	SetEnvironmentVariableA("PATH", ".;;.\\");
	expect_text(cli_os_process_start(arguments, &process), "No such file or directory");
	REQUIRE(SetCurrentDirectoryA(before));
	snprintf(before, sizeof(before), "%s", path);
	snprintf(path, sizeof(path), ";.;%.4000s;%s", before, test_folder());
	SetEnvironmentVariableA("PATH", path);
	CHECK_EQ(cli_os_process_start(arguments, &process), 0);
	cli_os_process_wait(process);
	SetEnvironmentVariableA("PATH", before);
}

/* ---- Ctrl-C ------------------------------------------------------------------------------ */

static void remember(void *user, int number)
{
	atomic_store((atomic_int *)user, number);
}

/* In a process with a console of its own, because events are those of a console: waits for one and
 * ends with the code that the tool would. */
static int wait_for_stop(void)
{
	struct cli_os_stops *stops;
	atomic_int told = 0;

	if (cli_os_stops_begin(remember, &told, &stops) != 0)
		return 1;
	printf("%lu\n", GetCurrentProcessId());
	fflush(stdout);
	for (int i = 0; i < READY_S * 100 && atomic_load(&told) == 0; i++)
		cli_os_pause_ns(S / 100);
	cli_os_stops_end(stops);
	return 128 + atomic_load(&told);
}

/* Sends an event to the console of a process: 1 when that is impossible. */
static int send_event(const char *process, DWORD event)
{
	FreeConsole();
	SetConsoleCtrlHandler(NULL, TRUE);
	if (!AttachConsole(strtoul(process, NULL, 10)) || !GenerateConsoleCtrlEvent(event, 0))
		return 1;
	Sleep(200);
	return 0;
}

/* What the process ends with that gets an event. */
static int code_of_event(const char *mode)
{
	struct cli_os_child *child = start_own("stops"), *sender;
	const char *arguments[] = {own, mode, NULL, NULL};
	struct cli_os_ending ending;
	char line[100];

	read_line(child, line, sizeof(line));
	if (line[0] == '\0') {
		/* Wine makes none in time when the machine is busy. */
		REQUIRE_EQ(end(child).number, STATUS_DLL_INIT_FAILED & INT_MAX);
		SKIP("there is no console");
	}
	arguments[2] = line;
	REQUIRE_EQ(cli_os_child_create(&sender), 0);
	REQUIRE_EQ(cli_os_child_start(sender, arguments), 0);
	ending = end(sender);
	if (ending.by_signal || ending.number != 0) {
		cli_os_child_kill(child);
		end(child);
		SKIP("this system does not send it");
	}
	ending = end(child);
	CHECK(!ending.by_signal);
	return ending.number;
}

static void ctrl_c_is_told(void)
{
	CHECK_EQ(code_of_event("ctrl-c"), 128 + 2);
}

static void ctrl_break_is_told(void)
{
	CHECK_EQ(code_of_event("ctrl-break"), 128 + 15);
}

static void stops_have_names(void)
{
	CHECK_STR(cli_os_stop_name(2), "Ctrl-C");
	CHECK_STR(cli_os_stop_name(15), "Ctrl-Break");
	CHECK_STR(cli_os_stop_name(1), "the end of the console");
	CHECK_STR(cli_os_stop_name(11), "a signal");
}

/* ---- The other processes ----------------------------------------------------------------- */

/* This program again, with the same standard handles. */
static bool start_again(const char *mode, const char *argument, DWORD flags,
			PROCESS_INFORMATION *made)
{
	const char *const arguments[] = {own, mode, argument, NULL};
	wchar_t *line = cli_os_command_line(arguments);
	STARTUPINFOW how = {.cb = sizeof(how),
			    .dwFlags = STARTF_USESTDHANDLES,
			    .hStdInput = GetStdHandle(STD_INPUT_HANDLE),
			    .hStdOutput = GetStdHandle(STD_OUTPUT_HANDLE),
			    .hStdError = GetStdHandle(STD_ERROR_HANDLE)};

	return CreateProcessW(NULL, line, NULL, NULL, TRUE, flags, NULL, NULL, &how, made);
}

static int leave_a_process(void)
{
	PROCESS_INFORMATION made;

	if (!start_again("hang", "", DETACHED_PROCESS, &made))
		return 1;
	printf("%lu\n", made.dwProcessId);
	return 0;
}

/* Goes on in a process with a console that nobody sees. */
static int with_console(const char *mode, const char *argument)
{
	PROCESS_INFORMATION made;
	DWORD code = 1;

	if (start_again(mode, argument, CREATE_NO_WINDOW, &made)) {
		WaitForSingleObject(made.hProcess, INFINITE);
		GetExitCodeProcess(made.hProcess, &code);
	}
	return (int)code;
}

static int run_mode(const char *mode, const char *argument)
{
	static volatile int *volatile nowhere;

	if (strcmp(mode, "say") == 0)
		return printf("%s\n", argument) < 0;
	if (strcmp(mode, "seven") == 0)
		return 7;
	if (strcmp(mode, "crash") == 0)
		return *nowhere;
	while (strcmp(mode, "hang") == 0)
		Sleep(1000);
	if (strcmp(mode, "leave") == 0)
		return leave_a_process();
	if (strcmp(mode, "stops") == 0)
		return with_console("stops here", argument);
	if (strcmp(mode, "stops here") == 0)
		return wait_for_stop();
	if (strcmp(mode, "ctrl-c") == 0)
		return send_event(argument, CTRL_C_EVENT);
	if (strcmp(mode, "ctrl-break") == 0)
		return send_event(argument, CTRL_BREAK_EVENT);
	return -1;
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(texts_survive_both_ways),
		CASE(what_is_not_utf8_names_no_file),
		CASE(command_lines_survive_both_ways),
		CASE(command_lines_are_read_as_the_c_library_does),
		CASE(reasons_are_those_of_other_systems),
		CASE(what_may_not_be_written_is_denied),
		CASE(another_program_may_keep_a_file),
		CASE(devices_are_no_regular_files),
		CASE(long_paths_are_files_too),
		CASE(bytes_stay_what_they_are),
		CASE(pipes_are_read_to_their_end),
		CASE(a_closed_handle_is_forgotten),
		CASE(the_use_of_a_handle_is_known),
		CASE(arguments_arrive),
		CASE(a_crash_has_the_number_of_a_signal),
		CASE(what_a_program_leaves_behind_is_ended),
		CASE(programs_are_found_by_path_alone),
		CASE(ctrl_c_is_told),
		CASE(ctrl_break_is_told),
		CASE(stops_have_names),
	};
	int code;

	/* The harness takes the arguments as the C library has them, which is enough for names. */
	if (argc >= 2) {
		char **arguments;
		int count;

		SetErrorMode(SEM_NOGPFAULTERRORBOX);
		if (!cli_os_start(&count, &arguments) || !cli_os_program_path(own, sizeof(own)))
			return 1;
		code = run_mode(arguments[1], count > 2 ? arguments[2] : "");
		if (code >= 0)
			return code;
	}
	code = test_main("cli_os_windows", cases, TEST_COUNT(cases), argc, argv);
	test_remove_folder();
	return code;
}

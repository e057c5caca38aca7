/* SPDX-License-Identifier: Apache-2.0
 *
 * The tool on Windows, as a user meets it there: names in Unicode, backslashes, devices, and no
 * hypervisor.
 */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mote/version.h>

#include "json_check.h"
#include "test.h"
#include "tool.h"

#define GRIN "\xf0\x9f\x98\x80" /* beyond the BMP */

/* ---- Names ------------------------------------------------------------------------------- */

/* A copy of a guest under another name, in the folder of the tests. */
static const char *copy_guest(const char *name)
{
	const char *path = test_file(name);
	size_t length;
	char *image = test_read_file(test_guest("echo"), &length);

	test_write_file(path, image, length);
	free(image);
	return path;
}

static void names_may_have_any_character(void)
{
	static const char *const names[] = {"h\xc3\xa9.elf", GRIN " guest",
					    "\xe4\xb8\xad\xe6\x96\x87", "a 'b' c", "100%"};
	struct tool tool;

	for (size_t i = 0; i < TEST_COUNT(names); i++) {
		const char *path = copy_guest(names[i]);

		TOOL_RUN(&tool, "inspect", path);
		CHECK_EQ(tool.code, 0);
		CHECK_CONTAINS(tool.output, path);
		CHECK_CONTAINS(tool.output, "  add: i64(i64,i64)\n");
		tool_clear(&tool);
	}
	TOOL_RUN(&tool, "inspect", test_file("missing " GRIN));
	tool_expect_error(&tool, "missing", 1, "missing " GRIN);
	tool_clear(&tool);
	TOOL_RUN(&tool, "frob" GRIN);
	tool_expect_error(&tool, "command", 2, "unknown command frob" GRIN ";");
	tool_clear(&tool);
}

/* Nothing stands for several files: the shells of Windows leave that to programs, and this one to
 * the user. */
static void patterns_are_not_expanded(void)
{
	struct tool tool = TOOL_INIT;

	copy_guest("x1.elf");
	copy_guest("x2.elf");
	tool.folder = test_folder();
	TOOL_RUN_PREPARED(&tool, "inspect", "x*.elf");
	CHECK_EQ(tool.code, 1);
	CHECK(is_error_line(tool.errors));
	tool_clear(&tool);
}

static void slashes_and_backslashes_are_equal(void)
{
	char path[512];
	struct tool tool;

	snprintf(path, sizeof(path), "%s", copy_guest("slash"));
	for (char *at = path; *at != '\0'; at++)
		if (*at == '/')
			*at = '\\';
	TOOL_RUN(&tool, "inspect", path);
	CHECK_EQ(tool.code, 0);
	CHECK_CONTAINS(tool.output, path);
	tool_clear(&tool);
}

static void new_works_in_any_folder(void)
{
	struct tool tool = TOOL_INIT;
	size_t length;
	char *text;

	REQUIRE(mkdir(test_file(GRIN), 0700) == 0);
	tool.folder = test_file(GRIN);
	TOOL_RUN_PREPARED(&tool, "new", "guest");
	CHECK_EQ(tool.code, 0);
	CHECK_CONTAINS(tool.output, "  cd guest\n");
	CHECK(strchr(tool.output, '\r') == NULL);
	tool_clear(&tool);
	tool.folder = test_folder();
	TOOL_RUN_PREPARED(&tool, "new", "plain");
	CHECK_EQ(tool.code, 0);
	tool_clear(&tool);
	text = test_read_file(test_file("plain/README.md"), &length);
	CHECK(memchr(text, '\r', length) == NULL);
	free(text);
}

static void a_named_device_is_not_opened(void)
{
	static const char *const names[] = {"NUL", "CON", "\\\\.\\pipe\\mote-test"};
	struct tool tool;

	for (size_t i = 0; i < TEST_COUNT(names); i++) {
		TOOL_RUN(&tool, "core", names[i]);
		tool_expect_error(&tool, names[i], 1, "not a regular file");
		tool_clear(&tool);
	}
}

/* ---- The program ------------------------------------------------------------------------- */

/* What the properties of the file show. */
static void the_program_tells_its_version(void)
{
	static const char path[] = "\\StringFileInfo\\040904b0\\FileVersion";
	const char *tool = getenv("MOTE_TEST_CLI");
	DWORD ignored, bytes;
	UINT length;
	void *resource;
	char *text;

	REQUIRE(tool != NULL);
	bytes = GetFileVersionInfoSizeA(tool, &ignored);
	REQUIRE(bytes > 0);
	resource = malloc(bytes);
	REQUIRE(GetFileVersionInfoA(tool, 0, bytes, resource));
	REQUIRE(VerQueryValueA(resource, path, (void **)&text, &length));
	CHECK_STR(text, MOTE_VERSION_STRING);
	free(resource);
}

/* ---- Consoles ---------------------------------------------------------------------------- */

/* Whether a line of the console's begins so. */
static bool console_shows(HANDLE console, const wchar_t *begin)
{
	CONSOLE_SCREEN_BUFFER_INFO information;
	wchar_t line[64];
	DWORD got;

	REQUIRE(GetConsoleScreenBufferInfo(console, &information));
	for (SHORT y = 0; y < information.dwSize.Y; y++) {
		const COORD at = {0, y};

		if (ReadConsoleOutputCharacterW(console, line, 64, at, &got) &&
		    got >= wcslen(begin) && wcsncmp(line, begin, wcslen(begin)) == 0)
			return true;
	}
	return false;
}

/* It is no ASCII and no code page of the user that a console gets; afterwards it is as before. */
static void consoles_show_unicode(void)
{
	const HANDLE console =
		CreateFileA("CONOUT$", GENERIC_READ | GENERIC_WRITE,
			    FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
	const UINT before = 850;
	struct tool tool = TOOL_INIT;

	if (console == INVALID_HANDLE_VALUE || !SetConsoleOutputCP(before))
		SKIP("there is no console");
	copy_guest("h\xc3\xa9\xe2\x82\xac.elf");
	tool.folder = test_folder();
	tool.out = _open_osfhandle((intptr_t)console, 0);
	TOOL_RUN_PREPARED(&tool, "inspect", "h\xc3\xa9\xe2\x82\xac.elf");
	CHECK_EQ(tool.code, 0);
	CHECK(console_shows(console, L"guest    h\u00e9\u20ac.elf"));
	CHECK_EQ(GetConsoleOutputCP(), before);
	tool_clear(&tool);
	/* The same where only complaints go to a console. */
	tool.err = _open_osfhandle((intptr_t)console, 0);
	TOOL_RUN_PREPARED(&tool, "frob\xe2\x82\xac");
	CHECK_EQ(tool.code, 2);
	CHECK(console_shows(console, L"mote: unknown command frob\u20ac; see"));
	CHECK_EQ(GetConsoleOutputCP(), before);
	tool_clear(&tool);
}

/* ---- No hypervisor ----------------------------------------------------------------------- */

static unsigned count_lines(const char *text)
{
	unsigned lines = 0;

	for (; *text != '\0'; text++)
		lines += *text == '\n';
	return lines;
}

static void doctor_says_what_is_missing(void)
{
	struct tool tool;

	TOOL_RUN(&tool, "doctor");
	CHECK_STR(tool.errors, "");
	CHECK(tool.code == 0 || tool.code == 1);
	CHECK(strstr(tool.output, "whp") != NULL || strstr(tool.output, "no backend") != NULL);
	if (tool.code == 1)
		CHECK_CONTAINS(tool.output, "mote run finds none: ");
	CHECK(count_lines(tool.output) < 12);
	tool_clear(&tool);
	TOOL_RUN(&tool, "doctor", "--json");
	CHECK(tool.code == 0 || tool.code == 1);
	REQUIRE(json_is_valid(tool.output));
	CHECK(json_count(tool.output, "backends") == 0 ||
	      strcmp(json_at(tool.output, "backends.0.name"), "\"whp\"") == 0);
	/* Windows does not tell; what Wine shows of Linux is not meant. */
	CHECK_STR(json_at(tool.output, "split_locks"), "null");
	CHECK_STR(json_at(tool.output, "vulnerabilities"), "{}");
	CHECK_STR(json_at(tool.output, "usable"), tool.code == 0 ? "true" : "false");
	tool_clear(&tool);
}

static bool has_hypervisor(void)
{
	struct tool tool;
	bool usable;

	TOOL_RUN(&tool, "doctor");
	usable = tool.code == 0;
	tool_clear(&tool);
	return usable;
}

static void run_says_in_one_line_what_is_missing(void)
{
	struct tool tool;

	if (has_hypervisor())
		SKIP("there is a hypervisor");
	TOOL_RUN(&tool, "run", test_guest("echo"), "add", "1", "2");
	CHECK_EQ(tool.code, 1);
	CHECK(is_error_line(tool.errors));
	CHECK_STR(tool.output, "");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", "--json", test_guest("echo"), "add", "1", "2");
	CHECK_EQ(tool.code, 1);
	CHECK(is_error_line(tool.errors));
	CHECK(json_is_valid(tool.output));
	tool_clear(&tool);
	TOOL_RUN(&tool, "doctor", "--self-test");
	CHECK_EQ(tool.code, 1);
	CHECK(is_error_line(tool.errors));
	tool_clear(&tool);
}

/* ---- Guests ------------------------------------------------------------------------------ */

static void guests_and_words_may_have_any_character(void)
{
	const char *path;
	struct tool tool;

	tool_need_vm();
	path = copy_guest(GRIN " guest");
	TOOL_RUN(&tool, "run", path, "echo_string", "a " GRIN "\" \\ \xe4\xb8\xad");
	tool_expect(&tool, "words", 0, "a " GRIN "\" \\ \xe4\xb8\xad\n");
	tool_clear(&tool);
	tool.folder = test_folder();
	TOOL_RUN_PREPARED(&tool, "run", ".\\" GRIN " guest", "echo_string", GRIN);
	tool_expect(&tool, "relative", 0, GRIN "\n");
	tool_clear(&tool);
}

static void deadlines_end_guests(void)
{
	static const char *const options[] = {"--timeout", "--cpu-time"};
	struct tool tool;

	tool_need_vm();
	for (size_t i = 0; i < TEST_COUNT(options); i++) {
		TOOL_RUN(&tool, "run", options[i], "3s", test_guest("cli"), "spin");
		CHECK_EQ(tool.code, 5);
		CHECK_CONTAINS(tool.errors, i == 0 ? "wall-clock deadline" : "CPU-time deadline");
		tool_clear(&tool);
	}
}

/* The suite is beside the tool; some of its cases here. */
static void the_self_test_runs(void)
{
	struct tool tool = TOOL_INIT;

	tool_need_vm();
	tool.variable = "MOTE_TEST_FILTER=kick";
	tool.patience = 200;
	TOOL_RUN_PREPARED(&tool, "doctor", "--self-test", "--json");
	CHECK_EQ(tool.code, 0);
	CHECK_STR(tool.errors, "");
	REQUIRE(json_is_valid(tool.output));
	CHECK_STR(json_at(tool.output, "status"), "\"ok\"");
	CHECK_STR(json_at(tool.output, "failed"), "0");
	CHECK(json_count(tool.output, "cases") > 2);
	tool_clear(&tool);
}

/* What is wrong with the command line comes before what is wrong with the machine. */
static void mistakes_come_first(void)
{
	struct tool tool;

	TOOL_RUN(&tool, "run", test_guest("echo"), "add", "1");
	tool_expect_error(&tool, "too few", 2, "it takes 2 arguments, not 1");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", test_guest("echo"), "echo_i32", "many");
	tool_expect_error(&tool, "no number", 2, "not an integer");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", test_guest("echo"), "sum_bytes", "@missing-file");
	tool_expect_error(&tool, "missing", 1, "missing-file: No such file or directory");
	tool_clear(&tool);
	TOOL_RUN(&tool, "run", test_guest("echo"), "nothing");
	CHECK_EQ(tool.code, 2);
	CHECK_CONTAINS(tool.errors, "exports no function \"nothing\"");
	CHECK_CONTAINS(tool.errors, "  add: i64(i64,i64)\n");
	tool_clear(&tool);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(names_may_have_any_character),
		CASE(patterns_are_not_expanded),
		CASE(slashes_and_backslashes_are_equal),
		CASE(new_works_in_any_folder),
		CASE(a_named_device_is_not_opened),
		CASE(consoles_show_unicode),
		CASE(the_program_tells_its_version),
		CASE(doctor_says_what_is_missing),
		CASE(run_says_in_one_line_what_is_missing),
		CASE(mistakes_come_first),
		CASE(guests_and_words_may_have_any_character),
		CASE(deadlines_end_guests),
		CASE(the_self_test_runs),
	};
	int code = test_main("cli_windows", cases, TEST_COUNT(cases), argc, argv);

	test_remove_folder();
	return code;
}

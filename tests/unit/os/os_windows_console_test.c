/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a console on Windows.  Where the program has none, there is nothing to test; it is run in
 * a terminal as well.
 */
#include <windows.h>

#include "os/os.h"

#include "../unit_test.h"

static struct mote_os_wake wake;
static HANDLE console;

static void before(void)
{
	mote_error error = MOTE_ERROR_INIT;

	check_ok(mote_os_wake_create(&wake, &error), &error);
	console = CreateFileW(L"CONIN$", GENERIC_READ | GENERIC_WRITE,
			      FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
	if (console == INVALID_HANDLE_VALUE)
		SKIP("there is no console");
	FlushConsoleInputBuffer(console);
}

static void after(void)
{
	if (console != INVALID_HANDLE_VALUE)
		CloseHandle(console);
	mote_os_wake_destroy(&wake);
}

static void type(const char *text)
{
	for (; *text != '\0'; text++) {
		INPUT_RECORD record = {.EventType = KEY_EVENT};
		DWORD count = 0;

		record.Event.KeyEvent.bKeyDown = TRUE;
		record.Event.KeyEvent.wRepeatCount = 1;
		record.Event.KeyEvent.uChar.UnicodeChar = (wchar_t)*text;
		if (*text == '\r')
			record.Event.KeyEvent.wVirtualKeyCode = VK_RETURN;
		REQUIRE(WriteConsoleInputW(console, &record, 1, &count) && count == 1);
	}
}

static size_t read_some(char *data, size_t bytes)
{
	mote_error error = MOTE_ERROR_INIT;
	bool again = true;
	size_t got = 0;

	check_ok(mote_os_handle_read((intptr_t)console, data, bytes, &got, &again, &error), &error);
	CHECK(!again);
	return got;
}

static void a_line_is_read_in_parts(void)
{
	char data[16] = "";

	CHECK(mote_os_handle_is_terminal((intptr_t)console));
	type("line\r");
	CHECK(mote_os_handle_is_ready((intptr_t)console, MOTE_OS_INPUT));
	CHECK_EQ(read_some(data, 3), 3);
	CHECK_MEM(data, "lin", 3);
	/* The rest waits in the console, where nobody sees it. */
	CHECK(mote_os_handle_is_ready((intptr_t)console, MOTE_OS_INPUT));
	CHECK_EQ(read_some(data, sizeof(data)), 3);
	CHECK_MEM(data, "e\r\n", 3);
}

static void waiting_ends_with_a_key_or_a_ring(void)
{
	mote_error error = MOTE_ERROR_INIT;
	bool ready = true;
	char data[16];

	mote_os_wake_ring(&wake);
	check_ok(mote_os_handle_wait((intptr_t)console, MOTE_OS_INPUT, &wake, &ready, &error),
		 &error);
	CHECK(!ready);
	type("x\r");
	check_ok(mote_os_handle_wait((intptr_t)console, MOTE_OS_INPUT, &wake, &ready, &error),
		 &error);
	CHECK(ready);
	CHECK_EQ(read_some(data, sizeof(data)), 3);
}

static void much_is_written_in_parts(void)
{
	static const char spaces[20000];
	const HANDLE screen =
		CreateFileW(L"CONOUT$", GENERIC_READ | GENERIC_WRITE,
			    FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
	mote_error error = MOTE_ERROR_INIT;
	bool again = true;
	size_t put = 0;

	REQUIRE(screen != INVALID_HANDLE_VALUE);
	CHECK(mote_os_handle_is_terminal((intptr_t)screen));
	CHECK(mote_os_handle_is_ready((intptr_t)screen, MOTE_OS_OUTPUT));
	check_ok(mote_os_handle_write((intptr_t)screen, spaces, sizeof(spaces), &put, &again,
				      &error),
		 &error);
	CHECK(!again);
	CHECK(put > 0 && put < sizeof(spaces));
	CloseHandle(screen);
}

static const struct test_case cases[] = {
	CASE_WITHIN(a_line_is_read_in_parts, before, after),
	CASE_WITHIN(waiting_ends_with_a_key_or_a_ring, before, after),
	CASE_WITHIN(much_is_written_in_parts, before, after),
};

int main(int argc, char **argv)
{
	return test_main("os_windows_console", cases, TEST_COUNT(cases), argc, argv);
}

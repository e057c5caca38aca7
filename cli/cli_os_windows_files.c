/* SPDX-License-Identifier: Apache-2.0
 *
 * Files and folders on Windows.  A code is one of GetLastError.
 */
#include <stdlib.h>
#include <string.h>

#include "cli_os.h"
#include "cli_os_windows.h"
/* After windows.h. */
#include <winternl.h>

enum { AT_ONCE = 1 << 20 }; /* what one call reads or writes: consoles refuse much more */

static const DWORD SHARED = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

/* ---- Opening ----------------------------------------------------------------------------- */

HANDLE cli_os_file_handle(int file)
{
	switch (file) {
	case CLI_OS_INPUT:
		return GetStdHandle(STD_INPUT_HANDLE);
	case CLI_OS_OUTPUT:
		return GetStdHandle(STD_OUTPUT_HANDLE);
	case CLI_OS_MESSAGES:
		return GetStdHandle(STD_ERROR_HANDLE);
	default:
		return LongToHandle(file);
	}
}

intptr_t cli_os_handle(int file)
{
	return (intptr_t)cli_os_file_handle(file);
}

/* What CreateFileW denies, or does not find, because it is a folder and no such was asked for. */
static int refine(DWORD code, const wchar_t *path)
{
	const DWORD attributes = GetFileAttributesW(path);

	if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
		return CLI_OS_IS_FOLDER;
	return (int)code;
}

static int open_wide(const wchar_t *path, DWORD access, DWORD disposition, DWORD flags,
		     HANDLE *handle)
{
	HANDLE opened;

	if (path == NULL)
		return (int)GetLastError();
	opened = CreateFileW(path, access, SHARED, NULL, disposition, FILE_ATTRIBUTE_NORMAL | flags,
			     NULL);
	if (opened == INVALID_HANDLE_VALUE)
		return refine(GetLastError(), path);
	*handle = opened;
	return 0;
}

static int open_file(const char *path, DWORD access, DWORD disposition, HANDLE *handle)
{
	wchar_t *wide = cli_os_wide_path(path);
	const int code = open_wide(wide, access, disposition, 0, handle);

	free(wide);
	return code;
}

int cli_os_open(const char *path, int *file)
{
	HANDLE handle;
	const int code = open_file(path, GENERIC_READ, OPEN_EXISTING, &handle);

	if (code == 0)
		*file = HandleToLong(handle);
	return code;
}

/* What was there keeps its attributes and rights. */
int cli_os_create(const char *path, int *file)
{
	HANDLE handle;
	int code = open_file(path, GENERIC_WRITE, OPEN_ALWAYS, &handle);

	if (code != 0)
		return code;
	if (GetFileType(handle) == FILE_TYPE_DISK && !SetEndOfFile(handle)) {
		code = (int)GetLastError();
		CloseHandle(handle);
		return code;
	}
	*file = HandleToLong(handle);
	return 0;
}

int cli_os_close(int file)
{
	return CloseHandle(cli_os_file_handle(file)) ? 0 : (int)GetLastError();
}

/* ---- Regular files ----------------------------------------------------------------------- */

/* Whether a path leads to a device or a pipe, which opening it might disturb: \\.\pipe\a, and NUL,
 * COM1 and others in any folder. */
static bool is_device(const wchar_t *path)
{
	wchar_t whole[8] = {0}, *full = whole;
	const DWORD length = GetFullPathNameW(path, 0, NULL, NULL);
	bool device = false;

	if (length > sizeof(whole) / sizeof(whole[0]))
		full = malloc(length * sizeof(*full));
	if (full != NULL && GetFullPathNameW(path, length, full, NULL) < length)
		device = wcsncmp(full, L"\\\\.\\", 4) == 0;
	if (full != whole)
		free(full);
	return device;
}

static int check_regular(HANDLE handle, uint64_t *bytes)
{
	BY_HANDLE_FILE_INFORMATION information;

	if (GetFileType(handle) != FILE_TYPE_DISK)
		return CLI_OS_NOT_REGULAR;
	if (!GetFileInformationByHandle(handle, &information))
		return (int)GetLastError();
	if ((information.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0)
		return CLI_OS_IS_FOLDER;
	*bytes = (uint64_t)information.nFileSizeHigh << 32 | information.nFileSizeLow;
	return 0;
}

int cli_os_open_regular(const char *path, int *file, uint64_t *bytes)
{
	wchar_t *wide = cli_os_wide_path(path);
	HANDLE handle;
	int code = wide != NULL && is_device(wide) ? CLI_OS_NOT_REGULAR : 0;

	if (code == 0)
		code = open_wide(wide, GENERIC_READ, OPEN_EXISTING, 0, &handle);
	free(wide);
	if (code != 0)
		return code;
	code = check_regular(handle, bytes);
	if (code == 0)
		*file = HandleToLong(handle);
	else
		CloseHandle(handle);
	return code;
}

int cli_os_read_at(int file, uint64_t offset, void *to, size_t bytes, size_t *got)
{
	OVERLAPPED at = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
	DWORD part = bytes < AT_ONCE ? (DWORD)bytes : AT_ONCE, count = 0;

	if (offset > INT64_MAX)
		return ERROR_INVALID_PARAMETER;
	if (!ReadFile(cli_os_file_handle(file), to, part, &count, &at) &&
	    GetLastError() != ERROR_HANDLE_EOF)
		return (int)GetLastError();
	*got = count;
	return 0;
}

int cli_os_file_bytes(int file, uint64_t *bytes)
{
	const HANDLE handle = cli_os_file_handle(file);
	LARGE_INTEGER size = {.QuadPart = 0};

	SetLastError(0);
	switch (GetFileType(handle)) {
	case FILE_TYPE_DISK:
		if (!GetFileSizeEx(handle, &size))
			return (int)GetLastError();
		break;
	case FILE_TYPE_UNKNOWN:
		if (GetLastError() != 0)
			return (int)GetLastError();
		break;
	default:
		break;
	}
	*bytes = (uint64_t)size.QuadPart;
	return 0;
}

/* ---- Reading and writing ----------------------------------------------------------------- */

/* Only the system's own interface tells what a handle is good for. */
int cli_os_check_use(int file, bool writes)
{
	const DWORD wanted = writes ? FILE_WRITE_DATA | FILE_APPEND_DATA : FILE_READ_DATA;
	PUBLIC_OBJECT_BASIC_INFORMATION information;

	if (NtQueryObject(cli_os_file_handle(file), ObjectBasicInformation, &information,
			  sizeof(information), NULL) != 0)
		return ERROR_INVALID_HANDLE;
	return (information.GrantedAccess & wanted) == 0 ? ERROR_INVALID_HANDLE : 0;
}

/* Waits out a Ctrl-C that another thread takes care of; a console then reads nothing. */
static bool read_console(HANDLE console, wchar_t *text, DWORD count, DWORD *got)
{
	DWORD code;

	do {
		SetLastError(0);
		if (!ReadConsoleW(console, text, count, got, NULL))
			return false;
		code = GetLastError();
	} while (*got == 0 && code == ERROR_OPERATION_ABORTED);
	return true;
}

/* A line of a console as UTF-8; it ends where Ctrl-Z stands at its beginning.  What does not fit is
 * left for the next call. */
static int read_line(HANDLE console, char *to, size_t bytes, size_t *got)
{
	enum { UNITS = 256, CTRL_Z = 0x1a };
	wchar_t text[UNITS + 1];
	/* No more than fits: three bytes are the most for one unit. */
	const DWORD room = bytes / 3 < UNITS ? (DWORD)(bytes / 3) : UNITS;
	DWORD count, more;

	if (room == 0)
		return ERROR_INSUFFICIENT_BUFFER;
	if (!read_console(console, text, room, &count))
		return (int)GetLastError();
	/* The other half of a pair; with it there are four bytes for two units. */
	if (count > 0 && IS_HIGH_SURROGATE(text[count - 1]) &&
	    read_console(console, text + count, 1, &more))
		count += more;
	if (count > 0 && text[0] == CTRL_Z)
		count = 0;
	*got = (size_t)WideCharToMultiByte(CP_UTF8, 0, text, (int)count, to, (int)bytes, NULL,
					   NULL);
	return 0;
}

int cli_os_read(int file, void *to, size_t bytes, size_t *got)
{
	const HANDLE handle = cli_os_file_handle(file);
	const DWORD part = bytes < AT_ONCE ? (DWORD)bytes : AT_ONCE;
	DWORD count = 0, code;

	if (bytes >= 3 && cli_os_is_terminal(file))
		return read_line(handle, to, bytes < AT_ONCE ? bytes : AT_ONCE, got);
	do /* nothing, without an error, is what somebody wrote to a pipe */
		code = ReadFile(handle, to, part, &count, NULL) ? 0 : GetLastError();
	while (code == 0 && count == 0 && GetFileType(handle) == FILE_TYPE_PIPE);
	/* The other end of a pipe was closed: this is its end. */
	if (code != 0 && code != ERROR_BROKEN_PIPE && code != ERROR_HANDLE_EOF)
		return (int)code;
	*got = count;
	return 0;
}

int cli_os_write(int file, const void *data, size_t length)
{
	const HANDLE handle = cli_os_file_handle(file);
	const char *at = data;

	while (length > 0) {
		const DWORD part = length < AT_ONCE ? (DWORD)length : AT_ONCE;
		DWORD count = 0;

		if (!WriteFile(handle, at, part, &count, NULL))
			return (int)GetLastError();
		at += count;
		length -= count;
	}
	return 0;
}

bool cli_os_is_terminal(int file)
{
	DWORD mode;

	return GetConsoleMode(cli_os_file_handle(file), &mode) != 0;
}

bool cli_os_terminals_are_utf8(void)
{
	return GetConsoleOutputCP() == CP_UTF8; /* cli_os_start made it so */
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of POSIX on Windows, as posix.h has them.
 */
#include "posix.h"

#include <windows.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <winioctl.h>

int windows_mkdir(const char *path)
{
	wchar_t wide[4096];

	MultiByteToWideChar(CP_UTF8, 0, path, -1, wide, 4096);
	if (CreateDirectoryW(wide, NULL))
		return 0;
	errno = GetLastError() == ERROR_ALREADY_EXISTS ? EEXIST : EIO;
	return -1;
}

int pipe2(int ends[2], int flags)
{
	(void)flags;
	return _pipe(ends, 65536, _O_BINARY | _O_NOINHERIT);
}

void *memmem(const void *in, size_t in_length, const void *what, size_t length)
{
	const char *at = in;

	for (; in_length >= length; at++, in_length--)
		if (memcmp(at, what, length) == 0)
			return (void *)(uintptr_t)at;
	return NULL;
}

char *strndup(const char *text, size_t length)
{
	const char *end = memchr(text, '\0', length);
	const size_t count = end != NULL ? (size_t)(end - text) : length;
	char *copy = malloc(count + 1);

	if (copy != NULL) {
		memcpy(copy, text, count);
		copy[count] = '\0';
	}
	return copy;
}

static int set_length(HANDLE file, int64_t bytes)
{
	LARGE_INTEGER end = {.QuadPart = bytes};
	DWORD got;

	/* Where the file system can do that. */
	DeviceIoControl(file, FSCTL_SET_SPARSE, NULL, 0, NULL, 0, &got, NULL);
	if (SetFilePointerEx(file, end, NULL, FILE_BEGIN) && SetEndOfFile(file))
		return 0;
	errno = EFBIG;
	return -1;
}

int windows_truncate(const char *path, int64_t bytes)
{
	HANDLE file = CreateFileA(path, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
	int result;

	if (file == INVALID_HANDLE_VALUE) {
		errno = ENOENT;
		return -1;
	}
	result = set_length(file, bytes);
	CloseHandle(file);
	return result;
}

int windows_ftruncate(int file, int64_t bytes)
{
	return set_length((HANDLE)_get_osfhandle(file), bytes);
}

int mkfifo(const char *path, int mode)
{
	(void)path;
	(void)mode;
	errno = ENOSYS;
	return -1;
}

int symlink(const char *target, const char *path)
{
	(void)target;
	(void)path;
	errno = ENOSYS;
	return -1;
}

int geteuid(void)
{
	return 0;
}

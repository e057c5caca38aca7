/* SPDX-License-Identifier: Apache-2.0
 *
 * Files on Windows.
 * Sources: CreateFileW, GetFileType, ReadFile.
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "error_internal.h"
#include "os/os_error.h"
#include "os/os_file.h"
#include "os/os_windows.h"
#include "text/text.h"

static const DWORD SHARED = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;

/* Others go on using it, and may rename or delete it. */
static HANDLE open_existing(const char *path, DWORD access)
{
	wchar_t *wide = mote_windows_path(path);
	HANDLE handle = INVALID_HANDLE_VALUE;

	/* A folder needs the first flag, for a better error than that access is denied.  With the
	 * others the server of a pipe that has such a name learns who we are, and no more. */
	if (wide != NULL)
		handle = CreateFileW(wide, access, SHARED, NULL, OPEN_EXISTING,
				     FILE_FLAG_BACKUP_SEMANTICS | SECURITY_SQOS_PRESENT |
					     SECURITY_IDENTIFICATION,
				     NULL);
	mote_windows_path_free(wide);
	return handle;
}

static mote_status fail_kind(mote_error *error, const char *path, const char *kind)
{
	return mote_fail(error, MOTE_FILE, "%s: %s", mote_text_short(path).text, kind);
}

mote_status mote_os_file_open(const char *path, struct mote_os_file *file, mote_error *error)
{
	const HANDLE handle = open_existing(path, GENERIC_READ);
	BY_HANDLE_FILE_INFORMATION information = {0};
	mote_status status = MOTE_OK;

	if (handle == INVALID_HANDLE_VALUE)
		return mote_windows_fail_file(error, "", path, GetLastError());
	if (GetFileType(handle) != FILE_TYPE_DISK)
		status = fail_kind(error, path, "not a regular file");
	else if (!GetFileInformationByHandle(handle, &information))
		status = mote_windows_fail_file(error, "examining ", path, GetLastError());
	else if (information.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)
		status = fail_kind(error, path, "is a folder");
	if (status != MOTE_OK) {
		CloseHandle(handle);
		return status;
	}
	*file = (struct mote_os_file){
		.path = path,
		.handle = (intptr_t)handle,
		.bytes = (uint64_t)information.nFileSizeHigh << 32 | information.nFileSizeLow,
	};
	return MOTE_OK;
}

bool mote_os_file_permits(const char *path)
{
	const HANDLE handle = open_existing(path, GENERIC_READ | GENERIC_WRITE);

	if (handle == INVALID_HANDLE_VALUE)
		return GetLastError() == ERROR_SHARING_VIOLATION;
	CloseHandle(handle);
	return true;
}

mote_status mote_os_file_read(const struct mote_os_file *file, uint64_t offset, void *buffer,
			      size_t length, size_t *got, mote_error *error)
{
	const size_t most = 1u << 30;
	size_t done = 0;

	while (done < length) {
		const uint64_t at = offset + done;
		const size_t left = length - done, part = left < most ? left : most;
		OVERLAPPED place = {.Offset = (DWORD)at, .OffsetHigh = (DWORD)(at >> 32)};
		DWORD count = 0;

		if (!ReadFile((HANDLE)file->handle, (char *)buffer + done, (DWORD)part, &count,
			      &place) &&
		    GetLastError() != ERROR_HANDLE_EOF)
			return mote_windows_fail_file(error, "read of ", file->path,
						      GetLastError());
		if (count == 0)
			break;
		done += count;
	}
	*got = done;
	return MOTE_OK;
}

void mote_os_file_close(struct mote_os_file *file)
{
	CloseHandle((HANDLE)file->handle);
}

/* With `..` and `.` taken out, as the system does it when it opens a file. */
bool mote_os_file_absolute(const char *path, char *absolute, size_t capacity)
{
	wchar_t *wide = mote_windows_path(path), *full = NULL;
	const DWORD units = wide != NULL ? GetFullPathNameW(wide, 0, NULL, NULL) : 0;
	bool is_known = false;

	if (units > 0)
		full = HeapAlloc(GetProcessHeap(), 0, units * sizeof(*full));
	if (full != NULL && GetFullPathNameW(wide, units, full, NULL) < units)
		is_known = mote_windows_utf8(full, absolute, capacity);
	mote_windows_path_free(full);
	mote_windows_path_free(wide);
	return is_known;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Folders on Windows.  A code is one of GetLastError.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_os.h"
#include "cli_os_windows.h"

/* A file in a folder; the caller frees it. */
static wchar_t *path_of(const char *folder, const char *name)
{
	const size_t bytes = strlen(folder) + strlen(name) + 2;
	char *path = malloc(bytes);
	wchar_t *wide;

	if (path == NULL) {
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
		return NULL;
	}
	snprintf(path, bytes, "%s\\%s", folder, name);
	wide = cli_os_wide_path(path);
	free(path);
	return wide;
}

int cli_os_folder_make(const char *path, bool *made)
{
	wchar_t *wide = cli_os_wide_path(path);
	DWORD code = wide != NULL && CreateDirectoryW(wide, NULL) ? 0 : GetLastError();

	free(wide);
	if (code != 0 && code != ERROR_ALREADY_EXISTS)
		return (int)code;
	*made = code == 0;
	return 0;
}

/* Whether there is something of that name that is no folder. */
static bool is_other(const char *path)
{
	wchar_t *wide = cli_os_wide_path(path);
	const DWORD attributes = wide != NULL ? GetFileAttributesW(wide) : INVALID_FILE_ATTRIBUTES;

	free(wide);
	return attributes != INVALID_FILE_ATTRIBUTES &&
	       (attributes & FILE_ATTRIBUTE_DIRECTORY) == 0;
}

/* The search of all names in a folder. */
static int begin_search(const char *folder, HANDLE *search, WIN32_FIND_DATAW *found)
{
	wchar_t *pattern = path_of(folder, "*");
	DWORD code;

	*search = pattern != NULL ? FindFirstFileW(pattern, found) : INVALID_HANDLE_VALUE;
	code = *search == INVALID_HANDLE_VALUE ? GetLastError() : 0;
	free(pattern);
	if (code != 0 && is_other(folder))
		code = ERROR_DIRECTORY;
	return (int)code;
}

static bool is_way(const wchar_t *name)
{
	return wcscmp(name, L".") == 0 || wcscmp(name, L"..") == 0;
}

int cli_os_folder_is_empty(const char *path, bool *empty)
{
	WIN32_FIND_DATAW found;
	HANDLE search;
	int code = begin_search(path, &search, &found);

	if (code == (int)ERROR_FILE_NOT_FOUND) { /* the root of a disk has no way up */
		*empty = true;
		return 0;
	}
	if (code != 0)
		return code;
	*empty = true;
	do
		*empty = is_way(found.cFileName);
	while (*empty && FindNextFileW(search, &found));
	FindClose(search);
	return 0;
}

/* While it is open, nobody can rename or remove it. */
int cli_os_folder_open(const char *path, struct cli_os_folder *folder)
{
	wchar_t *wide = cli_os_wide_path(path);
	const HANDLE handle =
		wide != NULL
			? CreateFileW(wide, FILE_LIST_DIRECTORY, FILE_SHARE_READ | FILE_SHARE_WRITE,
				      NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL)
			: INVALID_HANDLE_VALUE;
	DWORD code = handle == INVALID_HANDLE_VALUE ? GetLastError() : 0;
	BY_HANDLE_FILE_INFORMATION information;

	free(wide);
	if (code != 0)
		return (int)code;
	if (!GetFileInformationByHandle(handle, &information))
		code = GetLastError();
	else if ((information.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) == 0)
		code = ERROR_DIRECTORY;
	if (code != 0)
		CloseHandle(handle);
	else
		*folder = (struct cli_os_folder){.path = path, .handle = HandleToLong(handle)};
	return (int)code;
}

void cli_os_folder_close(const struct cli_os_folder *folder)
{
	CloseHandle(LongToHandle(folder->handle));
}

void cli_os_folder_remove(const char *path)
{
	wchar_t *wide = cli_os_wide_path(path);

	if (wide != NULL)
		RemoveDirectoryW(wide);
	free(wide);
}

int cli_os_folder_write(const struct cli_os_folder *folder, const char *name, const char *text,
			size_t length)
{
	wchar_t *path = path_of(folder->path, name);
	const HANDLE handle = path != NULL ? CreateFileW(path, GENERIC_WRITE, FILE_SHARE_READ, NULL,
							 CREATE_NEW, FILE_ATTRIBUTE_NORMAL, NULL)
					   : INVALID_HANDLE_VALUE;
	int code = handle == INVALID_HANDLE_VALUE ? (int)GetLastError() : 0;

	free(path);
	if (code != 0)
		return code;
	code = cli_os_write(HandleToLong(handle), text, length);
	if (!CloseHandle(handle) && code == 0)
		code = (int)GetLastError();
	if (code != 0)
		cli_os_folder_remove_file(folder, name);
	return code;
}

void cli_os_folder_remove_file(const struct cli_os_folder *folder, const char *name)
{
	wchar_t *path = path_of(folder->path, name);

	if (path != NULL)
		DeleteFileW(path);
	free(path);
}

/* ---- Names in a folder ------------------------------------------------------------------- */

static bool add_name(struct cli_os_names *names, const wchar_t *wide)
{
	char **grown = realloc(names->name, (names->count + 1) * sizeof(*grown));

	if (grown == NULL)
		return false;
	names->name = grown;
	grown[names->count] = cli_os_narrow(wide);
	if (grown[names->count] == NULL)
		return false;
	names->count++;
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int cli_os_names_read(const char *folder, struct cli_os_names *names)
{
	struct cli_os_names read = {.name = NULL};
	WIN32_FIND_DATAW found = {0};
	HANDLE search;
	int code = begin_search(folder, &search, &found);

	if (code != 0)
		return code;
	do
		if (found.cFileName[0] != '.' && !add_name(&read, found.cFileName))
			code = CLI_OS_NO_MEMORY;
	while (code == 0 && FindNextFileW(search, &found));
	FindClose(search);
	if (code != 0) {
		cli_os_names_release(&read);
		return code;
	}
	if (read.count > 0)
		qsort(read.name, read.count, sizeof(*read.name), compare_names);
	*names = read;
	return 0;
}

void cli_os_names_release(struct cli_os_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->name[i]);
	free(names->name);
}

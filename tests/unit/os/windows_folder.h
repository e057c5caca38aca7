/* SPDX-License-Identifier: Apache-2.0
 *
 * A folder of a test's own on Windows, with names that a narrow string of the system cannot have.
 */
#ifndef MOTE_TESTS_WINDOWS_FOLDER_H
#define MOTE_TESTS_WINDOWS_FOLDER_H

#include <windows.h>

#include "../unit_test.h"

/* Cyrillic, Chinese, and a character outside the basic plane. */
#define WINDOWS_FOLDER_NAME L"mote \u0436\u6f22\U0001f600"

static wchar_t windows_folder[MAX_PATH]; /* without a \ at its end */

/* Files alone, and empty folders. */
static inline void windows_folder_clear(void)
{
	wchar_t path[2 * MAX_PATH];
	WIN32_FIND_DATAW found;
	HANDLE search;

	_snwprintf(path, 2 * MAX_PATH, L"%ls\\*", windows_folder);
	search = FindFirstFileW(path, &found);
	if (search != INVALID_HANDLE_VALUE) {
		do {
			_snwprintf(path, 2 * MAX_PATH, L"%ls\\%ls", windows_folder,
				   found.cFileName);
			if (found.cFileName[0] != L'.' || found.cFileName[1] == L'm')
				if (!DeleteFileW(path))
					RemoveDirectoryW(path);
		} while (FindNextFileW(search, &found));
		FindClose(search);
	}
	RemoveDirectoryW(windows_folder);
}

static inline void windows_folder_make(void)
{
	wchar_t temporary[MAX_PATH / 2];

	REQUIRE(GetTempPathW(MAX_PATH / 2, temporary) > 0);
	_snwprintf(windows_folder, MAX_PATH, L"%ls%ls %lu", temporary, WINDOWS_FOLDER_NAME,
		   GetCurrentProcessId());
	windows_folder_clear(); /* of a run that did not come to its end */
	REQUIRE(CreateDirectoryW(windows_folder, NULL));
}

/* folder\name in UTF-8, in a buffer that the next call overwrites. */
static inline const char *windows_path(const char *name)
{
	static char path[4 * MAX_PATH];
	const int length =
		WideCharToMultiByte(CP_UTF8, 0, windows_folder, -1, path, sizeof(path), NULL, NULL);

	snprintf(path + length - 1, sizeof(path) - (size_t)length, "\\%s", name);
	return path;
}

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Files on Windows: names of any characters and lengths, and files that are whole or absent.
 */
#include "os/os.h"

#include <windows.h>

#include <aclapi.h>

#include "../unit_test.h"
#include "os/os_windows.h"
#include "windows_folder.h"

#define IN_FOLDER(function) CASE_WITHIN(function, windows_folder_make, windows_folder_clear)

static const char name[] = "\xd0\xb6 \xe6\xbc\xa2 \xf0\x9f\x98\x80.bin";

/* The file exists with exactly these contents. */
static bool holds(const char *path, const void *contents, size_t length)
{
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_file file;
	char read[64];
	size_t got;

	check_ok(mote_os_file_open(path, &file, &error), &error);
	check_ok(mote_os_file_read(&file, 0, read, sizeof(read), &got, &error), &error);
	mote_os_file_close(&file);
	return CHECK_EQ(file.bytes, length) && CHECK_EQ(got, length) &&
	       CHECK_MEM(read, contents, length);
}

static bool exists(const char *path)
{
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_file file;

	if (mote_os_file_open(path, &file, &error) != MOTE_OK)
		return false;
	mote_os_file_close(&file);
	return true;
}

static void make_file(const char *path, const char *contents)
{
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_new_file file;

	check_ok(mote_os_new_file_create(path, &file, &error), &error);
	check_ok(mote_os_new_file_write(&file, 0, contents, strlen(contents), &error), &error);
	check_ok(mote_os_new_file_commit(&file, strlen(contents), &error), &error);
}

/* How many files the folder has. */
static size_t count_files(void)
{
	wchar_t pattern[2 * MAX_PATH];
	WIN32_FIND_DATAW found;
	size_t count = 0;
	HANDLE search;

	_snwprintf(pattern, 2 * MAX_PATH, L"%ls\\*", windows_folder);
	search = FindFirstFileW(pattern, &found);
	REQUIRE(search != INVALID_HANDLE_VALUE);
	do
		count += !(found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY);
	while (FindNextFileW(search, &found));
	FindClose(search);
	return count;
}

/* ---- Reading ----------------------------------------------------------------------------- */

static void files_are_read_at_any_offset(void)
{
	const size_t handles = test_fd_count();
	mote_error error = MOTE_ERROR_INIT;
	const char *path = windows_path(name);
	struct mote_os_file file;
	char buffer[32];
	DWORD flags = HANDLE_FLAG_INHERIT;
	size_t got;

	make_file(path, "0123456789");
	check_ok(mote_os_file_open(path, &file, &error), &error);
	REQUIRE_EQ(file.bytes, 10);
	CHECK(file.path == path);
	REQUIRE(GetHandleInformation((HANDLE)file.handle, &flags));
	CHECK_EQ(flags & HANDLE_FLAG_INHERIT, 0);
	check_ok(mote_os_file_read(&file, 0, buffer, sizeof(buffer), &got, &error), &error);
	REQUIRE_EQ(got, 10);
	REQUIRE_MEM(buffer, "0123456789", 10);
	check_ok(mote_os_file_read(&file, 7, buffer, 2, &got, &error), &error);
	REQUIRE_EQ(got, 2);
	REQUIRE_MEM(buffer, "78", 2);
	check_ok(mote_os_file_read(&file, 10, buffer, 5, &got, &error), &error);
	REQUIRE_EQ(got, 0);
	check_ok(mote_os_file_read(&file, 5ull << 32, buffer, 5, &got, &error), &error);
	REQUIRE_EQ(got, 0);
	check_error(mote_os_file_read(&file, UINT64_MAX, buffer, 5, &got, &error), &error,
		    MOTE_FILE, "read of ");
	/* It can go away while it is read. */
	CHECK(mote_os_file_permits(path));
	mote_os_file_close(&file);
	CHECK_EQ(test_fd_count(), handles);
}

static void what_is_no_file_is_refused(void)
{
	const size_t handles = test_fd_count();
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_file file;

	check_error(mote_os_file_open(windows_path("missing"), &file, &error), &error, MOTE_FILE,
		    "missing: ");
	CHECK_EQ(error.os_code, ERROR_FILE_NOT_FOUND);
	check_error(mote_os_file_open(windows_path("no\\folder"), &file, &error), &error, MOTE_FILE,
		    "folder: ");
	check_error(mote_os_file_open(windows_path("."), &file, &error), &error, MOTE_FILE,
		    "is a folder");
	check_error(mote_os_file_open("NUL", &file, &error), &error, MOTE_FILE,
		    "NUL: not a regular file");
	check_error(mote_os_file_open("", &file, &error), &error, MOTE_FILE, ": ");
	check_error(mote_os_file_open("not \xff UTF-8", &file, &error), &error, MOTE_FILE,
		    "not ? UTF-8: ");
	CHECK_EQ(error.os_code, ERROR_NO_UNICODE_TRANSLATION);
	CHECK(!mote_os_file_permits(windows_path("missing")));
	CHECK_EQ(test_fd_count(), handles);
}

static bool can_write(const wchar_t *path)
{
	const HANDLE file = CreateFileW(path, GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);

	if (file == INVALID_HANDLE_VALUE)
		return false;
	CloseHandle(file);
	return true;
}

static void a_file_that_must_not_be_written_is_not_permitted(void)
{
	wchar_t wide[2 * MAX_PATH];
	const char *path = windows_path("readable");

	make_file(path, "x");
	CHECK(mote_os_file_permits(path));
	_snwprintf(wide, 2 * MAX_PATH, L"%ls\\readable", windows_folder);
	REQUIRE(SetFileAttributesW(wide, FILE_ATTRIBUTE_READONLY));
	/* Root may, under Wine. */
	CHECK_EQ(mote_os_file_permits(path), can_write(wide));
	REQUIRE(SetFileAttributesW(wide, FILE_ATTRIBUTE_NORMAL));
}

/* ---- Paths ------------------------------------------------------------------------------- */

static void paths_may_be_long_and_relative(void)
{
	enum { PARTS = 12, PART = 30 };
	wchar_t wide[1024], before[MAX_PATH];
	char path[2048];
	size_t length;

	/* Longer than 260 units. */
	_snwprintf(wide, 1024, L"\\\\?\\%ls", windows_folder);
	snprintf(path, sizeof(path), "%s", windows_path("."));
	path[strlen(path) - 2] = '\0';
	for (unsigned i = 0; i < PARTS; i++) {
		wcscat(wide, L"\\a name of thirty units, or so");
		strcat(path, i % 2 == 0 ? "/a name of thirty units, or so"
					: "\\a name of thirty units, or so");
		REQUIRE(CreateDirectoryW(wide, NULL));
	}
	REQUIRE(wcslen(wide) > PARTS * PART);
	length = strlen(path);
	strcat(path, "\\file");
	make_file(path, "long");
	holds(path, "long", 4);
	strcpy(path + length, "\\..\\./../file");
	make_file(path, "longer");
	holds(path, "longer", 6);
	/* From the folder. */
	REQUIRE(GetCurrentDirectoryW(MAX_PATH, before) > 0);
	REQUIRE(SetCurrentDirectoryW(windows_folder));
	make_file("near", "n");
	holds("./near", "n", 1);
	holds(windows_path("near"), "n", 1);
	REQUIRE(SetCurrentDirectoryW(before));
	/* Clearing knows no folders in folders. */
	for (unsigned i = PARTS; i > 0; i--) {
		wchar_t *end = wide + wcslen(wide);

		wcscpy(end, L"\\file");
		DeleteFileW(wide);
		*end = L'\0';
		CHECK(RemoveDirectoryW(wide));
		*wcsrchr(wide, L'\\') = L'\0';
	}
}

/* Wine opens a long path in any form, so the form is looked at. */
static void long_paths_have_the_form_that_lifts_the_limit(void)
{
	static const struct {
		const char *begin;
		const wchar_t *expected;
	} rows[] = {
		{"C:\\folder/", L"\\\\?\\C:\\folder\\"},
		{"C:/folder/../other/", L"\\\\?\\C:\\other\\"},
		{"\\\\server\\share\\", L"\\\\?\\UNC\\server\\share\\"},
		{"\\\\?\\C:\\folder\\", L"\\\\?\\C:\\folder\\"},
		{"\\\\.\\pipe\\", L"\\\\.\\pipe\\"},
	};
	wchar_t *wide;

	for (size_t i = 0; i < COUNT(rows); i++) {
		char path[512];
		size_t length = strlen(strcpy(path, rows[i].begin));

		memset(path + length, 'x', 200);
		path[length + 200] = '\0';
		wide = mote_windows_path(path);
		REQUIRE(wide != NULL);
		length = wcslen(rows[i].expected);
		CHECK(wcsncmp(wide, rows[i].expected, length) == 0);
		CHECK_EQ(wcslen(wide), length + 200);
		mote_windows_path_free(wide);
	}
	wide = mote_windows_path("C:/short");
	CHECK(wide != NULL && wcscmp(wide, L"C:/short") == 0);
	mote_windows_path_free(wide);
}

static void paths_begin_at_the_root(void)
{
	wchar_t before[MAX_PATH];
	char path[1024], small[8];

	REQUIRE(mote_os_file_absolute("C:\\folder\\guest", path, sizeof(path)));
	CHECK_STR(path, "C:\\folder\\guest");
	REQUIRE(mote_os_file_absolute("C:/folder/../guest", path, sizeof(path)));
	CHECK_STR(path, "C:\\guest");
	REQUIRE(GetCurrentDirectoryW(MAX_PATH, before) > 0);
	REQUIRE(SetCurrentDirectoryW(windows_folder));
	CHECK(mote_os_file_absolute(name, path, sizeof(path)));
	CHECK_STR(path, windows_path(name));
	REQUIRE(SetCurrentDirectoryW(before));
	CHECK(mote_os_file_absolute("C:\\abcd", small, sizeof(small)));
	CHECK_STR(small, "C:\\abcd");
	CHECK(!mote_os_file_absolute("C:\\abcde", small, sizeof(small)));
	CHECK(!mote_os_file_absolute("not \xff UTF-8", path, sizeof(path)));
	CHECK(!mote_os_file_absolute("", path, sizeof(path)));
}

/* ---- New files --------------------------------------------------------------------------- */

static void a_new_file_appears_whole_or_not_at_all(void)
{
	const size_t handles = test_fd_count();
	const char *path = windows_path(name);
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_new_file file;

	check_ok(mote_os_new_file_create(path, &file, &error), &error);
	check_ok(mote_os_new_file_write(&file, 4, "data", 4, &error), &error);
	CHECK(!exists(path));
	CHECK_EQ(count_files(), 1);
	check_ok(mote_os_new_file_commit(&file, 10, &error), &error);
	holds(path, "\0\0\0\0data\0\0", 10);
	CHECK_EQ(count_files(), 1);
	/* Another one is thrown away. */
	check_ok(mote_os_new_file_create(path, &file, &error), &error);
	check_ok(mote_os_new_file_write(&file, 0, "other", 5, &error), &error);
	mote_os_new_file_discard(&file);
	holds(path, "\0\0\0\0data\0\0", 10);
	CHECK_EQ(count_files(), 1);
	/* And another one takes its place, shorter than what was written. */
	check_ok(mote_os_new_file_create(path, &file, &error), &error);
	check_ok(mote_os_new_file_write(&file, 0, "third", 5, &error), &error);
	check_ok(mote_os_new_file_commit(&file, 3, &error), &error);
	holds(path, "thi", 3);
	CHECK_EQ(count_files(), 1);
	CHECK_EQ(test_fd_count(), handles);
}

static bool is_wine(void)
{
	return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != NULL;
}

/* Wine knows only the older way to rename, which does not do that. */
static void a_file_that_is_being_read_is_replaced(void)
{
	const char *path = windows_path(name);
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_new_file replacement;
	struct mote_os_file file;
	mote_status status;
	char byte;
	size_t got;

	make_file(path, "old");
	check_ok(mote_os_file_open(path, &file, &error), &error);
	check_ok(mote_os_new_file_create(path, &replacement, &error), &error);
	check_ok(mote_os_new_file_write(&replacement, 0, "new", 3, &error), &error);
	status = mote_os_new_file_commit(&replacement, 3, &error);
	check_ok(mote_os_file_read(&file, 0, &byte, 1, &got, &error), &error);
	CHECK_EQ(byte, 'o');
	mote_os_file_close(&file);
	CHECK_EQ(count_files(), 1);
	holds(path, status == MOTE_OK ? "new" : "old", 3);
	if (!is_wine())
		check_ok(status, &error);
	else
		check_error(status, &error, MOTE_FILE, "renaming to ");
}

static void a_change_of_the_folder_does_no_harm(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_new_file file;
	wchar_t before[MAX_PATH];

	REQUIRE(GetCurrentDirectoryW(MAX_PATH, before) > 0);
	REQUIRE(SetCurrentDirectoryW(windows_folder));
	check_ok(mote_os_new_file_create(name, &file, &error), &error);
	REQUIRE(SetCurrentDirectoryW(L"C:\\"));
	check_ok(mote_os_new_file_commit(&file, 2, &error), &error);
	REQUIRE(SetCurrentDirectoryW(before));
	holds(windows_path(name), "\0\0", 2);
}

static void a_new_file_that_cannot_be_is_refused(void)
{
	const size_t handles = test_fd_count();
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_new_file file;
	wchar_t folder[2 * MAX_PATH];

	check_error(mote_os_new_file_create(windows_path("no\\file"), &file, &error), &error,
		    MOTE_FILE, "creating ");
	CHECK_EQ(error.os_code, ERROR_PATH_NOT_FOUND);
	check_error(mote_os_new_file_create(windows_path(""), &file, &error), &error, MOTE_FILE,
		    "\\: ");
	check_error(mote_os_new_file_create("", &file, &error), &error, MOTE_FILE, ": ");
	check_error(mote_os_new_file_create("C:", &file, &error), &error, MOTE_FILE, "C:: ");
	check_error(mote_os_new_file_create("not \xff UTF-8", &file, &error), &error, MOTE_FILE,
		    "not ? UTF-8: ");
	/* A folder is not replaced. */
	_snwprintf(folder, 2 * MAX_PATH, L"%ls\\sub", windows_folder);
	REQUIRE(CreateDirectoryW(folder, NULL));
	check_ok(mote_os_new_file_create(windows_path("sub"), &file, &error), &error);
	check_error(mote_os_new_file_commit(&file, 1, &error), &error, MOTE_FILE, "renaming to ");
	CHECK_EQ(count_files(), 0);
	CHECK_EQ(test_fd_count(), handles);
}

static void a_new_file_is_its_owners_alone(void)
{
	const char *path = windows_path("private");
	mote_error error = MOTE_ERROR_INIT;
	PSECURITY_DESCRIPTOR descriptor;
	struct mote_os_file file;
	ACL_SIZE_INFORMATION size = {0};
	PACL list = NULL;

	make_file(path, "x");
	check_ok(mote_os_file_open(path, &file, &error), &error);
	REQUIRE_EQ(GetSecurityInfo((HANDLE)file.handle, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION,
				   NULL, NULL, &list, NULL, &descriptor),
		   ERROR_SUCCESS);
	REQUIRE(list != NULL);
	REQUIRE(GetAclInformation(list, &size, sizeof(size), AclSizeInformation));
	for (DWORD i = 0; i < size.AceCount; i++) {
		ACCESS_ALLOWED_ACE *entry = NULL;

		REQUIRE(GetAce(list, i, (void **)&entry));
		CHECK_EQ(entry->Header.AceType, ACCESS_ALLOWED_ACE_TYPE);
		test_note("entry %lu: mask %08lx, everyone: %d", i, entry->Mask,
			  IsWellKnownSid(&entry->SidStart, WinWorldSid));
		CHECK(!IsWellKnownSid(&entry->SidStart, WinWorldSid));
	}
	LocalFree(descriptor);
	mote_os_file_close(&file);
}

static const struct test_case cases[] = {
	IN_FOLDER(files_are_read_at_any_offset),
	IN_FOLDER(what_is_no_file_is_refused),
	IN_FOLDER(a_file_that_must_not_be_written_is_not_permitted),
	IN_FOLDER(paths_may_be_long_and_relative),
	CASE(long_paths_have_the_form_that_lifts_the_limit),
	IN_FOLDER(paths_begin_at_the_root),
	IN_FOLDER(a_new_file_appears_whole_or_not_at_all),
	IN_FOLDER(a_file_that_is_being_read_is_replaced),
	IN_FOLDER(a_change_of_the_folder_does_no_harm),
	IN_FOLDER(a_new_file_that_cannot_be_is_refused),
	IN_FOLDER(a_new_file_is_its_owners_alone),
};

int main(int argc, char **argv)
{
	return test_main("os_windows_files", cases, TEST_COUNT(cases), argc, argv);
}

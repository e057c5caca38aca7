/* SPDX-License-Identifier: Apache-2.0
 *
 * Guest images in files, and files that are none, on Windows.
 */
#include "sandbox/image_internal.h"

#include "../os/windows_folder.h"
#include "../unit_test.h"
#include "elf_builder.h"

#define NAME "\xd0\xb6 \xe6\xbc\xa2 \xf0\x9f\x98\x80.elf"

static HANDLE create(const wchar_t *name)
{
	wchar_t path[2 * MAX_PATH];
	HANDLE file;

	_snwprintf(path, 2 * MAX_PATH, L"%ls\\%ls", windows_folder, name);
	file = CreateFileW(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
	REQUIRE(file != INVALID_HANDLE_VALUE);
	return file;
}

static void write_file(const wchar_t *name, const void *bytes, size_t length)
{
	const HANDLE file = create(name);
	DWORD count;

	REQUIRE(WriteFile(file, bytes, (DWORD)length, &count, NULL));
	CloseHandle(file);
}

/* With zeros after so many bytes. */
static void make_large(const wchar_t *name, const void *bytes, size_t length, uint64_t whole)
{
	const HANDLE file = create(name);
	LARGE_INTEGER end;
	DWORD count;

	REQUIRE(WriteFile(file, bytes, (DWORD)length, &count, NULL));
	end.QuadPart = (LONGLONG)whole;
	REQUIRE(SetFilePointerEx(file, end, NULL, FILE_BEGIN));
	REQUIRE(SetEndOfFile(file));
	CloseHandle(file);
}

static void refuse_file(const char *name, mote_status status, const char *why)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_image *image = NULL;

	check_error(mote_image_open(NULL, windows_path(name), &image, &error), &error, status, why);
	CHECK_CONTAINS(error.text, name);
	REQUIRE(image == NULL);
}

static void files_are_read(void)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_image_information information = MOTE_IMAGE_INFORMATION_INIT;
	struct elf_file file;
	mote_image *image;

	elf_make(&file);
	write_file(L"\u0436 \u6f22 \U0001f600.elf", file.bytes, sizeof(file.bytes));
	check_ok(mote_image_open(NULL, windows_path(NAME), &image, &error), &error);
	mote_image_get_information(image, &information, NULL);
	REQUIRE_STR(information.name, windows_path(NAME));
	REQUIRE_EQ(information.export_count, 2);
	mote_image_release(image);
}

static void files_that_are_no_images_are_refused(void)
{
	wchar_t folder[2 * MAX_PATH];
	struct elf_file file;

	elf_make(&file);
	refuse_file("missing", MOTE_FILE, "missing: ");
	write_file(L"empty", "", 0);
	refuse_file("empty", MOTE_BAD_IMAGE, "the file is empty");
	write_file(L"text", "MZ and so on", 10);
	refuse_file("text", MOTE_BAD_IMAGE, "not an ELF executable");
	write_file(L"short", file.bytes, 63);
	refuse_file("short", MOTE_BAD_IMAGE, "truncated ELF header");
	write_file(L"cut", file.bytes, 0x2800);
	refuse_file("cut", MOTE_BAD_IMAGE, "extends past the end of the file (truncated?)");
	_snwprintf(folder, 2 * MAX_PATH, L"%ls\\folder", windows_folder);
	REQUIRE(CreateDirectoryW(folder, NULL));
	refuse_file("folder", MOTE_FILE, "is a folder");
	/* No bytes are read but the first. */
	make_large(L"zeros", "", 0, 4ull << 30);
	refuse_file("zeros", MOTE_BAD_IMAGE, "not an ELF executable");
	make_large(L"huge", file.bytes, sizeof(file.bytes), (1ull << 30) + 1);
	refuse_file("huge", MOTE_BAD_IMAGE, "larger than 1 GiB");
}

static const struct test_case cases[] = {
	CASE_WITHIN(files_are_read, windows_folder_make, windows_folder_clear),
	CASE_WITHIN(files_that_are_no_images_are_refused, windows_folder_make,
		    windows_folder_clear),
};

int main(int argc, char **argv)
{
	return test_main("image_files_windows", cases, TEST_COUNT(cases), argc, argv);
}

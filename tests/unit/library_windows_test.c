/* SPDX-License-Identifier: Apache-2.0
 *
 * mote.dll as a program uses it: by its import library, and loaded and unloaded by hand.
 */
#include <mote/mote.h>

#include <windows.h>

#include "unit_test.h"

/* What belongs to the library's C library stays with it. */
static void functions_are_imported(void)
{
	static const char nonsense[] = "not an image";
	mote_error error = MOTE_ERROR_INIT;
	mote_image *image = NULL;
	MEMORY_BASIC_INFORMATION region;

	CHECK_STR(mote_status_name(MOTE_BAD_IMAGE), "bad_image");
	check_error(mote_image_from_bytes(NULL, nonsense, sizeof(nonsense), "x", &image, &error),
		    &error, MOTE_BAD_IMAGE, "not an ELF executable");
	check_error(mote_image_open(NULL, "C:\\missing", &image, &error), &error, MOTE_FILE,
		    "C:\\missing: ");
	REQUIRE(VirtualQuery(mote_status_name(MOTE_OK), &region, sizeof(region)) != 0);
	CHECK(region.AllocationBase == (void *)GetModuleHandleW(L"mote.dll"));
}

static const wchar_t copy[] = L"mote copy.dll";

static void delete_copy(void)
{
	DeleteFileW(copy);
}

/* Under another name, as this program has it already. */
static void it_can_be_unloaded(void)
{
	wchar_t path[MAX_PATH];
	size_t handles = 0;

	REQUIRE(GetModuleFileNameW(GetModuleHandleW(L"mote.dll"), path, MAX_PATH) < MAX_PATH);
	REQUIRE(CopyFileW(path, copy, FALSE));
	for (unsigned i = 0; i < 4; i++) {
		const HMODULE library = LoadLibraryW(copy);

		REQUIRE(library != NULL);
		CHECK(GetProcAddress(library, "mote_engine_create") != NULL);
		CHECK(GetProcAddress(library, "mote_os_random") == NULL);
		REQUIRE(FreeLibrary(library));
		CHECK(GetModuleHandleW(copy) == NULL);
		if (i == 0)
			handles = test_fd_count();
	}
	CHECK_EQ(test_fd_count(), handles);
}

static const struct test_case cases[] = {
	CASE(functions_are_imported),
	CASE_WITHIN(it_can_be_unloaded, NULL, delete_copy),
};

int main(int argc, char **argv)
{
	return test_main("library_windows", cases, TEST_COUNT(cases), argc, argv);
}

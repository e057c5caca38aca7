/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared buffers of memory that somebody else made: of Windows, handles of sections.
 */
#include "buffers.h"

#include <windows.h>

enum { PAGES = 4 };

/* Four pages; "abc" is in the second one. */
static HANDLE make_section(uint64_t page)
{
	const HANDLE section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0,
						  (DWORD)(PAGES * page), NULL);
	unsigned char *all =
		section != NULL ? MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0) : NULL;

	REQUIRE(all != NULL);
	memcpy(all + page, "abc", 3);
	UnmapViewOfFile(all);
	return section;
}

/* In a sandbox whose memory is in the process itself, and in one that has a surrogate.  The maker's
 * handle is not needed any more. */
static void a_section_is_in_every_sandbox(void)
{
	const uint64_t page = buffers_page_bytes();
	const HANDLE section = make_section(page);
	mote_error error = MOTE_ERROR_INIT;
	struct buffers shared;
	mote_sandbox *other;
	mote_buffer *imported;
	unsigned char *data;

	buffers_setup(&shared, NULL);
	other = fixture_sandbox(shared.engine, "buffers", NULL);
	REQUIRE_OK(mote_buffer_import(shared.engine, (intptr_t)section, page, 2 * page, &imported,
				      &error),
		   &error);
	CloseHandle(section);
	data = mote_buffer_get_data(imported);
	CHECK_MEM(data, "abc", 3);
	REQUIRE_OK(mote_sandbox_map_buffer(shared.sandbox, imported, true, &error), &error);
	REQUIRE_OK(mote_sandbox_map_buffer(other, imported, false, &error), &error);
	CALL(shared.sandbox, "fill", mote_value_bytes(data, page), mote_value_u32(1));
	CHECK_EQ(data[page - 1], 1);
	CHECK_EQ(CALL(other, "sum", mote_value_bytes(data, 2 * page)).as.u64, page);
	CHECK_OK(mote_sandbox_unmap_buffer(shared.sandbox, imported, &error), &error);
	CHECK_EQ(CALL(other, "sum", mote_value_bytes(data, 2 * page)).as.u64, page);
	mote_buffer_release(imported);
	mote_sandbox_destroy(other);
	buffers_teardown(&shared);
}

/* What this process may only read is in no guest. */
static void a_constant_section_is_refused(void)
{
	const uint64_t page = buffers_page_bytes();
	const HANDLE section = make_section(page), self = GetCurrentProcess();
	mote_error error = MOTE_ERROR_INIT;
	struct buffers shared;
	mote_buffer *imported;
	HANDLE constant;

	REQUIRE(DuplicateHandle(self, section, self, &constant, FILE_MAP_READ, FALSE, 0));
	buffers_setup(&shared, NULL);
	REQUIRE_OK(mote_buffer_import(shared.engine, (intptr_t)constant, page, page, &imported,
				      &error),
		   &error);
	CHECK_MEM(mote_buffer_get_data(imported), "abc", 3);
	CHECK_STATUS(mote_sandbox_map_buffer(shared.sandbox, imported, true, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	CHECK_STATUS(mote_sandbox_map_buffer(shared.sandbox, imported, false, &error),
		     MOTE_UNSUPPORTED, &error);
	CHECK_CONTAINS(error.text, "import it writable");
	mote_buffer_release(imported);
	CloseHandle(constant);
	CloseHandle(section);
	buffers_teardown(&shared);
}

static void what_is_no_section_is_refused(void)
{
	const uint64_t page = buffers_page_bytes();
	const HANDLE section = make_section(page), event = CreateEventW(NULL, FALSE, FALSE, NULL);
	mote_error error = MOTE_ERROR_INIT;
	struct buffers shared;
	mote_buffer *buffer;

	buffers_setup(&shared, NULL);
	CHECK_STATUS(mote_buffer_import(shared.engine, (intptr_t)event, 0, page, &buffer, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	CHECK_CONTAINS(error.text, "no section");
	CHECK_STATUS(mote_buffer_import(shared.engine, (intptr_t)section, page, PAGES * page,
					&buffer, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	CHECK_STATUS(mote_buffer_import(shared.engine, (intptr_t)section, 1, page, &buffer, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	CHECK_STATUS(mote_buffer_import(shared.engine, -1, 0, page, &buffer, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	CloseHandle(section);
	CloseHandle(event);
	buffers_teardown(&shared);
}

static const struct test_case cases[] = {
	CASE(a_section_is_in_every_sandbox),
	CASE(a_constant_section_is_refused),
	CASE(what_is_no_section_is_refused),
};

int main(int argc, char **argv)
{
	return test_main("sections", cases, TEST_COUNT(cases), argc, argv);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The operating system layer on Windows: memory, threads, clocks, and how failures are told.
 */
#include "os/os.h"

#include <windows.h>

#include <psapi.h>
#include <stdatomic.h>

#include "../unit_test.h"
#include "allocator.h"

enum { BYTES = 1 << 20, GRANULE = 64 << 10 };

/* ---- Shareable memory -------------------------------------------------------------------- */

static struct mote_os_memory make_memory(unsigned flags)
{
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_memory memory;

	check_ok(mote_os_memory_create(BYTES, flags, "guest memory", &memory, &error), &error);
	return memory;
}

static void guest_memory_is_zero_shared_and_not_inherited(void)
{
	struct mote_os_memory memory = make_memory(0);
	DWORD flags = HANDLE_FLAG_INHERIT;
	uint8_t *other;

	REQUIRE_EQ(memory.bytes, BYTES);
	CHECK_EQ((uintptr_t)memory.hva % GRANULE, 0);
	for (size_t i = 0; i < BYTES; i += 64)
		REQUIRE_EQ(((uint8_t *)memory.hva)[i], 0);
	REQUIRE(GetHandleInformation((HANDLE)memory.handle, &flags));
	CHECK_EQ(flags & HANDLE_FLAG_INHERIT, 0);
	other = MapViewOfFile((HANDLE)memory.handle, FILE_MAP_READ, 0, 0, BYTES);
	REQUIRE(other != NULL);
	((uint8_t *)memory.hva)[BYTES - 1] = 7;
	CHECK_EQ(other[BYTES - 1], 7);
	UnmapViewOfFile(other);
	mote_os_memory_destroy(&memory);
	REQUIRE(memory.hva == NULL);
	mote_os_memory_destroy(&memory); /* zeroed now */
	mote_os_memory_forget(&memory);
}

static bool is_free(const void *address)
{
	MEMORY_BASIC_INFORMATION region;

	return VirtualQuery(address, &region, sizeof(region)) != 0 && region.State == MEM_FREE;
}

static void memory_is_given_back(void)
{
	const size_t handles = test_fd_count();
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_memory memory = make_memory(MOTE_OS_MEMORY_RESERVE);
	const void *hva = memory.hva;

	CHECK(!is_free(hva));
	mote_os_memory_destroy(&memory);
	CHECK(is_free(hva));
	check_ok(mote_os_memory_create_private(BYTES, 0, NULL, -1, "x", &memory, &error), &error);
	hva = memory.hva;
	mote_os_memory_destroy(&memory);
	CHECK(is_free(hva));
	CHECK_EQ(test_fd_count(), handles);
}

static void absurd_sizes_are_errors(void)
{
	static const uint64_t sizes[] = {1ull << 62, 1ull << 63, UINT64_MAX & ~4095ull};
	const size_t handles = test_fd_count();

	for (size_t i = 0; i < COUNT(sizes); i++) {
		mote_error error = MOTE_ERROR_INIT;
		struct mote_os_memory memory;

		CHECK(mote_os_memory_create(sizes[i], 0, "x", &memory, &error) != MOTE_OK);
		CHECK_CONTAINS(error.text, "mapping x, ");
		CHECK(mote_os_memory_create_private(sizes[i], 0, NULL, -1, "y", &memory, &error) !=
		      MOTE_OK);
		CHECK_CONTAINS(error.text, "mapping y, ");
	}
	CHECK_EQ(test_fd_count(), handles);
}

static void memory_can_exist_from_the_start(void)
{
	const size_t pages = BYTES / mote_os_page_bytes();
	mote_error error = MOTE_ERROR_INIT;

	for (int is_private = 0; is_private < 2; is_private++) {
		struct mote_os_memory memory = {0};
		size_t resident = 0;

		if (is_private)
			check_ok(mote_os_memory_create_private(BYTES, MOTE_OS_MEMORY_POPULATE, NULL,
							       -1, "x", &memory, &error),
				 &error);
		else
			memory = make_memory(MOTE_OS_MEMORY_POPULATE);
		for (size_t i = 0; i < pages; i++) {
			PSAPI_WORKING_SET_EX_INFORMATION page = {0};

			page.VirtualAddress = (uint8_t *)memory.hva + i * mote_os_page_bytes();
			if (K32QueryWorkingSetEx(GetCurrentProcess(), &page, sizeof(page)))
				resident += page.VirtualAttributes.Valid;
		}
		CHECK_EQ(resident, pages);
		mote_os_memory_destroy(&memory);
	}
}

/* Nothing tells which pages were written. */
static void all_of_memory_may_be_data(void)
{
	const uint64_t page = mote_os_page_bytes();
	struct mote_os_memory memory = make_memory(0);
	mote_error error = MOTE_ERROR_INIT;
	uint64_t begin, end;

	CHECK(mote_os_memory_overcommits());
	CHECK_EQ(mote_os_page_map_open(), -1);
	mote_os_page_map_close(-1);
	check_ok(mote_os_memory_next_data(&memory, page, &begin, &end, &error), &error);
	CHECK_EQ(begin, page);
	CHECK_EQ(end, BYTES);
	check_ok(mote_os_memory_next_data(&memory, BYTES, &begin, &end, &error), &error);
	CHECK_EQ(begin, BYTES);
	CHECK(mote_os_memory_holds_more(&memory, BYTES));
	mote_os_memory_publish_code(memory.hva, memory.bytes);
	mote_os_memory_destroy(&memory);
}

/* ---- Private memory ---------------------------------------------------------------------- */

static void private_memory_can_be_dropped_and_made_read_only(void)
{
	mote_error error = MOTE_ERROR_INIT;
	MEMORY_BASIC_INFORMATION region;
	struct mote_os_memory memory;
	uint8_t *bytes;

	check_ok(mote_os_memory_create_private(BYTES, 0, NULL, -1, "x", &memory, &error), &error);
	CHECK(memory.is_private);
	CHECK_EQ(memory.handle, -1);
	bytes = memory.hva;
	bytes[0] = bytes[BYTES - 1] = 1;
	check_ok(mote_os_memory_drop(&memory, "x", &error), &error);
	CHECK_EQ(bytes[0], 0);
	bytes[BYTES - 1] = 2;
	check_ok(mote_os_memory_make_read_only(&memory, "x", &error), &error);
	CHECK_EQ(bytes[BYTES - 1], 2);
	REQUIRE(VirtualQuery(bytes, &region, sizeof(region)) != 0);
	CHECK_EQ(region.Protect, PAGE_READONLY);
	CHECK_EQ(region.RegionSize, BYTES);
	mote_os_memory_destroy(&memory);
}

static void there_are_no_bases(void)
{
	const struct mote_os_run run = {0, 4096};
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_memory memory;

	check_ok(mote_os_memory_create_private(BYTES, 0, NULL, -1, "x", &memory, &error), &error);
	check_error(mote_os_memory_make_base(&memory, 0, memory.hva, &run, 1, "x", &error), &error,
		    MOTE_UNSUPPORTED, "x: no base of other memory");
	mote_os_memory_destroy(&memory);
}

/* ---- Memory of others -------------------------------------------------------------------- */

static HANDLE make_section(DWORD flags)
{
	const HANDLE section =
		CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, flags, 0, BYTES, NULL);

	REQUIRE(section != NULL);
	return section;
}

static void any_page_of_a_section_can_be_imported(void)
{
	const uint64_t page = mote_os_page_bytes();
	const size_t handles = test_fd_count();

	for (uint64_t offset = 0; offset < 3 * GRANULE; offset += GRANULE - page) {
		const HANDLE section = make_section(PAGE_READWRITE);
		uint8_t *all = MapViewOfFile(section, FILE_MAP_WRITE | FILE_MAP_READ, 0, 0, 0);
		mote_error error = MOTE_ERROR_INIT;
		struct mote_os_memory memory;
		bool writable = false;

		REQUIRE(all != NULL);
		all[offset] = 1;
		check_ok(mote_os_memory_import((intptr_t)section, offset, 2 * page, 0, &memory,
					       &writable, &error),
			 &error);
		CloseHandle(section);
		CHECK(writable);
		CHECK_EQ(memory.offset, offset);
		CHECK_EQ(memory.bytes, 2 * page);
		CHECK(memory.handle != (intptr_t)section);
		CHECK_EQ(((uint8_t *)memory.hva)[0], 1);
		((uint8_t *)memory.hva)[2 * page - 1] = 2;
		CHECK_EQ(all[offset + 2 * page - 1], 2);
		UnmapViewOfFile(all);
		all = memory.hva;
		mote_os_memory_destroy(&memory);
		CHECK(is_free(all));
	}
	CHECK_EQ(test_fd_count(), handles);
}

static void a_handle_that_reads_makes_memory_that_reads(void)
{
	const HANDLE section = make_section(PAGE_READWRITE), self = GetCurrentProcess();
	mote_error error = MOTE_ERROR_INIT;
	MEMORY_BASIC_INFORMATION region;
	struct mote_os_memory memory;
	bool writable = true;
	HANDLE reader;

	REQUIRE(DuplicateHandle(self, section, self, &reader, FILE_MAP_READ, FALSE, 0));
	check_ok(mote_os_memory_import((intptr_t)reader, 0, BYTES, 0, &memory, &writable, &error),
		 &error);
	CHECK(!writable);
	REQUIRE(VirtualQuery(memory.hva, &region, sizeof(region)) != 0);
	CHECK_EQ(region.Protect, PAGE_READONLY);
	mote_os_memory_destroy(&memory);
	CloseHandle(reader);
	CloseHandle(section);
}

static void refuse(HANDLE handle, uint64_t offset, uint64_t bytes, const char *why)
{
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_memory memory;
	bool writable;

	check_error(mote_os_memory_import((intptr_t)handle, offset, bytes, 0, &memory, &writable,
					  &error),
		    &error, MOTE_INVALID_ARGUMENT, why);
}

static HANDLE open_temporary(void)
{
	wchar_t folder[MAX_PATH], path[MAX_PATH];
	HANDLE file;

	REQUIRE(GetTempPathW(MAX_PATH, folder) > 0);
	REQUIRE(GetTempFileNameW(folder, L"mot", 0, path) > 0);
	file = CreateFileW(path, GENERIC_READ | GENERIC_WRITE | DELETE, 0, NULL, OPEN_EXISTING,
			   FILE_FLAG_DELETE_ON_CLOSE, NULL);
	REQUIRE(file != INVALID_HANDLE_VALUE);
	return file;
}

static void what_could_fail_under_a_reader_is_not_imported(void)
{
	const size_t handles = test_fd_count();
	const HANDLE section = make_section(PAGE_READWRITE);
	const HANDLE reserved = make_section(PAGE_READWRITE | SEC_RESERVE);
	const HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL), file = open_temporary();
	const HANDLE of_file = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, BYTES, NULL);
	uint8_t *view;

	REQUIRE(of_file != NULL && event != NULL);
	refuse(section, 0, BYTES + 4096, "ends before the buffer does, at 1052672");
	refuse(section, BYTES, 4096, "ends before the buffer does");
	refuse(section, 1ull << 50, 4096, "ends before the buffer does");
	refuse(event, 0, 4096, "is no section");
	refuse(file, 0, 4096, "is no section");
	refuse(of_file, 0, 4096, "has memory of a file");
	refuse(NULL, 0, 4096, "handle 0 is not open");
	refuse((HANDLE)0x7ffffff0, 0, 4096, "is not open");
	refuse(GetCurrentProcess(), 0, 4096, "handle -1 is not open");
	refuse(reserved, 0, 4096, "is not committed");
	/* Half of it is. */
	view = MapViewOfFile(reserved, FILE_MAP_WRITE, 0, 0, 0);
	REQUIRE(VirtualAlloc(view, BYTES / 2, MEM_COMMIT, PAGE_READWRITE) != NULL);
	refuse(reserved, BYTES / 2 - 4096, 8192, "is not committed");
	UnmapViewOfFile(view);
	CloseHandle(of_file);
	CloseHandle(file);
	CloseHandle(event);
	CloseHandle(reserved);
	CloseHandle(section);
	CHECK_EQ(test_fd_count(), handles);
}

/* ---- Failures ---------------------------------------------------------------------------- */

static void codes_have_texts(void)
{
	static const int codes[] = {ERROR_FILE_NOT_FOUND, ERROR_ACCESS_DENIED, E_ACCESSDENIED,
				    ERROR_COMMITMENT_LIMIT};
	char text[MOTE_OS_ERROR_TEXT_BYTES], other[MOTE_OS_ERROR_TEXT_BYTES];

	for (size_t i = 0; i < COUNT(codes); i++) {
		const char *found = mote_os_error_text(codes[i], text);

		CHECK(found == text && strlen(text) > 4);
		CHECK(strpbrk(text + strlen(text) - 1, " .\r\n") == NULL);
		CHECK(strpbrk(text, "\r\n") == NULL);
	}
	/* An HRESULT may stand for a code. */
	CHECK_STR(mote_os_error_text(E_ACCESSDENIED, text),
		  mote_os_error_text(ERROR_ACCESS_DENIED, other));
	CHECK_STR(mote_os_error_text(0xdead, text), "error 57005");
	CHECK_STR(mote_os_error_text((int)0xc0370fff, text), "error 0xc0370fff");
}

static void limits_are_named(void)
{
	static const struct {
		int code;
		mote_status status;
		const char *part;
	} rows[] = {
		{ERROR_TOO_MANY_OPEN_FILES, MOTE_LIMIT, "x; the process has no more handles: "},
		{ERROR_NOT_ENOUGH_QUOTA, MOTE_LIMIT, "of its job"},
		{ERROR_COMMITMENT_LIMIT, MOTE_NO_MEMORY, "enlarge the page file"},
		{ERROR_NOT_ENOUGH_MEMORY, MOTE_NO_MEMORY, "x: "},
		{(int)HRESULT_FROM_WIN32(ERROR_COMMITMENT_LIMIT), MOTE_NO_MEMORY, "page file"},
		{E_OUTOFMEMORY, MOTE_NO_MEMORY, "x: "},
		{ERROR_ACCESS_DENIED, MOTE_OS, "x: "},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		mote_error error = MOTE_ERROR_INIT;

		check_error(mote_os_fail(&error, MOTE_DOMAIN_OS, rows[i].code, "x"), &error,
			    rows[i].status, rows[i].part);
		CHECK_EQ(error.domain, MOTE_DOMAIN_OS);
		CHECK_EQ(error.os_code, rows[i].code);
		CHECK_EQ(mote_os_fail(NULL, MOTE_DOMAIN_OS, rows[i].code, "x"), rows[i].status);
	}
}

static void the_layer_that_fails_decides_the_status(void)
{
	mote_error error = MOTE_ERROR_INIT;

	check_error(mote_os_fail(&error, MOTE_DOMAIN_HYPERVISOR, (int)0xc0370fff, "x"), &error,
		    MOTE_HYPERVISOR, "x: error 0xc0370fff");
	CHECK_EQ(error.domain, MOTE_DOMAIN_HYPERVISOR);
	check_error(mote_os_fail_as(&error, MOTE_FILE, MOTE_DOMAIN_OS, ERROR_ACCESS_DENIED, "x"),
		    &error, MOTE_FILE, "x: ");
	check_error(mote_os_fail_mapping(&error, MOTE_DOMAIN_OS, ERROR_COMMITMENT_LIMIT, "x", 4096),
		    &error, MOTE_NO_MEMORY, "mapping x, 4096 bytes; the system promises no more");
	check_error(mote_os_fail_mapping(&error, MOTE_DOMAIN_HYPERVISOR, ERROR_ACCESS_DENIED, "x",
					 4096),
		    &error, MOTE_HYPERVISOR, "mapping x, 4096 bytes: ");
}

/* ---- Clocks and the process -------------------------------------------------------------- */

static const uint64_t MS = 1000000;

static void clocks_go_on(void)
{
	const uint64_t year_2024 = 1704067200ull * 1000 * MS, year_2100 = 4102444800ull * 1000 * MS;
	const uint64_t begin = mote_os_monotonic_ns();
	uint64_t before = begin, now;

	REQUIRE(begin > 0);
	for (unsigned i = 0; i < 10000; i++) {
		now = mote_os_monotonic_ns();
		REQUIRE(now >= before);
		before = now;
	}
	CHECK(mote_os_real_ns() > year_2024 && mote_os_real_ns() < year_2100);
	now = mote_os_monotonic_ns();
	mote_os_pause(20 * MS);
	CHECK(mote_os_monotonic_ns() - now >= 19 * MS);
	CHECK(mote_os_monotonic_ns() - now < 20 * MS + test_slow(5) * 1000 * MS);
	mote_os_pause(0);
	mote_os_yield(0);
	mote_os_yield(1000);
}

static _Atomic bool stop_working;

static void work(void *user)
{
	(void)mote_os_cpu_clock_self(user);
	while (!atomic_load(&stop_working))
		continue;
}

static void the_cpu_time_of_another_thread_is_read(void)
{
	struct mote_os_cpu_clock own, other = {0};
	struct mote_os_thread *thread;
	mote_error error = MOTE_ERROR_INIT;
	uint64_t first = 0, now = 0, own_ns;
	const uint64_t give_up = test_now_ns() + test_slow(30) * 1000 * MS;

	atomic_store(&stop_working, false);
	REQUIRE(mote_os_cpu_clock_self(&own));
	REQUIRE(mote_os_cpu_clock_read(own, &own_ns));
	check_ok(mote_os_thread_start(&mote_default_allocator, "worker", work, &other, &thread,
				      &error),
		 &error);
	while (other.id == 0 || !mote_os_cpu_clock_read(other, &first))
		mote_os_yield(0);
	while (now < first + 50 * MS && test_now_ns() < give_up)
		REQUIRE(mote_os_cpu_clock_read(other, &now));
	atomic_store(&stop_working, true);
	mote_os_thread_join(thread);
	CHECK(now >= first + 50 * MS);
	/* The thread is gone. */
	CHECK(!mote_os_cpu_clock_read(other, &now));
}

static void random_bytes_are_not_all_the_same(void)
{
	mote_error error = MOTE_ERROR_INIT;
	uint8_t first[4096] = {0}, second[4096] = {0};

	check_ok(mote_os_random(first, sizeof(first), &error), &error);
	check_ok(mote_os_random(second, sizeof(second), &error), &error);
	CHECK(memcmp(first, second, sizeof(first)) != 0);
	CHECK(memcmp(first + 4064, second + 4064, 32) != 0); /* to the last byte */
	check_ok(mote_os_random(first, 0, &error), &error);
}

static void the_process_knows_itself(void)
{
	const volatile uint8_t *mark;
	mote_error error = MOTE_ERROR_INIT;

	CHECK_EQ(mote_os_process_id(), GetCurrentProcessId());
	check_ok(mote_os_fork_mark_create(&mark, &error), &error);
	CHECK_EQ(*mark, 1);
	mote_os_fork_mark_destroy(mark);
	mote_os_fork_mark_destroy(NULL);
	_putenv("MOTE_UNIT_TEST=value");
	CHECK_STR(mote_os_environment("MOTE_UNIT_TEST"), "value");
	_putenv("MOTE_UNIT_TEST=");
	CHECK(mote_os_environment("MOTE_UNIT_TEST") == NULL);
}

static const struct test_case cases[] = {
	CASE(guest_memory_is_zero_shared_and_not_inherited),
	CASE(memory_is_given_back),
	CASE(absurd_sizes_are_errors),
	CASE(memory_can_exist_from_the_start),
	CASE(all_of_memory_may_be_data),
	CASE(private_memory_can_be_dropped_and_made_read_only),
	CASE(there_are_no_bases),
	CASE(any_page_of_a_section_can_be_imported),
	CASE(a_handle_that_reads_makes_memory_that_reads),
	CASE(what_could_fail_under_a_reader_is_not_imported),
	CASE(codes_have_texts),
	CASE(limits_are_named),
	CASE(the_layer_that_fails_decides_the_status),
	CASE(clocks_go_on),
	CASE(the_cpu_time_of_another_thread_is_read),
	CASE(random_bytes_are_not_all_the_same),
	CASE(the_process_knows_itself),
};

int main(int argc, char **argv)
{
	return test_main("os_windows", cases, TEST_COUNT(cases), argc, argv);
}

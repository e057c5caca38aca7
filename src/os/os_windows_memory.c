/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory on Windows: sections of the page file, which others can map, and memory of the process
 * alone.  The system promises all of it when it is made, so an access never fails for lack of
 * memory.  Which pages have been written, nothing tells: what was paged out looks as if it had
 * never been there.
 * Sources: CreateFileMappingW, MapViewOfFile, VirtualAlloc, VirtualQuery.
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <psapi.h>

#include <assert.h>
#include <stdio.h>

#include "error_internal.h"
#include "os/os_error.h"
#include "os/os_memory.h"
#include "os/os_windows.h"

/* ---- Pages ------------------------------------------------------------------------------- */

static SYSTEM_INFO system_information(void)
{
	SYSTEM_INFO information;

	GetSystemInfo(&information);
	return information;
}

uint64_t mote_os_page_bytes(void)
{
	return system_information().dwPageSize;
}

/* Views begin at multiples of it, in memory and in their section: 64 KiB. */
static uint64_t granularity(void)
{
	return system_information().dwAllocationGranularity;
}

/* Nothing has to be reserved: all that is given is. */
bool mote_os_memory_overcommits(void)
{
	return true;
}

/* Huge pages need a privilege that nobody has, and what a dump contains is decided by who makes
 * it. */
static void populate(void *hva, uint64_t bytes, unsigned flags)
{
	const uint64_t page = mote_os_page_bytes();

	if (!(flags & MOTE_OS_MEMORY_POPULATE))
		return;
	for (uint64_t i = 0; i < bytes; i += page)
		*((volatile uint8_t *)hva + i) = 0;
}

void mote_os_memory_publish_code(void *hva, uint64_t bytes)
{
	FlushInstructionCache(GetCurrentProcess(), hva, (SIZE_T)bytes);
}

/* ---- Shareable memory -------------------------------------------------------------------- */

static void *map(HANDLE section, DWORD access, uint64_t offset, uint64_t bytes)
{
	return MapViewOfFile(section, access, (DWORD)(offset >> 32), (DWORD)offset, (SIZE_T)bytes);
}

/* No child inherits the handle. */
mote_status mote_os_memory_create(uint64_t bytes, unsigned flags, const char *what,
				  struct mote_os_memory *memory, mote_error *error)
{
	const HANDLE section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE,
						  (DWORD)(bytes >> 32), (DWORD)bytes, NULL);
	void *hva;

	if (section == NULL)
		return mote_os_fail_mapping(error, MOTE_DOMAIN_OS, (int)GetLastError(), what,
					    bytes);
	hva = map(section, FILE_MAP_READ | FILE_MAP_WRITE, 0, bytes);
	if (hva == NULL) {
		const int code = (int)GetLastError();

		CloseHandle(section);
		return mote_os_fail_mapping(error, MOTE_DOMAIN_OS, code, what, bytes);
	}
	populate(hva, bytes, flags);
	*memory = (struct mote_os_memory){.hva = hva, .bytes = bytes, .handle = (intptr_t)section};
	return MOTE_OK;
}

/* A view of an import begins at most one granule before the memory. */
void mote_os_memory_destroy(struct mote_os_memory *memory)
{
	if (memory->hva == NULL)
		return;
	if (memory->is_private) {
		VirtualFree(memory->hva, 0, MEM_RELEASE);
	} else {
		UnmapViewOfFile((void *)((uintptr_t)memory->hva & ~(granularity() - 1)));
		CloseHandle((HANDLE)memory->handle);
	}
	mote_os_memory_forget(memory);
}

/* There are no forked children. */
void mote_os_memory_forget(struct mote_os_memory *memory)
{
	*memory = (struct mote_os_memory){0};
}

/* ---- Private memory ---------------------------------------------------------------------- */

/* Hypervisors do not follow what the host copies on write, so nobody asks for bases. */
mote_status mote_os_memory_create_private(uint64_t bytes, unsigned flags,
					  const struct mote_os_memory *base, intptr_t page_map,
					  const char *what, struct mote_os_memory *memory,
					  mote_error *error)
{
	void *hva;

	assert(base == NULL || base->base_bytes == 0);
	(void)base;
	hva = VirtualAlloc(NULL, (SIZE_T)bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
	if (hva == NULL)
		return mote_os_fail_mapping(error, MOTE_DOMAIN_OS, (int)GetLastError(), what,
					    bytes);
	populate(hva, bytes, flags);
	*memory = (struct mote_os_memory){
		.hva = hva,
		.bytes = bytes,
		.handle = -1,
		.is_private = true,
		.page_map = page_map,
	};
	return MOTE_OK;
}

mote_status mote_os_memory_make_base(struct mote_os_memory *memory, unsigned flags,
				     const void *from, const struct mote_os_run *runs, size_t count,
				     const char *what, mote_error *error)
{
	(void)memory;
	(void)flags;
	(void)from;
	(void)runs;
	(void)count;
	return mote_fail(error, MOTE_UNSUPPORTED, "%s: no base of other memory on Windows", what);
}

/* Between the two calls the system may promise its last memory to somebody else. */
mote_status mote_os_memory_drop(struct mote_os_memory *memory, const char *what, mote_error *error)
{
	if (!VirtualFree(memory->hva, (SIZE_T)memory->bytes, MEM_DECOMMIT))
		return mote_windows_fail(error, "VirtualFree of", what);
	if (VirtualAlloc(memory->hva, (SIZE_T)memory->bytes, MEM_COMMIT, PAGE_READWRITE) == NULL)
		return mote_windows_fail(error, "VirtualAlloc of", what);
	return MOTE_OK;
}

mote_status mote_os_memory_make_read_only(struct mote_os_memory *memory, const char *what,
					  mote_error *error)
{
	DWORD before;

	if (!VirtualProtect(memory->hva, (SIZE_T)memory->bytes, PAGE_READONLY, &before))
		return mote_windows_fail(error, "VirtualProtect of", what);
	return MOTE_OK;
}

/* ---- Memory of others -------------------------------------------------------------------- */

static mote_status fail_handle(mote_error *error, intptr_t handle, const char *why)
{
	return mote_fail(error, MOTE_INVALID_ARGUMENT, "handle %lld %s", (long long)handle, why);
}

static bool is_of_a_file(void *hva)
{
	wchar_t name[MAX_PATH];

	SetLastError(ERROR_SUCCESS);
	return K32GetMappedFileNameW(GetCurrentProcess(), hva, name, MAX_PATH) > 0 ||
	       GetLastError() == ERROR_INSUFFICIENT_BUFFER;
}

/* What could make a reader fail.  Memory of the page file stays: its section cannot become shorter,
 * and what is committed in it remains so. */
static const char *find_fault(uint8_t *hva, uint64_t bytes)
{
	MEMORY_BASIC_INFORMATION region;

	for (uint64_t done = 0; done < bytes;) {
		if (VirtualQuery(hva + done, &region, sizeof(region)) == 0 ||
		    region.Type != MEM_MAPPED)
			return "is no section of memory";
		if (region.State != MEM_COMMIT)
			return "has memory that is not committed (SEC_RESERVE)";
		done = (uint64_t)((uint8_t *)region.BaseAddress + region.RegionSize - hva);
	}
	return is_of_a_file(hva) ? "has memory of a file, which can fail under a reader" : NULL;
}

/* For writing, unless the handle forbids that. */
static uint8_t *map_section(HANDLE section, uint64_t offset, uint64_t bytes, bool *writable)
{
	uint8_t *view = map(section, FILE_MAP_READ | FILE_MAP_WRITE, offset, bytes);

	*writable = view != NULL;
	return view != NULL ? view : map(section, FILE_MAP_READ, offset, bytes);
}

static mote_status fail_import(mote_error *error, int code, intptr_t handle, uint64_t offset,
			       uint64_t bytes)
{
	char why[112];

	if (code == ERROR_NOT_ENOUGH_MEMORY || code == ERROR_COMMITMENT_LIMIT ||
	    code == ERROR_NO_SYSTEM_RESOURCES)
		return mote_os_fail_mapping(error, MOTE_DOMAIN_OS, code, "a buffer", bytes);
	snprintf(why, sizeof(why),
		 "is no section that may be read, or ends before the buffer does, at %llu",
		 (unsigned long long)(offset + bytes));
	return fail_handle(error, handle, why);
}

mote_status mote_os_memory_import(intptr_t handle, uint64_t offset, uint64_t bytes, unsigned flags,
				  struct mote_os_memory *memory, bool *writable, mote_error *error)
{
	const uint64_t skipped = offset & (granularity() - 1);
	const HANDLE self = GetCurrentProcess();
	struct mote_os_memory imported;
	const char *fault;
	bool can_write;
	HANDLE section;
	uint8_t *view;

	(void)flags; /* there is nothing to reserve */
	/* Negative numbers stand for the process and its threads. */
	if (handle <= 0 ||
	    !DuplicateHandle(self, (HANDLE)handle, self, &section, 0, FALSE, DUPLICATE_SAME_ACCESS))
		return fail_handle(error, handle, "is not open");
	view = map_section(section, offset - skipped, skipped + bytes, &can_write);
	if (view == NULL) {
		const int code = (int)GetLastError();

		CloseHandle(section);
		return fail_import(error, code, handle, offset, bytes);
	}
	imported = (struct mote_os_memory){.hva = view + skipped,
					   .bytes = bytes,
					   .handle = (intptr_t)section,
					   .offset = offset};
	fault = find_fault(view, skipped + bytes);
	if (fault != NULL) {
		mote_os_memory_destroy(&imported);
		return fail_handle(error, handle, fault);
	}
	*memory = imported;
	*writable = can_write;
	return MOTE_OK;
}

/* ---- Which pages exist ------------------------------------------------------------------- */

intptr_t mote_os_page_map_open(void)
{
	return -1;
}

void mote_os_page_map_close(intptr_t page_map)
{
	(void)page_map;
}

mote_status mote_os_memory_next_data(const struct mote_os_memory *memory, uint64_t offset,
				     uint64_t *begin, uint64_t *end, mote_error *error)
{
	(void)error;
	*begin = offset;
	*end = memory->bytes;
	return MOTE_OK;
}

bool mote_os_memory_holds_more(const struct mote_os_memory *memory, uint64_t bytes)
{
	(void)memory;
	(void)bytes;
	return true;
}

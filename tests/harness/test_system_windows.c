/* SPDX-License-Identifier: Apache-2.0
 *
 * What tests ask of Windows: how many handles and how much memory this process has.
 */
#define PSAPI_VERSION 2 /* a part of kernel32.dll */
#include <windows.h>

#include <io.h>
#include <psapi.h>

#include "test.h"

/* One after the other: Wine 8 does not know how many there are.  Handles are multiples of 4. */
size_t test_fd_count(void)
{
	enum { STEP = 4, MOST = 4096 };
	size_t count = 0;
	DWORD flags;

	for (uintptr_t handle = STEP; handle <= STEP * MOST; handle += STEP)
		count += GetHandleInformation((HANDLE)handle, &flags) != 0;
	return count;
}

/* Regions, of whatever kind, that are not free. */
size_t test_mapping_count(void)
{
	MEMORY_BASIC_INFORMATION region;
	const char *at = NULL;
	size_t count = 0;

	while (VirtualQuery(at, &region, sizeof(region)) == sizeof(region)) {
		count += region.State != MEM_FREE;
		at = (const char *)region.BaseAddress + region.RegionSize;
	}
	return count;
}

static PROCESS_MEMORY_COUNTERS read_counters(void)
{
	PROCESS_MEMORY_COUNTERS counters = {.cb = sizeof(counters)};

	if (!GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof(counters)))
		FAIL("GetProcessMemoryInfo: error %lu", GetLastError());
	return counters;
}

size_t test_resident_kib(void)
{
	return read_counters().WorkingSetSize / 1024;
}

size_t test_virtual_kib(void)
{
	return read_counters().PagefileUsage / 1024;
}

uint64_t test_file_space(const char *path)
{
	DWORD high, low;

	SetLastError(NO_ERROR);
	low = GetCompressedFileSizeA(path, &high);
	if (low == INVALID_FILE_SIZE && GetLastError() != NO_ERROR)
		FAIL("%s: error %lu", path, GetLastError());
	return (uint64_t)high << 32 | low;
}

intptr_t test_handle(int file)
{
	return _get_osfhandle(file);
}

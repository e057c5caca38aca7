/* SPDX-License-Identifier: Apache-2.0
 *
 * The harness's view of what this process holds, and of the time, on Windows.
 */
#include <windows.h>

#include <psapi.h>

#include "test.h"

static bool next_region(uint8_t **address, MEMORY_BASIC_INFORMATION *region)
{
	if (VirtualQuery(*address, region, sizeof(*region)) == 0)
		return false;
	*address = (uint8_t *)region->BaseAddress + region->RegionSize;
	return true;
}

/* What was allocated or mapped at once, of however many kinds of pages. */
size_t test_mapping_count(void)
{
	MEMORY_BASIC_INFORMATION region;
	uint8_t *address = NULL;
	void *last = NULL;
	size_t count = 0;

	while (next_region(&address, &region)) {
		if (region.State == MEM_FREE)
			continue;
		count += region.AllocationBase != last;
		last = region.AllocationBase;
	}
	return count;
}

size_t test_virtual_kib(void)
{
	MEMORY_BASIC_INFORMATION region;
	uint8_t *address = NULL;
	size_t bytes = 0;

	while (next_region(&address, &region))
		bytes += region.State == MEM_FREE ? 0 : region.RegionSize;
	return bytes / 1024;
}

size_t test_resident_kib(void)
{
	PROCESS_MEMORY_COUNTERS counters;

	if (!K32GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof(counters)))
		FAIL("K32GetProcessMemoryInfo: error %lu", GetLastError());
	return counters.WorkingSetSize / 1024;
}

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

uint64_t test_now_ns(void)
{
	LARGE_INTEGER now, frequency;

	QueryPerformanceCounter(&now);
	QueryPerformanceFrequency(&frequency);
	return (uint64_t)((double)now.QuadPart * 1e9 / (double)frequency.QuadPart);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What tests ask of Windows: how many handles and how much memory this process has.
 */
#define PSAPI_VERSION 2 /* a part of kernel32.dll */
#include <windows.h>

#include <io.h>
#include <psapi.h>

#include <stdbool.h>

#include "test.h"

/* Up to so many other processes, each in a job, may be kept for sandboxes to come. */
enum { IDLE = 4 };

static size_t above(size_t count, size_t kept)
{
	return count > kept ? count - kept : 0;
}

static bool is_job(HANDLE handle)
{
	JOBOBJECT_BASIC_ACCOUNTING_INFORMATION told;

	return QueryInformationJobObject(handle, JobObjectBasicAccountingInformation, &told,
					 sizeof(told), NULL);
}

/* One after the other, until many numbers are free: Wine 8 does not know how many there are.
 * Handles are multiples of 4, and the lowest free number is the next one. */
size_t test_fd_count(void)
{
	enum { STEP = 4, MANY = 512 };
	size_t processes = 0, jobs = 0, others = 0;
	unsigned free_ones = 0;

	for (uintptr_t number = STEP; free_ones < MANY; number += STEP) {
		const HANDLE handle = (HANDLE)number;
		DWORD flags;

		free_ones++;
		if (!GetHandleInformation(handle, &flags))
			continue;
		free_ones = 0;
		if (GetProcessId(handle) != 0)
			processes++;
		else if (is_job(handle))
			jobs++;
		else
			others++;
	}
	return others + above(processes, IDLE) + above(jobs, IDLE);
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

/* SPDX-License-Identifier: Apache-2.0
 *
 * What tests ask of Windows: how many handles this process has, and the time.
 */
#include <windows.h>

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

uint64_t test_now_ns(void)
{
	LARGE_INTEGER now, frequency;

	QueryPerformanceCounter(&now);
	QueryPerformanceFrequency(&frequency);
	return (uint64_t)((double)now.QuadPart * 1e9 / (double)frequency.QuadPart);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The operating system layer on Windows 10, version 1803, and later: random bytes, clocks, the
 * process, which is never forked, and text in UTF-16.
 * Sources: QueryPerformanceCounter, GetThreadTimes, RtlGenRandom, "Maximum Path Length Limitation".
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "error_internal.h"
#include "os/os_clock.h"
#include "os/os_error.h"
#include "os/os_process.h"
#include "os/os_random.h"
#include "os/os_windows.h"

static const uint64_t NS_PER_SECOND = 1000000000, NS_PER_TICK = 100;

/* RtlGenRandom under the name that advapi32 exports.  ProcessPrng is missing in Wine. */
BOOLEAN NTAPI SystemFunction036(PVOID bytes, ULONG length);

mote_status mote_os_random(void *bytes, size_t length, mote_error *error)
{
	const size_t most = 1u << 30;

	for (size_t done = 0; done < length;) {
		const size_t left = length - done, part = left < most ? left : most;

		if (!SystemFunction036((char *)bytes + done, (ULONG)part))
			return mote_fail(error, MOTE_OS, "the system gives no random bytes");
		done += part;
	}
	return MOTE_OK;
}

/* ---- Clocks ------------------------------------------------------------------------------ */

static uint64_t ticks_of(FILETIME time)
{
	return (uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime;
}

/* In two parts: the counter's whole seconds in nanoseconds fit 64 bits, its product with 10^9 does
 * not.  The frequency of the counter is below 10 GHz. */
uint64_t mote_os_monotonic_ns(void)
{
	LARGE_INTEGER now, frequency;
	uint64_t count, per_second;

	if (!QueryPerformanceCounter(&now) || !QueryPerformanceFrequency(&frequency))
		return 0;
	count = (uint64_t)now.QuadPart;
	per_second = (uint64_t)frequency.QuadPart;
	return count / per_second * NS_PER_SECOND + count % per_second * NS_PER_SECOND / per_second;
}

uint64_t mote_os_real_ns(void)
{
	const uint64_t ticks_before_1970 = 116444736000000000;
	FILETIME now;

	GetSystemTimePreciseAsFileTime(&now);
	return ticks_of(now) < ticks_before_1970
		       ? 0
		       : (ticks_of(now) - ticks_before_1970) * NS_PER_TICK;
}

/* The thread's number: a handle would have to be closed. */
bool mote_os_cpu_clock_self(struct mote_os_cpu_clock *clock)
{
	clock->id = (intptr_t)GetCurrentThreadId();
	return true;
}

/* In steps of the system's tick, up to 15.6 ms; the cycles of QueryThreadCycleTime are finer, but
 * of no known length.  The hypervisor may count what a guest takes more finely. */
bool mote_os_cpu_clock_read(struct mote_os_cpu_clock clock, uint64_t *ns)
{
	const HANDLE thread = OpenThread(THREAD_QUERY_LIMITED_INFORMATION, FALSE, (DWORD)clock.id);
	FILETIME created, ended, kernel, user;
	BOOL is_read;

	if (thread == NULL)
		return false;
	is_read = GetThreadTimes(thread, &created, &ended, &kernel, &user);
	CloseHandle(thread);
	if (!is_read)
		return false;
	*ns = (ticks_of(kernel) + ticks_of(user)) * NS_PER_TICK;
	return true;
}

/* ---- The process ------------------------------------------------------------------------- */

mote_status mote_os_fork_mark_create(const volatile uint8_t **mark, mote_error *error)
{
	static const volatile uint8_t never_forked = 1;

	(void)error;
	*mark = &never_forked;
	return MOTE_OK;
}

void mote_os_fork_mark_destroy(const volatile uint8_t *mark)
{
	(void)mark;
}

/* In the C library's copy, whose strings last. */
const char *mote_os_environment(const char *name)
{
	return getenv(name);
}

uint64_t mote_os_process_id(void)
{
	return GetCurrentProcessId();
}

/* ---- Text -------------------------------------------------------------------------------- */

/* A full path that is this long gets the prefix that lifts the limit of 260 units. */
enum { LONG_PATH = 180 };

static wchar_t *allocate(size_t units)
{
	wchar_t *text = HeapAlloc(GetProcessHeap(), 0, units * sizeof(*text));

	if (text == NULL)
		SetLastError(ERROR_NOT_ENOUGH_MEMORY);
	return text;
}

static wchar_t *widen(const char *text)
{
	const int units = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
	wchar_t *wide = units > 0 ? allocate((size_t)units) : NULL;

	if (wide != NULL)
		MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, units);
	return wide;
}

/* "\\server\share" and "C:\folder" as paths that are taken as they are.  Those that begin with
 * "\\?\" or "\\.\" are of that kind already. */
static const wchar_t *prefix_of(const wchar_t *full, size_t *skipped)
{
	*skipped = 0;
	if (wcsncmp(full, L"\\\\?\\", 4) == 0 || wcsncmp(full, L"\\\\.\\", 4) == 0)
		return L"";
	if (wcsncmp(full, L"\\\\", 2) != 0)
		return L"\\\\?\\";
	*skipped = 2;
	return L"\\\\?\\UNC\\";
}

/* The full form of a path, of so many units with the NUL, or NULL. */
static wchar_t *lengthen(const wchar_t *wide, DWORD units)
{
	const size_t most_prefix = 8;
	wchar_t *full = allocate(units), *path = NULL;
	const wchar_t *prefix;
	size_t skipped;

	if (full == NULL)
		return NULL;
	if (GetFullPathNameW(wide, units, full, NULL) < units)
		path = allocate(units + most_prefix);
	if (path != NULL) {
		prefix = prefix_of(full, &skipped);
		wcscpy(path, prefix);
		wcscat(path, full + skipped);
	}
	mote_windows_path_free(full);
	return path;
}

wchar_t *mote_windows_path(const char *path)
{
	wchar_t *wide = widen(path), *longer;
	const DWORD units = wide != NULL ? GetFullPathNameW(wide, 0, NULL, NULL) : 0;

	if (units < LONG_PATH)
		return wide;
	longer = lengthen(wide, units);
	mote_windows_path_free(wide);
	return longer;
}

void mote_windows_path_free(wchar_t *path)
{
	const DWORD code = GetLastError();

	if (path != NULL)
		HeapFree(GetProcessHeap(), 0, path);
	SetLastError(code);
}

bool mote_windows_utf8(const wchar_t *wide, char *text, size_t capacity)
{
	const int most = capacity < INT32_MAX ? (int)capacity : INT32_MAX;

	return WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, most, NULL, NULL) > 0;
}

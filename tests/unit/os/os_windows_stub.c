/* SPDX-License-Identifier: Apache-2.0
 *
 * In place of src/os on Windows, which has none yet: what portable code uses in the unit tests, as
 * ISO C and the system's generator of random bytes have it.  No part of the library.
 */
#include <windows.h>

#include <ntsecapi.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "error_internal.h"
#include "os/os_error.h"
#include "os/os_memory.h"
#include "os/os_random.h"

const char *mote_os_error_text(int code, char text[MOTE_OS_ERROR_TEXT_BYTES])
{
	snprintf(text, MOTE_OS_ERROR_TEXT_BYTES, "%s", strerror(code));
	return text;
}

mote_status mote_os_fail_code(mote_error *error, mote_status status, mote_error_domain domain,
			      int code, const char *format, ...)
{
	char reason[MOTE_OS_ERROR_TEXT_BYTES];
	const struct mote_failed_call call = {domain, code, mote_os_error_text(code, reason)};
	va_list arguments;

	va_start(arguments, format);
	mote_fail_call(error, status, &call, format, arguments);
	va_end(arguments);
	return status;
}

mote_status mote_os_random(void *bytes, size_t length, mote_error *error)
{
	if (!RtlGenRandom(bytes, (ULONG)length))
		return mote_fail(error, MOTE_OS, "no random bytes");
	return MOTE_OK;
}

bool mote_os_memory_overcommits(void)
{
	return false;
}

void mote_os_memory_publish_code(void *hva, uint64_t bytes)
{
	FlushInstructionCache(GetCurrentProcess(), hva, (SIZE_T)bytes);
}

mote_status mote_os_memory_next_data(const struct mote_os_memory *memory, uint64_t offset,
				     uint64_t *begin, uint64_t *end, mote_error *error)
{
	(void)error;
	*begin = offset;
	*end = memory->bytes;
	return MOTE_OK;
}

intptr_t mote_os_page_map_open(void)
{
	return -1;
}

void mote_os_page_map_close(intptr_t page_map)
{
	(void)page_map;
}

/* What the linker wants because engines and files are in the same objects; no portable test gets
 * there.  Declared without the headers, as the signatures do not matter. */
#define ABSENT(name)                                                                               \
	void name(void);                                                                           \
	void name(void)                                                                            \
	{                                                                                          \
		fputs(#name " is not there on Windows yet\n", stderr);                             \
		abort();                                                                           \
	}

ABSENT(mote_os_allow_cancellation)
ABSENT(mote_os_cpu_clock_read)
ABSENT(mote_os_cpu_clock_self)
ABSENT(mote_os_environment)
ABSENT(mote_os_event_create)
ABSENT(mote_os_event_destroy)
ABSENT(mote_os_event_forget)
ABSENT(mote_os_lock_forget)
ABSENT(mote_os_event_set)
ABSENT(mote_os_event_wait)
ABSENT(mote_os_file_absolute)
ABSENT(mote_os_file_close)
ABSENT(mote_os_file_open)
ABSENT(mote_os_file_read)
ABSENT(mote_os_fork_mark_create)
ABSENT(mote_os_fork_mark_destroy)
ABSENT(mote_os_hold_cancellation)
ABSENT(mote_os_listener_accept)
ABSENT(mote_os_listener_close)
ABSENT(mote_os_listener_forget)
ABSENT(mote_os_listener_open)
ABSENT(mote_os_lock_acquire)
ABSENT(mote_os_lock_create)
ABSENT(mote_os_lock_destroy)
ABSENT(mote_os_lock_release)
ABSENT(mote_os_monotonic_ns)
ABSENT(mote_os_new_file_commit)
ABSENT(mote_os_new_file_create)
ABSENT(mote_os_new_file_discard)
ABSENT(mote_os_new_file_write)
ABSENT(mote_os_pause)
ABSENT(mote_os_process_id)
ABSENT(mote_os_real_ns)
ABSENT(mote_os_stream_adopt)
ABSENT(mote_os_stream_close)
ABSENT(mote_os_stream_read)
ABSENT(mote_os_stream_write)
ABSENT(mote_os_thread_forget)
ABSENT(mote_os_thread_join)
ABSENT(mote_os_thread_self)
ABSENT(mote_os_thread_start)
ABSENT(mote_os_wait)
ABSENT(mote_os_wake_create)
ABSENT(mote_os_wake_destroy)
ABSENT(mote_os_wake_ring)
ABSENT(mote_os_watcher_forget)
ABSENT(mote_os_watcher_set)
ABSENT(mote_os_watcher_start)
ABSENT(mote_os_watcher_stop)
ABSENT(mote_os_yield)

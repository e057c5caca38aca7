/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: host functions of every type, called from guest functions that
 * hand their arguments on.  The host is expected to echo.
 */
#include <mote_guest.h>
#include <stdio.h>
#include <string.h>

MOTE_IMPORT(void, host_empty)
MOTE_IMPORT(int32_t, host_i32, (int32_t, v))
MOTE_IMPORT(uint32_t, host_u32, (uint32_t, v))
MOTE_IMPORT(int64_t, host_i64, (int64_t, v))
MOTE_IMPORT(uint64_t, host_u64, (uint64_t, v))
MOTE_IMPORT(float, host_f32, (float, v))
MOTE_IMPORT(double, host_f64, (double, v))
MOTE_IMPORT(bool, host_bool, (bool, v))
MOTE_IMPORT(mote_string, host_string, (mote_string, v))
MOTE_IMPORT(mote_bytes, host_bytes, (mote_bytes, v))

/* Returns both, one behind the other. */
MOTE_IMPORT(mote_bytes, host_join, (mote_bytes, a), (mote_bytes, b))

MOTE_EXPORT(void, call_empty)
{
	host_empty();
}

MOTE_EXPORT(int32_t, call_i32, (int32_t, v))
{
	return host_i32(v);
}

MOTE_EXPORT(uint32_t, call_u32, (uint32_t, v))
{
	return host_u32(v);
}

MOTE_EXPORT(int64_t, call_i64, (int64_t, v))
{
	return host_i64(v);
}

MOTE_EXPORT(uint64_t, call_u64, (uint64_t, v))
{
	return host_u64(v);
}

MOTE_EXPORT(float, call_f32, (float, v))
{
	return host_f32(v);
}

MOTE_EXPORT(double, call_f64, (double, v))
{
	return host_f64(v);
}

MOTE_EXPORT(bool, call_bool, (bool, v))
{
	return host_bool(v);
}

MOTE_EXPORT(mote_string, call_string, (mote_string, v))
{
	return host_string(v);
}

MOTE_EXPORT(mote_bytes, call_bytes, (mote_bytes, v))
{
	return host_bytes(v);
}

/* Calls the host `times` times; for counting exits. */
MOTE_EXPORT(uint32_t, call_times, (uint32_t, times))
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < times; i++)
		sum += host_u32(1);
	return sum;
}

/* Whether an argument is intact after host calls, and a host's result after logging. */
MOTE_EXPORT(bool, stays_intact, (mote_bytes, data))
{
	unsigned char copy[256], other[256];
	mote_bytes mine, result;

	if (!data.length || data.length > sizeof(copy))
		mote_abort("stays_intact takes 1 to 256 bytes");
	memcpy(copy, data.data, data.length);
	for (size_t i = 0; i < data.length; i++)
		other[i] = (unsigned char)~copy[i];
	mine.data = other;
	mine.length = data.length;
	result = host_bytes(mine);
	mote_log(MOTE_LOG_INFO, "this message must not damage the result of the host call %d", 1);
	puts("nor this one");
	return result.length == data.length && !memcmp(result.data, other, data.length) &&
	       !memcmp(data.data, copy, data.length);
}

/* Hands (parts of) a host's result to the host again, beside other data. */
MOTE_EXPORT(bool, chains, (mote_string, text))
{
	size_t length = strlen(text);
	mote_bytes all = {text, length}, result, tail;
	char *end;

	result = host_bytes(all);
	result = host_join(result, all); /* text text */
	if (result.length != 2 * length)
		return false;
	tail = (mote_bytes){(const char *)result.data + length, length};
	result = host_join(all, tail); /* text text */
	end = (char *)(uintptr_t)result.data;
	return result.length == 2 * length && !memcmp(end, text, length) &&
	       !memcmp(end + length, text, length);
}

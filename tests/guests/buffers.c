/* SPDX-License-Identifier: Apache-2.0
 *
 * Works on bytes where they are: in a shared buffer, or in the mailbox.
 */
#include <mote_guest.h>

MOTE_EXPORT(uint64_t, sum, (mote_bytes, data))
{
	const unsigned char *bytes = data.data;
	uint64_t total = 0;

	for (size_t i = 0; i < data.length; i++)
		total += bytes[i];
	return total;
}

/* Where the argument is. */
MOTE_EXPORT(uint64_t, address, (mote_bytes, data))
{
	return (uintptr_t)data.data;
}

MOTE_EXPORT(void, fill, (mote_bytes, data), (uint32_t, value))
{
	__builtin_memset((void *)(uintptr_t)data.data, (int)value, data.length);
}

MOTE_EXPORT(uint32_t, read_at, (uint64_t, address))
{
	return *(const volatile unsigned char *)(uintptr_t)address;
}

/* For batches: calls are counted, and executed in order. */
static uint64_t calls;

MOTE_EXPORT(uint64_t, count_calls, (uint64_t, expected))
{
	return calls++ == expected ? calls : UINT64_MAX;
}

MOTE_EXPORT(uint64_t, lengths, (mote_bytes, data), (mote_string, text))
{
	size_t length = 0;

	while (text[length] != '\0')
		length++;
	return data.length << 32 | length;
}

/* A NUL into the data, whatever else lies there. */
MOTE_EXPORT(uint32_t, clear, (mote_bytes, data), (mote_string, text))
{
	*(volatile char *)(uintptr_t)data.data = '\0';
	return (unsigned char)text[0];
}

MOTE_EXPORT(void, fail_at, (uint32_t, index), (uint32_t, bad))
{
	if (index == bad)
		__builtin_trap();
}

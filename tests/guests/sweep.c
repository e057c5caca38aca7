/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: a little of everything that a guest can do, for the fault sweeps.
 */
#include <mote_guest.h>

MOTE_IMPORT(mote_string, host_string, (mote_string, v))

/* Logs, and has the host say it. */
MOTE_EXPORT(mote_string, ask, (mote_string, text))
{
	mote_log(MOTE_LOG_INFO, "asked: %s", text);
	return host_string(text);
}

MOTE_EXPORT(uint64_t, sum, (mote_bytes, data))
{
	const unsigned char *bytes = data.data;
	uint64_t total = 0;

	for (size_t i = 0; i < data.length; i++)
		total += bytes[i];
	return total;
}

MOTE_EXPORT(uint32_t, next, (uint32_t, v))
{
	return v + 1;
}

MOTE_EXPORT(void, spin)
{
	for (;;)
		__asm__ volatile("");
}

MOTE_EXPORT(void, null_write)
{
	volatile char *volatile nowhere = 0;

	*nowhere = 1;
}

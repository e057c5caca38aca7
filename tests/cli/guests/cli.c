/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest for the tool: results that are hard to show, ways to end, and
 * answers about what the tool set up.
 */
#include <instructions.h>
#include <mote_guest.h>
#include <stdlib.h>
#include <string.h>

/* ---- Results ------------------------------------------------------------------------------ */

MOTE_EXPORT(mote_string, text, (uint32_t, which))
{
	static const char *const texts[] = {
		"plain",
		"a\x1b[31mb\tc\nd\r\"\\",
		"\xff\xfe not UTF-8",
		"h\xc3\xa9llo \xe2\x82\xac \xf0\x9f\x98\x80",
		"c1 \xc2\x9b bidi \xe2\x80\xae",
		"",
	};

	return texts[which % (sizeof(texts) / sizeof(texts[0]))];
}

/* The bytes 0, 1, 2, ... */
MOTE_EXPORT(mote_bytes, pattern, (uint32_t, length))
{
	unsigned char *bytes = malloc(length + 1);
	mote_bytes result = {bytes, length};

	if (!bytes)
		mote_abort("no heap for %u bytes", length);
	for (uint32_t i = 0; i < length; i++)
		bytes[i] = (unsigned char)i;
	return result;
}

/* ---- Ends --------------------------------------------------------------------------------- */

MOTE_EXPORT(uint32_t, read_at, (uint64_t, address))
{
	volatile uint8_t *at = (volatile uint8_t *)(uintptr_t)address;

	__asm__ volatile("" : "+r"(at));
	return *at;
}

MOTE_EXPORT(void, undefined)
{
	instruction_undefined();
}

MOTE_EXPORT(void, abort_with, (mote_string, text))
{
	mote_abort("%s", text);
}

/* How often it was called, of its life or of the snapshot's. */
MOTE_EXPORT(uint32_t, count)
{
	static uint32_t calls;

	return ++calls;
}

MOTE_EXPORT(void, spin)
{
	mote_log(MOTE_LOG_INFO, "spinning");
	for (;;)
		__asm__ volatile("");
}

MOTE_EXPORT(void, spin_log)
{
	for (;;)
		mote_log(MOTE_LOG_ERROR, "still here, and far from done, as everybody will see");
}

/* ---- What the tool set up ----------------------------------------------------------------- */

MOTE_EXPORT(uint64_t, capacity)
{
	return mote_call_capacity();
}

MOTE_EXPORT(bool, can_allocate, (uint64_t, bytes))
{
	void *volatile memory = malloc((size_t)bytes);

	return memory != NULL;
}

/* Touches that much stack. */
MOTE_EXPORT(uint32_t, use_stack, (uint32_t, kib))
{
	volatile unsigned char here[1024];
	uint32_t (*volatile again)(uint32_t) = use_stack;

	__asm__ volatile("" : : "r"(here) : "memory"); /* all of it is there */
	here[0] = 1;
	return kib > 0 ? again(kib - 1) + here[0] : 0;
}

MOTE_EXPORT(void, log_all)
{
	mote_log(MOTE_LOG_ERROR, "e");
	mote_log(MOTE_LOG_WARNING, "w");
	mote_log(MOTE_LOG_INFO, "i \x1b[1m\n");
	mote_log(MOTE_LOG_DEBUG, "d");
	mote_log(MOTE_LOG_TRACE, "t");
}

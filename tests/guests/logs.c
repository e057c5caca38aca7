/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: log messages of every level, from every way to send one.
 */
#include <mote_guest.h>
#include <stdio.h>
#include <string.h>

__attribute__((constructor)) static void greet(void)
{
	mote_log(MOTE_LOG_DEBUG, "constructed");
}

MOTE_EXPORT(void, log_all)
{
	mote_log(MOTE_LOG_ERROR, "error %d", 1);
	mote_log(MOTE_LOG_WARNING, "warning %s", "two");
	mote_log(MOTE_LOG_INFO, "info %x", 3);
	mote_log(MOTE_LOG_DEBUG, "debug %c", '4');
	mote_log(MOTE_LOG_TRACE, "trace %.1f", 5.0);
}

MOTE_EXPORT(void, log_string, (mote_string, text))
{
	mote_log(MOTE_LOG_INFO, "%s", text);
}

/* Three messages: "one", "two three" and, when the call ends, "rest". */
MOTE_EXPORT(void, log_lines)
{
	printf("one\ntwo %s\n", "three");
	printf("rest");
}

MOTE_EXPORT(void, log_errors)
{
	fprintf(stderr, "to %s\n", "stderr");
}

/* Cut to 1023 bytes. */
MOTE_EXPORT(void, log_long)
{
	static char text[4096];

	memset(text, 'x', sizeof(text) - 1);
	mote_log(MOTE_LOG_INFO, "%s", text);
}

MOTE_EXPORT(void, log_times, (uint32_t, times))
{
	for (uint32_t i = 0; i < times; i++)
		mote_log(MOTE_LOG_INFO, "%u", i);
}

/* Bytes that a terminal would obey, and that are no UTF-8. */
MOTE_EXPORT(void, log_binary)
{
	mote_log(MOTE_LOG_INFO, "\x1b[31mred\x1b[0m \xff\xfe \r\n end");
}

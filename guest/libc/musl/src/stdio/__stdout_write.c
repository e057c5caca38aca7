/* SPDX-License-Identifier: Apache-2.0
 *
 * The first write to stdout, and what sends the rest of it.  Whether it is a terminal is not asked:
 * stdout stays as it is, buffered by lines.
 */
#include "stdio_impl.h"

size_t __stdout_write(FILE *file, const unsigned char *text, size_t length)
{
	file->write = __stdio_write;
	return __stdio_write(file, text, length);
}

/* See guest/libc/streams.c. */
void mote_libc_flush_stdout(void)
{
	if (stdout->wpos != stdout->wbase)
		fflush(stdout);
}

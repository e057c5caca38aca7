/* SPDX-License-Identifier: Apache-2.0
 *
 * stdout and stderr: lines that go to the host's log.  What stands behind the
 * last newline is sent when the buffer is full, at fflush, and when the call ends.
 */
#include <stdio.h>

#include <stdbool.h>
#include <string.h>

#include "../runtime.h"

struct mote_libc_stream {
	mote_log_level level;
	size_t length;
	char line[BUFSIZ];
};

static FILE out = {MOTE_LOG_INFO, 0, {0}};
static FILE err = {MOTE_LOG_WARNING, 0, {0}};

#undef stdout
#undef stderr
FILE *const stdout = &out;
FILE *const stderr = &err;

static void send_line(FILE *stream)
{
	size_t length = stream->length;

	stream->length = 0;
	if ((uint32_t)stream->level <= mote_guest_runtime.mailbox->log_level)
		mote_guest_send_log(stream->level, stream->line, length);
}

static void flush_both(void)
{
	if (out.length)
		send_line(&out);
	if (err.length)
		send_line(&err);
}

static void put(FILE *stream, char byte)
{
	if (byte == '\n') {
		send_line(stream);
		return;
	}
	stream->line[stream->length++] = byte;
	if (stream->length == sizeof(stream->line))
		send_line(stream);
}

static void write_text(FILE *stream, const char *text, size_t length)
{
	mote_guest_runtime.flush = flush_both;
	while (length--)
		put(stream, *text++);
}

int vfprintf(FILE *restrict stream, const char *restrict format, va_list arguments)
{
	char text[MOTE_GUEST_MESSAGE_BYTES];
	int length = vsnprintf(text, sizeof(text), format, arguments);

	if (length > 0)
		write_text(stream, text, strlen(text));
	return length;
}

int fprintf(FILE *restrict stream, const char *restrict format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vfprintf(stream, format, arguments);
	va_end(arguments);
	return length;
}

int vprintf(const char *restrict format, va_list arguments)
{
	return vfprintf(stdout, format, arguments);
}

int printf(const char *restrict format, ...)
{
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vfprintf(stdout, format, arguments);
	va_end(arguments);
	return length;
}

int fputs(const char *restrict text, FILE *restrict stream)
{
	write_text(stream, text, strlen(text));
	return 0;
}

int puts(const char *text)
{
	fputs(text, stdout);
	return fputc('\n', stdout);
}

int fputc(int byte, FILE *stream)
{
	char one = (char)byte;

	write_text(stream, &one, 1);
	return (unsigned char)byte;
}

int putc(int byte, FILE *stream)
{
	return fputc(byte, stream);
}

int putchar(int byte)
{
	return fputc(byte, stdout);
}

size_t fwrite(const void *restrict data, size_t bytes, size_t count, FILE *restrict stream)
{
	write_text(stream, data, bytes * count);
	return count;
}

int fflush(FILE *stream)
{
	if (!stream)
		flush_both();
	else if (stream->length)
		send_line(stream);
	return 0;
}

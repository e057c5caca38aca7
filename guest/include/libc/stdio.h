/* SPDX-License-Identifier: Apache-2.0
 *
 * <stdio.h> of the guest SDK: formatting into memory, and two streams that go to the host's log:
 * stdout (level info) and stderr (level warning), line by line.  There are no files.
 */
#ifndef MOTE_LIBC_STDIO_H
#define MOTE_LIBC_STDIO_H

#include <stdarg.h>
#include <stddef.h>

#define EOF (-1)
#define BUFSIZ 512
#ifndef SEEK_SET
#define SEEK_SET 0
#define SEEK_CUR 1
#define SEEK_END 2
#endif

typedef struct mote_libc_stream FILE;

extern FILE *const stdout;
extern FILE *const stderr;
#define stdout stdout
#define stderr stderr

#define MOTE_LIBC_PRINTF(format, first) __attribute__((__format__(__printf__, format, first)))

/* Conversions: d i u x X o c s p f F e E g G %, all flags, widths, precisions and length modifiers;
 * floating point is rounded exactly.  long double is printed with the precision of double. */
int snprintf(char *restrict to, size_t bytes, const char *restrict format, ...)
	MOTE_LIBC_PRINTF(3, 4);
int vsnprintf(char *restrict to, size_t bytes, const char *restrict format, va_list arguments)
	MOTE_LIBC_PRINTF(3, 0);
int sprintf(char *restrict to, const char *restrict format, ...) MOTE_LIBC_PRINTF(2, 3);
int vsprintf(char *restrict to, const char *restrict format, va_list arguments)
	MOTE_LIBC_PRINTF(2, 0);

int printf(const char *restrict format, ...) MOTE_LIBC_PRINTF(1, 2);
int vprintf(const char *restrict format, va_list arguments) MOTE_LIBC_PRINTF(1, 0);
int fprintf(FILE *restrict stream, const char *restrict format, ...) MOTE_LIBC_PRINTF(2, 3);
int vfprintf(FILE *restrict stream, const char *restrict format, va_list arguments)
	MOTE_LIBC_PRINTF(2, 0);
int puts(const char *text);
int putchar(int byte);
int fputs(const char *restrict text, FILE *restrict stream);
int fputc(int byte, FILE *stream);
int putc(int byte, FILE *stream);
size_t fwrite(const void *restrict data, size_t bytes, size_t count, FILE *restrict stream);
int fflush(FILE *stream);

#endif

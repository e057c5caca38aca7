/* SPDX-License-Identifier: Apache-2.0
 *
 * <stdio.h> of the guest SDK: formatting into memory, and two streams that go to the host's log:
 * stdout (level info) and stderr (level warning), line by line.  There are no files.
 */
#ifndef MOTE_LIBC_STDIO_H
#define MOTE_LIBC_STDIO_H

#include <stdarg.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

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
int snprintf(char *__restrict to, size_t bytes, const char *__restrict format, ...)
	MOTE_LIBC_PRINTF(3, 4);
int vsnprintf(char *__restrict to, size_t bytes, const char *__restrict format, va_list arguments)
	MOTE_LIBC_PRINTF(3, 0);
int sprintf(char *__restrict to, const char *__restrict format, ...) MOTE_LIBC_PRINTF(2, 3);
int vsprintf(char *__restrict to, const char *__restrict format, va_list arguments)
	MOTE_LIBC_PRINTF(2, 0);

int printf(const char *__restrict format, ...) MOTE_LIBC_PRINTF(1, 2);
int vprintf(const char *__restrict format, va_list arguments) MOTE_LIBC_PRINTF(1, 0);
int fprintf(FILE *__restrict stream, const char *__restrict format, ...) MOTE_LIBC_PRINTF(2, 3);
int vfprintf(FILE *__restrict stream, const char *__restrict format, va_list arguments)
	MOTE_LIBC_PRINTF(2, 0);
int puts(const char *text);
int putchar(int byte);
int fputs(const char *__restrict text, FILE *__restrict stream);
int fputc(int byte, FILE *stream);
int putc(int byte, FILE *stream);
size_t fwrite(const void *__restrict data, size_t bytes, size_t count, FILE *__restrict stream);
int fflush(FILE *stream);

#ifdef __cplusplus
}
#endif
#endif

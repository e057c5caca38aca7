/* SPDX-License-Identifier: Apache-2.0
 *
 * Text that may come from a guest or a file: UTF-8, and what is safe to show on
 * a terminal.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool utf8_valid(const char *text, size_t length);

/*
 * Copies text to `to`, which has room for `capacity` bytes, with \n, \r, \t and \xNN for unsafe
 * characters and for bytes that are no UTF-8.  NUL-terminates; cuts what does not fit.
 * how: ESCAPE_... or 0.  Returns the length.
 */
enum {
	ESCAPE_KEEP_LINES = 1, /* line feeds and tabs stay */
	ESCAPE_ASCII_ONLY = 2, /* for a terminal that may take bytes of UTF-8 for something else */
};
size_t escape_text(char *to, size_t capacity, const char *text, size_t length, unsigned how);

/* Whether the environment says that terminals understand UTF-8. */
bool locale_is_utf8(void);

/* Copies text; one that is too long (for capacity >= 32) loses its middle, because what it is about
 * stands at its beginning and the reason at its end. */
void fit_text(char *to, size_t capacity, const char *text);

/* The same for what printf would print. */
void fit_format(char *to, size_t capacity, const char *format, va_list arguments);

/* The most that one byte of text takes when it is escaped. */
enum { ESCAPED_BYTES = 4 };

#endif

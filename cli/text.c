/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8 and escaping.
 */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/text.h"

bool utf8_valid(const char *text, size_t length)
{
	uint32_t code;

	for (size_t at = 0; at < length;) {
		size_t bytes = mote_utf8_next(text + at, length - at, &code);

		if (bytes == 0)
			return false;
		at += bytes;
	}
	return true;
}

bool locale_is_utf8(void)
{
	static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};
	const char *locale = NULL;

	for (size_t i = 0; i < 3 && (locale == NULL || locale[0] == '\0'); i++)
		locale = getenv(variables[i]);
	return locale != NULL &&
	       (strstr(locale, "UTF-8") != NULL || strstr(locale, "utf8") != NULL ||
		strstr(locale, "utf-8") != NULL);
}

/* Writes the escape of one byte to text and returns its length. */
static size_t escape_byte(unsigned char byte, char text[ESCAPED_BYTES + 1])
{
	switch (byte) {
	case '\n':
		return (size_t)snprintf(text, ESCAPED_BYTES + 1, "\\n");
	case '\r':
		return (size_t)snprintf(text, ESCAPED_BYTES + 1, "\\r");
	case '\t':
		return (size_t)snprintf(text, ESCAPED_BYTES + 1, "\\t");
	default:
		return (size_t)snprintf(text, ESCAPED_BYTES + 1, "\\x%02x", byte);
	}
}

/* Whether a character goes unescaped. */
static bool is_kept(uint32_t code, unsigned how)
{
	if ((how & ESCAPE_KEEP_LINES) && (code == '\n' || code == '\t'))
		return true;
	return mote_is_printable(code) && !((how & ESCAPE_ASCII_ONLY) && code > 0x7f);
}

size_t escape_text(char *to, size_t capacity, const char *text, size_t length, unsigned how)
{
	size_t used = 0;
	char escaped[4 * ESCAPED_BYTES + 1];

	for (size_t at = 0; at < length;) {
		uint32_t code = 0;
		size_t bytes = mote_utf8_next(text + at, length - at, &code), out = 0;

		if (bytes > 0 && is_kept(code, how)) {
			memcpy(escaped, text + at, bytes);
			out = bytes;
		} else {
			bytes = bytes > 0 ? bytes : 1;
			for (size_t i = 0; i < bytes; i++)
				out += escape_byte((unsigned char)text[at + i], escaped + out);
		}
		if (used + out >= capacity)
			break;
		memcpy(to + used, escaped, out);
		used += out;
		at += bytes;
	}
	to[used] = '\0';
	return used;
}

/* Where the character that the byte at `at` belongs to begins. */
static size_t character_begin(const char *text, size_t at)
{
	for (size_t back = 0; back < 4 && back <= at; back++)
		if (((unsigned char)text[at - back] & 0xc0) != 0x80)
			return at - back;
	return at;
}

void fit_text(char *to, size_t capacity, const char *text)
{
	static const char gap[] = "...";
	size_t length = strlen(text), head, tail;

	if (length < capacity) {
		memcpy(to, text, length + 1);
		return;
	}
	head = character_begin(text, capacity / 4);
	tail = character_begin(text, length - (capacity - head - sizeof(gap) - 3));
	memcpy(to, text, head);
	memcpy(to + head, gap, sizeof(gap) - 1);
	memcpy(to + head + sizeof(gap) - 1, text + tail, length - tail + 1);
}

void fit_format(char *to, size_t capacity, const char *format, va_list arguments)
{
	va_list again;
	int length;
	char *text;

	va_copy(again, arguments);
	length = vsnprintf(to, capacity, format, again);
	va_end(again);
	if (length < 0)
		to[0] = '\0';
	if (length < 0 || (size_t)length < capacity)
		return;
	text = malloc((size_t)length + 1);
	if (text == NULL)
		return; /* then the end is missing */
	vsnprintf(text, (size_t)length + 1, format, arguments);
	fit_text(to, capacity, text);
	free(text);
}

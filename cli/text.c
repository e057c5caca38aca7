/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8 and escaping.
 */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t utf8_next(const char *at, size_t left, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)at;
	uint32_t value;
	size_t length;

	if (left == 0)
		return 0;
	if (bytes[0] < 0x80) {
		*code = bytes[0];
		return 1;
	}
	if ((bytes[0] & 0xe0) == 0xc0)
		length = 2;
	else if ((bytes[0] & 0xf0) == 0xe0)
		length = 3;
	else if ((bytes[0] & 0xf8) == 0xf0)
		length = 4;
	else
		return 0;
	if (length > left)
		return 0;
	value = bytes[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (bytes[i] & 0x3f);
	}
	if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*code = value;
	return length;
}

bool utf8_valid(const char *text, size_t length)
{
	uint32_t code;

	for (size_t at = 0; at < length;) {
		size_t bytes = utf8_next(text + at, length - at, &code);

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

bool is_unsafe(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} unsafe[] = {
		{0x00, 0x1f},	    {0x7f, 0x9f},     /* control characters */
		{0x61c, 0x61c},	    {0x200e, 0x200f}, /* marks of direction */
		{0x2028, 0x202e},		      /* separators of lines; embeddings */
		{0x2066, 0x206f},		      /* isolates; deprecated format characters */
		{0xfdd0, 0xfdef},		      /* noncharacters */
		{0xfeff, 0xfeff},		      /* byte order mark, invisible */
		{0xfff9, 0xfffb},		      /* interlinear annotation, invisible */
		{0xe0000, 0xe007f},		      /* tags, invisible */
	};

	for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++)
		if (code >= unsafe[i].first && code <= unsafe[i].last)
			return true;
	return (code & 0xfffe) == 0xfffe; /* the last two of each plane are noncharacters */
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
	return !is_unsafe(code) && !((how & ESCAPE_ASCII_ONLY) && code > 0x7f);
}

size_t escape_text(char *to, size_t capacity, const char *text, size_t length, unsigned how)
{
	size_t used = 0;
	char escaped[4 * ESCAPED_BYTES + 1];

	for (size_t at = 0; at < length;) {
		uint32_t code = 0;
		size_t bytes = utf8_next(text + at, length - at, &code), out = 0;

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

const char *size_text(uint64_t bytes, char text[SIZE_TEXT_BYTES])
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	unsigned unit = 0;

	while (unit < 4 && bytes >= 1024 && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, SIZE_TEXT_BYTES, "%llu %s", (unsigned long long)bytes, units[unit]);
	return text;
}

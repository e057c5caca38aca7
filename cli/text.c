/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8 and escaping.
 */
#include "text.h"

#include <stdio.h>
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

bool is_unsafe(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
	       (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
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

size_t escape_text(char *to, size_t capacity, const char *text, size_t length, bool keep_lines)
{
	size_t used = 0;
	char escaped[4 * ESCAPED_BYTES + 1];

	for (size_t at = 0; at < length;) {
		uint32_t code = 0;
		size_t bytes = utf8_next(text + at, length - at, &code), out = 0;

		if (bytes > 0 &&
		    (!is_unsafe(code) || (keep_lines && (code == '\n' || code == '\t')))) {
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

/* SPDX-License-Identifier: Apache-2.0
 *
 * UTF-8, and which of its characters can be printed.
 */
#include "text/text.h"

#include <stdio.h>
#include <string.h>

/* The length of a sequence, from its first byte; 0 when no sequence begins with that byte. */
static size_t sequence_length(unsigned char first)
{
	if (first < 0x80)
		return 1;
	if (first >= 0xc2 && first < 0xe0) /* 0xc0 and 0xc1 would only begin overlong forms */
		return 2;
	if (first >= 0xe0 && first < 0xf0)
		return 3;
	return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

size_t mote_utf8_next(const char *at, size_t left, uint32_t *code)
{
	static const uint32_t minimum[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *bytes = (const unsigned char *)at;
	size_t length = left > 0 ? sequence_length(bytes[0]) : 0;
	uint32_t value;

	if (length == 0 || length > left)
		return 0;
	value = length == 1 ? bytes[0] : bytes[0] & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (bytes[i] & 0x3f);
	}
	if (value < minimum[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*code = value;
	return length;
}

bool mote_is_printable(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} unprintable[] = {
		{0x00, 0x1f},	    {0x7f, 0x9f},     /* control characters */
		{0x61c, 0x61c},	    {0x200e, 0x200f}, /* marks of direction */
		{0x2028, 0x202e},		      /* separators of lines; embeddings */
		{0x2066, 0x206f},		      /* isolates; deprecated format characters */
		{0xfdd0, 0xfdef},		      /* noncharacters */
		{0xfeff, 0xfeff},		      /* byte order mark, invisible */
		{0xfff9, 0xfffb},		      /* interlinear annotation, invisible */
		{0xe0000, 0xe007f},		      /* tags, invisible */
	};

	for (size_t i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]); i++)
		if (code >= unprintable[i].first && code <= unprintable[i].last)
			return false;
	return (code & 0xfffe) != 0xfffe; /* the last two of each plane are noncharacters */
}

/* Almost every character of almost every text: the end of a killed call writes one. */
static bool is_plain(char byte)
{
	return byte >= 0x20 && byte < 0x7f;
}

size_t mote_text_copy(char *to, size_t capacity, const char *from, size_t length)
{
	size_t used = 0;

	for (size_t at = 0; at < length;) {
		uint32_t code = 0;
		size_t bytes = 1;
		bool good = is_plain(from[at]);

		if (!good) {
			bytes = mote_utf8_next(from + at, length - at, &code);
			good = bytes > 0 && mote_is_printable(code);
		}
		if (used + (good ? bytes : 1) >= capacity)
			break;
		/* Writing never gets ahead of reading. */
		for (size_t i = 0; good && i < bytes; i++)
			to[used + i] = from[at + i];
		if (!good)
			to[used] = '?';
		used += good ? bytes : 1;
		at += bytes > 0 ? bytes : 1;
	}
	to[used] = '\0';
	return used;
}

size_t mote_text_whole(const char *text, size_t length)
{
	for (size_t back = 1; back <= 3 && back <= length; back++) {
		unsigned char byte = (unsigned char)text[length - back];

		if ((byte & 0xc0) != 0x80)
			return sequence_length(byte) > back ? length - back : length;
	}
	return length;
}

struct mote_short_text mote_text_short(const char *text)
{
	enum { HEAD = 40, TAIL = MOTE_SHORT_TEXT_BYTES - 1 - HEAD - 3 };
	struct mote_short_text shortened;
	size_t length = strlen(text), used;
	const char *tail = text + length;

	if (length == 0)
		return mote_text_short("\"\""); /* visible */
	if (length < sizeof(shortened.text)) {
		mote_text_copy(shortened.text, sizeof(shortened.text), text, length);
		return shortened;
	}
	used = mote_text_copy(shortened.text, HEAD + 1, text, mote_text_whole(text, HEAD));
	memcpy(shortened.text + used, "...", 3);
	used += 3;
	tail -= TAIL;
	while (((unsigned char)*tail & 0xc0) == 0x80 && tail < text + length - TAIL + 3)
		tail++;
	mote_text_copy(shortened.text + used, sizeof(shortened.text) - used, tail, strlen(tail));
	return shortened;
}

const char *mote_size_text(uint64_t bytes, char text[MOTE_SIZE_TEXT_BYTES])
{
	static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
	unsigned unit = 0;

	while (unit < 4 && bytes >= 1024 && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	snprintf(text, MOTE_SIZE_TEXT_BYTES, "%llu %s", (unsigned long long)bytes,
		 unit == 0 && bytes == 1 ? "byte" : units[unit]);
	return text;
}

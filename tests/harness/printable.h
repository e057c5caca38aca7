/* SPDX-License-Identifier: Apache-2.0
 *
 * What "one printable line of UTF-8" means, written down a second time: by the
 * table of well-formed sequences (Unicode Standard, table 3-7), not by decoding.
 */
#ifndef PRINTABLE_H
#define PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Hostile texts, and how a message shows them. */
static const struct printable_row {
	const char *name, *text, *shown;
} printable_rows[] = {
	{"ASCII", "plain ~", "plain ~"},
	{"other scripts", "h\xc3\xa9 \xd0\xb6 \xe6\xbc\xa2 \xf0\x9f\x98\x80",
	 "h\xc3\xa9 \xd0\xb6 \xe6\xbc\xa2 \xf0\x9f\x98\x80"},
	{"joiners that scripts need", "\xe2\x80\x8c\xe2\x80\x8d", "\xe2\x80\x8c\xe2\x80\x8d"},
	{"C0", "a\x1b[31m\n\r\t\x01", "a?[31m????"},
	{"DEL", "\x7f", "?"},
	{"C1", "\xc2\x80 \xc2\x85 \xc2\x9b \xc2\x9f", "? ? ? ?"},
	{"after C1", "\xc2\xa0\xc2\xa1", "\xc2\xa0\xc2\xa1"},
	{"line separators", "\xe2\x80\xa8\xe2\x80\xa9", "??"},
	{"Arabic letter mark", "\xd8\x9c", "?"},
	{"marks of direction", "\xe2\x80\x8e\xe2\x80\x8f", "??"},
	{"embeddings", "\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad\xe2\x80\xae", "?????"},
	{"isolates", "\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9", "????"},
	{"deprecated format", "\xe2\x81\xaa\xe2\x81\xaf", "??"},
	{"byte order mark", "\xef\xbb\xbfx", "?x"},
	{"annotation", "\xef\xbf\xb9\xef\xbf\xbb", "??"},
	{"replacement character", "\xef\xbf\xbd", "\xef\xbf\xbd"},
	{"tags", "\xf3\xa0\x80\x81\xf3\xa0\x81\xbf", "??"},
	{"noncharacters", "\xef\xb7\x90\xef\xb7\xaf\xef\xbf\xbe\xef\xbf\xbf\xf0\x9f\xbf\xbe",
	 "?????"},
	{"the last code points", "\xf4\x8f\xbf\xbd\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbd?"},
	{"beyond the last", "\xf4\x90\x80\x80", "????"},
	{"surrogates", "\xed\xa0\x80\xed\xbf\xbf", "??????"},
	{"before the surrogates", "\xed\x9f\xbf", "\xed\x9f\xbf"},
	{"overlong 2", "\xc0\x80\xc1\xbf", "????"},
	{"overlong 3", "\xe0\x80\x80\xe0\x9f\xbf", "??????"},
	{"overlong 4", "\xf0\x80\x80\x80\xf0\x8f\xbf\xbf", "????????"},
	{"five and six bytes", "\xf8\x88\x80\x80\x80\xfc\x84\x80\x80\x80\x80", "???????????"},
	{"stray continuation",
	 "a\x80\xbf"
	 "b",
	 "a??b"},
	{"incomplete, then ASCII", "\xe2\x82x\xc3x", "??x?x"},
	{"incomplete at the end", "x\xf0\x9f\x98", "x???"},
	{"never a byte of UTF-8", "\xfe\xff", "??"},
};

/* The length of the well-formed, printable character at `at`; 0 when there is none.  The text ends
 * with a NUL, which no row contains. */
static inline size_t printable_character(const unsigned char *at)
{
	static const struct {
		unsigned char ranges[8]; /* of each byte: first, last; 0, 0 after the last byte */
	} allowed[] = {
		{{0x20, 0x7e}},
		{{0xc2, 0xc2, 0xa0, 0xbf}},
		{{0xc3, 0xdf, 0x80, 0xbf}},
		{{0xe0, 0xe0, 0xa0, 0xbf, 0x80, 0xbf}},
		{{0xe1, 0xec, 0x80, 0xbf, 0x80, 0xbf}},
		{{0xed, 0xed, 0x80, 0x9f, 0x80, 0xbf}},
		{{0xee, 0xef, 0x80, 0xbf, 0x80, 0xbf}},
		{{0xf0, 0xf0, 0x90, 0xbf, 0x80, 0xbf, 0x80, 0xbf}},
		{{0xf1, 0xf3, 0x80, 0xbf, 0x80, 0xbf, 0x80, 0xbf}},
		{{0xf4, 0xf4, 0x80, 0x8f, 0x80, 0xbf, 0x80, 0xbf}},
	};
	/* Well-formed characters that must not appear, from the first to the last: UTF-8 sorts
	 * like the code points. */
	static const char *const refused[][2] = {
		{"\xd8\x9c", "\xd8\x9c"},
		{"\xe2\x80\x8e", "\xe2\x80\x8f"},
		{"\xe2\x80\xa8", "\xe2\x80\xae"},
		{"\xe2\x81\xa6", "\xe2\x81\xaf"},
		{"\xef\xb7\x90", "\xef\xb7\xaf"},
		{"\xef\xbb\xbf", "\xef\xbb\xbf"},
		{"\xef\xbf\xb9", "\xef\xbf\xbb"},
		{"\xef\xbf\xbe", "\xef\xbf\xbf"},
		{"\xf3\xa0\x80\x80", "\xf3\xa0\x81\xbf"},
	};
	const char *text = (const char *)at;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		size_t length = strlen(refused[i][0]);

		if (strncmp(text, refused[i][0], length) >= 0 &&
		    strncmp(text, refused[i][1], length) <= 0)
			return 0;
	}
	/* The noncharacters of the planes 1 to 16: ?F BF BE and ?F BF BF at the end of four
	 * bytes. */
	if (at[0] >= 0xf0 && (at[1] & 0xcf) == 0x8f && at[2] == 0xbf && at[3] >= 0xbe)
		return 0;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		const unsigned char *range = allowed[i].ranges;
		size_t length = 0;

		while (length < 4 && range[2 * length] != 0 && at[length] >= range[2 * length] &&
		       at[length] <= range[2 * length + 1])
			length++;
		if (length > 0 && (length == 4 || range[2 * length] == 0))
			return length;
	}
	return 0;
}

/* Whether text is one printable line, without a line feed at its end. */
static inline bool is_printable_line(const char *text)
{
	while (*text != '\0') {
		size_t length = printable_character((const unsigned char *)text);

		if (length == 0)
			return false;
		text += length;
	}
	return true;
}

#endif

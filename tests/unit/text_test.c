/* SPDX-License-Identifier: Apache-2.0
 *
 * Text in messages: what is printable, where it is cut, how names are shortened.
 */
#include "text/text.h"

#include <stdlib.h>

#include "../harness/printable.h"
#include "error_internal.h"
#include "unit_test.h"

static void hostile_texts_become_printable(void)
{
	for (size_t i = 0; i < COUNT(printable_rows); i++) {
		const struct printable_row *row = &printable_rows[i];
		char shown[64];

		REQUIRE_EQ(mote_text_copy(shown, sizeof(shown), row->text, strlen(row->text)),
			   strlen(row->shown));
		REQUIRE_STR(shown, row->shown);
		REQUIRE(is_printable_line(shown));
		REQUIRE_EQ(is_printable_line(row->text), strcmp(row->text, row->shown) == 0);
	}
}

/* Every pair of bytes, so that nothing hides between the rows. */
static void no_bytes_get_through(void)
{
	char text[5] = {0}, shown[sizeof(text)];

	for (unsigned i = 0; i < 0x10000; i++) {
		text[0] = (char)(i >> 8 ? i >> 8 : 'x');
		text[1] = (char)(i & 0xff ? i & 0xff : 'x');
		text[2] = (char)0x80;
		text[3] = (char)0xa9;
		mote_text_copy(shown, sizeof(shown), text, strlen(text));
		REQUIRE(is_printable_line(shown));
	}
}

static void a_text_is_its_own_copy(void)
{
	for (size_t i = 0; i < COUNT(printable_rows); i++) {
		char text[64];

		strcpy(text, printable_rows[i].text);
		mote_text_copy(text, sizeof(text), text, strlen(text));
		REQUIRE_STR(text, printable_rows[i].shown);
	}
}

static void copies_end_with_whole_characters(void)
{
	static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
	static const size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};

	for (size_t room = 0; room < COUNT(ends); room++) {
		/* On the heap, so that a sanitizer sees what is written behind it. */
		char *to = malloc(room + 1);

		REQUIRE(to != NULL);
		REQUIRE_EQ(mote_text_copy(to, room + 1, text, strlen(text)), ends[room]);
		REQUIRE_MEM(to, text, ends[room]);
		REQUIRE_EQ(to[ends[room]], '\0');
		free(to);
		REQUIRE_EQ(mote_text_whole(text, room), ends[room]);
	}
	REQUIRE_EQ(mote_text_whole("\x80\x80\x80\x80", 4), 4); /* not the end of anything */
}

static void long_names_lose_their_middle(void)
{
	char path[4200], expected[2 * sizeof(path)];

	REQUIRE_STR(mote_text_short("guest.elf").text, "guest.elf");
	REQUIRE_STR(mote_text_short("").text, "\"\"");
	for (size_t length = 1; length < sizeof(path); length++) {
		memset(path, 'd', length);
		path[0] = '/';
		path[length] = '\0';
		if (length > 9)
			memcpy(path + length - 9, "guest.elf", 9);
		if (length < MOTE_SHORT_TEXT_BYTES) {
			REQUIRE_STR(mote_text_short(path).text, path);
			continue;
		}
		snprintf(expected, sizeof(expected), "%.40s...%s", path, path + length - 76);
		REQUIRE_STR(mote_text_short(path).text, expected);
	}
}

/* The cuts fall on every byte of a character. */
static void names_are_cut_between_characters(void)
{
	char name[400];

	for (size_t before = 0; before < 8; before++) {
		memset(name, 'x', before);
		for (size_t at = before; at < 320; at += 4)
			memcpy(name + at, "\xf0\x9f\x98\x80", 5);
		REQUIRE((strchr(mote_text_short(name).text, '?')) == NULL);
		REQUIRE(is_printable_line(mote_text_short(name).text));
		REQUIRE((strstr(mote_text_short(name).text, "...")) != NULL);
		REQUIRE(strlen(mote_text_short(name).text) > MOTE_SHORT_TEXT_BYTES - 12);
	}
}

/* Also where printf cut the text, and where the caller's structure is shorter. */
static void errors_are_cut_between_characters(void)
{
	char text[500];

	for (size_t before = 0; before < 4; before++) {
		memset(text, 'x', before);
		for (size_t at = before; at < 480; at += 4)
			memcpy(text + at, "\xf0\x9f\x98\x80", 5);
		for (size_t room = 1; room <= MOTE_ERROR_TEXT_BYTES; room++) {
			mote_error error = MOTE_ERROR_INIT, from = MOTE_ERROR_INIT;

			error.size = offsetof(mote_error, text) + room;
			mote_fail(&error, MOTE_FILE, "%s", text);
			REQUIRE(is_printable_line(error.text));
			REQUIRE(strchr(error.text, '?') == NULL);
			mote_fail(&from, MOTE_FILE, "%s", text);
			mote_fail_as(&error, &from);
			REQUIRE(is_printable_line(error.text));
		}
	}
}

static void sizes_read_well(void)
{
	char text[MOTE_SIZE_TEXT_BYTES];

	REQUIRE_STR(mote_size_text(0, text), "0 bytes");
	REQUIRE_STR(mote_size_text(1, text), "1 byte");
	REQUIRE_STR(mote_size_text(123, text), "123 bytes");
	REQUIRE_STR(mote_size_text(1024, text), "1 KiB");
	REQUIRE_STR(mote_size_text(1025, text), "1025 bytes");
	REQUIRE_STR(mote_size_text(456 << 10, text), "456 KiB");
	REQUIRE_STR(mote_size_text(16 << 20, text), "16 MiB");
	REQUIRE_STR(mote_size_text(3ull << 30, text), "3 GiB");
	REQUIRE_STR(mote_size_text(2ull << 40, text), "2 TiB");
	REQUIRE_STR(mote_size_text(1ull << 60, text), "1048576 TiB");
	REQUIRE_STR(mote_size_text(UINT64_MAX, text), "18446744073709551615 bytes");
}

static const struct test_case cases[] = {
	CASE(hostile_texts_become_printable),
	CASE(no_bytes_get_through),
	CASE(a_text_is_its_own_copy),
	CASE(copies_end_with_whole_characters),
	CASE(long_names_lose_their_middle),
	CASE(names_are_cut_between_characters),
	CASE(errors_are_cut_between_characters),
	CASE(sizes_read_well),
};

int main(int argc, char **argv)
{
	return test_main("text", cases, TEST_COUNT(cases), argc, argv);
}

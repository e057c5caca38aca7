/* SPDX-License-Identifier: Apache-2.0
 *
 * Text from files, guests and callers, made suitable for one line of a message: valid UTF-8 without
 * characters that a terminal interprets or does not show.  RFC 3629; Unicode Standard Annex 9
 * (characters that change the direction).  The tool uses this too.
 */
#ifndef MOTE_TEXT_H
#define MOTE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads one character of UTF-8.
 *
 * at        `left` (may be 0) bytes
 * code      receives the code point; unchanged when the bytes are not UTF-8
 *
 * Returns   the length of the character, 1 to 4; 0 when no valid one begins at `at`
 */
size_t mote_utf8_next(const char *at, size_t left, uint32_t *code);

/* False for what a terminal may obey, hide, or show as something else: control characters,
 * invisible ones, the marks that change the direction of writing, noncharacters. */
bool mote_is_printable(uint32_t code);

/*
 * Copies `length` bytes, replacing each unprintable character, and each byte that is not UTF-8,
 * with '?'.  Cuts what does not fit, never inside a character.
 *
 * to        room for `capacity` (at least 1) bytes, NUL-terminated; may be `from`
 *
 * Returns   the length of what is in `to`, without the NUL
 */
size_t mote_text_copy(char *to, size_t capacity, const char *from, size_t length);

/* The length of text without the beginning of a character that was cut off at its end. */
size_t mote_text_whole(const char *text, size_t length);

/* A name or path as messages show it.  Returned by value, so that it can be a printf argument:
 * mote_text_short(path).text lives until the end of the statement. */
enum { MOTE_SHORT_TEXT_BYTES = 120 };
struct mote_short_text {
	char text[MOTE_SHORT_TEXT_BYTES];
};

/* The printable text; a long one loses its middle: "/a/very/long/...path/guest.elf". */
struct mote_short_text mote_text_short(const char *text);

/* "16 MiB", "456 KiB", "123 bytes".  Returns text. */
enum { MOTE_SIZE_TEXT_BYTES = 32 };
const char *mote_size_text(uint64_t bytes, char text[MOTE_SIZE_TEXT_BYTES]);

#endif

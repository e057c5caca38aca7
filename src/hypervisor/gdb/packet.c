/* SPDX-License-Identifier: Apache-2.0
 *
 * The frames of gdb's remote protocol: checksums, escapes, numbers and hexadecimal digits.
 * GDB manual, E.1.
 */
#include "packet.h"

#include <assert.h>
#include <string.h>

enum { ESCAPE = '}', ESCAPED_BIT = 0x20, INTERRUPT = 3 };

static int digit_of(int character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	if (character >= 'a' && character <= 'f')
		return character - 'a' + 10;
	if (character >= 'A' && character <= 'F')
		return character - 'A' + 10;
	return -1;
}

/* ---- What is received -------------------------------------------------------------------- */

static enum mote_gdb_received begin_packet(struct mote_gdb_decoder *decoder, uint8_t byte)
{
	if (byte == INTERRUPT)
		return MOTE_GDB_INTERRUPT;
	if (byte == '-')
		return MOTE_GDB_RESEND;
	if (byte != '$')
		return MOTE_GDB_NOTHING;
	decoder->expects = MOTE_GDB_EXPECTS_CONTENT;
	decoder->length = 0;
	decoder->sum = 0;
	decoder->too_long = false;
	return MOTE_GDB_NOTHING;
}

static void add_byte(struct mote_gdb_decoder *decoder, uint8_t byte)
{
	if (decoder->length < MOTE_GDB_PACKET_BYTES)
		decoder->content[decoder->length++] = (char)byte;
	else
		decoder->too_long = true;
}

static void take_content(struct mote_gdb_decoder *decoder, uint8_t byte)
{
	if (byte == '$') { /* the rest of the last one was lost */
		begin_packet(decoder, byte);
		return;
	}
	if (byte == '#') {
		decoder->expects = MOTE_GDB_EXPECTS_FIRST_DIGIT;
		return;
	}
	decoder->sum = (uint8_t)(decoder->sum + byte);
	if (byte == ESCAPE)
		decoder->expects = MOTE_GDB_EXPECTS_ESCAPED;
	else
		add_byte(decoder, byte);
}

static enum mote_gdb_received end_packet(struct mote_gdb_decoder *decoder, uint8_t byte)
{
	const int digit = digit_of(byte);

	decoder->expects = MOTE_GDB_EXPECTS_BEGIN;
	if (decoder->too_long)
		decoder->length = 0;
	decoder->content[decoder->length] = '\0';
	if (decoder->claimed < 0 || digit < 0 || decoder->claimed * 16 + digit != decoder->sum)
		return MOTE_GDB_DAMAGED;
	return MOTE_GDB_PACKET;
}

enum mote_gdb_received mote_gdb_decode(struct mote_gdb_decoder *decoder, uint8_t byte)
{
	switch (decoder->expects) {
	case MOTE_GDB_EXPECTS_BEGIN:
		return begin_packet(decoder, byte);
	case MOTE_GDB_EXPECTS_CONTENT:
		take_content(decoder, byte);
		return MOTE_GDB_NOTHING;
	case MOTE_GDB_EXPECTS_ESCAPED:
		decoder->sum = (uint8_t)(decoder->sum + byte);
		decoder->expects = MOTE_GDB_EXPECTS_CONTENT;
		add_byte(decoder, byte ^ ESCAPED_BIT);
		return MOTE_GDB_NOTHING;
	case MOTE_GDB_EXPECTS_FIRST_DIGIT:
		decoder->claimed = digit_of(byte);
		decoder->expects = MOTE_GDB_EXPECTS_SECOND_DIGIT;
		return MOTE_GDB_NOTHING;
	default:
		return end_packet(decoder, byte);
	}
}

/* ---- Reading a packet -------------------------------------------------------------------- */

bool mote_gdb_take(struct mote_gdb_text *text, const char *prefix)
{
	const size_t length = strlen(prefix);

	if (mote_gdb_left(text) < length || memcmp(text->at, prefix, length) != 0)
		return false;
	text->at += length;
	return true;
}

bool mote_gdb_take_number(struct mote_gdb_text *text, uint64_t *number)
{
	const char *at = text->at;
	uint64_t value = 0;

	for (; at < text->end && digit_of(*at) >= 0; at++) {
		if (value >> 60)
			return false;
		value = value << 4 | (unsigned)digit_of(*at);
	}
	if (at == text->at)
		return false;
	text->at = at;
	*number = value;
	return true;
}

bool mote_gdb_take_hex(struct mote_gdb_text *text, void *to, size_t bytes)
{
	uint8_t *out = to;

	if (mote_gdb_left(text) / 2 < bytes)
		return false;
	for (size_t i = 0; i < 2 * bytes; i++)
		if (digit_of(text->at[i]) < 0)
			return false;
	for (size_t i = 0; i < bytes; i++)
		out[i] = (uint8_t)(16 * digit_of(text->at[2 * i]) + digit_of(text->at[2 * i + 1]));
	text->at += 2 * bytes;
	return true;
}

/* ---- Writing one ------------------------------------------------------------------------- */

static const char digits[] = "0123456789abcdef";

static void put_byte(struct mote_gdb_reply *reply, uint8_t byte)
{
	assert(reply->length < 1 + MOTE_GDB_PACKET_BYTES);
	reply->frame[reply->length++] = (char)byte;
	reply->sum = (uint8_t)(reply->sum + byte);
}

void mote_gdb_begin(struct mote_gdb_reply *reply)
{
	reply->frame[0] = '$';
	reply->length = 1;
	reply->sum = 0;
}

void mote_gdb_put(struct mote_gdb_reply *reply, const char *text)
{
	for (; *text != '\0'; text++)
		put_byte(reply, (uint8_t)*text);
}

void mote_gdb_put_number(struct mote_gdb_reply *reply, uint64_t number)
{
	unsigned shift = 60;

	while (shift > 0 && !(number >> shift))
		shift -= 4;
	for (;; shift -= 4) {
		put_byte(reply, (uint8_t)digits[number >> shift & 15]);
		if (shift == 0)
			return;
	}
}

void mote_gdb_put_hex(struct mote_gdb_reply *reply, const void *data, size_t bytes)
{
	const uint8_t *from = data;

	for (size_t i = 0; i < bytes; i++) {
		put_byte(reply, (uint8_t)digits[from[i] >> 4]);
		put_byte(reply, (uint8_t)digits[from[i] & 15]);
	}
}

/* '*' would begin a run of equal characters. */
static bool needs_escape(uint8_t byte)
{
	return byte == '$' || byte == '#' || byte == ESCAPE || byte == '*';
}

static size_t fits(const void *data, size_t bytes, size_t room)
{
	const uint8_t *from = data;
	size_t count;

	for (count = 0; count < bytes; count++) {
		const size_t needed = needs_escape(from[count]) ? 2 : 1;

		if (needed > room)
			break;
		room -= needed;
	}
	return count;
}

size_t mote_gdb_binary_fits(const void *data, size_t bytes, size_t reserve)
{
	return fits(data, bytes, MOTE_GDB_PACKET_BYTES - reserve);
}

size_t mote_gdb_put_binary(struct mote_gdb_reply *reply, const void *data, size_t bytes)
{
	const uint8_t *from = data;
	const size_t count = fits(data, bytes, 1 + MOTE_GDB_PACKET_BYTES - reply->length);

	for (size_t i = 0; i < count; i++) {
		if (needs_escape(from[i])) {
			put_byte(reply, ESCAPE);
			put_byte(reply, from[i] ^ ESCAPED_BIT);
		} else {
			put_byte(reply, from[i]);
		}
	}
	return count;
}

void mote_gdb_end(struct mote_gdb_reply *reply)
{
	const uint8_t sum = reply->sum;

	reply->frame[reply->length++] = '#';
	reply->frame[reply->length++] = digits[sum >> 4];
	reply->frame[reply->length++] = digits[sum & 15];
}

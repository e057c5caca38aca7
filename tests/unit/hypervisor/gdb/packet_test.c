/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames of gdb's protocol: what is taken from any bytes, and what is written, to the byte.
 */
#include "hypervisor/gdb/packet.h"

#include "../../unit_test.h"

static struct mote_gdb_decoder decoder;
static struct mote_gdb_reply reply;

/* Feeds a text; the last result, which must be the only one. */
static enum mote_gdb_received feed(const char *bytes, size_t length)
{
	enum mote_gdb_received received = MOTE_GDB_NOTHING;

	for (size_t i = 0; i < length; i++) {
		REQUIRE_EQ(received, MOTE_GDB_NOTHING);
		received = mote_gdb_decode(&decoder, (uint8_t)bytes[i]);
	}
	return received;
}

static enum mote_gdb_received feed_text(const char *text)
{
	return feed(text, strlen(text));
}

static void a_packet_is_content_and_checksum(void)
{
	REQUIRE_EQ(feed_text("$g#67"), MOTE_GDB_PACKET);
	CHECK_STR(decoder.content, "g");
	REQUIRE_EQ(feed_text("noise+$m10,4#2E"), MOTE_GDB_PACKET);
	CHECK_STR(decoder.content, "m10,4");
	REQUIRE_EQ(feed_text("$#00"), MOTE_GDB_PACKET);
	CHECK_EQ(decoder.length, 0);
}

static void a_wrong_checksum_is_damage(void)
{
	CHECK_EQ(feed_text("$g#68"), MOTE_GDB_DAMAGED);
	CHECK_EQ(feed_text("$g#6x"), MOTE_GDB_DAMAGED);
	CHECK_EQ(feed_text("$g#x7"), MOTE_GDB_DAMAGED);
	CHECK_EQ(feed_text("$g#67"), MOTE_GDB_PACKET);
}

static void a_new_packet_replaces_a_lost_end(void)
{
	REQUIRE_EQ(feed_text("$m10,4$g#67"), MOTE_GDB_PACKET);
	CHECK_STR(decoder.content, "g");
}

static void escapes_are_undone(void)
{
	REQUIRE_EQ(feed_text("$X}\x03}\x04}]}\x0a#ba"), MOTE_GDB_PACKET);
	CHECK_EQ(decoder.length, 5);
	CHECK_MEM(decoder.content, "X#$}*", 5);
	/* Without an escape, 3 is data there. */
	REQUIRE_EQ(feed("$a\0\3#64", 7), MOTE_GDB_PACKET);
	CHECK_MEM(decoder.content, "a\0\3", 4);
}

static void between_packets_are_signs(void)
{
	CHECK_EQ(feed_text("\3"), MOTE_GDB_INTERRUPT);
	CHECK_EQ(feed_text("-"), MOTE_GDB_RESEND);
	CHECK_EQ(feed_text("+"), MOTE_GDB_NOTHING);
	CHECK_EQ(feed_text("#"), MOTE_GDB_NOTHING);
}

static void feed_long(size_t length)
{
	uint8_t sum = 0;
	char end[4];

	REQUIRE_EQ(feed_text("$"), MOTE_GDB_NOTHING);
	for (size_t i = 0; i < length; i++) {
		REQUIRE_EQ(mote_gdb_decode(&decoder, 'a'), MOTE_GDB_NOTHING);
		sum = (uint8_t)(sum + 'a');
	}
	snprintf(end, sizeof(end), "#%02x", sum);
	REQUIRE_EQ(feed_text(end), MOTE_GDB_PACKET);
}

static void a_packet_that_is_too_long_is_an_empty_one(void)
{
	feed_long(MOTE_GDB_PACKET_BYTES);
	CHECK_EQ(decoder.length, MOTE_GDB_PACKET_BYTES);
	feed_long(MOTE_GDB_PACKET_BYTES + 1);
	CHECK_EQ(decoder.length, 0);
	feed_long(MOTE_GDB_PACKET_BYTES);
	CHECK_EQ(decoder.length, MOTE_GDB_PACKET_BYTES);
}

/* ---- Reading ----------------------------------------------------------------------------- */

static struct mote_gdb_text text_of(const char *text)
{
	return (struct mote_gdb_text){text, text + strlen(text)};
}

static void numbers_have_at_most_64_bits(void)
{
	static const struct {
		const char *text;
		bool is_number;
		uint64_t value;
		const char *rest;
	} rows[] = {
		{"0", true, 0, ""},
		{"1F,", true, 0x1f, ","},
		{"ffffffffffffffff", true, UINT64_MAX, ""},
		{"000000000000000000001", true, 1, ""},
		{"10000000000000000", false, 0, "10000000000000000"},
		{"", false, 0, ""},
		{"-1", false, 0, "-1"},
		{"x", false, 0, "x"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mote_gdb_text text = text_of(rows[i].text);
		uint64_t value = 0;

		CHECK_EQ(mote_gdb_take_number(&text, &value), rows[i].is_number);
		CHECK_EQ(value, rows[i].value);
		CHECK_STR(text.at, rows[i].rest);
	}
}

static void hexadecimal_digits_come_in_pairs(void)
{
	struct mote_gdb_text text = text_of("00aF7");
	uint8_t bytes[3] = {1, 2, 3};

	CHECK(!mote_gdb_take_hex(&text, bytes, 3));
	CHECK_MEM(bytes, "\1\2\3", 3);
	CHECK(mote_gdb_take_hex(&text, bytes, 2));
	CHECK_MEM(bytes, "\0\xaf\3", 3);
	CHECK_STR(text.at, "7");
	text = text_of("0g");
	CHECK(!mote_gdb_take_hex(&text, bytes, 1));
}

static void a_prefix_is_taken_or_nothing(void)
{
	struct mote_gdb_text text = text_of("vCont");

	CHECK(!mote_gdb_take(&text, "vCont;"));
	CHECK(!mote_gdb_take(&text, "C"));
	CHECK(mote_gdb_take(&text, "vC"));
	CHECK_STR(text.at, "ont");
}

/* ---- Writing ----------------------------------------------------------------------------- */

static void check_frame(const char *expected)
{
	mote_gdb_end(&reply);
	REQUIRE_EQ(reply.length, strlen(expected));
	CHECK_MEM(reply.frame, expected, reply.length);
}

static void frames_are_exact(void)
{
	mote_gdb_begin(&reply);
	check_frame("$#00");
	mote_gdb_begin(&reply);
	mote_gdb_put(&reply, "OK");
	check_frame("$OK#9a");
	mote_gdb_begin(&reply);
	mote_gdb_put_hex(&reply, "\x00\xff\x1a", 3);
	check_frame("$00ff1a#be");
	mote_gdb_begin(&reply);
	CHECK_EQ(mote_gdb_put_binary(&reply, "a#$}*", 5), 5);
	check_frame("$a}\x03}\x04}]}\x0a#c3");
}

static void numbers_have_no_leading_zeros(void)
{
	mote_gdb_begin(&reply);
	mote_gdb_put_number(&reply, 0);
	mote_gdb_put(&reply, ",");
	mote_gdb_put_number(&reply, 0x10);
	mote_gdb_put(&reply, ",");
	mote_gdb_put_number(&reply, UINT64_MAX);
	mote_gdb_end(&reply);
	CHECK_MEM(reply.frame, "$0,10,ffffffffffffffff#", 23);
}

static void binary_data_is_cut_where_the_packet_ends(void)
{
	static uint8_t data[MOTE_GDB_PACKET_BYTES + 1];

	mote_gdb_begin(&reply);
	CHECK_EQ(mote_gdb_put_binary(&reply, data, sizeof(data)), MOTE_GDB_PACKET_BYTES);
	mote_gdb_end(&reply);
	CHECK_EQ(reply.length, sizeof(reply.frame));
	CHECK_EQ(mote_gdb_binary_fits(data, sizeof(data), 10), MOTE_GDB_PACKET_BYTES - 10);
	memset(data, '#', sizeof(data));
	CHECK_EQ(mote_gdb_binary_fits(data, sizeof(data), 1), (MOTE_GDB_PACKET_BYTES - 1) / 2);
	mote_gdb_begin(&reply);
	mote_gdb_put(&reply, "m");
	CHECK_EQ(mote_gdb_put_binary(&reply, data, sizeof(data)), (MOTE_GDB_PACKET_BYTES - 1) / 2);
}

static void what_is_written_can_be_read(void)
{
	uint64_t state = 1;
	uint8_t data[257];

	for (unsigned round = 0; round < 1000; round++) {
		const size_t length = random_below(&state, sizeof(data));

		for (size_t i = 0; i < length; i++)
			data[i] = (uint8_t)random_next(&state);
		mote_gdb_begin(&reply);
		REQUIRE_EQ(mote_gdb_put_binary(&reply, data, length), length);
		mote_gdb_end(&reply);
		REQUIRE_EQ(feed(reply.frame, reply.length), MOTE_GDB_PACKET);
		REQUIRE_EQ(decoder.length, length);
		REQUIRE_MEM(decoder.content, data, length);
	}
}

static const struct test_case cases[] = {
	CASE(a_packet_is_content_and_checksum), CASE(a_wrong_checksum_is_damage),
	CASE(a_new_packet_replaces_a_lost_end), CASE(escapes_are_undone),
	CASE(between_packets_are_signs),	CASE(a_packet_that_is_too_long_is_an_empty_one),
	CASE(numbers_have_at_most_64_bits),	CASE(hexadecimal_digits_come_in_pairs),
	CASE(a_prefix_is_taken_or_nothing),	CASE(frames_are_exact),
	CASE(numbers_have_no_leading_zeros),	CASE(binary_data_is_cut_where_the_packet_ends),
	CASE(what_is_written_can_be_read),
};

int main(int argc, char **argv)
{
	return test_main("packet", cases, TEST_COUNT(cases), argc, argv);
}

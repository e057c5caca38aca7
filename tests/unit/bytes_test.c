/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers in memory: byte order, and nothing beside them is read or written.
 */
#include "bytes.h"

#include "unit_test.h"

/* At an odd address, between bytes of another value. */
static uint8_t *surrounded(uint8_t memory[16])
{
	memset(memory, 0xee, 16);
	return memory + 3;
}

static void check_written(const uint8_t memory[16], size_t bytes)
{
	static const uint8_t written[] = {0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x81};
	uint8_t expected[16];

	memcpy(surrounded(expected), written, bytes);
	REQUIRE(memcmp(memory, expected, sizeof(expected)) == 0);
}

static void numbers_are_little_endian_at_any_address(void)
{
	uint8_t memory[16], *at;

	at = surrounded(memory);
	mote_put16(at, 0xcdef);
	check_written(memory, 2);
	REQUIRE_EQ(mote_get16(at), 0xcdef);
	at = surrounded(memory);
	mote_put32(at, 0x89abcdef);
	check_written(memory, 4);
	REQUIRE_EQ(mote_get32(at), 0x89abcdef);
	at = surrounded(memory);
	mote_put64(at, 0x8123456789abcdef);
	check_written(memory, 8);
	REQUIRE_EQ(mote_get64(at), 0x8123456789abcdef);
}

static const struct test_case cases[] = {
	CASE(numbers_are_little_endian_at_any_address),
};

int main(int argc, char **argv)
{
	return test_main("bytes", cases, TEST_COUNT(cases), argc, argv);
}

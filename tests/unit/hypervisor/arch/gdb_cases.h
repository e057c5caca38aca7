/* SPDX-License-Identifier: Apache-2.0
 *
 * What holds for gdb's registers of every architecture.
 */
#ifndef MOTE_TESTS_GDB_CASES_H
#define MOTE_TESTS_GDB_CASES_H

#include "hypervisor/arch/gdb_registers.h"

#include "../../unit_test.h"

struct expected_place {
	uint64_t number;
	size_t offset, bytes;
	bool is_system;
};

/* count: how many registers there are. */
static inline void check_places(const struct mote_gdb_description *description,
				const struct expected_place *expected, size_t rows, uint64_t count)
{
	struct mote_gdb_place place = {0, 0, false};
	size_t end = 0;

	for (size_t i = 0; i < rows; i++) {
		REQUIRE(mote_gdb_find_register(description, expected[i].number, &place));
		CHECK_EQ(place.offset, expected[i].offset);
		CHECK_EQ(place.bytes, expected[i].bytes);
		CHECK_EQ(place.is_system, expected[i].is_system);
	}
	for (uint64_t number = 0; number < count; number++) {
		REQUIRE(mote_gdb_find_register(description, number, &place));
		CHECK_EQ(place.offset, end);
		end += place.bytes;
	}
	CHECK_EQ(mote_gdb_value_bytes(description), end);
	CHECK(end <= MOTE_GDB_VALUE_BYTES);
	CHECK(!mote_gdb_find_register(description, count, &place));
	CHECK(!mote_gdb_find_register(description, UINT64_MAX, &place));
}

/* text: of MOTE_GDB_XML_BYTES, all of which it must not need. */
static inline void print_description(const struct mote_gdb_description *description, char *text)
{
	char small[10] = "unchanged";
	const size_t length = mote_gdb_print_description(description, text, MOTE_GDB_XML_BYTES);

	REQUIRE(length < MOTE_GDB_XML_BYTES);
	CHECK_EQ(strlen(text), length);
	CHECK_EQ(mote_gdb_print_description(description, NULL, 0), length);
	CHECK_EQ(mote_gdb_print_description(description, small, sizeof(small)), length);
	CHECK_STR(small, "<?xml ver");
}

#endif

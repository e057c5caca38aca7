/* SPDX-License-Identifier: Apache-2.0
 *
 * The pool of table pages: only its own pages, only those that are in use, have a host address.
 */
#include "hypervisor/arch/table_pool.h"

#include "../../unit_test.h"

#define POOL_GPA 0x7654000ull
#define PAGE ((uint64_t)MOTE_PAGE_BYTES)

static void pages_are_taken_in_order_until_none_is_left(void)
{
	uint8_t *pool = calloc(3, MOTE_PAGE_BYTES);
	struct mote_page_tables tables;
	uint64_t gpa = 0;

	REQUIRE(mote_table_pool_init(&tables, pool, POOL_GPA, 3 * PAGE, POOL_GPA + 3 * PAGE));
	REQUIRE(mote_table_pool_take(&tables, &gpa));
	REQUIRE_EQ(gpa, POOL_GPA + PAGE);
	REQUIRE(mote_table_pool_take(&tables, &gpa));
	REQUIRE_EQ(gpa, POOL_GPA + 2 * PAGE);
	REQUIRE(!mote_table_pool_take(&tables, &gpa));
	REQUIRE_EQ(gpa, POOL_GPA + 2 * PAGE);
	REQUIRE_EQ(tables.used_bytes, 3 * PAGE);
	free(pool);
}

static void only_pages_in_use_have_an_address(void)
{
	uint8_t *pool = calloc(4, MOTE_PAGE_BYTES);
	struct mote_page_tables tables;
	uint64_t gpa;

	REQUIRE(mote_table_pool_init(&tables, pool, POOL_GPA, 4 * PAGE, UINT64_MAX));
	REQUIRE(mote_table_pool_take(&tables, &gpa));
	for (uint64_t at = POOL_GPA - 2 * PAGE; at < POOL_GPA + 6 * PAGE; at++) {
		uint64_t offset = at - POOL_GPA;

		if (offset == 0 || offset == PAGE)
			REQUIRE(mote_table_at(&tables, at) == (pool + offset));
		else
			REQUIRE(mote_table_at(&tables, at) == NULL);
	}
	REQUIRE(mote_table_at(&tables, 0) == NULL);
	REQUIRE(mote_table_at(&tables, UINT64_MAX & MOTE_PAGE_MASK) == NULL);
	free(pool);
}

static void entries_are_little_endian_and_in_place(void)
{
	uint8_t table[MOTE_PAGE_BYTES] = {0};

	mote_table_set_entry(table, 511, 0x1122334455667788);
	REQUIRE_EQ(table[4088], 0x88);
	REQUIRE_EQ(table[4095], 0x11);
	REQUIRE_EQ(mote_table_entry(table, 511), 0x1122334455667788);
	REQUIRE_EQ(mote_table_entry(table, 510), 0);
}

static void indices_take_9_bits_of_each_level(void)
{
	const uint64_t gva = 1ull << 39 | 2ull << 30 | 3ull << 21 | 4ull << 12 | 5;

	REQUIRE_EQ(mote_table_index(gva, 3), 1);
	REQUIRE_EQ(mote_table_index(gva, 2), 2);
	REQUIRE_EQ(mote_table_index(gva, 1), 3);
	REQUIRE_EQ(mote_table_index(gva, 0), 4);
	REQUIRE_EQ(mote_table_index(UINT64_MAX, 3), 511);
	REQUIRE_EQ(mote_table_span(0), PAGE);
	REQUIRE_EQ(mote_table_span(3), 1ull << 39);
}

static void ranges_are_aligned_and_end_within_the_limit(void)
{
	REQUIRE(mote_table_range_valid(0, 0, 0));
	REQUIRE(mote_table_range_valid(PAGE, PAGE, 2 * PAGE));
	REQUIRE(mote_table_range_valid(2 * PAGE, 0, 2 * PAGE));
	REQUIRE(!mote_table_range_valid(PAGE, 2 * PAGE, 2 * PAGE));
	REQUIRE(!mote_table_range_valid(0, 3 * PAGE, 2 * PAGE));
	REQUIRE(!mote_table_range_valid(1, PAGE, 4 * PAGE));
	REQUIRE(!mote_table_range_valid(0, 1, 4 * PAGE));
	REQUIRE(!mote_table_range_valid(0 - PAGE, 2 * PAGE, 4 * PAGE));
	REQUIRE(!mote_table_range_valid(2 * PAGE, 0 - PAGE, 4 * PAGE));
}

static const struct test_case cases[] = {
	CASE(pages_are_taken_in_order_until_none_is_left), CASE(only_pages_in_use_have_an_address),
	CASE(entries_are_little_endian_and_in_place),	   CASE(indices_take_9_bits_of_each_level),
	CASE(ranges_are_aligned_and_end_within_the_limit),
};

int main(int argc, char **argv)
{
	return test_main("table_pool", cases, TEST_COUNT(cases), argc, argv);
}

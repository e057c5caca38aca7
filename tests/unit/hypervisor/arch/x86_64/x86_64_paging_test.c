/* SPDX-License-Identifier: Apache-2.0
 *
 * x86_64 page tables: the common cases, exact entries, permissions at each level.
 */
#include "hypervisor/arch/x86_64/x86_64_paging.h"

#define PAGING(verb) mote_x86_64_paging_##verb
#define ROOT 3
#define GVA_BITS 47
#define GPA_BITS 52
#define ENTRY_ADDRESS 0x000ffffffffff000ull
#define BLOCK_OF(entry) ((entry) | 0x80ull)

#define WRITTEN(entry) ((entry) | 0x40ull) /* the processor marks it */

#include "../tracking_cases.h"

static void entries_have_exactly_these_bits(void)
{
	static const struct {
		uint32_t flags;
		uint64_t bits;
	} expected[] = {
		{0, 0x8000000000000061},
		{MOTE_PAGE_WRITE, 0x8000000000000063},
		{MOTE_PAGE_EXECUTE, 0x61},
		{MOTE_PAGE_DEVICE, 0x8000000000000079},
		{MOTE_PAGE_WRITE | MOTE_PAGE_DEVICE, 0x800000000000007b},
		{MOTE_PAGE_USER, 0x8000000000000065},
		{MOTE_PAGE_USER | MOTE_PAGE_WRITE, 0x8000000000000067},
		{MOTE_PAGE_USER | MOTE_PAGE_EXECUTE, 0x65},
		{MOTE_PAGE_USER | MOTE_PAGE_DEVICE, 0x800000000000007d},
		{MOTE_PAGE_USER | MOTE_PAGE_WRITE | MOTE_PAGE_DEVICE, 0x800000000000007f},
	};
	struct mote_page_tables tables;

	REQUIRE_EQ(COUNT(expected), COUNT(all_flags));
	pool_make(&tables, 4 * PAGE);
	for (unsigned i = 0; i < COUNT(expected); i++) {
		REQUIRE(PAGING(map)(&tables, 0x5000, 0xabcdef000, PAGE, expected[i].flags));
		REQUIRE_EQ(entry_get(&tables, 0x5000, 0), expected[i].bits | 0xabcdef000);
		assert_mapped(&tables, 0x5123, 0xabcdef123, expected[i].flags);
	}
	/* Above the pages: present, writable, user, accessed, in the order of the pool. */
	REQUIRE_EQ(entry_get(&tables, 0x5000, 3), (POOL_GPA + 1 * PAGE) | 0x27);
	REQUIRE_EQ(entry_get(&tables, 0x5000, 2), (POOL_GPA + 2 * PAGE) | 0x27);
	REQUIRE_EQ(entry_get(&tables, 0x5000, 1), (POOL_GPA + 3 * PAGE) | 0x27);
	pool_free(&tables);
}

static void permissions_count_at_every_level(void)
{
	static const struct {
		uint64_t set, clear;
		uint32_t lost, of;
	} changes[] = {
		{0, 1 << 2, MOTE_PAGE_USER, MOTE_PAGE_USER | MOTE_PAGE_WRITE},
		{0, 1 << 1, MOTE_PAGE_WRITE, MOTE_PAGE_USER | MOTE_PAGE_WRITE},
		{1ull << 63, 0, MOTE_PAGE_EXECUTE, MOTE_PAGE_USER | MOTE_PAGE_EXECUTE},
	};
	const uint64_t gva = SPAN(3) + SPAN(2) + SPAN(1) + 0x5000;
	struct mote_page_tables tables;

	pool_make(&tables, 4 * PAGE);
	for (unsigned i = 0; i < COUNT(changes); i++)
		for (unsigned level = 0; level < 4; level++) {
			uint64_t entry;

			REQUIRE(PAGING(map)(&tables, gva, 0x1000, PAGE, changes[i].of));
			entry = entry_get(&tables, gva, level);
			entry_set(&tables, gva, level,
				  (entry | changes[i].set) & ~changes[i].clear);
			assert_mapped(&tables, gva, 0x1000, changes[i].of & ~changes[i].lost);
			entry_set(&tables, gva, level, entry);
		}
	pool_free(&tables);
}

/* At level 1 the table's address is none of a block. */
static void large_pages_elsewhere_are_refused(void)
{
	struct mote_page_tables tables;

	pool_make(&tables, 4 * PAGE);
	REQUIRE(PAGING(map)(&tables, 0x5000, 0x1000, PAGE, MOTE_PAGE_USER));
	for (unsigned level = 1; level < 4; level++) {
		uint64_t entry = entry_get(&tables, 0x5000, level);

		entry_set(&tables, 0x5000, level, entry | 1 << 7);
		assert_unmapped(&tables, 0x5000);
		REQUIRE(!(PAGING(map)(&tables, 0x5000, 0x1000, PAGE, MOTE_PAGE_USER)));
		PAGING(unmap)(&tables, 0x5000, PAGE);
		entry_set(&tables, 0x5000, level, entry);
		assert_mapped(&tables, 0x5000, 0x1000, MOTE_PAGE_USER);
	}
	pool_free(&tables);
}

static const struct test_case cases[] = {
	PAGING_CASES,
	TRACKING_CASES,
	CASE(entries_have_exactly_these_bits),
	CASE(permissions_count_at_every_level),
	CASE(large_pages_elsewhere_are_refused),
};

int main(int argc, char **argv)
{
	return test_main("x86_64_paging", cases, TEST_COUNT(cases), argc, argv);
}

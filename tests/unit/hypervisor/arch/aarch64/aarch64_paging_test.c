/* SPDX-License-Identifier: Apache-2.0
 *
 * aarch64 page tables: the common cases, exact descriptors, permissions at each level.
 */
#include "hypervisor/arch/aarch64/aarch64_paging.h"

#define PAGING(verb) mote_aarch64_paging_##verb
#define ROOT 2
#define GVA_BITS 39
#define GPA_BITS 40
#define ENTRY_ADDRESS 0x0000fffffffff000ull
#define BLOCK_OF(entry) ((entry) & ~2ull)

#define WRITTEN(entry) (entry) /* the trap opened it */

#include "../tracking_cases.h"

static void descriptors_have_exactly_these_bits(void)
{
	/* Those with a name were measured on KVM. */
	static const struct {
		uint32_t flags;
		uint64_t bits;
	} expected[] = {
		{0, 0x60000000000f83},
		{MOTE_PAGE_WRITE, 0x60000000000f03},
		{MOTE_PAGE_EXECUTE, 0x40000000000f83}, /* vectors */
		{MOTE_PAGE_DEVICE, 0x60000000000c87},
		{MOTE_PAGE_WRITE | MOTE_PAGE_DEVICE, 0x60000000000c07}, /* monitor doorbell */
		{MOTE_PAGE_USER, 0x60000000000fc3},			/* read-only */
		{MOTE_PAGE_USER | MOTE_PAGE_WRITE, 0x60000000000f43},	/* data */
		{MOTE_PAGE_USER | MOTE_PAGE_EXECUTE, 0x20000000000fc3}, /* code */
		{MOTE_PAGE_USER | MOTE_PAGE_DEVICE, 0x60000000000cc7},
		{MOTE_PAGE_USER | MOTE_PAGE_WRITE | MOTE_PAGE_DEVICE,
		 0x60000000000c47}, /* doorbell */
	};
	struct mote_page_tables tables;

	REQUIRE_EQ(COUNT(expected), COUNT(all_flags));
	pool_make(&tables, TABLES * PAGE);
	for (unsigned i = 0; i < COUNT(expected); i++) {
		REQUIRE(PAGING(map)(&tables, 0x5000, 0xabcdef000, PAGE, expected[i].flags));
		REQUIRE_EQ(entry_get(&tables, 0x5000, 0), expected[i].bits | 0xabcdef000);
		assert_mapped(&tables, 0x5123, 0xabcdef123, expected[i].flags);
	}
	/* Table descriptors restrict nothing; they follow in the order of the pool. */
	REQUIRE_EQ(entry_get(&tables, 0x5000, 2), (POOL_GPA + 1 * PAGE) | 3);
	REQUIRE_EQ(entry_get(&tables, 0x5000, 1), (POOL_GPA + 2 * PAGE) | 3);
	pool_free(&tables);
}

/* Maps a page with flags, changes its entry at a level, and checks what the walker makes of it. */
static void check_change(unsigned level, uint64_t set, uint64_t clear, uint32_t flags,
			 uint32_t expected)
{
	const uint64_t gva = SPAN(ROOT) + SPAN(2) + SPAN(1) + 0x5000;
	struct mote_page_tables tables;

	pool_make(&tables, TABLES * PAGE);
	REQUIRE(PAGING(map)(&tables, gva, 0x1000, PAGE, flags));
	entry_set(&tables, gva, level, (entry_get(&tables, gva, level) | set) & ~clear);
	assert_mapped(&tables, gva, 0x1000, expected);
	pool_free(&tables);
}

static void permissions_count_at_every_level(void)
{
	const uint32_t code = MOTE_PAGE_USER | MOTE_PAGE_EXECUTE;
	const uint32_t data = MOTE_PAGE_USER | MOTE_PAGE_WRITE;

	for (unsigned level = 1; level <= ROOT; level++) {
		check_change(level, 1ull << 62, 0, data, MOTE_PAGE_USER);
		check_change(level, 1ull << 61, 0, data, MOTE_PAGE_WRITE);
		check_change(level, 1ull << 60, 0, code, MOTE_PAGE_USER);
		check_change(level, 1ull << 59, 0, MOTE_PAGE_EXECUTE, 0);
		/* What restricts the other level does not restrict this one. */
		check_change(level, 1ull << 59, 0, code, code);
		check_change(level, 1ull << 60, 0, MOTE_PAGE_EXECUTE, MOTE_PAGE_EXECUTE);
	}
	check_change(0, 1ull << 7, 0, data, MOTE_PAGE_USER);
	check_change(0, 0, 1ull << 6, data, MOTE_PAGE_WRITE);
	check_change(0, 1ull << 54, 0, code, MOTE_PAGE_USER);
	check_change(0, 1ull << 53, 0, MOTE_PAGE_EXECUTE, 0);
	/* A user page without its user bit becomes the monitor's, which may not execute it. */
	check_change(0, 0, 1ull << 6, code, 0);
}

static void writable_pages_never_execute(void)
{
	check_change(0, 0, 1ull << 54, MOTE_PAGE_USER | MOTE_PAGE_WRITE,
		     MOTE_PAGE_USER | MOTE_PAGE_WRITE);
	check_change(0, 0, 1ull << 7, MOTE_PAGE_USER | MOTE_PAGE_EXECUTE,
		     MOTE_PAGE_USER | MOTE_PAGE_WRITE);
	check_change(0, 0, 1ull << 7, MOTE_PAGE_EXECUTE, MOTE_PAGE_WRITE);
}

static void every_attribute_but_the_first_is_a_device(void)
{
	for (uint64_t attribute = 1; attribute < 8; attribute++)
		check_change(0, attribute << 2, 0, MOTE_PAGE_USER,
			     MOTE_PAGE_USER | MOTE_PAGE_DEVICE);
}

/* At level 1 the table's address is none of a block. */
static void block_bits_elsewhere_are_refused(void)
{
	struct mote_page_tables tables;

	pool_make(&tables, TABLES * PAGE);
	REQUIRE(PAGING(map)(&tables, 0x5000, 0x1000, PAGE, MOTE_PAGE_USER));
	for (unsigned level = 0; level <= ROOT; level++) {
		uint64_t entry = entry_get(&tables, 0x5000, level);

		entry_set(&tables, 0x5000, level, entry & ~2ull);
		assert_unmapped(&tables, 0x5000);
		entry_set(&tables, 0x5000, level, entry);
		assert_mapped(&tables, 0x5000, 0x1000, MOTE_PAGE_USER);
	}
	pool_free(&tables);
}

static void pages_without_access_flag_or_out_of_range_are_refused(void)
{
	struct mote_page_tables tables;
	uint64_t entry;

	pool_make(&tables, TABLES * PAGE);
	REQUIRE(PAGING(map)(&tables, 0x5000, 0x1000, PAGE, MOTE_PAGE_USER));
	entry = entry_get(&tables, 0x5000, 0);
	entry_set(&tables, 0x5000, 0, entry & ~(1ull << 10));
	assert_unmapped(&tables, 0x5000);
	for (unsigned bit = GPA_BITS; bit < 48; bit++) {
		entry_set(&tables, 0x5000, 0, entry | 1ull << bit);
		assert_unmapped(&tables, 0x5000);
	}
	pool_free(&tables);
}

static const struct test_case cases[] = {
	PAGING_CASES,
	TRACKING_CASES,
	CASE(descriptors_have_exactly_these_bits),
	CASE(permissions_count_at_every_level),
	CASE(writable_pages_never_execute),
	CASE(every_attribute_but_the_first_is_a_device),
	CASE(block_bits_elsewhere_are_refused),
	CASE(pages_without_access_flag_or_out_of_range_are_refused),
};

int main(int argc, char **argv)
{
	return test_main("aarch64_paging", cases, TEST_COUNT(cases), argc, argv);
}

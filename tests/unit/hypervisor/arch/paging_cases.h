/* SPDX-License-Identifier: Apache-2.0
 *
 * The cases that hold for the page tables of both architectures.  The including
 * program defines PAGING(verb), ROOT, GVA_BITS, GPA_BITS, ENTRY_ADDRESS and
 * BLOCK_OF(entry), the entry of a block with what a page's entry permits.
 */
#ifndef MOTE_TESTS_UNIT_PAGING_CASES_H
#define MOTE_TESTS_UNIT_PAGING_CASES_H

#include "../../unit_test.h"

#define POOL_GPA 0x7654000ull
#define PAGE ((uint64_t)MOTE_PAGE_BYTES)
#define TABLES ((uint64_t)ROOT + 1)	  /* for one page */
#define SPAN(level) (PAGE << 9 * (level)) /* what an entry covers, level 0 is that of pages */

/* Every set of flags that can be mapped. */
static const uint32_t all_flags[] = {
	0,
	MOTE_PAGE_WRITE,
	MOTE_PAGE_EXECUTE,
	MOTE_PAGE_DEVICE,
	MOTE_PAGE_WRITE | MOTE_PAGE_DEVICE,
	MOTE_PAGE_USER,
	MOTE_PAGE_USER | MOTE_PAGE_WRITE,
	MOTE_PAGE_USER | MOTE_PAGE_EXECUTE,
	MOTE_PAGE_USER | MOTE_PAGE_DEVICE,
	MOTE_PAGE_USER | MOTE_PAGE_WRITE | MOTE_PAGE_DEVICE,
};

/* A pool of its own allocation, so that a sanitizer sees every access beside it. */
static void pool_make(struct mote_page_tables *tables, uint64_t bytes)
{
	void *pool = calloc(1, bytes);

	REQUIRE(pool != NULL);
	REQUIRE(PAGING(init)(tables, pool, POOL_GPA, bytes));
	REQUIRE_EQ(tables->used_bytes, PAGE);
}

static void pool_free(struct mote_page_tables *tables)
{
	free(tables->pool);
}

/* The host address of gva's entry at a level, through tables that are as the builder made them. */
static uint8_t *entry_at(const struct mote_page_tables *tables, uint64_t gva, unsigned level)
{
	uint64_t table = POOL_GPA;

	for (unsigned at = ROOT;; at--) {
		uint8_t *entry =
			tables->pool + (table - POOL_GPA) + (gva >> (12 + 9 * at) & 511) * 8;
		uint64_t value;

		if (at == level)
			return entry;
		memcpy(&value, entry, 8);
		table = value & ENTRY_ADDRESS;
		REQUIRE(table >= POOL_GPA && table <= POOL_GPA + tables->used_bytes - PAGE);
	}
}

static uint64_t entry_get(const struct mote_page_tables *tables, uint64_t gva, unsigned level)
{
	uint64_t value;

	memcpy(&value, entry_at(tables, gva, level), 8);
	return value;
}

static void entry_set(struct mote_page_tables *tables, uint64_t gva, unsigned level, uint64_t value)
{
	memcpy(entry_at(tables, gva, level), &value, 8);
}

static void assert_mapped(const struct mote_page_tables *tables, uint64_t gva, uint64_t gpa,
			  uint32_t flags)
{
	struct mote_translation found = {0};

	REQUIRE(PAGING(walk)(tables, gva, &found));
	REQUIRE_EQ(found.gpa, gpa);
	REQUIRE_EQ(found.flags, flags);
}

static void assert_unmapped(const struct mote_page_tables *tables, uint64_t gva)
{
	struct mote_translation found = {.gpa = 0x5a5a, .flags = 0xa5};

	REQUIRE(!(PAGING(walk)(tables, gva, &found)));
	REQUIRE_EQ(found.gpa, 0x5a5a);
	REQUIRE_EQ(found.flags, 0xa5);
}

static void bytes_counts_every_level(void)
{
	REQUIRE_EQ(PAGING(bytes)(0), 1 * PAGE);
	REQUIRE_EQ(PAGING(bytes)(PAGE), TABLES * PAGE);
	REQUIRE_EQ(PAGING(bytes)(SPAN(1)), TABLES * PAGE);
	REQUIRE_EQ(PAGING(bytes)(SPAN(1) + PAGE), (TABLES + 1) * PAGE);
	REQUIRE_EQ(PAGING(bytes)(SPAN(2)), (TABLES - 1 + 512) * PAGE);
	REQUIRE_EQ(PAGING(bytes)(SPAN(2) + PAGE), (TABLES + 513) * PAGE);
	if (ROOT == 3)
		REQUIRE_EQ(PAGING(bytes)(SPAN(3) + PAGE), (1 + 2 + 513 + 512 * 512 + 1) * PAGE);
}

static void bytes_is_what_a_full_map_takes(void)
{
	uint64_t seed = 11;
	struct mote_page_tables tables;

	for (unsigned round = 0; round < 20; round++) {
		uint64_t end = (1 + random_below(&seed, 20000)) * PAGE;
		uint64_t bytes = PAGING(bytes)(end);

		pool_make(&tables, bytes);
		/* No block fits there. */
		REQUIRE(PAGING(map)(&tables, 0, PAGE, end, MOTE_PAGE_USER));
		REQUIRE_EQ(tables.used_bytes, bytes);
		pool_free(&tables);

		pool_make(&tables, bytes - PAGE);
		REQUIRE(!(PAGING(map)(&tables, 0, PAGE, end, MOTE_PAGE_USER)));
		pool_free(&tables);
	}
}

static void init_rejects_bad_pools(void)
{
	static uint8_t pool[2 * MOTE_PAGE_BYTES];
	struct mote_page_tables tables = {.gpa = 0x1234};

	REQUIRE(!(PAGING(init)(&tables, pool, POOL_GPA, 0)));
	REQUIRE(!(PAGING(init)(&tables, pool, POOL_GPA, PAGE - 1)));
	REQUIRE(!(PAGING(init)(&tables, pool, POOL_GPA + 8, 2 * PAGE)));
	REQUIRE(!(PAGING(init)(&tables, pool, 1ull << GPA_BITS, 2 * PAGE)));
	REQUIRE(!(PAGING(init)(&tables, pool, (1ull << GPA_BITS) - PAGE, 2 * PAGE)));
	REQUIRE_EQ(tables.gpa, 0x1234);
	REQUIRE(PAGING(init)(&tables, pool, (1ull << GPA_BITS) - 2 * PAGE, 2 * PAGE));
	REQUIRE_EQ(tables.gpa, (1ull << GPA_BITS) - 2 * PAGE);
	/* Half a page at the end is of no use. */
	REQUIRE(PAGING(init)(&tables, pool, POOL_GPA, PAGE + PAGE / 2));
	REQUIRE_EQ(tables.pool_bytes, PAGE);
	REQUIRE(!(PAGING(map)(&tables, 0, 0, PAGE, 0)));
}

/* Random maps and unmaps against an array of what each page should be. */
enum { MODEL_PAGES = 1536 };

struct model {
	uint64_t gpa[MODEL_PAGES];
	uint32_t flags[MODEL_PAGES];
	bool mapped[MODEL_PAGES];
};

static void model_check(const struct mote_page_tables *tables, const struct model *model,
			uint64_t base)
{
	for (unsigned page = 0; page < MODEL_PAGES; page++) {
		uint64_t gva = base + page * PAGE + (page * 7 & 0xfff);

		if (model->mapped[page])
			assert_mapped(tables, gva, model->gpa[page] + (page * 7 & 0xfff),
				      model->flags[page]);
		else
			assert_unmapped(tables, gva);
	}
}

static void model_step(struct mote_page_tables *tables, struct model *model, uint64_t base,
		       uint64_t *seed)
{
	uint64_t first = random_below(seed, MODEL_PAGES);
	uint64_t pages = random_below(seed, MODEL_PAGES - first + 1);
	uint64_t gpa = random_below(seed, (1ull << (GPA_BITS - 12)) - pages) * PAGE;
	uint32_t flags = all_flags[random_below(seed, COUNT(all_flags))];
	bool map = random_below(seed, 3) > 0;

	/* Half of the time blocks fit. */
	if (random_below(seed, 2) > 0)
		gpa = random_below(seed, 1ull << 10) * SPAN(1) + (base + first * PAGE) % SPAN(1);
	if (map)
		REQUIRE(PAGING(map)(tables, base + first * PAGE, gpa, pages * PAGE, flags));
	else
		PAGING(unmap)(tables, base + first * PAGE, pages * PAGE);
	for (uint64_t page = first; page < first + pages; page++) {
		model->mapped[page] = map;
		model->gpa[page] = gpa + (page - first) * PAGE;
		model->flags[page] = flags;
	}
}

static void random_ranges_round_trip(void)
{
	/* Around no border, and around one of each level. */
	static const uint64_t bases[] = {0,
					 PAGE,
					 2 * SPAN(1) - 700 * PAGE,
					 SPAN(2) - 700 * PAGE,
					 SPAN(ROOT) - 700 * PAGE,
					 (1ull << GVA_BITS) - MODEL_PAGES * PAGE};
	uint64_t seed = 77;

	for (unsigned i = 0; i < COUNT(bases); i++) {
		struct model *model = calloc(1, sizeof(*model));
		struct mote_page_tables tables;

		REQUIRE(model != NULL);
		pool_make(&tables, 12 * PAGE);
		for (unsigned round = 0; round < 60; round++) {
			model_step(&tables, model, bases[i], &seed);
			model_check(&tables, model, bases[i]);
		}
		pool_free(&tables);
		free(model);
	}
}

static void neighbours_stay_unmapped(void)
{
	const uint64_t gva = 5 * SPAN(ROOT) + 3 * SPAN(2) + 7 * SPAN(1) + 9 * PAGE;
	struct mote_page_tables tables;

	pool_make(&tables, 8 * PAGE);
	REQUIRE(PAGING(map)(&tables, gva, 0x1000, PAGE, MOTE_PAGE_USER));
	assert_mapped(&tables, gva, 0x1000, MOTE_PAGE_USER);
	assert_mapped(&tables, gva + 0xfff, 0x1fff, MOTE_PAGE_USER);
	for (unsigned level = 0; level <= ROOT; level++) {
		assert_unmapped(&tables, gva + SPAN(level));
		assert_unmapped(&tables, gva - SPAN(level));
	}
	assert_unmapped(&tables, 0);
	pool_free(&tables);
}

static void an_empty_range_is_nothing(void)
{
	struct mote_page_tables tables;

	pool_make(&tables, 8 * PAGE);
	REQUIRE(PAGING(map)(&tables, 0x5000, 0x1000, 0, MOTE_PAGE_USER));
	PAGING(unmap)(&tables, 0x5000, 0);
	REQUIRE_EQ(tables.used_bytes, PAGE);
	assert_unmapped(&tables, 0x5000);
	pool_free(&tables);
}

static void a_used_up_pool_keeps_what_is_mapped(void)
{
	struct mote_page_tables tables;

	pool_make(&tables, TABLES * PAGE);
	REQUIRE(PAGING(map)(&tables, 0x5000, 0x1000, PAGE, MOTE_PAGE_USER));
	REQUIRE(!(PAGING(map)(&tables, SPAN(ROOT), 0x2000, PAGE, MOTE_PAGE_USER)));
	REQUIRE(!(PAGING(map)(&tables, SPAN(2), 0x2000, PAGE, MOTE_PAGE_USER)));
	REQUIRE(!(PAGING(map)(&tables, SPAN(1), 0x2000, PAGE, MOTE_PAGE_USER)));
	REQUIRE_EQ(tables.used_bytes, TABLES * PAGE);
	assert_unmapped(&tables, SPAN(1));
	assert_mapped(&tables, 0x5000, 0x1000, MOTE_PAGE_USER);
	REQUIRE(PAGING(map)(&tables, 0x6000, 0x2000, PAGE, MOTE_PAGE_WRITE));
	pool_free(&tables);
}

static void map_rejects_bad_arguments(void)
{
	const uint64_t gva_end = 1ull << GVA_BITS, gpa_end = 1ull << GPA_BITS;
	struct mote_page_tables tables;

	pool_make(&tables, 16 * PAGE);
	REQUIRE(!(PAGING(map)(&tables, 0x1001, 0x1000, PAGE, 0)));
	REQUIRE(!(PAGING(map)(&tables, 0x1000, 0x1008, PAGE, 0)));
	REQUIRE(!(PAGING(map)(&tables, 0x1000, 0x1000, PAGE + 1, 0)));
	REQUIRE(!(PAGING(map)(&tables, gva_end, 0x1000, PAGE, 0)));
	REQUIRE(!(PAGING(map)(&tables, gva_end - PAGE, 0x1000, 2 * PAGE, 0)));
	REQUIRE(!(PAGING(map)(&tables, 0x1000, gpa_end, PAGE, 0)));
	REQUIRE(!(PAGING(map)(&tables, 0x1000, gpa_end - PAGE, 2 * PAGE, 0)));
	REQUIRE(!(PAGING(map)(&tables, 0 - PAGE, 0x1000, 2 * PAGE, 0)));
	REQUIRE(!(PAGING(map)(&tables, 0x1000, 0x1000, 0 - PAGE, 0)));
	REQUIRE(!(PAGING(map)(&tables, 0x1000, 0x1000, PAGE, 1u << 4)));
	REQUIRE(!(PAGING(map)(&tables, 0x1000, 0x1000, PAGE, 1u << 31)));
	for (uint32_t flags = 0; flags < 16; flags++)
		if ((flags & MOTE_PAGE_EXECUTE) && (flags & (MOTE_PAGE_WRITE | MOTE_PAGE_DEVICE)))
			REQUIRE(!(PAGING(map)(&tables, 0x1000, 0x1000, PAGE, flags)));
	REQUIRE_EQ(tables.used_bytes, PAGE);
	REQUIRE(PAGING(map)(&tables, gva_end - PAGE, gpa_end - PAGE, PAGE, 0));
	assert_mapped(&tables, gva_end - 1, gpa_end - 1, 0);
	pool_free(&tables);
}

static void walk_rejects_addresses_out_of_range(void)
{
	struct mote_page_tables tables;

	pool_make(&tables, 8 * PAGE);
	REQUIRE(PAGING(map)(&tables, 0x5000, 0x1000, PAGE, MOTE_PAGE_USER));
	/* Same indices in every table. */
	for (unsigned bit = GVA_BITS; bit < 64; bit++)
		assert_unmapped(&tables, 0x5000 | 1ull << bit);
	assert_unmapped(&tables, 0x5000 | ~0ull << GVA_BITS);
	pool_free(&tables);
}

static void unmap_of_everything_is_quick_and_complete(void)
{
	struct mote_page_tables tables;

	pool_make(&tables, 16 * PAGE);
	REQUIRE(PAGING(map)(&tables, 0x5000, 0x1000, 3 * PAGE, MOTE_PAGE_USER));
	REQUIRE(PAGING(map)(&tables, 3 * SPAN(ROOT) - PAGE, 0x1000, 2 * PAGE, MOTE_PAGE_WRITE));
	PAGING(unmap)(&tables, 1, PAGE);
	PAGING(unmap)(&tables, PAGE, 1ull << GVA_BITS);
	assert_mapped(&tables, 0x5000, 0x1000, MOTE_PAGE_USER);
	PAGING(unmap)(&tables, 0, 1ull << GVA_BITS);
	assert_unmapped(&tables, 0x5000);
	assert_unmapped(&tables, 0x7000);
	assert_unmapped(&tables, 3 * SPAN(ROOT) - PAGE);
	assert_unmapped(&tables, 3 * SPAN(ROOT));
	pool_free(&tables);
}

static void tables_outside_the_pool_are_refused(void)
{
	const uint64_t gva = 3 * SPAN(ROOT) + SPAN(1) + 0x5000;
	uint64_t hostile[] = {0,
			      POOL_GPA - PAGE,
			      POOL_GPA + 6 * PAGE,
			      POOL_GPA + 7 * PAGE, /* in the pool, but no table yet */
			      POOL_GPA + 8 * PAGE,
			      POOL_GPA + (1ull << 32),
			      ENTRY_ADDRESS};
	struct mote_page_tables tables;

	pool_make(&tables, 8 * PAGE);
	REQUIRE(PAGING(map)(&tables, gva, 0x1000, PAGE, MOTE_PAGE_USER));
	REQUIRE_EQ(tables.used_bytes, TABLES * PAGE);
	for (unsigned level = 1; level <= ROOT; level++)
		for (unsigned i = 0; i < COUNT(hostile); i++) {
			uint64_t entry = entry_get(&tables, gva, level);
			uint64_t used = tables.used_bytes;

			entry_set(&tables, gva, level, (entry & ~ENTRY_ADDRESS) | hostile[i]);
			assert_unmapped(&tables, gva);
			REQUIRE(!(PAGING(map)(&tables, gva, 0x1000, PAGE, MOTE_PAGE_USER)));
			PAGING(unmap)(&tables, gva, PAGE);
			REQUIRE_EQ(tables.used_bytes, used);
			entry_set(&tables, gva, level, entry);
			assert_mapped(&tables, gva, 0x1000, MOTE_PAGE_USER);
		}
	pool_free(&tables);
}

static void entries_that_are_not_present_end_a_walk(void)
{
	const uint64_t gva = 3 * SPAN(ROOT) + SPAN(1) + 0x5000;
	struct mote_page_tables tables;

	pool_make(&tables, TABLES * PAGE);
	REQUIRE(PAGING(map)(&tables, gva, 0x1000, PAGE, MOTE_PAGE_USER));
	for (unsigned level = 0; level <= ROOT; level++) {
		uint64_t entry = entry_get(&tables, gva, level);

		entry_set(&tables, gva, level, entry & ~1ull);
		assert_unmapped(&tables, gva);
		entry_set(&tables, gva, level, entry);
	}
	assert_mapped(&tables, gva, 0x1000, MOTE_PAGE_USER);
	pool_free(&tables);
}

/* Whatever stands in the tables, the walker stays in the pool (a sanitizer tells) and in range. */
static void random_tables_are_walked_safely(void)
{
	struct mote_page_tables tables;
	uint64_t seed = 4711;
	unsigned found = 0;

	pool_make(&tables, 16 * PAGE);
	tables.used_bytes = 16 * PAGE;
	for (unsigned at = 0; at < 16 * PAGE; at += 8) {
		uint64_t entry = random_next(&seed) | 3;

		/* Three of four stay close to the pool, or no walk would get far. */
		if (random_below(&seed, 4) > 0)
			entry = (entry & 0x7e3 & ~0x80ull) |
				(POOL_GPA + (random_below(&seed, 18) - 1) * PAGE);
		memcpy(tables.pool + at, &entry, 8);
	}
	for (unsigned i = 0; i < 200000; i++) {
		uint64_t gva = random_next(&seed) >> (64 - GVA_BITS);
		struct mote_translation translation;

		if (!PAGING(walk)(&tables, gva, &translation))
			continue;
		REQUIRE_EQ(translation.gpa & 0xfff, gva & 0xfff);
		REQUIRE(translation.gpa < 1ull << GPA_BITS);
		REQUIRE(translation.flags < 16);
		found++;
	}
	REQUIRE(found > 1000);
	pool_free(&tables);
}

/* ---- Blocks ------------------------------------------------------------------------------ */

static void a_large_range_takes_few_tables(void)
{
	const uint64_t bytes = 32 * SPAN(2);
	struct mote_page_tables tables;

	pool_make(&tables, 64 * PAGE);
	REQUIRE(PAGING(map)(&tables, SPAN(2) - PAGE, SPAN(2) - PAGE, bytes + 2 * PAGE,
			    MOTE_PAGE_USER | MOTE_PAGE_WRITE));
	/* The root, one below it where there are four levels, 34 with blocks, and those of the two
	 * pages at the ends. */
	REQUIRE_EQ(tables.used_bytes, (ROOT - 1 + 34 + 2) * PAGE);
	for (uint64_t gva = SPAN(2) - PAGE; gva < SPAN(2) + bytes + PAGE; gva += 77 * PAGE)
		assert_mapped(&tables, gva + 5, gva + 5, MOTE_PAGE_USER | MOTE_PAGE_WRITE);
	assert_unmapped(&tables, SPAN(2) - PAGE - 1);
	assert_unmapped(&tables, SPAN(2) + bytes + PAGE);
	REQUIRE(PAGING(unmap)(&tables, SPAN(2) - PAGE, bytes + 2 * PAGE));
	for (uint64_t gva = SPAN(2) - PAGE; gva < SPAN(2) + bytes + PAGE; gva += 77 * PAGE)
		assert_unmapped(&tables, gva);
	pool_free(&tables);
}

static void blocks_have_the_bits_of_pages(void)
{
	struct mote_page_tables tables;

	pool_make(&tables, TABLES * PAGE);
	for (unsigned i = 0; i < COUNT(all_flags); i++) {
		REQUIRE(PAGING(map)(&tables, 0x5000, 0xabc00000, PAGE, all_flags[i]));
		REQUIRE(PAGING(map)(&tables, SPAN(1), 0xabc00000, SPAN(1), all_flags[i]));
		REQUIRE_EQ(entry_get(&tables, SPAN(1), 1), BLOCK_OF(entry_get(&tables, 0x5000, 0)));
		assert_mapped(&tables, SPAN(1) + 0x12345, 0xabc12345, all_flags[i]);
	}
	REQUIRE_EQ(tables.used_bytes, TABLES * PAGE);
	pool_free(&tables);
}

static void addresses_that_are_not_aligned_take_pages(void)
{
	struct mote_page_tables tables;

	pool_make(&tables, (TABLES + 2) * PAGE);
	REQUIRE(PAGING(map)(&tables, 0, PAGE, SPAN(1), MOTE_PAGE_USER));
	REQUIRE_EQ(tables.used_bytes, TABLES * PAGE);
	REQUIRE(PAGING(map)(&tables, SPAN(1) + PAGE, PAGE, SPAN(1), MOTE_PAGE_USER));
	REQUIRE_EQ(tables.used_bytes, (TABLES + 2) * PAGE);
	assert_mapped(&tables, SPAN(1) - 1, SPAN(1) + PAGE - 1, MOTE_PAGE_USER);
	assert_mapped(&tables, 2 * SPAN(1), SPAN(1), MOTE_PAGE_USER);
	pool_free(&tables);
}

static void a_block_is_split_where_a_part_changes(void)
{
	struct mote_page_tables tables;

	for (unsigned i = 0; i < COUNT(all_flags); i++) {
		pool_make(&tables, (TABLES + 1) * PAGE);
		REQUIRE(PAGING(map)(&tables, 0, 4 * SPAN(1), 2 * SPAN(1), all_flags[i]));
		REQUIRE(PAGING(map)(&tables, 0x5000, 0x1000, PAGE, MOTE_PAGE_WRITE));
		REQUIRE(PAGING(unmap)(&tables, SPAN(1) + 0x7000, PAGE));
		for (uint64_t gva = 0; gva < 2 * SPAN(1); gva += PAGE)
			if (gva == SPAN(1) + 0x7000)
				assert_unmapped(&tables, gva);
			else if (gva == 0x5000)
				assert_mapped(&tables, gva, 0x1000, MOTE_PAGE_WRITE);
			else
				assert_mapped(&tables, gva, 4 * SPAN(1) + gva, all_flags[i]);
		REQUIRE_EQ(tables.used_bytes, (TABLES + 1) * PAGE);
		pool_free(&tables);
	}
}

static void a_block_that_cannot_be_split_stays(void)
{
	struct mote_page_tables tables;

	pool_make(&tables, (TABLES - 1) * PAGE);
	REQUIRE(PAGING(map)(&tables, 0, 0, SPAN(1), MOTE_PAGE_USER));
	REQUIRE(!(PAGING(map)(&tables, 0x5000, 0x1000, PAGE, MOTE_PAGE_WRITE)));
	REQUIRE(!(PAGING(unmap)(&tables, 0x5000, PAGE)));
	REQUIRE(!(PAGING(unmap)(&tables, 0x5000, SPAN(1))));
	for (uint64_t gva = 0; gva < SPAN(1); gva += PAGE)
		assert_mapped(&tables, gva, gva, MOTE_PAGE_USER);
	/* Whole, it needs no page. */
	REQUIRE(PAGING(map)(&tables, 0, SPAN(1), SPAN(1), MOTE_PAGE_WRITE));
	assert_mapped(&tables, 0x5000, SPAN(1) + 0x5000, MOTE_PAGE_WRITE);
	REQUIRE(PAGING(unmap)(&tables, 0, SPAN(1)));
	assert_unmapped(&tables, 0x5000);
	pool_free(&tables);
}

/* Pages and blocks by turns in one place: the pool is not used up by it. */
static void a_table_is_used_again(void)
{
	struct mote_page_tables tables;

	pool_make(&tables, TABLES * PAGE);
	for (unsigned i = 0; i < 3; i++) {
		REQUIRE(PAGING(map)(&tables, 0, 0, SPAN(1), MOTE_PAGE_USER));
		assert_mapped(&tables, SPAN(1) - 1, SPAN(1) - 1, MOTE_PAGE_USER);
		REQUIRE(PAGING(unmap)(&tables, 0, SPAN(1)));
		REQUIRE(PAGING(map)(&tables, 0x5000, 0x1000, PAGE, MOTE_PAGE_WRITE));
		assert_unmapped(&tables, 0x6000);
		REQUIRE(PAGING(unmap)(&tables, 0, SPAN(1)));
	}
	pool_free(&tables);
}

/* The address bits of a block below 2 MiB mean something else, and are never set. */
static void blocks_that_are_not_aligned_are_refused(void)
{
	struct mote_page_tables tables;
	uint64_t entry;

	pool_make(&tables, TABLES * PAGE);
	REQUIRE(PAGING(map)(&tables, 0, 0, SPAN(1), MOTE_PAGE_USER));
	entry = entry_get(&tables, 0, 1);
	for (unsigned bit = 12; bit < 21; bit++) {
		entry_set(&tables, 0, 1, entry | 1ull << bit);
		assert_unmapped(&tables, 0x5000);
		REQUIRE(!(PAGING(map)(&tables, 0x5000, 0x1000, PAGE, MOTE_PAGE_USER)));
	}
	entry_set(&tables, 0, 1, entry);
	assert_mapped(&tables, 0x5000, 0x5000, MOTE_PAGE_USER);
	pool_free(&tables);
}

#define PAGING_CASES                                                                               \
	CASE(bytes_counts_every_level), CASE(bytes_is_what_a_full_map_takes),                      \
		CASE(init_rejects_bad_pools), CASE(random_ranges_round_trip),                      \
		CASE(neighbours_stay_unmapped), CASE(an_empty_range_is_nothing),                   \
		CASE(a_used_up_pool_keeps_what_is_mapped), CASE(map_rejects_bad_arguments),        \
		CASE(walk_rejects_addresses_out_of_range),                                         \
		CASE(unmap_of_everything_is_quick_and_complete),                                   \
		CASE(tables_outside_the_pool_are_refused),                                         \
		CASE(entries_that_are_not_present_end_a_walk),                                     \
		CASE(random_tables_are_walked_safely), CASE(a_large_range_takes_few_tables),       \
		CASE(blocks_have_the_bits_of_pages),                                               \
		CASE(addresses_that_are_not_aligned_take_pages),                                   \
		CASE(a_block_is_split_where_a_part_changes),                                       \
		CASE(a_block_that_cannot_be_split_stays), CASE(a_table_is_used_again),             \
		CASE(blocks_that_are_not_aligned_are_refused)

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The cases of tracked writes that hold for the page tables of both architectures.  Comes after
 * paging_cases.h; the including program also defines WRITTEN(entry), a page's entry after a write.
 */
#ifndef MOTE_TESTS_UNIT_TRACKING_CASES_H
#define MOTE_TESTS_UNIT_TRACKING_CASES_H

#include "paging_cases.h"

struct visits {
	uint64_t gva[8], bytes[8];
	unsigned count;
};

static void visit(void *user, uint64_t gva, uint64_t bytes)
{
	struct visits *visits = user;

	REQUIRE(visits->count < 8);
	visits->gva[visits->count] = gva;
	visits->bytes[visits->count++] = bytes;
}

static struct visits written(const struct mote_page_tables *tables, uint64_t gva, uint64_t end)
{
	struct visits visits = {.count = 0};

	PAGING(written)(tables, gva, end, visit, &visits);
	return visits;
}

/* What a processor does that writes there, if nothing keeps it from that. */
static void write_to(struct mote_page_tables *tables, uint64_t gva)
{
	entry_set(tables, gva, 0, WRITTEN(entry_get(tables, gva, 0)));
}

/* Pages at 0 and in the third block, which is one; the fourth is full of pages, the fifth has
 * some. */
static void make_tracked(struct mote_page_tables *tables)
{
	const uint32_t data = MOTE_PAGE_USER | MOTE_PAGE_WRITE;

	pool_make(tables, 16 * PAGE);
	REQUIRE(PAGING(map)(tables, PAGE, PAGE, 4 * PAGE, data));
	REQUIRE(PAGING(map)(tables, 5 * PAGE, 5 * PAGE, PAGE, MOTE_PAGE_USER));
	REQUIRE(PAGING(map)(tables, 6 * PAGE, 6 * PAGE, PAGE, MOTE_PAGE_WRITE));
	REQUIRE(PAGING(map)(tables, 2 * SPAN(1), 2 * SPAN(1), SPAN(1), data));
	REQUIRE(PAGING(map)(tables, 3 * SPAN(1), PAGE, SPAN(1), data));
	REQUIRE(PAGING(map)(tables, 4 * SPAN(1), 8 * PAGE, 3 * PAGE, data));
	PAGING(track)(tables, PAGE, 4 * SPAN(1) + 2 * PAGE);
}

static void tracked_pages_have_the_flags_that_they_had(void)
{
	const uint32_t data = MOTE_PAGE_USER | MOTE_PAGE_WRITE;
	struct mote_page_tables tables;

	make_tracked(&tables);
	assert_mapped(&tables, PAGE, PAGE, data);
	assert_mapped(&tables, 5 * PAGE, 5 * PAGE, MOTE_PAGE_USER);
	assert_mapped(&tables, 6 * PAGE, 6 * PAGE, MOTE_PAGE_WRITE);
	assert_mapped(&tables, 2 * SPAN(1) + PAGE, 2 * SPAN(1) + PAGE, data);
	assert_mapped(&tables, 3 * SPAN(1) + PAGE, 2 * PAGE, data);
	assert_mapped(&tables, 4 * SPAN(1), 8 * PAGE, data);
	REQUIRE_EQ(written(&tables, PAGE, SPAN(1)).count, 0);
	REQUIRE_EQ(written(&tables, 4 * SPAN(1), 4 * SPAN(1) + 2 * PAGE).count, 0);
	/* Behind the range all counts as written. */
	REQUIRE_EQ(written(&tables, 4 * SPAN(1), 5 * SPAN(1)).count, 1);
	pool_free(&tables);
}

static void only_first_writes_to_writable_pages_are_served(void)
{
	struct mote_page_tables tables;

	make_tracked(&tables);
	REQUIRE_EQ(PAGING(serve)(&tables, 5 * PAGE), MOTE_WRITE_REFUSED);
	REQUIRE_EQ(PAGING(serve)(&tables, 6 * PAGE), MOTE_WRITE_REFUSED);
	REQUIRE_EQ(PAGING(serve)(&tables, 0), MOTE_WRITE_REFUSED);
	REQUIRE_EQ(PAGING(serve)(&tables, 7 * PAGE), MOTE_WRITE_REFUSED);
	REQUIRE_EQ(PAGING(serve)(&tables, SPAN(1)), MOTE_WRITE_REFUSED);
	REQUIRE_EQ(PAGING(serve)(&tables, 1ull << 46), MOTE_WRITE_REFUSED);
	REQUIRE_EQ(PAGING(serve)(&tables, ~0ull), MOTE_WRITE_REFUSED);
	REQUIRE_EQ(written(&tables, PAGE, SPAN(1)).count, 0);
	/* Once per page, or per table of pages. */
	REQUIRE_EQ(PAGING(serve)(&tables, 3 * SPAN(1) + 9), MOTE_WRITE_OPENED);
	REQUIRE_EQ(PAGING(serve)(&tables, 3 * SPAN(1) + 9), MOTE_WRITE_KNOWN);
	pool_free(&tables);
}

static void runs_of_written_pages_are_visited(void)
{
	static const unsigned pages[] = {0, 1, 7, 8, 9, 511};
	struct mote_page_tables tables;
	struct visits visits;

	make_tracked(&tables);
	for (unsigned i = 0; i < COUNT(pages); i++) {
		(void)PAGING(serve)(&tables, 3 * SPAN(1) + pages[i] * PAGE);
		write_to(&tables, 3 * SPAN(1) + pages[i] * PAGE);
	}
	visits = written(&tables, 3 * SPAN(1), 4 * SPAN(1));
	REQUIRE_EQ(visits.count, 3);
	REQUIRE_EQ(visits.gva[0], 3 * SPAN(1));
	REQUIRE_EQ(visits.bytes[0], 2 * PAGE);
	REQUIRE_EQ(visits.gva[1], 3 * SPAN(1) + 7 * PAGE);
	REQUIRE_EQ(visits.bytes[1], 3 * PAGE);
	REQUIRE_EQ(visits.gva[2], 3 * SPAN(1) + 511 * PAGE);
	REQUIRE_EQ(visits.bytes[2], PAGE);
	/* The range limits them. */
	visits = written(&tables, 3 * SPAN(1) + PAGE, 3 * SPAN(1) + 8 * PAGE);
	REQUIRE_EQ(visits.count, 2);
	REQUIRE_EQ(visits.gva[0], 3 * SPAN(1) + PAGE);
	REQUIRE_EQ(visits.bytes[1], PAGE);
	pool_free(&tables);
}

static void a_block_becomes_pages_at_its_first_write(void)
{
	const uint64_t gva = 2 * SPAN(1) + 77 * PAGE;
	struct mote_page_tables tables;
	struct visits visits;
	uint64_t used;

	make_tracked(&tables);
	used = tables.used_bytes;
	REQUIRE_EQ(PAGING(serve)(&tables, gva + 5), MOTE_WRITE_SPLIT);
	REQUIRE_EQ(tables.used_bytes, used + PAGE);
	write_to(&tables, gva);
	for (unsigned i = 0; i < 512; i++)
		assert_mapped(&tables, 2 * SPAN(1) + i * PAGE, 2 * SPAN(1) + i * PAGE,
			      MOTE_PAGE_USER | MOTE_PAGE_WRITE);
	visits = written(&tables, 2 * SPAN(1), 3 * SPAN(1));
	REQUIRE_EQ(visits.count, 1);
	REQUIRE_EQ(visits.gva[0], gva);
	REQUIRE_EQ(visits.bytes[0], PAGE);
	pool_free(&tables);
}

/* Without a table for its pages a block cannot be served: the guest gets its fault. */
static void a_block_without_a_table_is_refused(void)
{
	struct mote_page_tables tables;

	pool_make(&tables, (TABLES - 1) * PAGE);
	REQUIRE(PAGING(map)(&tables, SPAN(1), SPAN(1), SPAN(1), MOTE_PAGE_USER | MOTE_PAGE_WRITE));
	PAGING(track)(&tables, SPAN(1), 2 * SPAN(1));
	for (unsigned i = 0; i < 3; i++)
		REQUIRE_EQ(PAGING(serve)(&tables, SPAN(1)), MOTE_WRITE_REFUSED);
	pool_free(&tables);
}

/* What maps them may be a debugger: it counts as written. */
static void pages_that_are_mapped_again_count_as_written(void)
{
	struct mote_page_tables tables;
	struct visits visits;

	make_tracked(&tables);
	REQUIRE(PAGING(map)(&tables, 2 * PAGE, 2 * PAGE, PAGE, MOTE_PAGE_USER | MOTE_PAGE_WRITE));
	visits = written(&tables, PAGE, SPAN(1));
	REQUIRE_EQ(visits.count, 1);
	REQUIRE_EQ(visits.gva[0], 2 * PAGE);
	/* One of a block: the others trap for themselves. */
	REQUIRE(PAGING(map)(&tables, 2 * SPAN(1), PAGE, PAGE, MOTE_PAGE_USER));
	REQUIRE_EQ(PAGING(serve)(&tables, 2 * SPAN(1)), MOTE_WRITE_REFUSED);
	REQUIRE_EQ(PAGING(serve)(&tables, 2 * SPAN(1) + PAGE), MOTE_WRITE_OPENED);
	assert_mapped(&tables, 2 * SPAN(1) + PAGE, 2 * SPAN(1) + PAGE,
		      MOTE_PAGE_USER | MOTE_PAGE_WRITE);
	pool_free(&tables);
}

#define TRACKING_CASES                                                                             \
	CASE(tracked_pages_have_the_flags_that_they_had),                                          \
		CASE(only_first_writes_to_writable_pages_are_served),                              \
		CASE(runs_of_written_pages_are_visited),                                           \
		CASE(a_block_becomes_pages_at_its_first_write),                                    \
		CASE(a_block_without_a_table_is_refused),                                          \
		CASE(pages_that_are_mapped_again_count_as_written)

#endif

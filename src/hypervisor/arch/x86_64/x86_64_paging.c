/* SPDX-License-Identifier: Apache-2.0
 *
 * Encodes and decodes x86_64 page-table entries (Intel SDM volume 3, table 4-20
 * for pages, 4-15 to 4-19 above).  Tables above the pages permit everything, the
 * page's own entry decides; the walker trusts neither.
 */
#include "x86_64_paging.h"

#include "../table_pool.h"

#define ENTRY_PRESENT (1ull << 0)
#define ENTRY_WRITE (1ull << 1)
#define ENTRY_USER (1ull << 2)
#define ENTRY_WRITE_THROUGH (1ull << 3)
#define ENTRY_CACHE_DISABLE (1ull << 4)
#define ENTRY_ACCESSED (1ull << 5)
#define ENTRY_DIRTY (1ull << 6)
#define ENTRY_LARGE (1ull << 7) /* PS, in tables of levels 1 and 2 */
#define ENTRY_NO_EXECUTE (1ull << 63)
#define ENTRY_ADDRESS 0x000ffffffffff000ull

/* PCD and PWT select entry 3 of the power-on PAT: uncached. */
#define ENTRY_UNCACHED (ENTRY_CACHE_DISABLE | ENTRY_WRITE_THROUGH)
#define ENTRY_TABLE (ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER | ENTRY_ACCESSED)

#define GVA_LIMIT (1ull << 47) /* of the lower canonical half */
#define GPA_LIMIT (1ull << 52)

uint64_t mote_x86_64_paging_bytes(uint64_t end_gva)
{
	return mote_table_pool_bytes(end_gva);
}

bool mote_x86_64_paging_init(struct mote_page_tables *tables, void *pool, uint64_t gpa,
			     uint64_t pool_bytes)
{
	return mote_table_pool_init(tables, pool, gpa, pool_bytes, GPA_LIMIT);
}

static bool flags_valid(uint32_t flags)
{
	const uint32_t known =
		MOTE_PAGE_USER | MOTE_PAGE_WRITE | MOTE_PAGE_EXECUTE | MOTE_PAGE_DEVICE;

	return (flags & ~known) == 0 &&
	       !((flags & MOTE_PAGE_EXECUTE) && (flags & (MOTE_PAGE_WRITE | MOTE_PAGE_DEVICE)));
}

static uint64_t page_entry(uint64_t gpa, uint32_t flags)
{
	uint64_t entry = gpa | ENTRY_PRESENT | ENTRY_ACCESSED | ENTRY_DIRTY;

	if (flags & MOTE_PAGE_WRITE)
		entry |= ENTRY_WRITE;
	if (flags & MOTE_PAGE_USER)
		entry |= ENTRY_USER;
	if (flags & MOTE_PAGE_DEVICE)
		entry |= ENTRY_UNCACHED;
	if (!(flags & MOTE_PAGE_EXECUTE))
		entry |= ENTRY_NO_EXECUTE;
	return entry;
}

/* The table of pages for gva, made where it is missing; NULL when it cannot be. */
static uint8_t *page_table(struct mote_page_tables *tables, uint64_t gva)
{
	uint8_t *table = mote_table_at(tables, tables->gpa);

	for (unsigned level = MOTE_TABLE_ROOT_LEVEL; table && level > 0; level--) {
		unsigned index = mote_table_index(gva, level);
		uint64_t entry = mote_table_entry(table, index);
		uint64_t next;

		if (!(entry & ENTRY_PRESENT)) {
			if (!mote_table_pool_take(tables, &next))
				return NULL;
			mote_table_set_entry(table, index, next | ENTRY_TABLE);
			entry = next;
		}
		table = entry & ENTRY_LARGE ? NULL : mote_table_at(tables, entry & ENTRY_ADDRESS);
	}
	return table;
}

/* Fills one table from gva's entry on, for bytes or to its end; what it covers then. */
static uint64_t fill_table(uint8_t *table, uint64_t gva, uint64_t bytes, uint64_t entry)
{
	unsigned first = mote_table_index(gva, 0);
	uint64_t pages = bytes / MOTE_PAGE_BYTES;

	if (pages > MOTE_TABLE_ENTRIES - first)
		pages = MOTE_TABLE_ENTRIES - first;
	for (unsigned i = 0; i < pages; i++)
		mote_table_set_entry(table, first + i, entry + i * MOTE_PAGE_BYTES);
	return pages * MOTE_PAGE_BYTES;
}

bool mote_x86_64_paging_map(struct mote_page_tables *tables, uint64_t gva, uint64_t gpa,
			    uint64_t bytes, uint32_t flags)
{
	if (!flags_valid(flags) || !mote_table_range_valid(gva, bytes, GVA_LIMIT) ||
	    !mote_table_range_valid(gpa, bytes, GPA_LIMIT))
		return false;
	for (uint64_t done = 0; done < bytes;) {
		uint8_t *table = page_table(tables, gva + done);

		if (!table)
			return false;
		done += fill_table(table, gva + done, bytes - done, page_entry(gpa + done, flags));
	}
	return true;
}

void mote_x86_64_paging_unmap(struct mote_page_tables *tables, uint64_t gva, uint64_t bytes)
{
	const uint64_t end = gva + bytes;

	if (!mote_table_range_valid(gva, bytes, GVA_LIMIT))
		return;
	while (gva < end) {
		uint8_t *table = mote_table_at(tables, tables->gpa);
		unsigned level = MOTE_TABLE_ROOT_LEVEL;

		for (; level > 0; level--) {
			uint64_t entry = mote_table_entry(table, mote_table_index(gva, level));
			uint8_t *next = mote_table_at(tables, entry & ENTRY_ADDRESS);

			if (!(entry & ENTRY_PRESENT) || (entry & ENTRY_LARGE) || !next)
				break;
			table = next;
		}
		if (level == 0)
			mote_table_set_entry(table, mote_table_index(gva, 0), 0);
		/* On to what the next entry of this level covers. */
		gva = (gva & ~(mote_table_span(level) - 1)) + mote_table_span(level);
	}
}

/* The flags that an entry leaves of those above it.  DEVICE is the page's own. */
static uint32_t restrict_flags(uint32_t flags, uint64_t entry)
{
	if (!(entry & ENTRY_USER))
		flags &= ~(uint32_t)MOTE_PAGE_USER;
	if (!(entry & ENTRY_WRITE))
		flags &= ~(uint32_t)MOTE_PAGE_WRITE;
	if (entry & ENTRY_NO_EXECUTE)
		flags &= ~(uint32_t)MOTE_PAGE_EXECUTE;
	return flags;
}

bool mote_x86_64_paging_walk(const struct mote_page_tables *tables, uint64_t gva,
			     struct mote_translation *translation)
{
	const uint8_t *table = mote_table_at(tables, tables->gpa);
	uint32_t flags = MOTE_PAGE_USER | MOTE_PAGE_WRITE | MOTE_PAGE_EXECUTE;
	uint64_t entry = 0;

	if (gva >= GVA_LIMIT)
		return false;
	for (unsigned level = MOTE_TABLE_ROOT_LEVEL;; level--) {
		if (!table)
			return false;
		entry = mote_table_entry(table, mote_table_index(gva, level));
		/* Large pages are never built here, so one is damage and not a mapping. */
		if (!(entry & ENTRY_PRESENT) || (level > 0 && (entry & ENTRY_LARGE)))
			return false;
		flags = restrict_flags(flags, entry);
		if (level == 0)
			break;
		table = mote_table_at(tables, entry & ENTRY_ADDRESS);
	}
	if (entry & ENTRY_CACHE_DISABLE)
		flags |= MOTE_PAGE_DEVICE;
	translation->gpa = (entry & ENTRY_ADDRESS) | (gva & ~MOTE_PAGE_MASK);
	translation->flags = flags;
	return true;
}

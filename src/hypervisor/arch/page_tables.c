/* SPDX-License-Identifier: Apache-2.0
 *
 * Builds, changes and walks the page tables of both architectures.  Tables above the pages permit
 * everything, and the page's or block's own entry decides; the walker trusts neither.
 */
#include "table_format.h"
#include "table_pool.h"

#define ENTRY_VALID 1ull

enum { BLOCK_LEVEL = 1 };

static bool is_table(const struct mote_table_format *format, uint64_t entry, unsigned level)
{
	return level > 0 && (entry & format->kind) == format->table;
}

/* Whether an entry maps memory.  A block that is not aligned is corrupt. */
static bool is_leaf(const struct mote_table_format *format, uint64_t entry, unsigned level)
{
	if (level == 0)
		return (entry & format->kind) == format->page;
	return level == BLOCK_LEVEL && (entry & format->kind) == format->block &&
	       (entry & format->address & (mote_table_span(level) - 1)) == 0;
}

static uint64_t with_kind(const struct mote_table_format *format, uint64_t entry, uint64_t kind)
{
	return (entry & ~format->kind) | kind;
}

/* Fills a table, from an entry on, with consecutive pages. */
static void fill_pages(uint8_t *table, unsigned first, uint64_t count, uint64_t entry)
{
	for (unsigned i = 0; i < count; i++)
		mote_table_set_entry(table, first + i, entry + i * MOTE_PAGE_BYTES);
}

/*
 * Replaces an entry that maps nothing, or a block, with a new table; NULL when the pool is used up.
 * The table for a block maps what the block did, and is complete before the entry points to it.
 */
static uint8_t *make_table(struct mote_page_tables *tables, const struct mote_table_format *format,
			   uint8_t *at, unsigned index)
{
	uint64_t entry = mote_table_entry(at, index);
	uint8_t *made;
	uint64_t gpa;

	if (!mote_table_pool_take(tables, &gpa))
		return NULL;
	made = mote_table_at(tables, gpa);
	if (entry & ENTRY_VALID)
		fill_pages(made, 0, MOTE_TABLE_ENTRIES, with_kind(format, entry, format->page));
	mote_table_set_entry(at, index, gpa | format->table_bits);
	return made;
}

/* The table that an entry points to, created if there is none; NULL on failure. */
static uint8_t *table_below(struct mote_page_tables *tables, const struct mote_table_format *format,
			    uint8_t *table, uint64_t gva, unsigned level)
{
	unsigned index = mote_table_index(gva, level);
	uint64_t entry = mote_table_entry(table, index);

	if (is_table(format, entry, level))
		return mote_table_at(tables, entry & format->address);
	if ((entry & ENTRY_VALID) && !is_leaf(format, entry, level))
		return NULL;
	return make_table(tables, format, table, index);
}

/* The table of level 1 for gva, created if missing; NULL on failure. */
static uint8_t *block_table(struct mote_page_tables *tables, const struct mote_table_format *format,
			    uint64_t gva)
{
	uint8_t *table = mote_table_at(tables, tables->gpa);

	for (unsigned level = MOTE_TABLE_ROOT_LEVEL; table && level > BLOCK_LEVEL; level--)
		table = table_below(tables, format, table, gva, level);
	return table;
}

/* Whether a block may be placed there.  An existing table stays: nothing would free it. */
static bool takes_block(const struct mote_table_format *format, uint64_t entry)
{
	return !(entry & ENTRY_VALID) || is_leaf(format, entry, BLOCK_LEVEL);
}

/* Maps, from gva on, at most what one entry of level 1 covers; 0 on failure. */
static uint64_t map_part(struct mote_page_tables *tables, const struct mote_table_format *format,
			 uint64_t gva, uint64_t bytes, uint64_t page)
{
	const uint64_t span = mote_table_span(BLOCK_LEVEL);
	const uint64_t rest = span - (gva & (span - 1));
	const unsigned index = mote_table_index(gva, BLOCK_LEVEL);
	uint8_t *table = block_table(tables, format, gva);

	if (!table)
		return 0;
	if (bytes > rest)
		bytes = rest;
	if (bytes == span && (page & format->address & (span - 1)) == 0 &&
	    takes_block(format, mote_table_entry(table, index))) {
		mote_table_set_entry(table, index, with_kind(format, page, format->block));
		return span;
	}
	table = table_below(tables, format, table, gva, BLOCK_LEVEL);
	if (!table)
		return 0;
	fill_pages(table, mote_table_index(gva, 0), bytes / MOTE_PAGE_BYTES, page);
	return bytes;
}

static bool flags_valid(uint32_t flags)
{
	const uint32_t known =
		MOTE_PAGE_USER | MOTE_PAGE_WRITE | MOTE_PAGE_EXECUTE | MOTE_PAGE_DEVICE;

	return (flags & ~known) == 0 &&
	       !((flags & MOTE_PAGE_EXECUTE) && (flags & (MOTE_PAGE_WRITE | MOTE_PAGE_DEVICE)));
}

bool mote_page_tables_map(struct mote_page_tables *tables, const struct mote_table_format *format,
			  uint64_t gva, uint64_t gpa, uint64_t bytes, uint32_t flags)
{
	if (!flags_valid(flags) || !mote_table_range_valid(gva, bytes, format->gva_limit) ||
	    !mote_table_range_valid(gpa, bytes, format->gpa_limit))
		return false;
	for (uint64_t done = 0; done < bytes;) {
		uint64_t part = map_part(tables, format, gva + done, bytes - done,
					 format->encode(gpa + done, flags));

		if (part == 0)
			return false;
		done += part;
	}
	return true;
}

/* Whether [gva, end) contains all that the entry of a level for gva covers. */
static bool covers(uint64_t gva, uint64_t end, unsigned level)
{
	uint64_t span = mote_table_span(level);

	return (gva & (span - 1)) == 0 && end - gva >= span;
}

/* Descends to the entry that maps gva, or that shows that nothing does, and splits a block that
 * extends beyond [gva, end) if the pool has a page for it. */
static uint8_t *descend(struct mote_page_tables *tables, const struct mote_table_format *format,
			uint64_t gva, uint64_t end, unsigned *level)
{
	uint8_t *table = mote_table_at(tables, tables->gpa);

	for (*level = MOTE_TABLE_ROOT_LEVEL; *level > 0; --*level) {
		uint64_t entry = mote_table_entry(table, mote_table_index(gva, *level));
		bool split = is_leaf(format, entry, *level) && !covers(gva, end, *level);
		uint8_t *next = NULL;

		if (split || is_table(format, entry, *level))
			next = table_below(tables, format, table, gva, *level);
		if (!next)
			break;
		table = next;
	}
	return table;
}

bool mote_page_tables_unmap(struct mote_page_tables *tables, const struct mote_table_format *format,
			    uint64_t gva, uint64_t bytes)
{
	const uint64_t end = gva + bytes;

	if (!mote_table_range_valid(gva, bytes, format->gva_limit))
		return false;
	while (gva < end) {
		unsigned level;
		uint8_t *table = descend(tables, format, gva, end, &level);
		unsigned index = mote_table_index(gva, level);

		if (is_leaf(format, mote_table_entry(table, index), level)) {
			if (!covers(gva, end, level))
				return false;
			mote_table_set_entry(table, index, 0);
		}
		/* On to what the next entry of this level covers. */
		gva = (gva & ~(mote_table_span(level) - 1)) + mote_table_span(level);
	}
	return true;
}

bool mote_page_tables_walk(const struct mote_page_tables *tables,
			   const struct mote_table_format *format, uint64_t gva,
			   struct mote_translation *translation)
{
	const uint8_t *table = mote_table_at(tables, tables->gpa);
	uint64_t any = 0, all = UINT64_MAX;
	unsigned level = MOTE_TABLE_ROOT_LEVEL;
	uint64_t entry, address;

	if (gva >= format->gva_limit)
		return false;
	for (;; level--) {
		if (!table)
			return false;
		entry = mote_table_entry(table, mote_table_index(gva, level));
		if (!is_table(format, entry, level))
			break;
		any |= entry;
		all &= entry;
		table = mote_table_at(tables, entry & format->address);
	}
	address = entry & format->address;
	if (!is_leaf(format, entry, level) || (entry & format->accessed) != format->accessed ||
	    address >= format->gpa_limit)
		return false;
	translation->gpa = address | (gva & (mote_table_span(level) - 1));
	translation->flags = format->decode(entry, any, all);
	return true;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Builds, changes and walks the page tables of both architectures.  Tables above the pages permit
 * everything, and the page's or block's own entry decides; the walker trusts neither.
 *
 * Where writes are tracked, blocks and tables of pages are closed: the first write below one traps,
 * and what it maps counts as clean until then.
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

	for (unsigned level = format->root_level; table && level > BLOCK_LEVEL; level--)
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

	for (*level = format->root_level; *level > 0; --*level) {
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
	unsigned level = format->root_level;
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

/* ---- Tracking of writes ------------------------------------------------------------------- */

/* The table of a level for gva; NULL: there is none. */
static uint8_t *find_table(const struct mote_page_tables *tables,
			   const struct mote_table_format *format, uint64_t gva, unsigned level)
{
	uint8_t *table = mote_table_at(tables, tables->gpa);

	for (unsigned above = format->root_level; table && above > level; above--) {
		uint64_t entry = mote_table_entry(table, mote_table_index(gva, above));

		table = is_table(format, entry, above)
				? mote_table_at(tables, entry & format->address)
				: NULL;
	}
	return table;
}

/* Closes the entries of a table of pages from gva to end, both of which it covers. */
static void close_pages(uint8_t *table, const struct mote_table_format *format, uint64_t gva,
			uint64_t end)
{
	for (; gva < end; gva += MOTE_PAGE_BYTES) {
		const unsigned index = mote_table_index(gva, 0);
		const uint64_t entry = mote_table_entry(table, index);

		if (is_leaf(format, entry, 0))
			mote_table_set_entry(table, index, format->close(entry, MOTE_ENTRY_PAGE));
	}
}

/* Closes what an entry of level 1 maps from gva to end; a table as a whole only if that is all that
 * it covers. */
static void close_part(struct mote_page_tables *tables, const struct mote_table_format *format,
		       uint64_t gva, uint64_t end)
{
	const unsigned index = mote_table_index(gva, BLOCK_LEVEL);
	uint8_t *table = find_table(tables, format, gva, BLOCK_LEVEL);
	uint8_t *pages = find_table(tables, format, gva, 0);
	uint64_t entry;

	if (!table)
		return;
	entry = mote_table_entry(table, index);
	if (is_leaf(format, entry, BLOCK_LEVEL))
		mote_table_set_entry(table, index, format->close(entry, MOTE_ENTRY_BLOCK));
	if (!pages)
		return;
	close_pages(pages, format, gva, end);
	if (end - gva == MOTE_BLOCK_BYTES)
		mote_table_set_entry(table, index, format->close(entry, MOTE_ENTRY_TABLE));
}

/* The end of what an entry of level 1 covers from gva on, or end. */
static uint64_t part_end(uint64_t gva, uint64_t end)
{
	const uint64_t next = (gva & ~(uint64_t)(MOTE_BLOCK_BYTES - 1)) + MOTE_BLOCK_BYTES;

	return next < end ? next : end;
}

void mote_page_tables_track(struct mote_page_tables *tables, const struct mote_table_format *format,
			    uint64_t gva, uint64_t end)
{
	for (uint64_t next; gva < end; gva = next) {
		next = part_end(gva, end);
		close_part(tables, format, gva, next);
	}
}

/* Replaces an entry by what opens it; false: it was open. */
static bool open_entry(uint8_t *table, const struct mote_table_format *format, unsigned index)
{
	const uint64_t entry = mote_table_entry(table, index), open = format->open(entry);

	mote_table_set_entry(table, index, open);
	return open != entry;
}

/* Replaces a block that was just opened by pages that are closed; where there is no table for them,
 * it is closed again. */
static bool split_block(struct mote_page_tables *tables, const struct mote_table_format *format,
			uint8_t *table, uint64_t gva)
{
	const uint64_t begin = gva & ~(uint64_t)(MOTE_BLOCK_BYTES - 1);
	const unsigned index = mote_table_index(gva, BLOCK_LEVEL);
	const uint64_t block = mote_table_entry(table, index);
	uint8_t *pages = make_table(tables, format, table, index);

	if (pages)
		close_pages(pages, format, begin, begin + MOTE_BLOCK_BYTES);
	else
		mote_table_set_entry(table, index, format->close(block, MOTE_ENTRY_BLOCK));
	return pages != NULL;
}

enum mote_write_trap mote_page_tables_serve(struct mote_page_tables *tables,
					    const struct mote_table_format *format, uint64_t gva)
{
	const uint32_t needed = MOTE_PAGE_USER | MOTE_PAGE_WRITE;
	const unsigned index = mote_table_index(gva, BLOCK_LEVEL);
	struct mote_translation found;
	bool opened, split;
	uint8_t *table;

	if (!mote_page_tables_walk(tables, format, gva, &found) || (found.flags & needed) != needed)
		return MOTE_WRITE_REFUSED;
	table = find_table(tables, format, gva, BLOCK_LEVEL);
	opened = open_entry(table, format, index);
	split = opened && is_leaf(format, mote_table_entry(table, index), BLOCK_LEVEL);
	if (split && !split_block(tables, format, table, gva))
		return MOTE_WRITE_REFUSED;
	table = find_table(tables, format, gva, 0);
	if (table)
		opened |= open_entry(table, format, mote_table_index(gva, 0));
	if (split)
		return MOTE_WRITE_SPLIT;
	return opened ? MOTE_WRITE_OPENED : MOTE_WRITE_KNOWN;
}

static bool is_written(const struct mote_table_format *format, uint64_t entry)
{
	return ((entry ^ format->written_flip) & format->written) == format->written;
}

/* Entries are looked at in groups, with one instruction for each: most are clean, and this is most
 * of what it costs to find few pages. */
enum { GROUP = 8 };

#define GROUP_OF(at, op)                                                                           \
	(mote_table_entry(at, 0) op mote_table_entry(at, 1) op mote_table_entry(at, 2)             \
		 op mote_table_entry(at, 3) op mote_table_entry(at, 4) op mote_table_entry(at, 5)  \
			 op mote_table_entry(at, 6) op mote_table_entry(at, 7))

/* The first group from index on where an entry has one of these bits, or lacks one. */
static unsigned next_with(const uint8_t *table, unsigned index, unsigned end, uint64_t bits)
{
	while (index < end && !(GROUP_OF(table + 8 * (size_t)index, |) & bits))
		index += GROUP;
	return index;
}

static unsigned next_without(const uint8_t *table, unsigned index, unsigned end, uint64_t bits)
{
	while (index < end && !(~GROUP_OF(table + 8 * (size_t)index, &) & bits))
		index += GROUP;
	return index;
}

static unsigned skip_groups(const struct mote_table_format *format, const uint8_t *table,
			    unsigned index, unsigned end)
{
	const uint64_t bits = format->written & ~ENTRY_VALID;

	return format->written_flip & bits ? next_without(table, index, end, bits)
					   : next_with(table, index, end, bits);
}

/* The first entry from index on that was written, or end. */
static unsigned next_written(const struct mote_table_format *format, const uint8_t *table,
			     unsigned index, unsigned end)
{
	while (index < end && !is_written(format, mote_table_entry(table, index)))
		if (++index % GROUP == 0)
			index = skip_groups(format, table, index, end);
	return index < end ? index : end;
}

static unsigned next_clean(const struct mote_table_format *format, const uint8_t *table,
			   unsigned index, unsigned end)
{
	while (index < end && is_written(format, mote_table_entry(table, index)))
		index++;
	return index;
}

void mote_page_tables_written(const struct mote_page_tables *tables,
			      const struct mote_table_format *format, uint64_t gva, uint64_t end,
			      mote_visit_written *visit, void *user)
{
	const uint64_t base = gva & ~(uint64_t)(MOTE_BLOCK_BYTES - 1);
	const uint8_t *table = find_table(tables, format, gva, 0);
	const unsigned last = (unsigned)((end - base) / MOTE_PAGE_BYTES);
	unsigned first = mote_table_index(gva, 0), after;

	if (!table)
		return;
	while ((first = next_written(format, table, first, last)) < last) {
		after = next_clean(format, table, first, last);
		visit(user, base + (uint64_t)first * MOTE_PAGE_BYTES,
		      (uint64_t)(after - first) * MOTE_PAGE_BYTES);
		first = after;
	}
}

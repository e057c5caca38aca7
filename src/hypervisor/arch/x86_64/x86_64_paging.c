/* SPDX-License-Identifier: Apache-2.0
 *
 * Encodes and decodes x86_64 page-table entries (Intel SDM volume 3, table 4-20
 * for pages, 4-18 for blocks of 2 MiB, 4-15 to 4-19 above).
 */
#include "x86_64_paging.h"

#include "../table_format.h"
#include "../table_pool.h"

#define ENTRY_PRESENT (1ull << 0)
#define ENTRY_WRITE (1ull << 1)
#define ENTRY_USER (1ull << 2)
#define ENTRY_WRITE_THROUGH (1ull << 3)
#define ENTRY_CACHE_DISABLE (1ull << 4)
#define ENTRY_ACCESSED (1ull << 5)
#define ENTRY_DIRTY (1ull << 6)
/* PS at level 1.  At level 0 this bit is PAT, which is never set, so it can count as kind there
 * too. */
#define ENTRY_LARGE (1ull << 7)
#define ENTRY_TRACKED (1ull << 9) /* ignored by processors: closed, and writable but for that */
#define ENTRY_NO_EXECUTE (1ull << 63)
#define ENTRY_ADDRESS 0x000ffffffffff000ull

/* PCD and PWT select entry 3 of the power-on PAT: uncached. */
#define ENTRY_UNCACHED (ENTRY_CACHE_DISABLE | ENTRY_WRITE_THROUGH)
#define ENTRY_TABLE (ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER | ENTRY_ACCESSED)

#define GVA_LIMIT (1ull << 47) /* of the lower canonical half */
#define GPA_LIMIT (1ull << 52)

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

/* All entries together decide the permissions; the page's own entry decides caching. */
static uint32_t entry_flags(uint64_t entry, uint64_t any, uint64_t all)
{
	uint32_t flags = 0;

	any |= entry;
	all &= entry;
	if (all & ENTRY_USER)
		flags |= MOTE_PAGE_USER;
	if ((entry & (ENTRY_WRITE | ENTRY_TRACKED)) && (all & ENTRY_WRITE || any & ENTRY_TRACKED))
		flags |= MOTE_PAGE_WRITE;
	if (!(any & ENTRY_NO_EXECUTE))
		flags |= MOTE_PAGE_EXECUTE;
	if (entry & ENTRY_CACHE_DISABLE)
		flags |= MOTE_PAGE_DEVICE;
	return flags;
}

/* The processor marks pages: they only lose their mark, and can be written to.  What maps more than
 * a page traps. */
static uint64_t close_entry(uint64_t entry, enum mote_entry_kind kind)
{
	if (kind != MOTE_ENTRY_TABLE)
		entry &= ~ENTRY_DIRTY;
	if (kind != MOTE_ENTRY_PAGE && (entry & ENTRY_WRITE))
		entry = (entry & ~ENTRY_WRITE) | ENTRY_TRACKED;
	return entry;
}

static uint64_t open_entry(uint64_t entry)
{
	return entry & ENTRY_TRACKED ? (entry & ~ENTRY_TRACKED) | ENTRY_WRITE : entry;
}

static const struct mote_table_format format = {
	.gva_limit = GVA_LIMIT,
	.gpa_limit = GPA_LIMIT,
	.root_level = MOTE_X86_64_ROOT_LEVEL,
	.address = ENTRY_ADDRESS,
	.kind = ENTRY_PRESENT | ENTRY_LARGE,
	.page = ENTRY_PRESENT,
	.block = ENTRY_PRESENT | ENTRY_LARGE,
	.table = ENTRY_PRESENT,
	.table_bits = ENTRY_TABLE,
	.encode = page_entry,
	.decode = entry_flags,
	.close = close_entry,
	.open = open_entry,
	.written = ENTRY_PRESENT | ENTRY_DIRTY,
};

uint64_t mote_x86_64_paging_bytes(uint64_t end_gva)
{
	return mote_table_pool_bytes(end_gva, MOTE_X86_64_ROOT_LEVEL);
}

bool mote_x86_64_paging_init(struct mote_page_tables *tables, void *pool, uint64_t gpa,
			     uint64_t pool_bytes)
{
	return mote_table_pool_init(tables, pool, gpa, pool_bytes, GPA_LIMIT);
}

bool mote_x86_64_paging_map(struct mote_page_tables *tables, uint64_t gva, uint64_t gpa,
			    uint64_t bytes, uint32_t flags)
{
	return mote_page_tables_map(tables, &format, gva, gpa, bytes, flags);
}

bool mote_x86_64_paging_unmap(struct mote_page_tables *tables, uint64_t gva, uint64_t bytes)
{
	return mote_page_tables_unmap(tables, &format, gva, bytes);
}

bool mote_x86_64_paging_walk(const struct mote_page_tables *tables, uint64_t gva,
			     struct mote_translation *translation)
{
	return mote_page_tables_walk(tables, &format, gva, translation);
}

void mote_x86_64_paging_track(struct mote_page_tables *tables, uint64_t gva, uint64_t end)
{
	mote_page_tables_track(tables, &format, gva, end);
}

enum mote_write_trap mote_x86_64_paging_serve(struct mote_page_tables *tables, uint64_t gva)
{
	return mote_page_tables_serve(tables, &format, gva);
}

void mote_x86_64_paging_written(const struct mote_page_tables *tables, uint64_t gva, uint64_t end,
				mote_visit_written *visit, void *user)
{
	mote_page_tables_written(tables, &format, gva, end, visit, user);
}

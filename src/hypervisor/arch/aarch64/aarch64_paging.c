/* SPDX-License-Identifier: Apache-2.0
 *
 * Encodes and decodes aarch64 stage-1 descriptors (Arm ARM, D8.3.1 and D8.4.1).
 * Table descriptors permit everything, the page's own descriptor decides; the
 * walker trusts neither.  Levels count as in table_pool.h: the architecture's
 * level 0 is 3 here.
 */
#include "aarch64_paging.h"

#include "../table_pool.h"

#define DESCRIPTOR_TYPE 3ull
#define DESCRIPTOR_TABLE_OR_PAGE 3ull
#define DESCRIPTOR_ADDRESS 0x0000fffffffff000ull

#define PAGE_DEVICE (1ull << 2) /* AttrIndx 1 */
#define PAGE_ATTRIBUTE (7ull << 2)
#define PAGE_USER (1ull << 6)	   /* AP[1] */
#define PAGE_READ_ONLY (1ull << 7) /* AP[2] */
#define PAGE_INNER_SHAREABLE (3ull << 8)
#define PAGE_ACCESSED (1ull << 10)
#define PAGE_NOT_GLOBAL (1ull << 11)
#define PAGE_NO_EXECUTE_EL1 (1ull << 53) /* PXN */
#define PAGE_NO_EXECUTE_EL0 (1ull << 54) /* UXN */

#define TABLE_NO_EXECUTE_EL1 (1ull << 59) /* PXNTable */
#define TABLE_NO_EXECUTE_EL0 (1ull << 60) /* UXNTable */
#define TABLE_NO_USER (1ull << 61)	  /* APTable[0] */
#define TABLE_READ_ONLY (1ull << 62)	  /* APTable[1] */

#define GVA_LIMIT (1ull << MOTE_AARCH64_GVA_BITS)
#define GPA_LIMIT (1ull << MOTE_AARCH64_GPA_BITS)

uint64_t mote_aarch64_paging_bytes(uint64_t end_gva)
{
	return mote_table_pool_bytes(end_gva);
}

bool mote_aarch64_paging_init(struct mote_page_tables *tables, void *pool, uint64_t gpa,
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

static uint64_t page_descriptor(uint64_t gpa, uint32_t flags)
{
	const bool user = flags & MOTE_PAGE_USER, execute = flags & MOTE_PAGE_EXECUTE;
	uint64_t entry = gpa | DESCRIPTOR_TABLE_OR_PAGE | PAGE_ACCESSED;

	entry |= flags & MOTE_PAGE_DEVICE ? PAGE_DEVICE : PAGE_INNER_SHAREABLE;
	if (user)
		entry |= PAGE_USER | PAGE_NOT_GLOBAL;
	if (!(flags & MOTE_PAGE_WRITE))
		entry |= PAGE_READ_ONLY;
	/* Code belongs to one level: the guest's never runs at EL1, nor the monitor's at EL0. */
	if (!execute || user)
		entry |= PAGE_NO_EXECUTE_EL1;
	if (!execute || !user)
		entry |= PAGE_NO_EXECUTE_EL0;
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

		if ((entry & DESCRIPTOR_TYPE) != DESCRIPTOR_TABLE_OR_PAGE) {
			if (!mote_table_pool_take(tables, &next))
				return NULL;
			entry = next | DESCRIPTOR_TABLE_OR_PAGE;
			mote_table_set_entry(table, index, entry);
		}
		table = mote_table_at(tables, entry & DESCRIPTOR_ADDRESS);
	}
	return table;
}

bool mote_aarch64_paging_map(struct mote_page_tables *tables, uint64_t gva, uint64_t gpa,
			     uint64_t bytes, uint32_t flags)
{
	uint8_t *table = NULL;

	if (!flags_valid(flags) || !mote_table_range_valid(gva, bytes, GVA_LIMIT) ||
	    !mote_table_range_valid(gpa, bytes, GPA_LIMIT))
		return false;
	for (uint64_t done = 0; done < bytes; done += MOTE_PAGE_BYTES) {
		unsigned index = mote_table_index(gva + done, 0);

		if (!table || index == 0)
			table = page_table(tables, gva + done);
		if (!table)
			return false;
		mote_table_set_entry(table, index, page_descriptor(gpa + done, flags));
	}
	return true;
}

void mote_aarch64_paging_unmap(struct mote_page_tables *tables, uint64_t gva, uint64_t bytes)
{
	const uint64_t end = gva + bytes;

	if (!mote_table_range_valid(gva, bytes, GVA_LIMIT))
		return;
	while (gva < end) {
		uint8_t *table = mote_table_at(tables, tables->gpa);
		unsigned level = MOTE_TABLE_ROOT_LEVEL;

		for (; level > 0; level--) {
			uint64_t entry = mote_table_entry(table, mote_table_index(gva, level));
			uint8_t *next = mote_table_at(tables, entry & DESCRIPTOR_ADDRESS);

			if ((entry & DESCRIPTOR_TYPE) != DESCRIPTOR_TABLE_OR_PAGE || !next)
				break;
			table = next;
		}
		if (level == 0)
			mote_table_set_entry(table, mote_table_index(gva, 0), 0);
		/* On to what the next entry of this level covers. */
		gva = (gva & ~(mote_table_span(level) - 1)) + mote_table_span(level);
	}
}

/* What one level may execute is decided by the level that the page belongs to. */
static uint32_t page_flags(uint64_t entry, uint64_t above)
{
	const bool user = (entry & PAGE_USER) && !(above & TABLE_NO_USER);
	const bool write = !(entry & PAGE_READ_ONLY) && !(above & TABLE_READ_ONLY);
	const bool no_execute =
		user ? (entry & PAGE_NO_EXECUTE_EL0) || (above & TABLE_NO_EXECUTE_EL0)
		     : (entry & PAGE_NO_EXECUTE_EL1) || (above & TABLE_NO_EXECUTE_EL1);
	uint32_t flags = 0;

	if (user)
		flags |= MOTE_PAGE_USER;
	if (write)
		flags |= MOTE_PAGE_WRITE;
	if (!no_execute && !write) /* WXN */
		flags |= MOTE_PAGE_EXECUTE;
	if (entry & PAGE_ATTRIBUTE)
		flags |= MOTE_PAGE_DEVICE;
	return flags;
}

bool mote_aarch64_paging_walk(const struct mote_page_tables *tables, uint64_t gva,
			      struct mote_translation *translation)
{
	const uint8_t *table = mote_table_at(tables, tables->gpa);
	uint64_t above = 0; /* restrictions of the table descriptors */
	uint64_t entry = 0;

	if (gva >= GVA_LIMIT)
		return false;
	for (unsigned level = MOTE_TABLE_ROOT_LEVEL;; level--) {
		if (!table)
			return false;
		entry = mote_table_entry(table, mote_table_index(gva, level));
		/* Blocks are never built here, so one is damage and not a mapping. */
		if ((entry & DESCRIPTOR_TYPE) != DESCRIPTOR_TABLE_OR_PAGE)
			return false;
		if (level == 0)
			break;
		above |= entry;
		table = mote_table_at(tables, entry & DESCRIPTOR_ADDRESS);
	}
	if (!(entry & PAGE_ACCESSED) || (entry & DESCRIPTOR_ADDRESS) >= GPA_LIMIT)
		return false;
	translation->gpa = (entry & DESCRIPTOR_ADDRESS) | (gva & ~MOTE_PAGE_MASK);
	translation->flags = page_flags(entry, above);
	return true;
}

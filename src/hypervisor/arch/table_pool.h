/* SPDX-License-Identifier: Apache-2.0
 *
 * What the page-table builders of both architectures share: tables of 512 8-byte little-endian
 * entries, taken from a pool.  Entries are read and written only here, and a table
 * address outside the pool has no host pointer.
 */
#ifndef MOTE_HYPERVISOR_ARCH_TABLE_POOL_H
#define MOTE_HYPERVISOR_ARCH_TABLE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "page_tables.h"

/* Level 0 has the pages; the root is at level 2 or 3. */
#define MOTE_TABLE_ENTRIES 512u

/* Bytes of address space that one entry of a level covers. */
static inline uint64_t mote_table_span(unsigned level)
{
	return (uint64_t)MOTE_PAGE_BYTES << 9 * level;
}

static inline unsigned mote_table_index(uint64_t gva, unsigned level)
{
	return (unsigned)(gva >> (12 + 9 * level) & (MOTE_TABLE_ENTRIES - 1));
}

/* Whether [address, address+bytes) is page-aligned and ends at or below limit. */
static inline bool mote_table_range_valid(uint64_t address, uint64_t bytes, uint64_t limit)
{
	return ((address | bytes) & ~MOTE_PAGE_MASK) == 0 && bytes <= limit &&
	       address <= limit - bytes;
}

/* The most bytes of tables that mapping [0, end) with pages takes. */
uint64_t mote_table_pool_bytes(uint64_t end, unsigned root_level);

/* Takes over a pool of whole pages and takes the root from it.  False when it is not aligned,
 * has no page, or ends beyond gpa_limit. */
bool mote_table_pool_init(struct mote_page_tables *tables, void *pool, uint64_t gpa,
			  uint64_t pool_bytes, uint64_t gpa_limit);

/* Takes the next page of the pool.  False when it is used up. */
bool mote_table_pool_take(struct mote_page_tables *tables, uint64_t *gpa);

/* The table at a guest-physical address, or NULL when that is not a page of the pool. */
uint8_t *mote_table_at(const struct mote_page_tables *tables, uint64_t gpa);

static inline uint64_t mote_table_entry(const uint8_t *table, unsigned index)
{
	uint64_t entry;

	memcpy(&entry, table + index * sizeof(entry), sizeof(entry));
	return entry;
}

static inline void mote_table_set_entry(uint8_t *table, unsigned index, uint64_t entry)
{
	/* One aligned 8-byte store: a processor never sees half an entry. */
	memcpy(table + index * sizeof(entry), &entry, sizeof(entry));
}

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The page-table format of an architecture as data, and the operations on it that both share.  A
 * range is mapped by blocks of 2 MiB where its addresses allow, and by pages elsewhere; a block
 * that changes in part is split.
 */
#ifndef MOTE_HYPERVISOR_ARCH_TABLE_FORMAT_H
#define MOTE_HYPERVISOR_ARCH_TABLE_FORMAT_H

#include "page_tables.h"

enum mote_entry_kind { MOTE_ENTRY_PAGE, MOTE_ENTRY_BLOCK, MOTE_ENTRY_TABLE };

/* On both architectures, bit 0 of an entry says whether it is valid. */
struct mote_table_format {
	uint64_t gva_limit, gpa_limit;
	unsigned root_level;
	uint64_t address;	     /* the bits of an entry that hold an address */
	uint64_t kind;		     /* the bits that say what an entry is */
	uint64_t page, block, table; /* their values; a block is at level 1, a page at 0 */
	uint64_t table_bits;	     /* of a new table's entry, besides its address */
	uint64_t accessed;	     /* a page or block without these is corrupt; may be 0 */
	/* A page's entry. */
	uint64_t (*encode)(uint64_t gpa, uint32_t flags);
	/* The flags of a page or block.  any, all: the bits that are set in any of the table
	 * entries above it, and those that are set in all of them. */
	uint32_t (*decode)(uint64_t entry, uint64_t any, uint64_t all);

	/* Tracking of writes.  close: the entry such that the next write to what it maps traps, or
	 * marks the entry.  open: such that it does not trap, the opposite.  A page was written to
	 * since it was closed, or was never closed, if (entry ^ written_flip) has all bits of
	 * written. */
	uint64_t (*close)(uint64_t entry, enum mote_entry_kind kind);
	uint64_t (*open)(uint64_t entry);
	uint64_t written_flip, written;
};

/* See x86_64_paging.h or aarch64_paging.h. */
bool mote_page_tables_map(struct mote_page_tables *tables, const struct mote_table_format *format,
			  uint64_t gva, uint64_t gpa, uint64_t bytes, uint32_t flags);
bool mote_page_tables_unmap(struct mote_page_tables *tables, const struct mote_table_format *format,
			    uint64_t gva, uint64_t bytes);
bool mote_page_tables_walk(const struct mote_page_tables *tables,
			   const struct mote_table_format *format, uint64_t gva,
			   struct mote_translation *translation);

void mote_page_tables_track(struct mote_page_tables *tables, const struct mote_table_format *format,
			    uint64_t gva, uint64_t end);
enum mote_write_trap mote_page_tables_serve(struct mote_page_tables *tables,
					    const struct mote_table_format *format, uint64_t gva);
void mote_page_tables_written(const struct mote_page_tables *tables,
			      const struct mote_table_format *format, uint64_t gva, uint64_t end,
			      mote_visit_written *visit, void *user);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Encodes and decodes aarch64 stage-1 descriptors (Arm ARM, D8.3.1 and D8.4.1).
 * Levels count as in table_pool.h: the architecture's level 1 is 2 here.
 */
#include "aarch64_paging.h"

#include "../table_format.h"
#include "../table_pool.h"

#define DESCRIPTOR_TYPE 3ull
#define DESCRIPTOR_TABLE_OR_PAGE 3ull
#define DESCRIPTOR_BLOCK 1ull
#define DESCRIPTOR_ADDRESS 0x0000fffffffff000ull

#define PAGE_DEVICE (1ull << 2) /* AttrIndx 1 */
#define PAGE_ATTRIBUTE (7ull << 2)
#define PAGE_USER (1ull << 6)	   /* AP[1] */
#define PAGE_READ_ONLY (1ull << 7) /* AP[2] */
#define PAGE_INNER_SHAREABLE (3ull << 8)
#define PAGE_ACCESSED (1ull << 10)
#define PAGE_NOT_GLOBAL (1ull << 11)
/* DBM.  Processors ignore it while TCR_EL1.HD is 0: writable, but for READ_ONLY. */
#define PAGE_TRACKED (1ull << 51)
#define PAGE_NO_EXECUTE_EL1 (1ull << 53) /* PXN */
#define PAGE_NO_EXECUTE_EL0 (1ull << 54) /* UXN */

#define TABLE_NO_EXECUTE_EL1 (1ull << 59) /* PXNTable */
#define TABLE_NO_EXECUTE_EL0 (1ull << 60) /* UXNTable */
#define TABLE_NO_USER (1ull << 61)	  /* APTable[0] */
#define TABLE_READ_ONLY (1ull << 62)	  /* APTable[1] */

#define GVA_LIMIT (1ull << MOTE_AARCH64_GVA_BITS)
#define GPA_LIMIT (1ull << MOTE_AARCH64_GPA_BITS)

static uint64_t page_descriptor(uint64_t gpa, uint32_t flags)
{
	const bool user = flags & MOTE_PAGE_USER, execute = flags & MOTE_PAGE_EXECUTE;
	/* Never global: a new ASID must make the processor forget it, and sandboxes that share a
	 * virtual machine must not see each other's. */
	uint64_t entry = gpa | DESCRIPTOR_TABLE_OR_PAGE | PAGE_ACCESSED | PAGE_NOT_GLOBAL;

	entry |= flags & MOTE_PAGE_DEVICE ? PAGE_DEVICE : PAGE_INNER_SHAREABLE;
	if (user)
		entry |= PAGE_USER;
	if (!(flags & MOTE_PAGE_WRITE))
		entry |= PAGE_READ_ONLY;
	/* Code belongs to one level: the guest's never runs at EL1, and the monitor's never at
	 * EL0. */
	if (!execute || user)
		entry |= PAGE_NO_EXECUTE_EL1;
	if (!execute || !user)
		entry |= PAGE_NO_EXECUTE_EL0;
	return entry;
}

/* Which execute-never bit counts depends on the level that the page belongs to. */
static uint32_t page_flags(uint64_t entry, uint64_t any, uint64_t all)
{
	const bool user = (entry & PAGE_USER) && !(any & TABLE_NO_USER);
	const bool read_only = (entry & (PAGE_READ_ONLY | PAGE_TRACKED)) == PAGE_READ_ONLY;
	const bool write = !read_only && !(any & TABLE_READ_ONLY);
	const bool no_execute =
		user ? (entry & PAGE_NO_EXECUTE_EL0) || (any & TABLE_NO_EXECUTE_EL0)
		     : (entry & PAGE_NO_EXECUTE_EL1) || (any & TABLE_NO_EXECUTE_EL1);
	uint32_t flags = 0;

	(void)all; /* bits of a table only restrict */
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

/* Each page traps once; tables need not. */
static uint64_t close_entry(uint64_t entry, enum mote_entry_kind kind)
{
	if (kind == MOTE_ENTRY_TABLE || (entry & PAGE_READ_ONLY))
		return entry;
	return entry | PAGE_READ_ONLY | PAGE_TRACKED;
}

static uint64_t open_entry(uint64_t entry)
{
	return entry & PAGE_TRACKED ? entry & ~PAGE_READ_ONLY : entry;
}

static const struct mote_table_format format = {
	.gva_limit = GVA_LIMIT,
	.gpa_limit = GPA_LIMIT,
	.root_level = MOTE_AARCH64_ROOT_LEVEL,
	.address = DESCRIPTOR_ADDRESS,
	.kind = DESCRIPTOR_TYPE,
	.page = DESCRIPTOR_TABLE_OR_PAGE,
	.block = DESCRIPTOR_BLOCK,
	.table = DESCRIPTOR_TABLE_OR_PAGE,
	.table_bits = DESCRIPTOR_TABLE_OR_PAGE,
	.accessed = PAGE_ACCESSED,
	.encode = page_descriptor,
	.decode = page_flags,
	.close = close_entry,
	.open = open_entry,
	.written_flip = PAGE_READ_ONLY,
	.written = DESCRIPTOR_BLOCK | PAGE_READ_ONLY, /* valid, and not read-only */
};

uint64_t mote_aarch64_paging_bytes(uint64_t end_gva)
{
	return mote_table_pool_bytes(end_gva, MOTE_AARCH64_ROOT_LEVEL);
}

bool mote_aarch64_paging_init(struct mote_page_tables *tables, void *pool, uint64_t gpa,
			      uint64_t pool_bytes)
{
	return mote_table_pool_init(tables, pool, gpa, pool_bytes, GPA_LIMIT);
}

bool mote_aarch64_paging_map(struct mote_page_tables *tables, uint64_t gva, uint64_t gpa,
			     uint64_t bytes, uint32_t flags)
{
	return mote_page_tables_map(tables, &format, gva, gpa, bytes, flags);
}

bool mote_aarch64_paging_unmap(struct mote_page_tables *tables, uint64_t gva, uint64_t bytes)
{
	return mote_page_tables_unmap(tables, &format, gva, bytes);
}

bool mote_aarch64_paging_walk(const struct mote_page_tables *tables, uint64_t gva,
			      struct mote_translation *translation)
{
	return mote_page_tables_walk(tables, &format, gva, translation);
}

void mote_aarch64_paging_track(struct mote_page_tables *tables, uint64_t gva, uint64_t end)
{
	mote_page_tables_track(tables, &format, gva, end);
}

enum mote_write_trap mote_aarch64_paging_serve(struct mote_page_tables *tables, uint64_t gva)
{
	return mote_page_tables_serve(tables, &format, gva);
}

void mote_aarch64_paging_written(const struct mote_page_tables *tables, uint64_t gva, uint64_t end,
				 mote_visit_written *visit, void *user)
{
	mote_page_tables_written(tables, &format, gva, end, visit, user);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Builds and walks aarch64 stage-1 page tables of the TTBR0 half: 4 KiB granule, 39 bits, 3 levels,
 * pages and 2 MiB blocks. The access flag is preset, so the processor never writes to a table.
 * Entries for EL0 are not global, so that an ASID separates them.  Arm ARM (DDI 0487), D8.3.
 */
#ifndef MOTE_HYPERVISOR_ARCH_AARCH64_PAGING_H
#define MOTE_HYPERVISOR_ARCH_AARCH64_PAGING_H

#include "../page_tables.h"

/* What the entries rely on: attribute 0 is normal write-back memory, 1 to 7 are Device-nGnRnE. */
#define MOTE_AARCH64_MAIR 0xffull
/* More than a guest can have: its memory and its buffers are 64 GiB each at most.  A fourth level
 * would be a page more that each new guest fills and touches. */
#define MOTE_AARCH64_GVA_BITS 39u
#define MOTE_AARCH64_ROOT_LEVEL 2u /* as table_pool.h counts */
#define MOTE_AARCH64_GPA_BITS 40u  /* the most that a VM gets */

/* The most bytes of table pages that mapping [0, end_gva) with 4 KiB pages takes. */
uint64_t mote_aarch64_paging_bytes(uint64_t end_gva);

/* Takes over a pool (page-aligned in guest memory, filled with zeros) and makes an empty root.
 * False if it is too small. */
bool mote_aarch64_paging_init(struct mote_page_tables *tables, void *pool, uint64_t gpa,
			      uint64_t pool_bytes);

/* Maps [gva, gva+bytes) to the addresses from gpa on; replaces what was there.  Uses blocks of 2
 * MiB where both addresses and the remaining size allow.  All page-aligned, gva in the TTBR0 half.
 * flags: enum mote_page_flags, EXECUTE neither with WRITE nor with DEVICE.  False when an argument
 * is out of range or the pool is used up. */
bool mote_aarch64_paging_map(struct mote_page_tables *tables, uint64_t gva, uint64_t gpa,
			     uint64_t bytes, uint32_t flags);

/* Removes the mappings of [gva, gva+bytes), where there are any.  False when an argument is out of
 * range, or when a block of 2 MiB is removed in part and the pool has no page to split it with;
 * then everything from that block on is unchanged.  Removing a range that one call mapped needs no
 * split. */
bool mote_aarch64_paging_unmap(struct mote_page_tables *tables, uint64_t gva, uint64_t bytes);

/* Looks gva up as the processor would, with the monitor's SCTLR_EL1.WXN.  False when it is not
 * mapped; never reads outside the pool. */
bool mote_aarch64_paging_walk(const struct mote_page_tables *tables, uint64_t gva,
			      struct mote_translation *translation);

/* Whether a processor remembers that it may not write, when the entry permits it: it does. */
#define MOTE_AARCH64_PAGING_REMEMBERS true

/* Tracks writes to [gva, end): all of it counts as clean.  The caller invalidates what is derived
 * from the tables. */
void mote_aarch64_paging_track(struct mote_page_tables *tables, uint64_t gva, uint64_t end);

/* User code could not write at gva, in a range whose writes are tracked: notes the write and lets
 * it happen, if that is why. */
enum mote_write_trap mote_aarch64_paging_serve(struct mote_page_tables *tables, uint64_t gva);

/* Visits the pages of [gva, end), which lies within MOTE_BLOCK_BYTES, that were written since they
 * were tracked, or that were mapped since.  What traps as a block or a table, and has not, must not
 * be asked for. */
void mote_aarch64_paging_written(const struct mote_page_tables *tables, uint64_t gva, uint64_t end,
				 mote_visit_written *visit, void *user);

#endif

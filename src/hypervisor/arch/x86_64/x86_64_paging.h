/* SPDX-License-Identifier: Apache-2.0
 *
 * Builds and walks x86_64 page tables: 4 levels, NX, 4 KiB pages
 * and 2 MiB blocks.  Accessed and
 * dirty bits are preset, so the processor never writes to a table.
 * Intel SDM volume 3, section 4.5.
 */
#ifndef MOTE_HYPERVISOR_ARCH_X86_64_PAGING_H
#define MOTE_HYPERVISOR_ARCH_X86_64_PAGING_H

#include "../page_tables.h"

#define MOTE_X86_64_ROOT_LEVEL 3u /* as table_pool.h counts */

/* The most bytes of table pages that mapping [0, end_gva) with 4 KiB pages takes. */
uint64_t mote_x86_64_paging_bytes(uint64_t end_gva);

/* Takes over a pool (page-aligned in guest memory, filled with zeros) and makes an empty root.
 * False if it is too small. */
bool mote_x86_64_paging_init(struct mote_page_tables *tables, void *pool, uint64_t gpa,
			     uint64_t pool_bytes);

/* Maps [gva, gva+bytes) to the addresses from gpa on; replaces what was there.  Uses blocks of 2
 * MiB where both addresses and the remaining size allow.  All page-aligned, gva in the lower
 * canonical half.  flags: enum mote_page_flags, never WRITE and EXECUTE together.  False when an
 * argument is out of range or the pool is used up. */
bool mote_x86_64_paging_map(struct mote_page_tables *tables, uint64_t gva, uint64_t gpa,
			    uint64_t bytes, uint32_t flags);

/* Removes the mappings of [gva, gva+bytes), where there are any.  False when an argument is out of
 * range, or when a block of 2 MiB is removed in part and the pool has no page to split it with;
 * then everything from that block on is unchanged.  Removing a range that one call mapped needs no
 * split. */
bool mote_x86_64_paging_unmap(struct mote_page_tables *tables, uint64_t gva, uint64_t bytes);

/* Looks gva up as the processor would. False when it is not mapped; never reads outside the pool.
 */
bool mote_x86_64_paging_walk(const struct mote_page_tables *tables, uint64_t gva,
			     struct mote_translation *translation);

/* Whether a processor remembers that it may not write, when the entry permits it: a fault makes it
 * look again. */
#define MOTE_X86_64_PAGING_REMEMBERS false

/* Tracks writes to [gva, end): all of it counts as clean.  The caller invalidates what is derived
 * from the tables. */
void mote_x86_64_paging_track(struct mote_page_tables *tables, uint64_t gva, uint64_t end);

/* User code could not write at gva, in a range whose writes are tracked: notes the write and lets
 * it happen, if that is why. */
enum mote_write_trap mote_x86_64_paging_serve(struct mote_page_tables *tables, uint64_t gva);

/* Visits the pages of [gva, end), which lies within MOTE_BLOCK_BYTES, that were written since they
 * were tracked, or that were mapped since.  What traps as a block or a table, and has not, must not
 * be asked for. */
void mote_x86_64_paging_written(const struct mote_page_tables *tables, uint64_t gva, uint64_t end,
				mote_visit_written *visit, void *user);

#endif

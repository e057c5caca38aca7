/* SPDX-License-Identifier: Apache-2.0
 *
 * Which pages of memory exist, where the system has a table of that.
 */
#ifndef MOTE_OS_POSIX_PAGES_H
#define MOTE_OS_POSIX_PAGES_H

#include "os/os_memory.h"

enum { MOTE_POSIX_PAGES = 512 }; /* that are read at a time */

/* How many pages there are from offset on, up to that. */
size_t mote_posix_pages_from(const struct mote_os_memory *memory, uint64_t offset);

/* Each system's: reads entries of so many pages, or fewer; 0: there is no telling. */
size_t mote_posix_read_pages(const struct mote_os_memory *memory, uint64_t offset,
			     uint64_t entries[MOTE_POSIX_PAGES]);
/* Each system's: the bits of an entry of which a page that exists has one. */
extern const uint64_t mote_posix_page_exists;
/* Each system's: how many of the pages take host memory that would be free without them. */
size_t mote_posix_count_held(const uint64_t *entries, size_t count);

/* mote_os_memory_next_data and mote_os_memory_holds_more, by these entries. */
void mote_posix_next_data(const struct mote_os_memory *memory, uint64_t offset, uint64_t *begin,
			  uint64_t *end);
bool mote_posix_holds_more(const struct mote_os_memory *memory, uint64_t bytes);

#endif

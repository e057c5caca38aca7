/* SPDX-License-Identifier: Apache-2.0
 *
 * Which pages of memory exist, and how much they are.
 */
#include "os/posix/posix_pages.h"

size_t mote_posix_pages_from(const struct mote_os_memory *memory, uint64_t offset)
{
	const uint64_t page = mote_os_page_bytes();
	const uint64_t left = (memory->bytes - offset + page - 1) / page;

	return left < MOTE_POSIX_PAGES ? (size_t)left : MOTE_POSIX_PAGES;
}

/* Four at a time: most pages of sparse memory are not there. */
static size_t skip_absent(const uint64_t *entries, size_t i, size_t count)
{
	const uint64_t exists = mote_posix_page_exists;

	while (i + 4 <= count &&
	       ((entries[i] | entries[i + 1] | entries[i + 2] | entries[i + 3]) & exists) == 0)
		i += 4;
	while (i < count && (entries[i] & exists) == 0)
		i++;
	return i;
}

static size_t skip_present(const uint64_t *entries, size_t i, size_t count)
{
	const uint64_t exists = mote_posix_page_exists;

	while (i < count && (entries[i] & exists) != 0)
		i++;
	return i;
}

void mote_posix_next_data(const struct mote_os_memory *memory, uint64_t offset, uint64_t *begin,
			  uint64_t *end)
{
	const uint64_t page = mote_os_page_bytes();
	uint64_t entries[MOTE_POSIX_PAGES], at = offset & ~(page - 1);
	size_t count = 0, first = 0;

	*begin = offset;
	*end = memory->bytes;
	for (; at < memory->bytes; at += count * page) {
		count = mote_posix_read_pages(memory, at, entries);
		if (count == 0)
			return;
		first = skip_absent(entries, 0, count);
		if (first < count)
			break;
	}
	if (at >= memory->bytes) {
		*begin = memory->bytes;
		return;
	}
	if (at + first * page > offset)
		*begin = at + first * page;
	at += skip_present(entries, first, count) * page;
	if (at < memory->bytes)
		*end = at;
}

bool mote_posix_holds_more(const struct mote_os_memory *memory, uint64_t bytes)
{
	const uint64_t page = mote_os_page_bytes();
	uint64_t entries[MOTE_POSIX_PAGES], held = 0;
	size_t count;

	for (uint64_t offset = 0; held <= bytes && offset < memory->bytes; offset += count * page) {
		count = mote_posix_read_pages(memory, offset, entries);
		if (count == 0)
			return true;
		held += mote_posix_count_held(entries, count) * page;
	}
	return held > bytes;
}

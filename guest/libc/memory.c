/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory mappings: blocks of the heap.  One is given back when each of its pages was unmapped.  All
 * memory can be read and written, and none executed: what would depend on anything else fails.
 */
#include "shim.h"
#include "tree.h"

#include <errno.h>
#include <mote_guest_runtime.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE_BYTES 4096u

struct mapping {
	struct mapping *next;
	uintptr_t begin;
	size_t pages, mapped;
	unsigned char gone[]; /* a bit for each page that was unmapped */
};

static struct mapping *mappings;

static size_t pages_of(size_t bytes)
{
	return bytes / PAGE_BYTES + (bytes % PAGE_BYTES != 0);
}

/* Whether page number `page` of the mapping lies in the `pages` from begin on. */
static struct mapping **find(uintptr_t begin, size_t pages)
{
	struct mapping **link = &mappings;

	while (*link && (begin < (*link)->begin ||
			 (begin - (*link)->begin) / PAGE_BYTES + pages > (*link)->pages))
		link = &(*link)->next;
	return link;
}

static long map_new(size_t pages)
{
	struct mapping *mapping = mote_heap_allocate(sizeof(*mapping) + (pages + 7) / 8);
	void *memory = mapping ? mote_heap_allocate_aligned(PAGE_BYTES, pages * PAGE_BYTES) : NULL;

	if (!memory) {
		mote_heap_free(mapping);
		return -ENOMEM;
	}
	memset(memory, 0, pages * PAGE_BYTES);
	*mapping = (struct mapping){mappings, (uintptr_t)memory, pages, pages};
	memset(mapping->gone, 0, (pages + 7) / 8);
	mappings = mapping;
	return (long)memory;
}

long mote_libc_map(void *wanted, size_t bytes, int protection, int flags, int descriptor,
		   off_t offset)
{
	struct mote_libc_node *node = NULL;
	long memory, got;

	if (bytes == 0 || offset < 0 || offset % PAGE_BYTES)
		return -EINVAL;
	if (protection & PROT_EXEC)
		return -EACCES;
	if (bytes > PTRDIFF_MAX - PAGE_BYTES)
		return -ENOMEM;
	if (!(flags & MAP_ANONYMOUS)) {
		node = mote_libc_descriptor_node(descriptor);
		if (!node)
			return -EBADF;
		/* A copy, which what is written to the file does not reach, nor the other way. */
		if ((flags & MAP_TYPE) != MAP_PRIVATE && protection & PROT_WRITE)
			return -ENODEV;
	}
	if (flags & MAP_FIXED) {
		/* Only over what is mapped already: it becomes new. */
		if ((uintptr_t)wanted % PAGE_BYTES || !*find((uintptr_t)wanted, pages_of(bytes)))
			return -ENOMEM;
		memory = (long)wanted;
		memset(wanted, 0, pages_of(bytes) * PAGE_BYTES);
	} else {
		memory = map_new(pages_of(bytes));
	}
	if (memory < 0 || !node)
		return memory;
	got = mote_libc_get(node, (uint64_t)offset, (void *)memory, bytes);
	if (got < 0)
		mote_libc_unmap((void *)memory, bytes);
	return got < 0 ? -ENODEV : memory;
}

long mote_libc_unmap(void *memory, size_t bytes)
{
	size_t pages = pages_of(bytes), first;
	struct mapping **link = find((uintptr_t)memory, pages), *mapping = *link;

	if ((uintptr_t)memory % PAGE_BYTES || bytes == 0 || !mapping)
		return -EINVAL;
	first = ((uintptr_t)memory - mapping->begin) / PAGE_BYTES;
	for (size_t i = first; i < first + pages; i++) {
		unsigned char bit = (unsigned char)(1 << i % 8);

		mapping->mapped -= !(mapping->gone[i / 8] & bit);
		mapping->gone[i / 8] |= bit;
	}
	if (mapping->mapped == 0) {
		*link = mapping->next;
		mote_heap_free((void *)mapping->begin);
		mote_heap_free(mapping);
	}
	return 0;
}

long mote_libc_remap(void *memory, size_t old_bytes, size_t bytes, int flags)
{
	size_t old_pages = pages_of(old_bytes), pages = pages_of(bytes);
	long moved;

	if ((uintptr_t)memory % PAGE_BYTES || bytes == 0 || flags & ~MREMAP_MAYMOVE)
		return -EINVAL;
	if (old_pages == 0 || !*find((uintptr_t)memory, old_pages))
		return -EFAULT;
	if (pages < old_pages)
		mote_libc_unmap((char *)memory + pages * PAGE_BYTES,
				(old_pages - pages) * PAGE_BYTES);
	if (pages <= old_pages)
		return (long)memory;
	if (!(flags & MREMAP_MAYMOVE) || bytes > PTRDIFF_MAX - PAGE_BYTES)
		return -ENOMEM;
	moved = map_new(pages);
	if (moved < 0)
		return moved;
	memcpy((void *)moved, memory, old_pages * PAGE_BYTES);
	mote_libc_unmap(memory, old_bytes);
	return moved;
}

long mote_libc_protect(int protection)
{
	return protection & PROT_EXEC ? -EACCES : 0;
}

/* After MADV_DONTNEED a mapping reads as zeros. */
long mote_libc_advise(void *memory, size_t bytes, int advice)
{
	if (advice != MADV_DONTNEED)
		return 0;
	if ((uintptr_t)memory % PAGE_BYTES)
		return -EINVAL;
	if (!*find((uintptr_t)memory, pages_of(bytes)))
		return -ENOMEM;
	memset(memory, 0, pages_of(bytes) * PAGE_BYTES);
	return 0;
}

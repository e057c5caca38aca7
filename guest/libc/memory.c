/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory mappings: blocks of the heap.
 */
#include "shim.h"

#include <errno.h>
#include <mote_guest_runtime.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE_BYTES 4096u

long mote_libc_map(size_t bytes, int flags, int descriptor)
{
	void *memory;

	if (!(flags & MAP_ANONYMOUS) || descriptor != -1)
		return -ENODEV;
	memory = mote_heap_allocate_aligned(PAGE_BYTES, bytes);
	if (!memory)
		return -ENOMEM;
	memset(memory, 0, bytes);
	return (long)memory;
}

long mote_libc_unmap(void *memory, size_t bytes)
{
	(void)bytes;
	mote_heap_free(memory);
	return 0;
}

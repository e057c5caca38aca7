/* SPDX-License-Identifier: Apache-2.0
 *
 * malloc and its family: the heap of the runtime.  musl calls these by names of its own, so that a
 * program may have a malloc of its own.
 */
#include <errno.h>
#include <malloc.h>
#include <mote_guest_runtime.h>
#include <stdlib.h>
#include <string.h>

void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);
void __libc_free(void *memory);

static void *or_no_memory(void *memory)
{
	if (!memory)
		errno = ENOMEM;
	return memory;
}

void *__libc_malloc(size_t bytes)
{
	return or_no_memory(mote_heap_allocate(bytes));
}

void *__libc_calloc(size_t count, size_t bytes)
{
	void *memory = NULL;

	if (!__builtin_mul_overflow(count, bytes, &bytes))
		memory = mote_heap_allocate(bytes);
	return memory ? memset(memory, 0, bytes) : or_no_memory(NULL);
}

void *__libc_realloc(void *memory, size_t bytes)
{
	return or_no_memory(mote_heap_resize(memory, bytes));
}

void __libc_free(void *memory)
{
	mote_heap_free(memory);
}

static void *aligned(size_t alignment, size_t bytes)
{
	if (!alignment || alignment & (alignment - 1)) {
		errno = EINVAL;
		return NULL;
	}
	return or_no_memory(mote_heap_allocate_aligned(alignment, bytes));
}

static int aligned_or_error(void **memory, size_t alignment, size_t bytes)
{
	void *made;

	if (alignment < sizeof(void *) || alignment & (alignment - 1))
		return EINVAL;
	made = mote_heap_allocate_aligned(alignment, bytes);
	if (!made)
		return ENOMEM;
	*memory = made;
	return 0;
}

static size_t room(void *memory)
{
	return mote_heap_room(memory);
}

#define WEAK_ALIAS(name) __attribute__((weak, alias(name)))
void *malloc(size_t bytes) WEAK_ALIAS("__libc_malloc");
void *calloc(size_t count, size_t bytes) WEAK_ALIAS("__libc_calloc");
void *realloc(void *memory, size_t bytes) WEAK_ALIAS("__libc_realloc");
void free(void *memory) WEAK_ALIAS("__libc_free");
void *aligned_alloc(size_t alignment, size_t bytes) WEAK_ALIAS("aligned");
void *memalign(size_t alignment, size_t bytes) WEAK_ALIAS("aligned");
int posix_memalign(void **memory, size_t alignment, size_t bytes) WEAK_ALIAS("aligned_or_error");
size_t malloc_usable_size(void *memory) WEAK_ALIAS("room");

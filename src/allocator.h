/* SPDX-License-Identifier: Apache-2.0
 *
 * Host memory for the library's own objects, through the engine's allocator.
 */
#ifndef MOTE_ALLOCATOR_H
#define MOTE_ALLOCATOR_H

#include <stddef.h>
#include <string.h>

#include <mote/engine.h>

/* Zero-filled memory, or NULL.  bytes may be 0. */
static inline void *mote_allocate(const mote_allocator *allocator, size_t bytes)
{
	void *pointer = allocator->allocate(allocator->user, bytes > 0 ? bytes : 1);

	if (pointer != NULL)
		memset(pointer, 0, bytes);
	return pointer;
}

/* As realloc: the old block stays valid when this returns NULL. */
static inline void *mote_reallocate(const mote_allocator *allocator, void *pointer, size_t bytes)
{
	return allocator->reallocate(allocator->user, pointer, bytes > 0 ? bytes : 1);
}

/* pointer may be NULL. */
static inline void mote_release(const mote_allocator *allocator, void *pointer)
{
	allocator->release(allocator->user, pointer);
}

/* malloc, realloc and free. */
extern const mote_allocator mote_default_allocator;

#endif

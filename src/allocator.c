/* SPDX-License-Identifier: Apache-2.0
 *
 * The allocator of engines that set none.
 */
#include "allocator.h"

#include <stdlib.h>

static void *default_allocate(void *user, size_t bytes)
{
	(void)user;
	return malloc(bytes);
}

static void *default_reallocate(void *user, void *pointer, size_t bytes)
{
	(void)user;
	return realloc(pointer, bytes);
}

static void default_release(void *user, void *pointer)
{
	(void)user;
	free(pointer);
}

const mote_allocator mote_default_allocator = {
	.allocate = default_allocate,
	.reallocate = default_reallocate,
	.release = default_release,
};

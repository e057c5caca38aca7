/* SPDX-License-Identifier: Apache-2.0
 *
 * What files hold: memory of the heap, which grows as it is written.
 */
#include "tree.h"

#include "shim.h"

#include <errno.h>
#include <mote_guest_runtime.h>
#include <string.h>

/* Beyond this nothing is tried. */
#define SIZE_MAXIMUM (UINT64_C(1) << 40)

long mote_libc_get(const struct mote_libc_node *node, uint64_t offset, void *data, size_t bytes)
{
	switch (node->kind) {
	case MOTE_LIBC_DIRECTORY:
		return -EISDIR;
	case MOTE_LIBC_NULL:
		return 0;
	case MOTE_LIBC_RANDOM:
		return mote_libc_random(data, bytes);
	default:
		break;
	}
	if (offset >= node->size)
		return 0;
	if (bytes > node->size - offset)
		bytes = node->size - offset;
	memcpy(data, node->data + offset, bytes);
	return (long)bytes;
}

/* The bytes behind the size are zeros whenever it grows. */
static long make_room(struct mote_libc_node *node, uint64_t size)
{
	uint64_t room = size + size / 2;
	unsigned char *data;

	if (size <= node->room)
		return 0;
	if (size > SIZE_MAXIMUM)
		return -EFBIG;
	data = mote_heap_resize(node->data, room);
	if (!data)
		data = mote_heap_resize(node->data, room = size);
	if (!data)
		return -ENOSPC;
	node->data = data;
	node->room = room;
	return 0;
}

long mote_libc_resize(struct mote_libc_node *node, uint64_t size)
{
	long status;

	if (node->kind != MOTE_LIBC_FILE)
		return -EINVAL;
	status = make_room(node, size);
	if (status < 0)
		return status;
	if (size > node->size)
		memset(node->data + node->size, 0, size - node->size);
	node->size = size;
	if (size == 0) {
		mote_heap_free(node->data);
		node->data = NULL;
		node->room = 0;
	}
	mote_libc_now(&node->modified);
	return 0;
}

long mote_libc_put(struct mote_libc_node *node, uint64_t offset, const void *data, size_t bytes)
{
	long status;

	if (node->kind == MOTE_LIBC_DIRECTORY)
		return -EISDIR;
	if (node->kind != MOTE_LIBC_FILE || bytes == 0)
		return (long)bytes;
	if (offset > SIZE_MAXIMUM || bytes > SIZE_MAXIMUM)
		return -EFBIG;
	status = make_room(node, offset + bytes);
	if (status < 0)
		return status;
	if (offset > node->size)
		memset(node->data + node->size, 0, offset - node->size);
	memcpy(node->data + offset, data, bytes);
	if (offset + bytes > node->size)
		node->size = offset + bytes;
	mote_libc_now(&node->modified);
	return (long)bytes;
}

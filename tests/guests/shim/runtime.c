/* SPDX-License-Identifier: Apache-2.0
 *
 * A runtime for the shim in a program of this machine: blocks of its own heap, which are counted.
 */
#include "runtime.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mote_guest_runtime.h>

#include "shim.h"

size_t shim_blocks, shim_bytes;

/* In front of each block, at the end of whatever its alignment takes. */
struct head {
	size_t bytes;
	void *begin;
};

void *mote_heap_allocate_aligned(size_t alignment, size_t bytes)
{
	size_t front = alignment > sizeof(struct head) ? alignment : sizeof(struct head);
	unsigned char *begin;
	struct head *head;

	if (bytes > SHIM_HEAP_BYTES || shim_bytes + bytes > SHIM_HEAP_BYTES)
		return NULL;
	begin = malloc(front + alignment + bytes);
	if (!begin)
		abort();
	head = (struct head *)(((uintptr_t)begin + front + alignment - 1) & ~(alignment - 1));
	head[-1] = (struct head){bytes, begin};
	memset(head, 0xa5, bytes);
	shim_blocks++;
	shim_bytes += bytes;
	return head;
}

void *mote_heap_allocate(size_t bytes)
{
	return mote_heap_allocate_aligned(16, bytes);
}

void mote_heap_free(void *memory)
{
	struct head *head = memory;

	if (!memory)
		return;
	shim_blocks--;
	shim_bytes -= head[-1].bytes;
	free(head[-1].begin);
}

void *mote_heap_resize(void *memory, size_t bytes)
{
	void *moved = mote_heap_allocate(bytes);
	size_t old = memory ? ((struct head *)memory)[-1].bytes : 0;

	if (!moved || !memory)
		return moved;
	memcpy(moved, memory, old < bytes ? old : bytes);
	mote_heap_free(memory);
	return moved;
}

const struct mote_abi_mailbox *mote_guest_mailbox(void)
{
	static const struct mote_abi_mailbox mailbox = {.stack_bytes = 65536, .entry_ns = 1000};

	return &mailbox;
}

uint64_t mote_random(void)
{
	static uint64_t state = 1;

	return state = state * UINT64_C(6364136223846793005) + 1;
}

void mote_log(mote_log_level level, const char *format, ...)
{
	(void)level, (void)format;
}

void mote_abort(const char *format, ...)
{
	puts(format);
	abort();
}

/* ---- What the shim has in other files ------------------------------------------------------- */

long mote_libc_stream_read(void *data, size_t bytes)
{
	(void)data, (void)bytes;
	return 0;
}

long mote_libc_stream_write(int stream, const void *data, size_t bytes)
{
	(void)stream, (void)data;
	return (long)bytes;
}

long mote_libc_exit(int status)
{
	exit(status);
}

long mote_libc_raise(int number)
{
	(void)number;
	abort();
}

long mote_libc_unknown(long number)
{
	(void)number;
	return -ENOSYS;
}

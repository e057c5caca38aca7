/* SPDX-License-Identifier: Apache-2.0
 *
 * A mailbox for the tests of mailbox.c.  Its data areas have exactly their size, so
 * a sanitizer sees a byte too many.
 */
#ifndef MOTE_TESTS_MAILBOX_BOX_H
#define MOTE_TESTS_MAILBOX_BOX_H

#include "../unit_test.h"
#include "sandbox/mailbox.h"

enum { DATA_BYTES = 4096 };

static struct {
	struct mote_abi_mailbox *shared;
	struct mote_mailbox mailbox;
	struct mote_channel call, host_call;
	struct mote_buffer_space space;
	unsigned fail_allocations;
} box;

static inline void *allocate(void *user, size_t bytes)
{
	(void)user;
	return box.fail_allocations ? NULL : malloc(bytes);
}

static inline void *reallocate(void *user, void *pointer, size_t bytes)
{
	(void)user;
	return box.fail_allocations ? NULL : realloc(pointer, bytes);
}

static inline void release(void *user, void *pointer)
{
	(void)user;
	free(pointer);
}

static const mote_allocator allocator = {allocate, reallocate, release, NULL};

static inline void open_box(void)
{
	memset(&box, 0, sizeof(box));
	box.shared = calloc(1, sizeof(*box.shared));
	box.mailbox =
		mote_mailbox_view(box.shared, malloc(DATA_BYTES), malloc(DATA_BYTES), DATA_BYTES);
	REQUIRE(box.shared != NULL && box.mailbox.call.data != NULL &&
		box.mailbox.host_call.data != NULL);
	memset(box.mailbox.call.data, 'c', DATA_BYTES);
	memset(box.mailbox.host_call.data, 'h', DATA_BYTES);
	box.call = box.mailbox.call;
	box.host_call = box.mailbox.host_call;
}

static inline void close_box(void)
{
	free(box.shared);
	free(box.mailbox.call.data);
	free(box.mailbox.host_call.data);
	free(box.space.bytes);
}

/* Offset and length of strings and bytes; `inside`: they lie in the data area. */
static const struct {
	uint64_t offset;
	uint32_t length;
	bool inside;
} ranges[] = {
	{0, 0, true},
	{0, 1, true},
	{0, DATA_BYTES, true},
	{0, DATA_BYTES + 1, false},
	{0, UINT32_MAX, false},
	{1, DATA_BYTES - 1, true},
	{1, DATA_BYTES, false},
	{DATA_BYTES - 1, 1, true},
	{DATA_BYTES - 1, 2, false},
	{DATA_BYTES, 0, true},
	{DATA_BYTES, 1, false},
	{DATA_BYTES + 1, 0, false},
	{UINT32_MAX, 1, false},
	{1ull << 32, 1, false},
	{UINT64_MAX, 0, false},
	{UINT64_MAX, 1, false},
	{UINT64_MAX - DATA_BYTES + 1, DATA_BYTES, false},
	{UINT64_MAX - 15, UINT32_MAX, false},
};

#define IN_BOX(test) CASE_WITHIN(test, open_box, close_box)

#endif

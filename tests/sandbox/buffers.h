/* SPDX-License-Identifier: Apache-2.0
 *
 * A sandbox of the guest "buffers", and a buffer beside it.
 */
#ifndef MOTE_TEST_BUFFERS_H
#define MOTE_TEST_BUFFERS_H

#include "fixture.h"
#include "sandbox/sandbox_internal.h"

enum { BYTES = 1 << 20, PAGE = 4096 };

struct buffers {
	mote_engine *engine;
	mote_sandbox *sandbox;
	mote_buffer *buffer; /* BYTES, in no sandbox yet */
	unsigned char *data; /* its bytes, all with values */
};

void buffers_setup(struct buffers *shared, const mote_sandbox_options *options);
void buffers_teardown(struct buffers *shared);

/* Buffers are whole pages of the hypervisor's. */
uint64_t buffers_page_bytes(void);

bool buffers_can_be_read_only(const struct buffers *shared);

/* Puts the buffer into the sandbox; where nothing can be read-only, it is writable. */
void buffers_map(struct buffers *shared, bool writable);

/* What the guest's function "sum" makes of them. */
uint64_t buffers_sum(const unsigned char *data, size_t length);

#endif

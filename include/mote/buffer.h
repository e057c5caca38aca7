/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared buffers: host memory that sandboxes map without copying.
 *
 * A bytes argument whose data lies within a buffer that is mapped into the
 * called sandbox costs no copy: the guest works on the buffer itself.  All other
 * data is copied as usual.
 */
#ifndef MOTE_BUFFER_H
#define MOTE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/engine.h>
#include <mote/error.h>
#include <mote/sandbox.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mote_buffer mote_buffer;

/*
 * Makes a buffer of zeros.
 * bytes: rounded up to whole pages; 1 byte to 64 GiB.  buffer: written on success; release it with
 * mote_buffer_release.  error: may be NULL.
 * Returns MOTE_OK, MOTE_INVALID_ARGUMENT, MOTE_NO_MEMORY, MOTE_LIMIT, MOTE_OS or MOTE_FORKED.
 * Any thread.
 */
mote_status mote_buffer_create(mote_engine *engine, uint64_t bytes, mote_buffer **buffer,
			       mote_error *error);

/*
 * Makes a buffer of memory that exists already.
 * handle: Linux: a file descriptor of a memfd that carries F_SEAL_SHRINK, so that nobody can take
 * pages away under a reader, and is not made of huge pages; duplicated, the caller keeps its own.  offset, bytes: the part to use,
 * whole pages, within the file.  The buffer is writable when the descriptor is and F_SEAL_WRITE is
 * not set.
 * Returns as mote_buffer_create.  Any thread.
 */
mote_status mote_buffer_import(mote_engine *engine, intptr_t handle, uint64_t offset,
			       uint64_t bytes, mote_buffer **buffer, mote_error *error);

/* Gives up the caller's reference; sandboxes that map the buffer keep theirs.  buffer: may be NULL.
 * Any thread. */
void mote_buffer_release(mote_buffer *buffer);

/* The host's view of the buffer.  Guests that map it writable change it at any time during their
 * calls.  Not there in a forked child.  Any thread. */
void *mote_buffer_get_data(const mote_buffer *buffer);

/* Its size in bytes, a multiple of the page size.  Any thread. */
uint64_t mote_buffer_get_bytes(const mote_buffer *buffer);

/*
 * Maps a buffer into a sandbox.
 * writable: false: the guest can only read it.
 * Returns MOTE_OK, MOTE_INVALID_ARGUMENT (mapped already; writable, but the buffer is not),
 * MOTE_NO_GUEST_MEMORY (raise buffer_space_bytes), MOTE_BUSY, MOTE_FORKED (sandbox or buffer),
 * MOTE_NO_MEMORY, MOTE_LIMIT, MOTE_UNSUPPORTED (no read-only mappings here) or MOTE_HYPERVISOR.  One thread at a time, not during a call.
 */
mote_status mote_sandbox_map_buffer(mote_sandbox *sandbox, mote_buffer *buffer, bool writable,
				    mote_error *error);

/* Takes a buffer out of a sandbox: a later access of the guest to it is a fault.
 * Returns MOTE_OK, MOTE_INVALID_ARGUMENT, MOTE_NOT_FOUND, MOTE_BUSY, MOTE_FORKED, MOTE_NO_MEMORY or
 * MOTE_HYPERVISOR; after the last two it is still mapped.  As above. */
mote_status mote_sandbox_unmap_buffer(mote_sandbox *sandbox, mote_buffer *buffer,
				      mote_error *error);

#ifdef __cplusplus
}
#endif
#endif

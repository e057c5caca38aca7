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
 *
 * bytes      1 byte to 64 GiB; rounded up to whole pages
 * buffer     written on success; release it with mote_buffer_release
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_INVALID_ARGUMENT, MOTE_NO_MEMORY, MOTE_LIMIT, MOTE_OS, MOTE_FORKED
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_status mote_buffer_create(mote_engine *engine, uint64_t bytes, mote_buffer **buffer,
					mote_error *error);

/*
 * Makes a buffer of memory that exists already.  The buffer is writable when the descriptor is and
 * F_SEAL_WRITE is not set; macOS: when the memory entry is; Windows: when the handle allows it.
 *
 * handle     Linux: a file descriptor of a memfd that carries F_SEAL_SHRINK, so that nobody can
 *            take pages away from a reader, and that has no huge pages; duplicated, the caller
 *            keeps its own
 *            macOS: a send right to a memory entry, as mach_make_memory_entry_64 makes one with
 *            MAP_MEM_NAMED_CREATE, neither purgeable nor of a file; the caller keeps its own
 *            Windows: a HANDLE of a section of the page file, all of it committed; duplicated, the
 *            caller keeps its own
 * offset     bytes; a multiple of the page size, which is 16 KiB on macOS
 * bytes      whole pages, within the file
 * buffer     written on success; release it with mote_buffer_release
 * error      may be NULL
 *
 * Returns    as mote_buffer_create
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_status mote_buffer_import(mote_engine *engine, intptr_t handle, uint64_t offset,
					uint64_t bytes, mote_buffer **buffer, mote_error *error);

/*
 * Takes one more reference.
 *
 * Returns    buffer
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_buffer *mote_buffer_retain(mote_buffer *buffer);

/*
 * Gives up one reference; sandboxes that map the buffer hold one each.
 *
 * buffer     may be NULL
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API void mote_buffer_release(mote_buffer *buffer);

/*
 * The host's view of the buffer. Guests that map it writable may change it at any time during
 * their calls. Not mapped in a forked child.
 *
 * Returns    an address that lives as long as the buffer
 * Threads    any
 * Since      0.1
 */
MOTE_API void *mote_buffer_get_data(const mote_buffer *buffer);

/*
 * The size of the buffer in bytes, a multiple of the page size.
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API uint64_t mote_buffer_get_bytes(const mote_buffer *buffer);

/*
 * Maps a buffer into a sandbox.
 *
 * writable   false: the guest can only read it
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_INVALID_ARGUMENT (mapped already; or writable, but the buffer is not),
 *            MOTE_NO_GUEST_MEMORY (raise buffer_space_bytes), MOTE_BUSY, MOTE_FORKED (sandbox or
 *            buffer), MOTE_NO_MEMORY, MOTE_LIMIT, MOTE_UNSUPPORTED (no read-only mappings here),
 *            MOTE_HYPERVISOR
 * Threads    one at a time per sandbox, not during a call
 * Since      0.1
 */
MOTE_API mote_status mote_sandbox_map_buffer(mote_sandbox *sandbox, mote_buffer *buffer,
					     bool writable, mote_error *error);

/*
 * Takes a buffer out of a sandbox: a later access of the guest to it is a fault.
 *
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_INVALID_ARGUMENT, MOTE_NOT_FOUND, MOTE_BUSY, MOTE_FORKED;
 *            MOTE_NO_MEMORY or MOTE_HYPERVISOR, and then it is still mapped
 * Threads    one at a time per sandbox, not during a call
 * Since      0.1
 */
MOTE_API mote_status mote_sandbox_unmap_buffer(mote_sandbox *sandbox, mote_buffer *buffer,
					       mote_error *error);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory of guests and buffers.
 */
#ifndef MOTE_OS_MEMORY_H
#define MOTE_OS_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include <mote/error.h>

/*
 * Guest memory: one shareable object, mapped readable and writable, filled with zeros.  Pages cost
 * host memory once they are touched.  A forked child does not have the mapping.
 */
struct mote_os_memory {
	void *hva;
	uint64_t bytes;
	intptr_t handle;
	uint64_t offset; /* of the first byte, in what the handle stands for */
};

enum mote_os_memory_flags {
	/* All of its pages exist from the start: an access cannot fail with a signal for lack of
	 * memory. */
	MOTE_OS_MEMORY_RESERVE = 1 << 0,
	MOTE_OS_MEMORY_DUMP = 1 << 1, /* core dumps contain it */
};

/* Whether the system provides a page on first access that was not reserved (all but Linux with
 * vm.overcommit_memory=2).  True when unknown. */
bool mote_os_memory_overcommits(void);

/* bytes: a multiple of the page size.  what: "guest memory", for messages.  memory: written on
 * success. */
mote_status mote_os_memory_create(uint64_t bytes, unsigned flags, const char *what,
				  struct mote_os_memory *memory, mote_error *error);
/* Memory of this process alone: bytes that are never written cost nothing, and reading them
 * allocates nothing.  It has no handle.  flags, otherwise: as above. */
mote_status mote_os_memory_create_private(uint64_t bytes, unsigned flags, const char *what,
					  struct mote_os_memory *memory, mote_error *error);
/* From now on an access that writes to private memory fails with a signal. */
mote_status mote_os_memory_make_read_only(struct mote_os_memory *memory, const char *what,
					  mote_error *error);
/* Accepts a zeroed structure. */
void mote_os_memory_destroy(struct mote_os_memory *memory);
/* The same in a forked child, which never had the mapping: its addresses may be in use for
 * something else. */
void mote_os_memory_forget(struct mote_os_memory *memory);

/* The next run of pages at or after offset, as offsets, that may hold something else than zeros,
 * without touching one: reading a page would allocate it.  *begin is memory->bytes when there is
 * none.  A run may be too long, never too short. */
mote_status mote_os_memory_next_data(const struct mote_os_memory *memory, uint64_t offset,
				     uint64_t *begin, uint64_t *end, mote_error *error);

/* The granularity of mappings: a power of two, at least 4096. */
uint64_t mote_os_page_bytes(void);

/* Call it after writing guest code through the host's mapping: makes the code visible to the
 * processors' instruction fetches, where that is not automatic. */
void mote_os_memory_publish_code(void *hva, uint64_t bytes);

/*
 * Maps memory that the caller created.  handle: on Linux a memfd that cannot shrink and has no huge
 * pages; it is duplicated.  writable: written on success.
 */
mote_status mote_os_memory_import(intptr_t handle, uint64_t offset, uint64_t bytes, unsigned flags,
				  struct mote_os_memory *memory, bool *writable, mote_error *error);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory of guests and buffers.
 */
#ifndef MOTE_OS_MEMORY_H
#define MOTE_OS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/error.h>

/*
 * Guest memory, mapped readable and writable, filled with zeros: one shareable object, or private
 * to this process.  Pages cost host memory once they are touched; Windows counts all of them as
 * committed from the start.  A forked child does not have the mapping.
 */
struct mote_os_memory {
	void *hva;
	uint64_t bytes;
	intptr_t handle; /* of private memory: -1, or what its base is for others */
	uint64_t offset; /* of the first byte, in what the handle stands for */
	bool is_private;
	/* Of private memory: so many bytes, at its beginning, are a base's until they are written,
	 * or are the base; a handle that is borrowed, or -1: see mote_os_page_map_open. */
	uint64_t base_bytes;
	intptr_t page_map;
};

/* Offsets in memory; whole pages. */
struct mote_os_run {
	uint64_t begin, end;
};

enum mote_os_memory_flags {
	/* All of its pages exist from the start: an access cannot fail with a signal for lack of
	 * memory. */
	MOTE_OS_MEMORY_RESERVE = 1 << 0,
	MOTE_OS_MEMORY_DUMP = 1 << 1, /* core dumps contain it */
	/* Its pages exist from the start, as if each had been written. */
	MOTE_OS_MEMORY_POPULATE = 1 << 2,
	/* In huge pages where the system has them, at an address that suits them. */
	MOTE_OS_MEMORY_HUGE = 1 << 3,
};

/* Whether the system provides a page on first access that was not reserved (all but Linux with
 * vm.overcommit_memory=2).  True when unknown. */
bool mote_os_memory_overcommits(void);

/* bytes: a multiple of the page size.  what: "guest memory", for messages.  memory: written on
 * success. */
mote_status mote_os_memory_create(uint64_t bytes, unsigned flags, const char *what,
				  struct mote_os_memory *memory, mote_error *error);
/* Memory of this process alone: bytes that are never written cost nothing, and reading them
 * allocates nothing.  base: NULL, or memory that has been made one, no longer than this; its pages
 * are seen until they are written.  flags, otherwise: as above, but that
 * MOTE_OS_MEMORY_RESERVE changes nothing: a system that commits no more than it has does so here
 * all the same. */
mote_status mote_os_memory_create_private(uint64_t bytes, unsigned flags,
					  const struct mote_os_memory *base, intptr_t page_map,
					  const char *what, struct mote_os_memory *memory,
					  mote_error *error);
/* Private memory is as it was created, and takes nothing.  Fails if the process locks it. */
mote_status mote_os_memory_drop(struct mote_os_memory *memory, const char *what, mote_error *error);
/* Makes the beginning of private memory, up to the end of the last run, a base: a copy of the runs
 * of other memory, and zeros between them, which nobody changes any more.  It has a handle from
 * then on. runs: in ascending order, at least one. */
mote_status mote_os_memory_make_base(struct mote_os_memory *memory, unsigned flags,
				     const void *from, const struct mote_os_run *runs, size_t count,
				     const char *what, mote_error *error);
/* From now on an access that writes to private memory fails with a signal. */
mote_status mote_os_memory_make_read_only(struct mote_os_memory *memory, const char *what,
					  mote_error *error);
/* Accepts a zeroed structure. */
void mote_os_memory_destroy(struct mote_os_memory *memory);
/* The same in a forked child, which never had the mapping: its addresses may be in use for
 * something else. */
void mote_os_memory_forget(struct mote_os_memory *memory);

/* The next run of pages at or after offset, as offsets, that may hold something else than zeros,
 * without touching one: reading a page would make it.  *begin is memory->bytes when there is
 * none.  A run may be too long, never too short. */
mote_status mote_os_memory_next_data(const struct mote_os_memory *memory, uint64_t offset,
				     uint64_t *begin, uint64_t *end, mote_error *error);

/* Whether it takes more host memory than so many bytes; true when unknown. */
bool mote_os_memory_holds_more(const struct mote_os_memory *memory, uint64_t bytes);

/* What tells which pages of this process's private memory exist; -1: nothing does, and all count
 * as existing.  Not for a forked child. */
intptr_t mote_os_page_map_open(void);
void mote_os_page_map_close(intptr_t page_map);

/* The granularity of mappings: a power of two, at least 4096. */
uint64_t mote_os_page_bytes(void);

/* Call it after writing guest code through the host's mapping: makes the code visible to the
 * processors' instruction fetches, where that is not automatic. */
void mote_os_memory_publish_code(void *hva, uint64_t bytes);

/*
 * Maps memory that the caller created.  handle: on Linux a memfd that cannot shrink and has no huge
 * pages, on Windows a section of the page file; it is duplicated.  writable: written on success.
 */
mote_status mote_os_memory_import(intptr_t handle, uint64_t offset, uint64_t bytes, unsigned flags,
				  struct mote_os_memory *memory, bool *writable, mote_error *error);

#endif

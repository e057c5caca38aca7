/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes an ELF core: header, one PT_NOTE, one PT_LOAD per range of memory.  Knows neither files
 * nor what the memory is.  Only data is read and written: what no one touched stays a hole.
 * System V ABI, chapters 4 and 5.
 */
#ifndef MOTE_HYPERVISOR_CRASHDUMP_CRASHDUMP_H
#define MOTE_HYPERVISOR_CRASHDUMP_CRASHDUMP_H

#include <mote/error.h>

#include "hypervisor/crashdump/core_notes.h"

/* Guest memory with equal permissions, whole pages. */
struct mote_core_segment {
	uint64_t gva, bytes;
	const uint8_t *memory; /* the host's view */
	uint32_t flags;	       /* enum mote_page_flags */
	uint64_t file_bytes;   /* up to the end of its data; set by mote_core_measure */
};

struct mote_core {
	const struct mote_core_notes *notes;
	struct mote_core_segment *segments; /* ascending; fewer than 65535 */
	size_t segment_count;
	/* The first run of pages from gva up to limit that contain data, as addresses; *begin is
	 * limit when there is none. */
	mote_status (*next_data)(void *user, uint64_t gva, uint64_t limit, uint64_t *begin,
				 uint64_t *end, mote_error *error);
	void *user;
};

struct mote_core_writer {
	mote_status (*write)(void *user, uint64_t offset, const void *data, size_t bytes,
			     mote_error *error);
	void *user;
};

/* Finds the data.  written: bytes that mote_core_write will write; length: of the file, of which
 * the rest reads as zeros. */
mote_status mote_core_measure(struct mote_core *core, uint64_t *written, uint64_t *length,
			      mote_error *error);
/* After mote_core_measure, the memory unchanged. */
mote_status mote_core_write(const struct mote_core *core, const struct mote_core_writer *writer,
			    mote_error *error);

#endif

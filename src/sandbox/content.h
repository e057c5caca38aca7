/* SPDX-License-Identifier: Apache-2.0
 *
 * Which guest memory has contents: what snapshots and cores are made of.
 */
#ifndef MOTE_SANDBOX_CONTENT_H
#define MOTE_SANDBOX_CONTENT_H

#include "os/os_memory.h"

/* Offsets of whole pages. */
struct mote_content {
	const struct mote_os_memory *memory;
	uint64_t at, limit; /* what has not been looked at */
	uint64_t known;	    /* up to there all pages exist; 0 at first */
};

/* The next run of pages that are not all zeros; *begin and *end are limit when there is none.
 * Looks only at pages that exist: reading others would make them. */
mote_status mote_content_next(struct mote_content *content, uint64_t *begin, uint64_t *end,
			      mote_error *error);

#endif

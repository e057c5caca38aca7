/* SPDX-License-Identifier: Apache-2.0
 *
 * Puts a guest image into guest memory: page tables, segments, relocations,
 * thread block, mailbox header.
 */
#ifndef MOTE_SANDBOX_LOADER_H
#define MOTE_SANDBOX_LOADER_H

#include <mote/abi.h>

#include "sandbox/image_internal.h"
#include "sandbox/layout.h"

enum { MOTE_LOADER_RANDOM_WORDS = 3 };

/* Guest memory under construction. */
struct mote_loader {
	const mote_image *image;
	const struct mote_layout *layout;
	void *ram;
	mote_log_level log_level;
	/* Two for the guest, and one for its canary. */
	uint64_t random[MOTE_LOADER_RANDOM_WORDS];
	struct mote_page_tables tables;
	struct mote_monitor monitor;
	const struct mote_elf_segment *relocated; /* that of the last relocation */
};

/* Fills the memory. loader: image, layout, ram, log_level and random are set; the rest is
 * written. */
mote_status mote_loader_load(struct mote_loader *loader, mote_error *error);

/* Only the page tables, for memory that has the rest from elsewhere. */
mote_status mote_loader_load_tables(struct mote_loader *loader, mote_error *error);

/* Makes code that was written to the memory visible to processors. */
void mote_loader_publish_code(const mote_image *image, const struct mote_layout *layout, void *ram);

#endif

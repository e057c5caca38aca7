/* SPDX-License-Identifier: Apache-2.0
 *
 * Snapshot files: snapshot_file.c writes them, snapshot_load.c makes snapshots of them.  What a
 * file looks like is in snapshot_format.h.
 */
#ifndef MOTE_SANDBOX_SNAPSHOT_FILE_H
#define MOTE_SANDBOX_SNAPSHOT_FILE_H

#include "sandbox/snapshot_format.h"
#include "sandbox/snapshot_internal.h"

/* What every file says that is of this image and this engine. */
void mote_snapshot_describe(const mote_engine *engine, mote_image *image,
			    struct mote_snapshot_header *header);

/* The options of a sandbox that has the layout of the file. */
void mote_snapshot_options_of(const struct mote_snapshot_header *header,
			      mote_sandbox_options *options);

/* A sandbox's memory, whose page tables say what a file may have. */
struct mote_snapshot_memory {
	const struct mote_layout *layout;
	const struct mote_page_tables *tables;
	void *ram;
};

/* The host's view of a page that the guest may write; NULL: it is none. */
void *mote_snapshot_guest_page(const struct mote_snapshot_memory *memory, uint64_t gva);

/* Reads a struct mote_os_file, for a reader. */
mote_status mote_snapshot_read_file(void *user, uint64_t offset, void *to, size_t length,
				    size_t *got, mote_error *error);

/* Reads a file's pages into memory of the image alone, where pages of the guest that the file does
 * not have become zeros.  of_ram: what memory->ram is in. */
mote_status mote_snapshot_load_pages(struct mote_snapshot_reader *reader,
				     const struct mote_snapshot_header *header,
				     const struct mote_snapshot_memory *memory,
				     const struct mote_os_memory *of_ram, mote_error *error);

/* MOTE_WRONG_SNAPSHOT: of something else than ours. */
mote_status mote_snapshot_check_header(const struct mote_snapshot_reader *reader,
				       const struct mote_snapshot_header *header,
				       const struct mote_snapshot_header *ours, mote_error *error);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Snapshot files: the header, a program's registers, pages in ascending order, a checksum of all
 * that.  Numbers are little endian.  The file is hostile: it is read in order, once, and everything
 * in it is checked.  This part knows no operating system and no hypervisor.
 *
 *      0  "\x89" "mote" "\r\n\x1a"
 *      8  format version; ABI version; mote_machine; flags
 *     24  granularity of what the hypervisor mapped
 *     32  SHA-256 of the guest image
 *     64  what instructions the processor has: MOTE_PROCESSOR_WORDS words
 *    128  sizes of memory, heap, stack, each mailbox area, buffer space
 *    168  number of pages
 *    176  address and size of each region of the layout
 *    384  zeros
 *    512  registers: arch/.../..._saved.h
 *         for each page: its address; its 4096 bytes
 *         SHA-256 of everything before
 */
#ifndef MOTE_SANDBOX_SNAPSHOT_FORMAT_H
#define MOTE_SANDBOX_SNAPSHOT_FORMAT_H

#include <mote/error.h>

#include "hypervisor/virtual_machine.h"
#include "sandbox/layout.h"
#include "sha256.h"

#define MOTE_SNAPSHOT_FORMAT_VERSION 1u

enum {
	MOTE_SNAPSHOT_HEADER_BYTES = 512,
	MOTE_SNAPSHOT_PAGE_RECORD_BYTES = 8 + MOTE_PAGE_BYTES,
	/* Of any machine. */
	MOTE_SNAPSHOT_MAXIMUM_SAVED_BYTES = 1024,
};

/* Flags. */
enum { MOTE_SNAPSHOT_FORBIDS_TIMESTAMP = 1 };

struct mote_snapshot_header {
	uint32_t abi_version, machine, flags;
	uint64_t granule_bytes;
	uint8_t image[MOTE_SHA256_BYTES];
	uint64_t processor[MOTE_PROCESSOR_WORDS];
	uint64_t memory_bytes, heap_bytes, stack_bytes, data_bytes, buffer_bytes;
	uint64_t pages;
	struct mote_layout_region regions[MOTE_LAYOUT_REGIONS];
};

/* The size of a file with this header. */
uint64_t mote_snapshot_file_bytes(const struct mote_snapshot_header *header);
/* Of the registers; 0 for a machine that does not exist. */
size_t mote_snapshot_saved_bytes(uint32_t machine);

void mote_snapshot_put_header(const struct mote_snapshot_header *header,
			      uint8_t to[MOTE_SNAPSHOT_HEADER_BYTES]);

/* ---- Reading ------------------------------------------------------------------------------ */

struct mote_snapshot_reader {
	const char *name; /* of the file, for messages */
	/* As mote_os_file_read. */
	mote_status (*read)(void *user, uint64_t offset, void *to, size_t length, size_t *got,
			    mote_error *error);
	void *user;
	uint64_t bytes; /* of the file, when it was opened */

	/* Written by the functions below. */
	uint64_t offset;
	struct mote_sha256 hash;
};

/* Each of them begins where the one before ended.  MOTE_BAD_SNAPSHOT; of the header also
 * MOTE_WRONG_SNAPSHOT: of another version. */
mote_status mote_snapshot_read_header(struct mote_snapshot_reader *reader,
				      struct mote_snapshot_header *header, mote_error *error);
mote_status mote_snapshot_read_saved(struct mote_snapshot_reader *reader,
				     const struct mote_snapshot_header *header,
				     uint8_t to[MOTE_SNAPSHOT_MAXIMUM_SAVED_BYTES],
				     mote_error *error);

/* Where the page at gva, which is above all before it, goes to; NULL: the guest may not write
 * there. */
typedef void *mote_snapshot_place_page(void *user, uint64_t gva);

/* Reads pages and checksum.  place: NULL to read them only. */
mote_status mote_snapshot_read_pages(struct mote_snapshot_reader *reader,
				     const struct mote_snapshot_header *header,
				     mote_snapshot_place_page *place, void *user,
				     mote_error *error);

/* "snapshot file NAME: WHAT" as MOTE_BAD_SNAPSHOT. */
mote_status mote_snapshot_fail_bad(const struct mote_snapshot_reader *reader, const char *what,
				   mote_error *error);
/* The same as MOTE_WRONG_SNAPSHOT. */
mote_status mote_snapshot_fail_wrong(const struct mote_snapshot_reader *reader, const char *what,
				     mote_error *error);

#endif

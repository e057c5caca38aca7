/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads snapshot files, and writes their header.
 */
#include "sandbox/snapshot_format.h"

#include <string.h>

#include <mote/abi.h>

#include "bytes.h"
#include "error_internal.h"
#include "sandbox/sandbox_internal.h"

enum {
	VERSION = 8,
	ABI = 12,
	MACHINE = 16,
	FLAGS = 20,
	GRANULE = 24,
	IMAGE = 32,
	PROCESSOR = 64,
	SIZES = 128,
	PAGES = 168,
	REGIONS = 176,
	RESERVED = 384,
};

_Static_assert(PROCESSOR + 8 * MOTE_PROCESSOR_WORDS == SIZES, "processor words");
_Static_assert(REGIONS + 16 * MOTE_LAYOUT_REGIONS == RESERVED, "regions");
_Static_assert(MOTE_X86_64_SAVED_BYTES <= MOTE_SNAPSHOT_MAXIMUM_SAVED_BYTES &&
		       MOTE_AARCH64_SAVED_BYTES <= MOTE_SNAPSHOT_MAXIMUM_SAVED_BYTES,
	       "registers");

/* The first byte is no text, the line ends show that a transfer changed it, and the last byte ends
 * what a terminal shows. */
static const uint8_t magic[VERSION] = {0x89, 'm', 'o', 't', 'e', '\r', '\n', 0x1a};

size_t mote_snapshot_saved_bytes(uint32_t machine)
{
	switch (machine) {
	case MOTE_MACHINE_X86_64:
		return MOTE_X86_64_SAVED_BYTES;
	case MOTE_MACHINE_AARCH64:
		return MOTE_AARCH64_SAVED_BYTES;
	default:
		return 0;
	}
}

uint64_t mote_snapshot_file_bytes(const struct mote_snapshot_header *header)
{
	return MOTE_SNAPSHOT_HEADER_BYTES + mote_snapshot_saved_bytes(header->machine) +
	       header->pages * MOTE_SNAPSHOT_PAGE_RECORD_BYTES + MOTE_SHA256_BYTES;
}

/* ---- The header --------------------------------------------------------------------------- */

void mote_snapshot_put_header(const struct mote_snapshot_header *header,
			      uint8_t to[MOTE_SNAPSHOT_HEADER_BYTES])
{
	memset(to, 0, MOTE_SNAPSHOT_HEADER_BYTES);
	memcpy(to, magic, sizeof(magic));
	mote_put32(to + VERSION, MOTE_SNAPSHOT_FORMAT_VERSION);
	mote_put32(to + ABI, header->abi_version);
	mote_put32(to + MACHINE, header->machine);
	mote_put32(to + FLAGS, header->flags);
	mote_put64(to + GRANULE, header->granule_bytes);
	memcpy(to + IMAGE, header->image, sizeof(header->image));
	for (unsigned i = 0; i < MOTE_PROCESSOR_WORDS; i++)
		mote_put64(to + PROCESSOR + 8 * i, header->processor[i]);
	mote_put64(to + SIZES, header->memory_bytes);
	mote_put64(to + SIZES + 8, header->heap_bytes);
	mote_put64(to + SIZES + 16, header->stack_bytes);
	mote_put64(to + SIZES + 24, header->data_bytes);
	mote_put64(to + SIZES + 32, header->buffer_bytes);
	mote_put64(to + PAGES, header->pages);
	for (unsigned i = 0; i < MOTE_LAYOUT_REGIONS; i++) {
		mote_put64(to + REGIONS + 16 * i, header->regions[i].gva);
		mote_put64(to + REGIONS + 16 * i + 8, header->regions[i].bytes);
	}
}

static void get_header(const uint8_t *from, struct mote_snapshot_header *header)
{
	*header = (struct mote_snapshot_header){
		.abi_version = mote_get32(from + ABI),
		.machine = mote_get32(from + MACHINE),
		.flags = mote_get32(from + FLAGS),
		.granule_bytes = mote_get64(from + GRANULE),
		.memory_bytes = mote_get64(from + SIZES),
		.heap_bytes = mote_get64(from + SIZES + 8),
		.stack_bytes = mote_get64(from + SIZES + 16),
		.data_bytes = mote_get64(from + SIZES + 24),
		.buffer_bytes = mote_get64(from + SIZES + 32),
		.pages = mote_get64(from + PAGES),
	};
	memcpy(header->image, from + IMAGE, sizeof(header->image));
	for (unsigned i = 0; i < MOTE_PROCESSOR_WORDS; i++)
		header->processor[i] = mote_get64(from + PROCESSOR + 8 * i);
	for (unsigned i = 0; i < MOTE_LAYOUT_REGIONS; i++)
		header->regions[i] =
			(struct mote_layout_region){mote_get64(from + REGIONS + 16 * i),
						    mote_get64(from + REGIONS + 16 * i + 8)};
}

mote_status mote_snapshot_fail_bad(const struct mote_snapshot_reader *reader, const char *what,
				   mote_error *error)
{
	return mote_fail(error, MOTE_BAD_SNAPSHOT, "snapshot file %s: %s", reader->name, what);
}

mote_status mote_snapshot_fail_wrong(const struct mote_snapshot_reader *reader, const char *what,
				     mote_error *error)
{
	return mote_fail(error, MOTE_WRONG_SNAPSHOT, "snapshot file %s: %s", reader->name, what);
}

static bool are_zeros(const uint8_t *from, const uint8_t *end)
{
	while (from < end && *from == 0)
		from++;
	return from == end;
}

static bool is_size(uint64_t bytes, uint64_t least)
{
	return bytes >= least && bytes <= MOTE_SANDBOX_MAXIMUM_BYTES &&
	       bytes % MOTE_PAGE_BYTES == 0;
}

/* What the header says by itself, before anything is made of it. */
static const char *check_header(const uint8_t *from, const struct mote_snapshot_header *header,
				uint64_t bytes)
{
	if (mote_snapshot_saved_bytes(header->machine) == 0)
		return "of an unknown machine";
	if ((header->flags & ~(uint32_t)MOTE_SNAPSHOT_FORBIDS_TIMESTAMP) != 0 ||
	    !are_zeros(from + RESERVED, from + MOTE_SNAPSHOT_HEADER_BYTES))
		return "reserved bytes of its header are not zeros";
	if (!is_size(header->memory_bytes, MOTE_PAGE_BYTES) || !is_size(header->heap_bytes, 0) ||
	    !is_size(header->stack_bytes, MOTE_PAGE_BYTES) ||
	    !is_size(header->data_bytes, MOTE_PAGE_BYTES) ||
	    !is_size(header->buffer_bytes, MOTE_PAGE_BYTES))
		return "a size is out of range";
	if (header->pages > header->memory_bytes / MOTE_PAGE_BYTES)
		return "it has more pages than memory";
	if (mote_snapshot_file_bytes(header) != bytes)
		return bytes < mote_snapshot_file_bytes(header) ? "it is too short"
								: "it is too long";
	return NULL;
}

/* Reads so many bytes, which the checksum is over. */
static mote_status read_part(struct mote_snapshot_reader *reader, void *to, size_t length,
			     mote_error *error)
{
	size_t got = 0;
	mote_status status = reader->read(reader->user, reader->offset, to, length, &got, error);

	if (status != MOTE_OK)
		return status;
	if (got != length)
		return mote_snapshot_fail_bad(reader, "it is too short", error);
	mote_sha256_add(&reader->hash, to, length);
	reader->offset += length;
	return MOTE_OK;
}

mote_status mote_snapshot_read_header(struct mote_snapshot_reader *reader,
				      struct mote_snapshot_header *header, mote_error *error)
{
	uint8_t from[MOTE_SNAPSHOT_HEADER_BYTES] = {0};
	const char *problem;
	size_t got = 0;
	mote_status status;

	reader->offset = 0;
	mote_sha256_begin(&reader->hash);
	/* A file of something else may be shorter. */
	status = reader->read(reader->user, 0, from, sizeof(magic), &got, error);
	if (status != MOTE_OK)
		return status;
	if (got != sizeof(magic) || memcmp(from, magic, sizeof(magic)) != 0)
		return mote_snapshot_fail_bad(reader, "it is not a snapshot of mote", error);
	status = read_part(reader, from, sizeof(from), error);
	if (status != MOTE_OK)
		return status;
	if (mote_get32(from + VERSION) != MOTE_SNAPSHOT_FORMAT_VERSION)
		return mote_fail(error, MOTE_WRONG_SNAPSHOT,
				 "snapshot file %s: it has format version %u, this library reads "
				 "%u; save it again",
				 reader->name, mote_get32(from + VERSION),
				 MOTE_SNAPSHOT_FORMAT_VERSION);
	get_header(from, header);
	problem = check_header(from, header, reader->bytes);
	return problem == NULL ? MOTE_OK : mote_snapshot_fail_bad(reader, problem, error);
}

mote_status mote_snapshot_read_saved(struct mote_snapshot_reader *reader,
				     const struct mote_snapshot_header *header,
				     uint8_t to[MOTE_SNAPSHOT_MAXIMUM_SAVED_BYTES],
				     mote_error *error)
{
	return read_part(reader, to, mote_snapshot_saved_bytes(header->machine), error);
}

/* ---- Pages -------------------------------------------------------------------------------- */

/* The checksum, behind which the file ends: also if it has grown since it was opened. */
static mote_status read_checksum(struct mote_snapshot_reader *reader, mote_error *error)
{
	uint8_t computed[MOTE_SHA256_BYTES], stored[MOTE_SHA256_BYTES + 1];
	size_t got = 0;
	mote_status status =
		reader->read(reader->user, reader->offset, stored, sizeof(stored), &got, error);

	if (status != MOTE_OK)
		return status;
	if (got != MOTE_SHA256_BYTES)
		return mote_snapshot_fail_bad(
			reader, got < MOTE_SHA256_BYTES ? "it is too short" : "it is too long",
			error);
	mote_sha256_end(&reader->hash, computed);
	if (memcmp(computed, stored, sizeof(computed)) != 0)
		return mote_snapshot_fail_bad(reader, "its checksum is wrong: it is damaged",
					      error);
	return MOTE_OK;
}

mote_status mote_snapshot_read_pages(struct mote_snapshot_reader *reader,
				     const struct mote_snapshot_header *header,
				     mote_snapshot_place_page *place, void *user, mote_error *error)
{
	uint8_t record[MOTE_SNAPSHOT_PAGE_RECORD_BYTES];
	uint64_t before = 0;
	mote_status status = MOTE_OK;

	for (uint64_t i = 0; i < header->pages; i++) {
		uint64_t gva;
		void *to;

		status = read_part(reader, record, sizeof(record), error);
		if (status != MOTE_OK)
			return status;
		gva = mote_get64(record);
		if ((i > 0 && gva <= before) || gva % MOTE_PAGE_BYTES != 0)
			return mote_snapshot_fail_bad(reader, "its pages are not in order", error);
		before = gva;
		if (place == NULL)
			continue;
		to = place(user, gva);
		if (to == NULL)
			return mote_snapshot_fail_bad(
				reader, "it has a page where the guest may not write", error);
		memcpy(to, record + 8, MOTE_PAGE_BYTES);
	}
	return read_checksum(reader, error);
}

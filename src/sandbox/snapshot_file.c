/* SPDX-License-Identifier: Apache-2.0
 *
 * Saves snapshots, and says what is in a file without loading it.  Into a file goes what the guest
 * may write: everything else comes from the image again.
 */
#include <string.h>

#include <mote/abi.h>

#include "bytes.h"
#include "error_internal.h"
#include "options.h"
#include "os/os_file.h"
#include "sandbox/snapshot_file.h"
#include "text/text.h"

/* ---- What is in a file -------------------------------------------------------------------- */

void mote_snapshot_describe(const mote_engine *engine, mote_image *image,
			    struct mote_snapshot_header *header)
{
	const struct mote_capabilities *capabilities = &engine->hypervisor->capabilities;

	*header = (struct mote_snapshot_header){
		.abi_version = MOTE_ABI_VERSION,
		.machine = MOTE_ARCH_MACHINE,
		.granule_bytes = capabilities->page_bytes,
	};
	mote_image_get_sha256(image, header->image);
	memcpy(header->processor, capabilities->processor, sizeof(header->processor));
}

/* What it says of its sandbox. */
static void describe_sandbox(const mote_snapshot *snapshot, struct mote_snapshot_header *header)
{
	const struct mote_layout *layout = &snapshot->layout;

	header->flags = snapshot->forbid_timestamp ? MOTE_SNAPSHOT_FORBIDS_TIMESTAMP : 0;
	header->memory_bytes = mote_snapshot_bytes(layout);
	header->heap_bytes = layout->regions[MOTE_LAYOUT_HEAP].bytes;
	header->stack_bytes = layout->regions[MOTE_LAYOUT_STACK].bytes;
	header->data_bytes = layout->data_bytes;
	header->buffer_bytes = layout->regions[MOTE_LAYOUT_BUFFERS].bytes;
	memcpy(header->regions, layout->regions, sizeof(header->regions));
}

void *mote_snapshot_guest_page(const struct mote_snapshot_memory *memory, uint64_t gva)
{
	const struct mote_layout_region *regions = memory->layout->regions;
	struct mote_translation page;

	/* The first page of the mailbox is the host's.  Buffers are in no snapshot. */
	if (gva < MOTE_RAM_GVA || gva >= regions[MOTE_LAYOUT_TABLES].gva ||
	    gva == regions[MOTE_LAYOUT_MAILBOX].gva ||
	    !mote_paging_walk(memory->tables, gva, &page) || !(page.flags & MOTE_PAGE_USER) ||
	    !(page.flags & MOTE_PAGE_WRITE))
		return NULL;
	return mote_layout_host(memory->layout, memory->ram, gva, MOTE_PAGE_BYTES);
}

void mote_snapshot_options_of(const struct mote_snapshot_header *header,
			      mote_sandbox_options *options)
{
	*options = (mote_sandbox_options)MOTE_SANDBOX_OPTIONS_INIT;
	options->memory_bytes = header->memory_bytes;
	options->heap_bytes = header->heap_bytes;
	options->stack_bytes = header->stack_bytes;
	options->mailbox_bytes = header->data_bytes;
	options->buffer_space_bytes = header->buffer_bytes;
	options->forbid_timestamp = header->flags & MOTE_SNAPSHOT_FORBIDS_TIMESTAMP;
}

/* ---- Saving ------------------------------------------------------------------------------- */

struct writer {
	const mote_snapshot *snapshot;
	struct mote_snapshot_memory memory; /* of a sandbox with the same page tables */
	struct mote_os_new_file file;
	uint64_t offset;
	struct mote_sha256 hash;
};

static mote_status write_part(struct writer *writer, const void *data, size_t bytes,
			      mote_error *error)
{
	mote_status status =
		mote_os_new_file_write(&writer->file, writer->offset, data, bytes, error);

	mote_sha256_add(&writer->hash, data, bytes);
	writer->offset += bytes;
	return status;
}

static mote_status write_page(struct writer *writer, uint64_t offset, mote_error *error)
{
	uint8_t record[MOTE_SNAPSHOT_PAGE_RECORD_BYTES];

	mote_put64(record, MOTE_RAM_GVA + offset);
	memcpy(record + 8, (uint8_t *)writer->snapshot->memory.hva + offset, MOTE_PAGE_BYTES);
	return write_part(writer, record, sizeof(record), error);
}

/* Writes the pages that belong into a file, or only counts them. */
static mote_status write_pages(struct writer *writer, bool only_count, uint64_t *count,
			       mote_error *error)
{
	const mote_snapshot *snapshot = writer->snapshot;
	mote_status status = MOTE_OK;

	*count = 0;
	for (size_t i = 0; i < snapshot->run_count; i++)
		for (uint64_t at = snapshot->runs[i].begin;
		     status == MOTE_OK && at < snapshot->runs[i].end; at += MOTE_PAGE_BYTES) {
			if (mote_snapshot_guest_page(&writer->memory, MOTE_RAM_GVA + at) == NULL)
				continue;
			++*count;
			if (!only_count)
				status = write_page(writer, at, error);
		}
	return status;
}

static mote_status write_contents(struct writer *writer, const struct mote_snapshot_header *header,
				  const uint8_t saved[MOTE_SAVED_BYTES], mote_error *error)
{
	uint8_t bytes[MOTE_SNAPSHOT_HEADER_BYTES], digest[MOTE_SHA256_BYTES];
	uint64_t count;
	mote_status status;

	mote_snapshot_put_header(header, bytes);
	mote_sha256_begin(&writer->hash);
	status = write_part(writer, bytes, sizeof(bytes), error);
	if (status == MOTE_OK)
		status = write_part(writer, saved, MOTE_SAVED_BYTES, error);
	if (status == MOTE_OK)
		status = write_pages(writer, false, &count, error);
	if (status != MOTE_OK)
		return status;
	mote_sha256_end(&writer->hash, digest);
	return mote_os_new_file_write(&writer->file, writer->offset, digest, sizeof(digest), error);
}

static mote_status write_file(struct writer *writer, struct mote_snapshot_header *header,
			      const uint8_t saved[MOTE_SAVED_BYTES], const char *path,
			      mote_error *error)
{
	mote_status status = write_pages(writer, true, &header->pages, error);

	if (status == MOTE_OK)
		status = mote_os_new_file_create(path, &writer->file, error);
	if (status != MOTE_OK)
		return status;
	status = write_contents(writer, header, saved, error);
	if (status == MOTE_OK)
		return mote_os_new_file_commit(&writer->file, mote_snapshot_file_bytes(header),
					       error);
	mote_os_new_file_discard(&writer->file);
	return status;
}

/* Through a vCPU, which alone understands the snapshot's. */
static mote_status read_registers(const mote_snapshot *snapshot, mote_sandbox *scratch,
				  uint8_t saved[MOTE_SAVED_BYTES], mote_error *error)
{
	const char *problem;
	mote_status status =
		mote_sandbox_vm_get_saved(&scratch->vm, &snapshot->vcpu, saved, &problem, error);

	if (status == MOTE_OK && problem != NULL)
		status = mote_fail(error, MOTE_BAD_SNAPSHOT,
				   "snapshot: it cannot be saved: %s; the guest %s made that",
				   problem, snapshot->image->name);
	return status;
}

static mote_status save(const mote_snapshot *snapshot, mote_sandbox *scratch,
			struct mote_snapshot_header *header, const char *path, mote_error *error)
{
	uint8_t saved[MOTE_SAVED_BYTES];
	struct writer writer = {
		.snapshot = snapshot,
		.memory = {&scratch->layout, &scratch->tables, scratch->ram.hva},
	};
	mote_status status = read_registers(snapshot, scratch, saved, error);

	if (status != MOTE_OK)
		return status;
	return write_file(&writer, header, saved, path, error);
}

mote_status mote_snapshot_save(const mote_snapshot *snapshot, const char *path, mote_error *error)
{
	struct mote_snapshot_header header;
	mote_sandbox_options options;
	mote_sandbox *scratch;
	mote_status status;

	if (snapshot == NULL || path == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "snapshot: NULL argument");
	/* The same for all that is made here of this image. */
	mote_snapshot_describe(snapshot->engine, snapshot->image, &header);
	describe_sandbox(snapshot, &header);
	mote_snapshot_options_of(&header, &options);
	status = mote_sandbox_create_unlinked(snapshot->engine, snapshot->image, &options, &scratch,
					      error);
	if (status != MOTE_OK)
		return status;
	status = save(snapshot, scratch, &header, path, error);
	mote_sandbox_destroy(scratch);
	return status;
}

/* ---- Looking ------------------------------------------------------------------------------ */

mote_status mote_snapshot_read_file(void *user, uint64_t offset, void *to, size_t length,
				    size_t *got, mote_error *error)
{
	return mote_os_file_read(user, offset, to, length, got, error);
}

static void give(const struct mote_snapshot_header *header, uint64_t bytes,
		 mote_snapshot_file_information *information)
{
	information->file_bytes = bytes;
	information->format_version = MOTE_SNAPSHOT_FORMAT_VERSION;
	information->abi_version = header->abi_version;
	information->machine = (mote_machine)header->machine;
	information->forbid_timestamp = header->flags & MOTE_SNAPSHOT_FORBIDS_TIMESTAMP;
	memcpy(information->image_sha256, header->image, sizeof(information->image_sha256));
	information->memory_bytes = header->memory_bytes;
	information->heap_bytes = header->heap_bytes;
	information->stack_bytes = header->stack_bytes;
	information->mailbox_bytes = header->data_bytes;
	information->buffer_space_bytes = header->buffer_bytes;
	information->pages = header->pages;
}

static mote_status inspect(struct mote_os_file *file, const char *path,
			   mote_snapshot_file_information *information, mote_error *error)
{
	uint8_t saved[MOTE_SNAPSHOT_MAXIMUM_SAVED_BYTES];
	const struct mote_short_text name = mote_text_short(path);
	struct mote_snapshot_reader reader = {
		.name = name.text,
		.read = mote_snapshot_read_file,
		.user = file,
		.bytes = file->bytes,
	};
	struct mote_snapshot_header header;
	mote_status status = mote_snapshot_read_header(&reader, &header, error);

	if (status == MOTE_OK)
		status = mote_snapshot_read_saved(&reader, &header, saved, error);
	if (status == MOTE_OK)
		status = mote_snapshot_read_pages(&reader, &header, NULL, NULL, error);
	if (status == MOTE_OK)
		give(&header, file->bytes, information);
	return status;
}

mote_status mote_snapshot_inspect_file(const char *path,
				       mote_snapshot_file_information *information,
				       mote_error *error)
{
	static const struct mote_structure structure = {"snapshot file information",
							"MOTE_SNAPSHOT_FILE_INFORMATION_INIT",
							sizeof(*information)};
	mote_snapshot_file_information ours = MOTE_SNAPSHOT_FILE_INFORMATION_INIT;
	struct mote_os_file file;
	mote_status status;

	if (path == NULL || information == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "snapshot file: NULL argument");
	status = mote_os_file_open(path, &file, error);
	if (status != MOTE_OK)
		return status;
	status = inspect(&file, path, &ours, error);
	mote_os_file_close(&file);
	return status == MOTE_OK ? mote_structure_give(&structure, &ours, information, error)
				 : status;
}

void mote_snapshot_file_information_init(mote_snapshot_file_information *information, size_t size)
{
	static const struct mote_structure structure = {"snapshot file information",
							"MOTE_SNAPSHOT_FILE_INFORMATION_INIT",
							sizeof(*information)};
	const mote_snapshot_file_information ours = MOTE_SNAPSHOT_FILE_INFORMATION_INIT;

	mote_structure_init(&structure, &ours, information, size);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes a snapshot of a file.  Nothing of the file is believed: a sandbox is made of the image and
 * the options that the file names, only what its guest may write comes from the file, and the
 * snapshot is taken of that sandbox, which never runs.
 */
#include <string.h>

#include "error_internal.h"
#include "os/os_file.h"
#include "sandbox/snapshot_file.h"
#include "text/text.h"

/* ---- The header --------------------------------------------------------------------------- */

static bool has_processor(const uint64_t *wanted, const uint64_t *has)
{
	for (unsigned i = 0; i < MOTE_PROCESSOR_WORDS; i++)
		if (wanted[i] & ~has[i])
			return false;
	return true;
}

mote_status mote_snapshot_check_header(const struct mote_snapshot_reader *reader,
				       const struct mote_snapshot_header *header,
				       const struct mote_snapshot_header *ours, mote_error *error)
{
	if (header->machine != ours->machine)
		return mote_fail(error, MOTE_WRONG_SNAPSHOT,
				 "snapshot file %s: it is of %s, this host is %s", reader->name,
				 mote_machine_name((mote_machine)header->machine),
				 mote_machine_name((mote_machine)ours->machine));
	if (header->abi_version != ours->abi_version)
		return mote_fail(error, MOTE_WRONG_SNAPSHOT,
				 "snapshot file %s: it is of guest ABI %u, this library has %u",
				 reader->name, header->abi_version, ours->abi_version);
	if (memcmp(header->image, ours->image, sizeof(header->image)) != 0)
		return mote_snapshot_fail_wrong(
			reader, "it is of another guest image; save it again with this one", error);
	if (header->granule_bytes != ours->granule_bytes)
		return mote_snapshot_fail_wrong(
			reader, "it is of a host with another page size; save it again here",
			error);
	if (!has_processor(header->processor, ours->processor))
		return mote_snapshot_fail_wrong(
			reader,
			"its guest may use instructions that this processor has not; save it again "
			"here",
			error);
	return MOTE_OK;
}

/* The layout is computed, and what the file says of it only compared. */
static mote_status check_layout(const struct mote_snapshot_reader *reader,
				const struct mote_snapshot_header *header,
				const struct mote_layout *layout, mote_error *error)
{
	for (unsigned id = 0; id < MOTE_LAYOUT_REGIONS; id++)
		if (header->regions[id].gva != layout->regions[id].gva ||
		    header->regions[id].bytes != layout->regions[id].bytes)
			return mote_snapshot_fail_wrong(reader,
							"its memory is laid out by another version "
							"of mote; save it again",
							error);
	return MOTE_OK;
}

/* ---- Memory ------------------------------------------------------------------------------- */

/* A page that is in no file is all zeros, whatever the image had there at first. */
static mote_status clear(const struct mote_snapshot_memory *memory,
			 const struct mote_os_memory *of_ram, mote_error *error)
{
	const uint64_t bytes = mote_snapshot_bytes(memory->layout);
	uint64_t begin, end = 0;
	mote_status status = MOTE_OK;

	while (status == MOTE_OK && end < bytes) {
		status = mote_os_memory_next_data(of_ram, end, &begin, &end, error);
		if (status != MOTE_OK)
			break;
		for (uint64_t at = begin; at < end && at < bytes; at += MOTE_PAGE_BYTES) {
			void *page = mote_snapshot_guest_page(memory, MOTE_RAM_GVA + at);

			if (page != NULL)
				memset(page, 0, MOTE_PAGE_BYTES);
		}
	}
	return status;
}

static void *place(void *user, uint64_t gva)
{
	return mote_snapshot_guest_page(user, gva);
}

mote_status mote_snapshot_load_pages(struct mote_snapshot_reader *reader,
				     const struct mote_snapshot_header *header,
				     const struct mote_snapshot_memory *memory,
				     const struct mote_os_memory *of_ram, mote_error *error)
{
	struct mote_snapshot_memory into = *memory;
	mote_status status = clear(memory, of_ram, error);

	return status == MOTE_OK ? mote_snapshot_read_pages(reader, header, place, &into, error)
				 : status;
}

/* ---- Loading ------------------------------------------------------------------------------ */

/* A sandbox for the file, with the image's memory. */
static mote_status make_scratch(mote_engine *engine, mote_image *image,
				const struct mote_snapshot_reader *reader,
				const struct mote_snapshot_header *header, mote_sandbox **scratch,
				mote_error *error)
{
	mote_error own = MOTE_ERROR_INIT;
	mote_sandbox_options options;
	mote_status status;

	mote_snapshot_options_of(header, &options);
	status = mote_sandbox_create_unlinked(engine, image, &options, scratch, &own);
	if (status == MOTE_INVALID_ARGUMENT || status == MOTE_NO_GUEST_MEMORY)
		return mote_snapshot_fail_bad(reader, "a size is out of range", error);
	return status == MOTE_OK ? MOTE_OK : mote_fail_as(error, &own);
}

static mote_status put_registers(const struct mote_snapshot_reader *reader, mote_sandbox *scratch,
				 const uint8_t *saved, mote_error *error)
{
	const char *problem;
	mote_status status = mote_sandbox_vm_put_saved(&scratch->vm, saved, &problem, error);

	if (status == MOTE_OK && problem != NULL)
		status = mote_snapshot_fail_bad(reader, problem, error);
	return status;
}

/* Reads the rest of the file into a sandbox. */
static mote_status fill(struct mote_snapshot_reader *reader,
			const struct mote_snapshot_header *header, mote_sandbox *scratch,
			mote_error *error)
{
	const struct mote_snapshot_memory memory = {&scratch->layout, &scratch->tables,
						    scratch->ram.hva};
	uint8_t saved[MOTE_SNAPSHOT_MAXIMUM_SAVED_BYTES];
	mote_status status = check_layout(reader, header, &scratch->layout, error);

	if (status == MOTE_OK)
		status = mote_snapshot_read_saved(reader, header, saved, error);
	if (status == MOTE_OK)
		status = mote_snapshot_load_pages(reader, header, &memory, &scratch->ram, error);
	return status == MOTE_OK ? put_registers(reader, scratch, saved, error) : status;
}

static mote_status load(mote_engine *engine, mote_image *image, struct mote_snapshot_reader *reader,
			mote_snapshot **snapshot, mote_error *error)
{
	struct mote_snapshot_header header, ours;
	mote_sandbox *scratch;
	mote_status status = mote_snapshot_read_header(reader, &header, error);

	if (status != MOTE_OK)
		return status;
	mote_snapshot_describe(engine, image, &ours);
	status = mote_snapshot_check_header(reader, &header, &ours, error);
	if (status == MOTE_OK)
		status = make_scratch(engine, image, reader, &header, &scratch, error);
	if (status != MOTE_OK)
		return status;
	status = fill(reader, &header, scratch, error);
	if (status == MOTE_OK)
		status = mote_snapshot_make(scratch, snapshot, error);
	mote_sandbox_destroy(scratch);
	return status;
}

mote_status mote_snapshot_load(mote_engine *engine, mote_image *image, const char *path,
			       mote_snapshot **snapshot, mote_error *error)
{
	struct mote_short_text name;
	struct mote_snapshot_reader reader = {.read = mote_snapshot_read_file};
	struct mote_os_file file;
	mote_status status;

	if (engine == NULL || image == NULL || path == NULL || snapshot == NULL)
		return mote_fail(error, MOTE_INVALID_ARGUMENT, "snapshot file: NULL argument");
	status = mote_os_file_open(path, &file, error);
	if (status != MOTE_OK)
		return status;
	name = mote_text_short(path);
	reader.name = name.text;
	reader.user = &file;
	reader.bytes = file.bytes;
	status = load(engine, image, &reader, snapshot, error);
	mote_os_file_close(&file);
	return status;
}

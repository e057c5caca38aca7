/* SPDX-License-Identifier: Apache-2.0
 *
 * Measures and writes cores.
 */
#include "hypervisor/crashdump/crashdump.h"

#include <string.h>

#include "bytes.h"

enum {
	ELF_HEADER_BYTES = 64,
	PROGRAM_HEADER_BYTES = 56,
	ET_CORE = 4,
	PT_LOAD = 1,
	PT_NOTE = 4,
	PF_EXECUTE = 1,
	PF_WRITE = 2,
	PF_READ = 4,
	NOTE_ALIGNMENT = 4,
};

static uint64_t headers_bytes(const struct mote_core *core)
{
	return ELF_HEADER_BYTES + (core->segment_count + 1) * PROGRAM_HEADER_BYTES;
}

/* Where the first segment's contents are. */
static uint64_t contents_offset(const struct mote_core *core)
{
	uint64_t end = headers_bytes(core) + core->notes->used;

	return (end + MOTE_PAGE_BYTES - 1) & MOTE_PAGE_MASK;
}

/* Calls visit for each run of data in a segment. */
static mote_status each_run(const struct mote_core *core, const struct mote_core_segment *segment,
			    mote_status (*visit)(void *user, uint64_t offset, uint64_t bytes,
						 mote_error *error),
			    void *user, mote_error *error)
{
	const uint64_t last = segment->gva + segment->bytes;
	mote_status status = MOTE_OK;
	uint64_t begin, end = segment->gva;

	while (status == MOTE_OK && end < last) {
		status = core->next_data(core->user, end, last, &begin, &end, error);
		if (status == MOTE_OK && begin < end)
			status = visit(user, begin - segment->gva, end - begin, error);
	}
	return status;
}

/* ---- Measuring --------------------------------------------------------------------------- */

struct measured {
	uint64_t data, end;
};

static mote_status measure_run(void *user, uint64_t offset, uint64_t bytes, mote_error *error)
{
	struct measured *measured = user;

	(void)error;
	measured->data += bytes;
	measured->end = offset + bytes;
	return MOTE_OK;
}

mote_status mote_core_measure(struct mote_core *core, uint64_t *written, uint64_t *length,
			      mote_error *error)
{
	uint64_t data = headers_bytes(core) + core->notes->used, end = contents_offset(core);

	for (size_t i = 0; i < core->segment_count; i++) {
		struct measured measured = {0};
		mote_status status =
			each_run(core, &core->segments[i], measure_run, &measured, error);

		if (status != MOTE_OK)
			return status;
		core->segments[i].file_bytes = measured.end;
		data += measured.data;
		end += measured.end;
	}
	*written = data;
	*length = end;
	return MOTE_OK;
}

/* ---- Writing ----------------------------------------------------------------------------- */

static void put_header(const struct mote_core *core, uint8_t to[ELF_HEADER_BYTES])
{
	/* Class 64, little endian, version 1, no particular system. */
	static const uint8_t identity[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};

	memset(to, 0, ELF_HEADER_BYTES);
	memcpy(to, identity, sizeof(identity));
	mote_put16(to + 16, ET_CORE);
	mote_put16(to + 18, MOTE_CORE_MACHINE);
	mote_put32(to + 20, 1);
	mote_put64(to + 32, ELF_HEADER_BYTES); /* where the program headers are */
	mote_put16(to + 52, ELF_HEADER_BYTES);
	mote_put16(to + 54, PROGRAM_HEADER_BYTES);
	mote_put16(to + 56, (uint16_t)(core->segment_count + 1));
}

static void put_note_header(const struct mote_core *core, uint8_t to[PROGRAM_HEADER_BYTES])
{
	memset(to, 0, PROGRAM_HEADER_BYTES);
	mote_put32(to, PT_NOTE);
	mote_put64(to + 8, headers_bytes(core));
	mote_put64(to + 32, core->notes->used);
	mote_put64(to + 48, NOTE_ALIGNMENT);
}

static void put_segment_header(const struct mote_core_segment *segment, uint64_t offset,
			       uint8_t to[PROGRAM_HEADER_BYTES])
{
	uint32_t flags = PF_READ;

	if (segment->flags & MOTE_PAGE_WRITE)
		flags |= PF_WRITE;
	if (segment->flags & MOTE_PAGE_EXECUTE)
		flags |= PF_EXECUTE;
	memset(to, 0, PROGRAM_HEADER_BYTES);
	mote_put32(to, PT_LOAD);
	mote_put32(to + 4, flags);
	mote_put64(to + 8, offset);
	mote_put64(to + 16, segment->gva);
	mote_put64(to + 32, segment->file_bytes);
	mote_put64(to + 40, segment->bytes);
	mote_put64(to + 48, MOTE_PAGE_BYTES);
}

static mote_status write_headers(const struct mote_core *core,
				 const struct mote_core_writer *writer, mote_error *error)
{
	uint8_t header[ELF_HEADER_BYTES], program[PROGRAM_HEADER_BYTES];
	uint64_t at = ELF_HEADER_BYTES, contents = contents_offset(core);
	mote_status status;

	put_header(core, header);
	put_note_header(core, program);
	status = writer->write(writer->user, 0, header, sizeof(header), error);
	if (status == MOTE_OK)
		status = writer->write(writer->user, at, program, sizeof(program), error);
	for (size_t i = 0; status == MOTE_OK && i < core->segment_count; i++) {
		at += sizeof(program);
		put_segment_header(&core->segments[i], contents, program);
		status = writer->write(writer->user, at, program, sizeof(program), error);
		contents += core->segments[i].file_bytes;
	}
	if (status != MOTE_OK)
		return status;
	return writer->write(writer->user, headers_bytes(core), core->notes->bytes,
			     core->notes->used, error);
}

struct copy {
	const struct mote_core_writer *writer;
	const uint8_t *memory;
	uint64_t offset; /* of the segment in the file */
};

static mote_status copy_run(void *user, uint64_t offset, uint64_t bytes, mote_error *error)
{
	const struct copy *copy = user;

	return copy->writer->write(copy->writer->user, copy->offset + offset, copy->memory + offset,
				   (size_t)bytes, error);
}

mote_status mote_core_write(const struct mote_core *core, const struct mote_core_writer *writer,
			    mote_error *error)
{
	struct copy copy = {.writer = writer, .offset = contents_offset(core)};
	mote_status status = write_headers(core, writer, error);

	for (size_t i = 0; status == MOTE_OK && i < core->segment_count; i++) {
		copy.memory = core->segments[i].memory;
		status = each_run(core, &core->segments[i], copy_run, &copy, error);
		copy.offset += core->segments[i].file_bytes;
	}
	return status;
}

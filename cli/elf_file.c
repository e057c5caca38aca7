/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of ELF64 files.
 */
#include "elf_file.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_BYTES = 64, SEGMENT_BYTES = 56, SECTION_BYTES = 64, NOTE_BYTES = 12 };
enum { MACHINE_X86_64 = 62, MACHINE_AARCH64 = 183 };

/* In this and above it the real count is elsewhere, which no file of mote needs. */
enum { MANY_SEGMENTS = 0xffff };

/* A core of mote has some 10 KiB. */
enum { MAXIMUM_NOTES_BYTES = 1 << 20 };

uint64_t elf_number(const uint8_t *at, unsigned bytes)
{
	uint64_t number = 0;

	while (bytes-- > 0)
		number = number << 8 | at[bytes];
	return number;
}

bool elf_file_has(const struct elf_file *elf, uint64_t offset, uint64_t bytes)
{
	return offset <= elf->source.bytes && bytes <= elf->source.bytes - offset;
}

const char *elf_file_read(const struct elf_file *elf, uint64_t offset, void *to, size_t bytes)
{
	if (!elf_file_has(elf, offset, bytes))
		return "is cut off";
	return elf->source.read(elf->source.user, offset, to, bytes) ? NULL : "cannot be read";
}

static const char *read_machine(const uint8_t *header, mote_machine *machine)
{
	switch (elf_number(header + 18, 2)) {
	case MACHINE_X86_64:
		*machine = MOTE_MACHINE_X86_64;
		return NULL;
	case MACHINE_AARCH64:
		*machine = MOTE_MACHINE_AARCH64;
		return NULL;
	default:
		return "is for another machine than x86_64 and aarch64";
	}
}

static const char *check_tables(const struct elf_file *elf, const uint8_t *header)
{
	if (elf->segment_count >= MANY_SEGMENTS)
		return "has too many segments";
	if (elf->segment_count > 0 && elf_number(header + 54, 2) != SEGMENT_BYTES)
		return "has segment headers of another size";
	if (elf->section_count > 0 && elf_number(header + 58, 2) != SECTION_BYTES)
		return "has section headers of another size";
	if (!elf_file_has(elf, elf->segments_offset, (uint64_t)elf->segment_count * SEGMENT_BYTES))
		return "is cut off: its segment headers are missing";
	if (!elf_file_has(elf, elf->sections_offset, (uint64_t)elf->section_count * SECTION_BYTES))
		return "is cut off: its section headers are missing";
	return NULL;
}

const char *elf_file_open(const struct file_source *source, struct elf_file *elf)
{
	static const uint8_t identification[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
	uint8_t header[HEADER_BYTES];
	const char *problem;

	*elf = (struct elf_file){.source = *source};
	if (source->bytes < sizeof(header))
		return "is not an ELF file";
	problem = elf_file_read(elf, 0, header, sizeof(header));
	if (problem != NULL)
		return problem;
	if (memcmp(header, identification, 4) != 0)
		return "is not an ELF file";
	if (memcmp(header, identification, sizeof(identification)) != 0)
		return "is not a 64-bit little-endian ELF file";
	elf->type = (unsigned)elf_number(header + 16, 2);
	elf->entry = elf_number(header + 24, 8);
	elf->segments_offset = elf_number(header + 32, 8);
	elf->sections_offset = elf_number(header + 40, 8);
	elf->segment_count = (uint32_t)elf_number(header + 56, 2);
	elf->section_count = (uint32_t)elf_number(header + 60, 2);
	problem = read_machine(header, &elf->machine);
	return problem != NULL ? problem : check_tables(elf, header);
}

const char *elf_file_segment(const struct elf_file *elf, uint32_t index,
			     struct elf_segment *segment)
{
	uint8_t entry[SEGMENT_BYTES];
	const char *problem = elf_file_read(
		elf, elf->segments_offset + (uint64_t)index * SEGMENT_BYTES, entry, sizeof(entry));

	if (problem == NULL)
		*segment = (struct elf_segment){
			.type = (uint32_t)elf_number(entry, 4),
			.flags = (uint32_t)elf_number(entry + 4, 4),
			.offset = elf_number(entry + 8, 8),
			.address = elf_number(entry + 16, 8),
			.file_bytes = elf_number(entry + 32, 8),
			.memory_bytes = elf_number(entry + 40, 8),
		};
	return problem;
}

const char *elf_file_section(const struct elf_file *elf, uint32_t index,
			     struct elf_section *section)
{
	uint8_t entry[SECTION_BYTES];
	const char *problem = elf_file_read(
		elf, elf->sections_offset + (uint64_t)index * SECTION_BYTES, entry, sizeof(entry));

	if (problem == NULL)
		*section = (struct elf_section){
			.type = (uint32_t)elf_number(entry + 4, 4),
			.offset = elf_number(entry + 24, 8),
			.bytes = elf_number(entry + 32, 8),
			.link = (uint32_t)elf_number(entry + 40, 4),
			.entry_bytes = elf_number(entry + 56, 8),
		};
	return problem;
}

/* ---- Notes ------------------------------------------------------------------------------- */

const char *elf_notes_load(const struct elf_file *elf, const struct elf_segment *segment,
			   struct elf_notes *notes)
{
	const char *problem;
	uint8_t *bytes;

	if (!elf_file_has(elf, segment->offset, segment->file_bytes))
		return "is cut off: its notes are missing";
	if (segment->file_bytes > MAXIMUM_NOTES_BYTES)
		return "has more than 1 MiB of notes";
	bytes = malloc((size_t)segment->file_bytes + 1);
	if (bytes == NULL)
		return "finds no memory for its notes";
	problem = elf_file_read(elf, segment->offset, bytes, (size_t)segment->file_bytes);
	if (problem != NULL) {
		free(bytes);
		return problem;
	}
	*notes = (struct elf_notes){.bytes = bytes, .length = (size_t)segment->file_bytes};
	return NULL;
}

/* The sum fits: both numbers have 32 bits. */
static uint64_t padded(uint64_t bytes)
{
	return (bytes + 3) & ~(uint64_t)3;
}

bool elf_notes_next(struct elf_notes *notes, struct elf_note *note)
{
	const uint8_t *at = notes->bytes + notes->at;
	const size_t left = notes->length - notes->at;
	uint32_t owner_bytes, bytes;
	uint64_t begin;

	if (left == 0)
		return false;
	notes->broken = true;
	if (left < NOTE_BYTES)
		return false;
	owner_bytes = (uint32_t)elf_number(at, 4);
	bytes = (uint32_t)elf_number(at + 4, 4);
	begin = NOTE_BYTES + padded(owner_bytes);
	if (begin > left || bytes > left - begin)
		return false;
	notes->broken = false;
	*note = (struct elf_note){
		.owner = (const char *)at + NOTE_BYTES,
		.contents = at + begin,
		.owner_bytes = owner_bytes,
		.bytes = bytes,
		.type = (uint32_t)elf_number(at + 8, 4),
	};
	/* The padding of the last one may be missing. */
	begin += padded(bytes);
	notes->at += begin < left ? (size_t)begin : left;
	return true;
}

bool elf_note_is(const struct elf_note *note, const char *owner, uint32_t type)
{
	const size_t bytes = strlen(owner) + 1;

	return note->type == type && note->owner_bytes == bytes &&
	       memcmp(note->owner, owner, bytes) == 0;
}

void elf_notes_release(struct elf_notes *notes)
{
	free(notes->bytes);
	notes->bytes = NULL;
}

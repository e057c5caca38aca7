/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the tables of an ELF64 file, a core or a guest, from anything that gives bytes at offsets.
 * The file is hostile: every offset and size is checked, and what is read at once has a limit.
 * System V ABI, chapters 4 and 5.
 */
#ifndef ELF_FILE_H
#define ELF_FILE_H

#include <mote/registers.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file_source {
	/* Reads all of the bytes, which lie in the file; returns whether it could. */
	bool (*read)(void *user, uint64_t offset, void *to, size_t bytes);
	void *user;
	uint64_t bytes; /* the file's length */
};

enum { ELF_TYPE_EXECUTABLE = 2, ELF_TYPE_SHARED = 3, ELF_TYPE_CORE = 4 };
enum { ELF_SEGMENT_LOAD = 1, ELF_SEGMENT_NOTE = 4 };
enum { ELF_EXECUTE = 1, ELF_WRITE = 2, ELF_READ = 4 };
enum { ELF_SECTION_SYMBOLS = 2, ELF_SECTION_STRINGS = 3 };

struct elf_file {
	struct file_source source;
	mote_machine machine;
	unsigned type;
	uint64_t entry;
	uint64_t segments_offset, sections_offset;
	uint32_t segment_count, section_count;
};

struct elf_segment {
	uint32_t type, flags;
	uint64_t offset, address, file_bytes, memory_bytes;
};

struct elf_section {
	uint32_t type, link;
	uint64_t offset, bytes, entry_bytes;
};

/* All functions that return text return NULL, or how the file is wrong: "is not an ELF file". */

/* Reads the header; the tables lie in the file then. */
const char *elf_file_open(const struct file_source *source, struct elf_file *elf);

const char *elf_file_read(const struct elf_file *elf, uint64_t offset, void *to, size_t bytes);

/* index: below the count.  What the entry describes need not be in the file. */
const char *elf_file_segment(const struct elf_file *elf, uint32_t index,
			     struct elf_segment *segment);
const char *elf_file_section(const struct elf_file *elf, uint32_t index,
			     struct elf_section *section);

/* Whether [offset, offset+bytes) lies in the file. */
bool elf_file_has(const struct elf_file *elf, uint64_t offset, uint64_t bytes);

/* The notes of a segment, in memory. */
struct elf_notes {
	uint8_t *bytes;
	size_t length, at;
	bool broken; /* the one at `at` reaches beyond the end */
};

struct elf_note {
	const char *owner; /* with its NUL, if it has one */
	const uint8_t *contents;
	uint32_t owner_bytes, bytes, type;
};

/* notes: for elf_notes_release on success. */
const char *elf_notes_load(const struct elf_file *elf, const struct elf_segment *segment,
			   struct elf_notes *notes);
bool elf_notes_next(struct elf_notes *notes, struct elf_note *note);
bool elf_note_is(const struct elf_note *note, const char *owner, uint32_t type);
/* Accepts a zeroed structure. */
void elf_notes_release(struct elf_notes *notes);

/* A number of 1 to 8 bytes, little endian. */
uint64_t elf_number(const uint8_t *at, unsigned bytes);

#endif

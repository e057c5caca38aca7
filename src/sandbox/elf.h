/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads an ELF64 executable: header, segments, dynamic section, notes, symbols.
 * The file is hostile: every offset and size is checked against it, and nothing
 * here knows what a guest is (image.c does).
 * System V ABI, chapters 4 and 5; psABI supplements for x86_64 and aarch64.
 */
#ifndef MOTE_SANDBOX_ELF_H
#define MOTE_SANDBOX_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/error.h>
#include <mote/registers.h>

#define MOTE_ELF_HEADER_BYTES 64u
#define MOTE_ELF_MAXIMUM_SEGMENTS 32u

struct mote_elf_segment {
	uint64_t address, memory_bytes, file_offset, file_bytes, alignment;
	bool readable, writable, executable;
};

/* A range of addresses, [begin, end); empty when both are 0. */
struct mote_elf_range {
	uint64_t begin, end;
};

struct mote_elf {
	const uint8_t *bytes;
	size_t length;
	const char *name; /* for messages */
	mote_machine machine;
	bool position_independent;
	uint64_t entry;
	struct mote_elf_segment
		segments[MOTE_ELF_MAXIMUM_SEGMENTS]; /* PT_LOAD, ascending, disjoint pages */
	size_t segment_count;
	struct mote_elf_range relro;
	struct mote_elf_segment tls; /* memory_bytes 0: none */
	uint64_t relocations_offset; /* in the file: RELA entries, all of type RELATIVE */
	size_t relocation_count;
	/* Symbol table and its string table, in the file; symbol_count 0: stripped. */
	uint64_t symbols_offset, strings_offset;
	size_t symbol_count, strings_bytes;
};

/* Whether the first bytes of a file can be an ELF64 executable for one of the two machines. */
mote_status mote_elf_check_header(const char *name, const uint8_t *bytes, size_t length,
				  mote_error *error);

/* bytes and name must outlive elf. */
mote_status mote_elf_parse(const char *name, const uint8_t *bytes, size_t length,
			   struct mote_elf *elf, mote_error *error);

/* The file offset of [address, address+bytes), which must lie in one segment's file contents. */
bool mote_elf_file_offset(const struct mote_elf *elf, uint64_t address, uint64_t bytes,
			  uint64_t *offset);

/* One note.  Fields point into the file. */
struct mote_elf_note {
	const char *owner; /* not NUL-terminated */
	uint32_t owner_bytes;
	uint32_t type;
	const uint8_t *contents;
	uint32_t contents_bytes;
	uint64_t contents_address;
};

/* Calls visit for each note until it gives false.  False when the notes are malformed. */
bool mote_elf_each_note(const struct mote_elf *elf,
			bool (*visit)(void *user, const struct mote_elf_note *note), void *user);

/* One relative relocation: the 8 bytes at address become addend plus the load bias. */
struct mote_elf_relocation {
	uint64_t address, addend;
};

void mote_elf_relocation_at(const struct mote_elf *elf, size_t index,
			    struct mote_elf_relocation *relocation);

/* The function that address lies in; of several, the one that begins last.  name: into the file,
 * NUL-terminated. */
bool mote_elf_nearest_symbol(const struct mote_elf *elf, uint64_t address, const char **name,
			     uint64_t *offset);

/* How many function symbols there are. */
size_t mote_elf_function_count(const struct mote_elf *elf);

#endif

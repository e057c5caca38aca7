/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads an ELF64 executable: header, segments, dynamic section, notes, symbols.
 * The file is hostile: every offset and size is checked against it, the work is
 * linear in its length, and nothing here knows what a guest is (image.c does).
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

/* A table of entries in the file. */
struct mote_elf_table {
	uint64_t offset;
	size_t count;
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
	/* Relocations, all of type RELATIVE or NONE: RELA entries, those of the procedure linkage
	 * table, and packed ones. */
	struct mote_elf_table rela, jump, relr;
	/* Symbol table and its string table, in the file; symbol_count 0: stripped. */
	uint64_t symbols_offset, strings_offset;
	size_t symbol_count, strings_bytes;
	/* How many entries and notes were read: no more than the file has room for, which the tests
	 * and the fuzz targets check. */
	uint64_t work;
};

/* Whether [offset, offset+bytes) lies in the file. */
bool mote_elf_in_file(const struct mote_elf *elf, uint64_t offset, uint64_t bytes);

/* Whether the first bytes of a file can be an ELF64 executable for one of the two machines. */
mote_status mote_elf_check_header(const char *name, const uint8_t *bytes, size_t length,
				  mote_error *error);

/* bytes and name must outlive elf. */
mote_status mote_elf_parse(const char *name, const uint8_t *bytes, size_t length,
			   struct mote_elf *elf, mote_error *error);

/* The file offset of [address, address+bytes), which must lie in one segment's file contents. */
bool mote_elf_file_offset(const struct mote_elf *elf, uint64_t address, uint64_t bytes,
			  uint64_t *offset);

/* The program headers, as linked: how many, and their address, or 0 if no segment has them. */
uint16_t mote_elf_header_count(const struct mote_elf *elf);
uint64_t mote_elf_headers_address(const struct mote_elf *elf);

/* One note.  Fields point into the file. */
struct mote_elf_note {
	const char *owner; /* not NUL-terminated */
	uint32_t owner_bytes;
	uint32_t type;
	const uint8_t *contents;
	uint32_t contents_bytes;
	uint64_t contents_address;
};

/* Calls visit for each note until it returns false.  False when the notes are malformed. */
bool mote_elf_each_note(struct mote_elf *elf,
			bool (*visit)(void *user, const struct mote_elf_note *note), void *user);

/* One relative relocation: the 8 bytes at address become addend plus the load bias; in_place: the
 * addend is the value of those bytes. */
struct mote_elf_relocation {
	uint64_t address, addend;
	bool in_place;
};

typedef bool mote_elf_visit_relocation(void *user, const struct mote_elf_relocation *relocation);

/* Calls visit for each relocation until it returns false; then returns false. */
bool mote_elf_each_relocation(const struct mote_elf *elf, mote_elf_visit_relocation *visit,
			      void *user);

/* elf_dynamic.c, for elf.c: reads the dynamic section, which is not trusted. */
mote_status mote_elf_read_dynamic(struct mote_elf *elf, const struct mote_elf_segment *segment,
				  mote_error *error);
mote_status mote_elf_refuse_ifunc(const struct mote_elf *elf, const char *what, mote_error *error);

/* The function that contains address; of several, the one that begins last.  name: points into the
 * file, NUL-terminated. */
bool mote_elf_nearest_symbol(const struct mote_elf *elf, uint64_t address, const char **name,
			     uint64_t *offset);

/* The number of function symbols. */
size_t mote_elf_function_count(const struct mote_elf *elf);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * A small, valid guest image in memory, with one of everything that elf.c,
 * image.c and loader.c read, at fixed places that a test can damage.
 *
 *   segment 0  r--  0x0000  headers, notes, relocations
 *   segment 1  r-x  0x1000  code
 *   segment 2  rw-  0x2000  function tables (RELRO), dynamic section, TLS; 0x1000 of BSS
 *   behind them: section headers, symbols, strings
 */
#ifndef MOTE_TESTS_ELF_BUILDER_H
#define MOTE_TESTS_ELF_BUILDER_H

#include <string.h>

#include <mote/abi.h>

#include "bytes.h"
#include "sandbox/elf_format.h"

enum {
	ELF_FILE_BYTES = 0x4400,
	/* Program headers, by number. */
	PHS_AT = 64,
	LOAD_READ = 0,
	LOAD_CODE,
	LOAD_DATA,
	DYNAMIC,
	NOTES,
	RELRO,
	TLS,
	PH_COUNT,
	/* File offsets, which are also addresses. */
	NOTES_AT = 0x400,
	IMAGE_NOTE_AT = NOTES_AT,
	IMAGE_CONTENTS_AT = IMAGE_NOTE_AT + 12 + 8,
	NEEDS_NOTE_AT = IMAGE_CONTENTS_AT + 20,
	NEEDS_CONTENTS_AT = NEEDS_NOTE_AT + 12 + 8,
	NOTES_END = NEEDS_CONTENTS_AT + 24,
	RELA_AT = 0x800,
	RELA_COUNT = 3,
	CODE_AT = 0x1000,
	EXPORTS_AT = 0x2000,
	EXPORT_COUNT = 2,
	IMPORTS_AT = 0x2100,
	IMPORT_COUNT = 1,
	POINTERS_AT = 0x3800, /* targets of the relocations */
	DYNAMIC_AT = 0x3000,
	DYNAMIC_ENTRIES = 6,
	TLS_AT = 0x3400,
	TLS_FILE_BYTES = 16,
	TLS_BYTES = 40,
	DATA_END = 0x4000,
	BSS_END = 0x5000,
	SECTIONS_AT = 0x4000,
	SECTION_COUNT = 3,
	SYMBOLS_AT = 0x4100,
	SYMBOL_COUNT = 5,
	STRINGS_AT = 0x4200,
};

/* "\0" at 0; the names of the symbols. */
static const char elf_strings[] = "\0first\0second\0data\0";

/* There may be more bytes behind the structure. */
struct elf_file {
	uint8_t bytes[ELF_FILE_BYTES];
};

static inline void put16(struct elf_file *file, size_t at, uint16_t value)
{
	mote_put16((uint8_t *)file + at, value);
}

static inline void put32(struct elf_file *file, size_t at, uint32_t value)
{
	mote_put32((uint8_t *)file + at, value);
}

static inline void put64(struct elf_file *file, size_t at, uint64_t value)
{
	mote_put64((uint8_t *)file + at, value);
}

/* Where a field of a program header stands. */
static inline size_t ph(unsigned number, unsigned field)
{
	return PHS_AT + number * PH_BYTES + field;
}

static inline void put_program_header(struct elf_file *file, unsigned number, uint32_t type,
				      uint32_t flags, uint64_t at, uint64_t file_bytes,
				      uint64_t memory_bytes, uint64_t alignment)
{
	put32(file, ph(number, PH_TYPE), type);
	put32(file, ph(number, PH_FLAGS), flags);
	put64(file, ph(number, PH_OFFSET), at);
	put64(file, ph(number, PH_ADDRESS), at);
	put64(file, ph(number, PH_FILE_BYTES), file_bytes);
	put64(file, ph(number, PH_MEMORY_BYTES), memory_bytes);
	put64(file, ph(number, PH_ALIGNMENT), alignment);
}

static inline void put_program_headers(struct elf_file *file)
{
	put_program_header(file, LOAD_READ, PT_LOAD, PF_READ, 0, 0x1000, 0x1000, 0x1000);
	put_program_header(file, LOAD_CODE, PT_LOAD, PF_READ | PF_EXECUTE, CODE_AT, 0x1000, 0x1000,
			   0x1000);
	put_program_header(file, LOAD_DATA, PT_LOAD, PF_READ | PF_WRITE, 0x2000, DATA_END - 0x2000,
			   BSS_END - 0x2000, 0x1000);
	put_program_header(file, DYNAMIC, PT_DYNAMIC, PF_READ, DYNAMIC_AT,
			   DYNAMIC_ENTRIES * DYN_BYTES, DYNAMIC_ENTRIES * DYN_BYTES, 8);
	put_program_header(file, NOTES, PT_NOTE, PF_READ, NOTES_AT, NOTES_END - NOTES_AT,
			   NOTES_END - NOTES_AT, 4);
	put_program_header(file, RELRO, PT_GNU_RELRO, PF_READ, 0x2000, 0x1000, 0x1000, 1);
	put_program_header(file, TLS, PT_TLS, PF_READ, TLS_AT, TLS_FILE_BYTES, TLS_BYTES, 16);
}

static inline void put_note(struct elf_file *file, size_t at, uint32_t type, uint32_t bytes)
{
	put32(file, at, sizeof(MOTE_ABI_NOTE_NAME));
	put32(file, at + 4, bytes);
	put32(file, at + 8, type);
	memcpy(file->bytes + at + 12, MOTE_ABI_NOTE_NAME, sizeof(MOTE_ABI_NOTE_NAME));
}

static inline void put_notes(struct elf_file *file)
{
	static const uint32_t targets[] = {
		EXPORTS_AT, EXPORTS_AT + EXPORT_COUNT * sizeof(struct mote_abi_export), IMPORTS_AT,
		IMPORTS_AT + IMPORT_COUNT * sizeof(struct mote_abi_import)};

	put_note(file, IMAGE_NOTE_AT, MOTE_ABI_NOTE_IMAGE, 20);
	put32(file, IMAGE_CONTENTS_AT, MOTE_ABI_VERSION);
	for (unsigned i = 0; i < 4; i++)
		put32(file, IMAGE_CONTENTS_AT + 4 + 4 * i,
		      targets[i] - (IMAGE_CONTENTS_AT + 4 + 4 * i));
	put_note(file, NEEDS_NOTE_AT, MOTE_ABI_NOTE_NEEDS, 24);
	put64(file, NEEDS_CONTENTS_AT + 8, 0x10000);
	put64(file, NEEDS_CONTENTS_AT + 16, 0x8000);
}

static inline void put_functions(struct elf_file *file)
{
	const struct mote_abi_export exports[EXPORT_COUNT] = {
		{.name = "first",
		 .result = MOTE_TYPE_I32,
		 .argument_count = 1,
		 .arguments = {MOTE_TYPE_BYTES}},
		{.name = "second"},
	};
	const struct mote_abi_import imports[IMPORT_COUNT] = {
		{.name = "wanted",
		 .result = MOTE_TYPE_STRING,
		 .argument_count = 2,
		 .arguments = {MOTE_TYPE_U64, MOTE_TYPE_BOOL}},
	};

	memcpy(file->bytes + EXPORTS_AT, exports, sizeof(exports));
	memcpy(file->bytes + IMPORTS_AT, imports, sizeof(imports));
}

static inline void put_dynamic(struct elf_file *file)
{
	static const uint64_t entries[DYNAMIC_ENTRIES][2] = {
		{DT_RELA, RELA_AT},
		{DT_RELASZ, RELA_COUNT * RELA_BYTES},
		{DT_RELAENT, RELA_BYTES},
		{0x6ffffffb, 0x8000000}, /* DT_FLAGS_1, PIE */
		{DT_RELSZ, 0},
		{DT_NULL, 0},
	};

	for (unsigned i = 0; i < DYNAMIC_ENTRIES; i++) {
		put64(file, DYNAMIC_AT + i * DYN_BYTES, entries[i][0]);
		put64(file, DYNAMIC_AT + i * DYN_BYTES + 8, entries[i][1]);
	}
	for (unsigned i = 0; i < RELA_COUNT; i++) {
		put64(file, RELA_AT + i * RELA_BYTES + RELA_OFFSET, POINTERS_AT + 8 * i);
		put64(file, RELA_AT + i * RELA_BYTES + RELA_INFO, R_X86_64_RELATIVE);
		put64(file, RELA_AT + i * RELA_BYTES + RELA_ADDEND, CODE_AT + 0x10 * i);
	}
}

static inline void put_symbol(struct elf_file *file, unsigned number, uint32_t name, uint8_t info,
			      uint64_t value, uint64_t size)
{
	size_t at = SYMBOLS_AT + number * (size_t)SYM_BYTES;

	put32(file, at, name);
	file->bytes[at + SYM_INFO] = info;
	put16(file, at + SYM_SECTION, 1);
	put64(file, at + SYM_VALUE, value);
	put64(file, at + SYM_SIZE, size);
}

static inline void put_symbols(struct elf_file *file)
{
	static const size_t table = SECTIONS_AT + SH_BYTES, strings = SECTIONS_AT + 2 * SH_BYTES;

	put32(file, table + SH_TYPE, SHT_SYMTAB);
	put64(file, table + SH_OFFSET, SYMBOLS_AT);
	put64(file, table + SH_SECTION_BYTES, SYMBOL_COUNT * SYM_BYTES);
	put32(file, table + SH_LINK, 2);
	put32(file, strings + SH_TYPE, 3);
	put64(file, strings + SH_OFFSET, STRINGS_AT);
	put64(file, strings + SH_SECTION_BYTES, sizeof(elf_strings));
	memcpy(file->bytes + STRINGS_AT, elf_strings, sizeof(elf_strings));
	put_symbol(file, 1, 1, STT_FUNC, CODE_AT, 0x20);
	put_symbol(file, 2, 7, STT_FUNC | 0x10, CODE_AT + 0x40, 0);
	put_symbol(file, 3, 14, 1, CODE_AT + 0x50, 8); /* an object */
	/* Number 4 stays undefined. */
	file->bytes[SYMBOLS_AT + 4 * SYM_BYTES + SYM_INFO] = STT_FUNC;
}

/* Makes the image: position-independent, for x86_64. */
static inline void elf_make(struct elf_file *file)
{
	memset(file, 0, sizeof(*file));
	memcpy(file->bytes, "\177ELF\2\1\1", 7);
	put16(file, ELF_TYPE, ELF_TYPE_DYNAMIC);
	put16(file, ELF_MACHINE, ELF_MACHINE_X86_64);
	put64(file, ELF_ENTRY, CODE_AT + 8);
	put64(file, ELF_PROGRAM_HEADERS, PHS_AT);
	put16(file, ELF_PROGRAM_HEADER_BYTES, PH_BYTES);
	put16(file, ELF_PROGRAM_HEADER_COUNT, PH_COUNT);
	put64(file, ELF_SECTION_HEADERS, SECTIONS_AT);
	put16(file, ELF_SECTION_HEADER_BYTES, SH_BYTES);
	put16(file, ELF_SECTION_HEADER_COUNT, SECTION_COUNT);
	put_program_headers(file);
	put_notes(file);
	put_functions(file);
	put_dynamic(file);
	put_symbols(file);
	memset(file->bytes + CODE_AT, 0xcc, 0x100);
	memset(file->bytes + TLS_AT, 0x71, TLS_FILE_BYTES);
}

#endif

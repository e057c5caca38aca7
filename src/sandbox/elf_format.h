/* SPDX-License-Identifier: Apache-2.0
 *
 * Offsets and numbers of the ELF64 format, and the little-endian loads that
 * read it.  Private to elf.c and its tests.
 */
#ifndef MOTE_SANDBOX_ELF_FORMAT_H
#define MOTE_SANDBOX_ELF_FORMAT_H

#include <stdint.h>

enum {
	ELF_CLASS_64 = 2,
	ELF_DATA_LITTLE = 1,
	ELF_TYPE_RELOCATABLE = 1,
	ELF_TYPE_EXECUTABLE = 2,
	ELF_TYPE_DYNAMIC = 3,
	ELF_MACHINE_X86_64 = 62,
	ELF_MACHINE_AARCH64 = 183,
};

/* Offsets in the file header. */
enum {
	ELF_TYPE = 16,
	ELF_MACHINE = 18,
	ELF_ENTRY = 24,
	ELF_PROGRAM_HEADERS = 32,
	ELF_SECTION_HEADERS = 40,
	ELF_PROGRAM_HEADER_BYTES = 54,
	ELF_PROGRAM_HEADER_COUNT = 56,
	ELF_SECTION_HEADER_BYTES = 58,
	ELF_SECTION_HEADER_COUNT = 60,
};

/* Offsets in a program header. */
enum {
	PH_TYPE = 0,
	PH_FLAGS = 4,
	PH_OFFSET = 8,
	PH_ADDRESS = 16,
	PH_FILE_BYTES = 32,
	PH_MEMORY_BYTES = 40,
	PH_ALIGNMENT = 48,
	PH_BYTES = 56,
};

enum { PF_EXECUTE = 1, PF_WRITE = 2, PF_READ = 4 };

enum {
	PT_LOAD = 1,
	PT_DYNAMIC = 2,
	PT_INTERP = 3,
	PT_NOTE = 4,
	PT_TLS = 7,
	PT_GNU_RELRO = 0x6474e552,
};

enum {
	DT_NULL = 0,
	DT_NEEDED = 1,
	DT_PLTRELSZ = 2,
	DT_RELA = 7,
	DT_RELASZ = 8,
	DT_RELAENT = 9,
	DT_RELSZ = 18,
	DT_PLTREL = 20,
	DT_TEXTREL = 22,
	DT_JMPREL = 23,
	DT_RELRSZ = 35,
	DT_RELR = 36,
	DT_RELRENT = 37,
	DYN_BYTES = 16,
};

/* Offsets in a RELA entry; the types that mean "add the load bias". */
enum {
	RELA_OFFSET = 0,
	RELA_INFO = 8,
	RELA_ADDEND = 16,
	RELA_BYTES = 24,
	RELR_BYTES = 8,
	R_NONE = 0,
	R_X86_64_RELATIVE = 8,
	R_X86_64_IRELATIVE = 37,
	R_AARCH64_RELATIVE = 1027,
	R_AARCH64_IRELATIVE = 1032,
};

enum { NOTE_HEADER_BYTES = 12 };

/* Offsets in a section header. */
enum {
	SH_TYPE = 4,
	SH_OFFSET = 24,
	SH_SECTION_BYTES = 32,
	SH_LINK = 40,
	SH_BYTES = 64,
	SHT_SYMTAB = 2,
};

/* Offsets in a symbol. */
enum {
	SYM_INFO = 4,
	SYM_SECTION = 6,
	SYM_VALUE = 8,
	SYM_SIZE = 16,
	SYM_BYTES = 24,
	STT_FUNC = 2,
	STT_GNU_IFUNC = 10,
};

#define ELF_PAGE 4096u
#define ELF_HIGHEST_ADDRESS (1ull << 46) /* far above any guest memory, and far from overflow */
#define ELF_MAXIMUM_PROGRAM_HEADERS 256u
#define ELF_MAXIMUM_ALIGNMENT (16u << 20)
#define ELF_MAXIMUM_TLS (64u << 10)

#endif

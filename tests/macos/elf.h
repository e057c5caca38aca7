/* SPDX-License-Identifier: Apache-2.0
 *
 * On macOS and Windows, which have no such header: what the tests use of <elf.h>.  System V ABI,
 * chapters 4 and 5 (ELF-64), and its supplements.
 */
#ifndef MOTE_TEST_MACOS_ELF_H
#define MOTE_TEST_MACOS_ELF_H

#include <stdint.h>

enum { EI_CLASS = 4, EI_DATA, EI_VERSION, EI_NIDENT = 16 };
#define ELFMAG "\177ELF"
enum { ELFMAG0 = 0x7f, ELFMAG1 = 'E', ELFMAG2 = 'L', ELFMAG3 = 'F', SELFMAG = 4 };
enum { ELFCLASS32 = 1, ELFCLASS64 };
enum { ELFDATA2LSB = 1, ELFDATA2MSB };
enum { EV_CURRENT = 1 };
enum { ET_REL = 1, ET_EXEC, ET_DYN, ET_CORE };
enum { EM_X86_64 = 62, EM_AARCH64 = 183, EM_RISCV = 243 };

typedef struct {
	unsigned char e_ident[EI_NIDENT];
	uint16_t e_type, e_machine;
	uint32_t e_version;
	uint64_t e_entry, e_phoff, e_shoff;
	uint32_t e_flags;
	uint16_t e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx;
} Elf64_Ehdr;

enum { PT_NULL, PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_SHLIB, PT_PHDR, PT_TLS };
#define PT_GNU_STACK 0x6474e551
#define PT_GNU_RELRO 0x6474e552
enum { PF_X = 1, PF_W = 2, PF_R = 4 };

typedef struct {
	uint32_t p_type, p_flags;
	uint64_t p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, p_align;
} Elf64_Phdr;

enum { SHT_NULL, SHT_PROGBITS, SHT_SYMTAB, SHT_STRTAB, SHT_RELA };

typedef struct {
	uint32_t sh_name, sh_type;
	uint64_t sh_flags, sh_addr, sh_offset, sh_size;
	uint32_t sh_link, sh_info;
	uint64_t sh_addralign, sh_entsize;
} Elf64_Shdr;

enum { STT_NOTYPE, STT_OBJECT, STT_FUNC, STT_GNU_IFUNC = 10 };
#define ELF64_ST_TYPE(info) ((info)&15)
#define ELF64_ST_INFO(bind, type) ((bind) << 4 | ((type)&15))

typedef struct {
	uint32_t st_name;
	unsigned char st_info, st_other;
	uint16_t st_shndx;
	uint64_t st_value, st_size;
} Elf64_Sym;

enum { DT_NULL, DT_RELA = 7, DT_RELASZ, DT_RELAENT };

typedef struct {
	int64_t d_tag;
	union {
		uint64_t d_val, d_ptr;
	} d_un;
} Elf64_Dyn;

enum { R_X86_64_RELATIVE = 8, R_AARCH64_RELATIVE = 1027 };
#define ELF64_R_INFO(symbol, type) (((uint64_t)(symbol) << 32) + (type))

typedef struct {
	uint64_t r_offset, r_info;
	int64_t r_addend;
} Elf64_Rela;

enum { NT_PRSTATUS = 1 };

typedef struct {
	uint32_t n_namesz, n_descsz, n_type;
} Elf64_Nhdr;

#endif

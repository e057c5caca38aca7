/* SPDX-License-Identifier: Apache-2.0
 *
 * Puts an ELF file around a few instructions: three segments (tables, code,
 * data) and the note that makes it a guest.  System V ABI, chapters 4 and 5.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "hostile.h"

enum {
	PAGE = 4096,
	TABLES_OFFSET = PAGE, /* in the file */
	CODE_OFFSET = 2 * PAGE,
	DATA_OFFSET = 3 * PAGE,
	FILE_BYTES = DATA_OFFSET + HOSTILE_DATA_BYTES,
	/* Within the page of tables. */
	NOTE = 0,
	NOTE_CONTENTS = 20, /* a header of 12 bytes, "mote" and its NUL, padded to 8 */
	EXPORTS = 256,
	IMPORTS = 512,
	HEADERS = 4,
};

/* What an export and an import begin with. */
struct record {
	char name[MOTE_ABI_NAME_BYTES];
	uint8_t result, argument_count, arguments[MOTE_ABI_MAXIMUM_ARGUMENTS];
};

static void put_record(uint8_t *at, const char *name, const char *text)
{
	mote_signature signature = {0};
	struct record record = {0};
	mote_error error = MOTE_ERROR_INIT;

	REQUIRE_OK(mote_signature_parse(text, &signature, &error), &error);
	memcpy(record.name, name, strlen(name));
	record.result = signature.result;
	record.argument_count = signature.argument_count;
	memcpy(record.arguments, signature.arguments, sizeof(record.arguments));
	memcpy(at, &record, sizeof(record));
}

static void put_tables(uint8_t *page, const struct hostile_guest *guest)
{
	const Elf64_Nhdr header = {
		.n_namesz = sizeof(MOTE_ABI_NOTE_NAME),
		.n_descsz = sizeof(struct mote_abi_image_note),
		.n_type = MOTE_ABI_NOTE_IMAGE,
	};
	struct mote_abi_image_note note = {.abi_version = MOTE_ABI_VERSION};

	/* Each offset counts from the field that holds it. */
	note.exports_begin = EXPORTS - (NOTE_CONTENTS + 4);
	note.exports_end = EXPORTS - (NOTE_CONTENTS + 8);
	note.imports_begin = IMPORTS - (NOTE_CONTENTS + 12);
	note.imports_end = IMPORTS - (NOTE_CONTENTS + 16);
	if (guest->export_signature) {
		put_record(page + EXPORTS, "run", guest->export_signature);
		note.exports_end += (int32_t)sizeof(struct mote_abi_export);
	}
	if (guest->import_signature) {
		put_record(page + IMPORTS, "host", guest->import_signature);
		note.imports_end += (int32_t)sizeof(struct mote_abi_import);
	}
	memcpy(page + NOTE, &header, sizeof(header));
	memcpy(page + NOTE + sizeof(header), MOTE_ABI_NOTE_NAME, sizeof(MOTE_ABI_NOTE_NAME));
	memcpy(page + NOTE_CONTENTS, &note, sizeof(note));
}

static Elf64_Phdr segment(uint32_t type, uint32_t flags, uint64_t offset, uint64_t address,
			  uint64_t bytes)
{
	return (Elf64_Phdr){
		.p_type = type,
		.p_flags = flags,
		.p_offset = offset,
		.p_vaddr = address,
		.p_paddr = address,
		.p_filesz = bytes,
		.p_memsz = bytes,
		.p_align = type == PT_NOTE ? 4 : PAGE,
	};
}

static void put_headers(uint8_t *file)
{
	const Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = HOSTILE_CODE,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = HEADERS,
	};
	const Elf64_Phdr segments[HEADERS] = {
		segment(PT_LOAD, PF_R, TABLES_OFFSET, HOSTILE_TABLES, PAGE),
		segment(PT_LOAD, PF_R | PF_X, CODE_OFFSET, HOSTILE_CODE, PAGE),
		segment(PT_LOAD, PF_R | PF_W, DATA_OFFSET, HOSTILE_DATA, HOSTILE_DATA_BYTES),
		segment(PT_NOTE, PF_R, TABLES_OFFSET, HOSTILE_TABLES,
			NOTE_CONTENTS + sizeof(struct mote_abi_image_note)),
	};

	memcpy(file, &header, sizeof(header));
	memcpy(file + sizeof(header), segments, sizeof(segments));
}

void *hostile_image(const struct hostile_guest *guest, size_t *bytes)
{
	size_t code_bytes = (size_t)(guest->code_end - guest->code);
	uint8_t *file = calloc(1, FILE_BYTES);

	REQUIRE(file);
	REQUIRE(guest->data_bytes <= HOSTILE_DATA_BYTES);
	/* Code that ends with its page has no ud2 behind it. */
	if (code_bytes > PAGE)
		code_bytes = PAGE;
	put_headers(file);
	put_tables(file + TABLES_OFFSET, guest);
	/* Beside the code, every byte is an int3. */
	memset(file + CODE_OFFSET, 0xcc, PAGE);
	memcpy(file + CODE_OFFSET, guest->code, code_bytes);
	if (guest->data)
		memcpy(file + DATA_OFFSET, guest->data, guest->data_bytes);
	*bytes = FILE_BYTES;
	return file;
}

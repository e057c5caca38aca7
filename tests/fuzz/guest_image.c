/* SPDX-License-Identifier: Apache-2.0
 *
 * Puts an ELF file around guest code: three segments and the note that makes it a
 * guest.  System V ABI, chapters 4 and 5.
 */
#include "guest_image.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include <mote/value.h>

enum {
	NOTE = 0x200, /* within head, as are the tables */
	NOTE_CONTENTS = NOTE + 20,
	EXPORTS = 0x300,
	IMPORTS = 0x400,
	HEADERS = 4,
	DATA_MEMORY = 4 * GUEST_DATA_BYTES,
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

	if (mote_signature_parse(text, &signature, NULL) != MOTE_OK)
		abort();
	memcpy(record.name, name, strlen(name));
	record.result = signature.result;
	record.argument_count = signature.argument_count;
	memcpy(record.arguments, signature.arguments, sizeof(record.arguments));
	memcpy(at, &record, sizeof(record));
}

static void put_tables(uint8_t *head)
{
	const Elf64_Nhdr header = {
		.n_namesz = sizeof(MOTE_ABI_NOTE_NAME),
		.n_descsz = sizeof(struct mote_abi_image_note),
		.n_type = MOTE_ABI_NOTE_IMAGE,
	};
	/* Each offset counts from the field that holds it. */
	const struct mote_abi_image_note note = {
		.abi_version = MOTE_ABI_VERSION,
		.exports_begin = EXPORTS - (NOTE_CONTENTS + 4),
		.exports_end = EXPORTS + sizeof(struct mote_abi_export) - (NOTE_CONTENTS + 8),
		.imports_begin = IMPORTS - (NOTE_CONTENTS + 12),
		.imports_end = IMPORTS + sizeof(struct mote_abi_import) - (NOTE_CONTENTS + 16),
	};

	memcpy(head + NOTE, &header, sizeof(header));
	memcpy(head + NOTE + sizeof(header), MOTE_ABI_NOTE_NAME, sizeof(MOTE_ABI_NOTE_NAME));
	memcpy(head + NOTE_CONTENTS, &note, sizeof(note));
	put_record(head + EXPORTS, "run", GUEST_EXPORT);
	put_record(head + IMPORTS, "host", GUEST_IMPORT);
}

static Elf64_Phdr segment(uint32_t type, uint32_t flags, size_t offset, uint64_t address,
			  uint64_t file_bytes, uint64_t memory_bytes)
{
	return (Elf64_Phdr){
		.p_type = type,
		.p_flags = flags,
		.p_offset = offset,
		.p_vaddr = address,
		.p_paddr = address,
		.p_filesz = file_bytes,
		.p_memsz = memory_bytes,
		.p_align = type == PT_NOTE ? 4 : 4096,
	};
}

static void put_headers(struct guest_image *image)
{
	const Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = GUEST_CODE,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = HEADERS,
	};
	const uint64_t note_bytes = 20 + sizeof(struct mote_abi_image_note);
	const Elf64_Phdr segments[HEADERS] = {
		segment(PT_LOAD, PF_R, 0, GUEST_TABLES, sizeof(image->head), sizeof(image->head)),
		segment(PT_LOAD, PF_R | PF_X, offsetof(struct guest_image, code), GUEST_CODE,
			GUEST_CODE_BYTES, GUEST_CODE_BYTES),
		segment(PT_LOAD, PF_R | PF_W, offsetof(struct guest_image, data), GUEST_DATA,
			GUEST_DATA_BYTES, DATA_MEMORY),
		segment(PT_NOTE, PF_R, NOTE, GUEST_TABLES + NOTE, note_bytes, note_bytes),
	};

	memcpy(image->head, &header, sizeof(header));
	memcpy(image->head + sizeof(header), segments, sizeof(segments));
}

void guest_image_make(struct guest_image *image)
{
	memset(image, 0, sizeof(*image));
	memset(image->code, 0xcc, sizeof(image->code));
	put_headers(image);
	put_tables(image->head);
}

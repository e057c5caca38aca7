/* SPDX-License-Identifier: Apache-2.0
 *
 * The first page of a guest made in memory.  System V ABI, chapters 4 and 5.
 */
#include "image_head.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include <mote/abi.h>
#include <mote/value.h>

enum {
	NOTE = 0x200,
	NOTE_CONTENTS = NOTE + 20, /* a header of 12 bytes, "mote" and its NUL, padded to 8 */
	EXPORTS = 0x300,
	IMPORTS = 0x400,
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

	if (mote_signature_parse(text, &signature, NULL) != MOTE_OK)
		abort();
	memcpy(record.name, name, strlen(name));
	record.result = signature.result;
	record.argument_count = signature.argument_count;
	memcpy(record.arguments, signature.arguments, sizeof(record.arguments));
	memcpy(at, &record, sizeof(record));
}

static void put_tables(uint8_t *page, const struct image_head *head)
{
	const Elf64_Nhdr header = {
		.n_namesz = sizeof(MOTE_ABI_NOTE_NAME),
		.n_descsz = sizeof(struct mote_abi_image_note),
		.n_type = MOTE_ABI_NOTE_IMAGE,
	};
	/* Each offset counts from the field that holds it. */
	struct mote_abi_image_note note = {
		.abi_version = MOTE_ABI_VERSION,
		.exports_begin = EXPORTS - (NOTE_CONTENTS + 4),
		.exports_end = EXPORTS - (NOTE_CONTENTS + 8),
		.imports_begin = IMPORTS - (NOTE_CONTENTS + 12),
		.imports_end = IMPORTS - (NOTE_CONTENTS + 16),
	};

	if (head->export_signature != NULL) {
		put_record(page + EXPORTS, "run", head->export_signature);
		note.exports_end += (int32_t)sizeof(struct mote_abi_export);
	}
	if (head->import_signature != NULL) {
		put_record(page + IMPORTS, "host", head->import_signature);
		note.imports_end += (int32_t)sizeof(struct mote_abi_import);
	}
	memcpy(page + NOTE, &header, sizeof(header));
	memcpy(page + NOTE + sizeof(header), MOTE_ABI_NOTE_NAME, sizeof(MOTE_ABI_NOTE_NAME));
	memcpy(page + NOTE_CONTENTS, &note, sizeof(note));
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

static void put_headers(uint8_t *page, const struct image_head *head)
{
	const Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = head->machine,
		.e_version = EV_CURRENT,
		.e_entry = head->code,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = HEADERS,
	};
	const uint64_t note_bytes = 20 + sizeof(struct mote_abi_image_note);
	const Elf64_Phdr segments[HEADERS] = {
		segment(PT_LOAD, PF_R, 0, head->tables, IMAGE_PAGE, IMAGE_PAGE),
		segment(PT_LOAD, PF_R | PF_X, IMAGE_CODE_AT, head->code, IMAGE_PAGE, IMAGE_PAGE),
		segment(PT_LOAD, PF_R | PF_W, IMAGE_DATA_AT, head->data, head->data_bytes,
			head->data_memory_bytes),
		segment(PT_NOTE, PF_R, NOTE, head->tables + NOTE, note_bytes, note_bytes),
	};

	memcpy(page, &header, sizeof(header));
	memcpy(page + sizeof(header), segments, sizeof(segments));
}

void image_head_write(uint8_t page[IMAGE_PAGE], const struct image_head *head)
{
	memset(page, 0, IMAGE_PAGE);
	put_headers(page, head);
	put_tables(page, head);
}

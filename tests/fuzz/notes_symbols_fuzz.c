/* SPDX-License-Identifier: Apache-2.0
 *
 * Fuzz target: a valid ELF file around fuzzed notes, tables of functions, symbols,
 * strings, relocations and thread-local storage.  A file of which nothing was made
 * wrong must be accepted and show what was put in.  System V ABI, chapters 4, 5.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "image_check.h"

/* Where things are: in the file, and from `base` on in memory. */
enum {
	PAGE = 4096,
	NOTES = 0x400,
	NOTES_BYTES = 0x400,
	EXPORTS = 0x800,
	IMPORTS = 0x1000,
	FUNCTIONS_MOST = 10,
	SECTIONS = 0x1800,
	SYMBOLS = 0x1900,
	SYMBOLS_MOST = 24,
	STRINGS = 0x1c00,
	STRINGS_BYTES = 0x100,
	CODE = 0x2000,
	DATA = 0x3000, /* dynamic section, relocations, thread-local data */
	DYNAMIC = DATA,
	RELOCATIONS = DATA + 0x200,
	RELOCATIONS_MOST = 12,
	TLS = DATA + 0x400,
	FILE_BYTES = 0x4000,
	HEADERS = 7,
};

struct built {
	uint8_t file[FILE_BYTES];
	uint64_t base;
	bool wrong; /* something may be invalid: the file may be refused */
	size_t exports, imports, symbols;
};

const char *fuzz_missing(void)
{
	return NULL;
}

static void put(struct built *built, size_t at, const void *from, size_t bytes)
{
	memcpy(built->file + at, from, bytes);
}

/* ---- Functions --------------------------------------------------------------------------- */

/* What an export and an import begin with. */
struct record {
	char name[MOTE_ABI_NAME_BYTES];
	uint8_t result, argument_count, arguments[MOTE_ABI_MAXIMUM_ARGUMENTS];
};

static void take_name(struct fuzz_input *input, struct built *built, size_t index, char *name)
{
	size_t length = 1 + fuzz_u8(input) % (MOTE_ABI_NAME_BYTES - 2);

	/* Different by its first letter. */
	memset(name, 'n', length);
	name[0] = (char)('a' + index);
	if (fuzz_u8(input) % 8 == 0) {
		built->wrong = true;
		name[fuzz_u8(input) % MOTE_ABI_NAME_BYTES] = (char)fuzz_u8(input);
		if (fuzz_u8(input) & 1)
			memset(name, 'x', MOTE_ABI_NAME_BYTES);
	}
}

static void take_signature(struct fuzz_input *input, struct built *built, struct record *record)
{
	record->result = fuzz_u8(input) % MOTE_TYPE_COUNT;
	record->argument_count = fuzz_u8(input) % (MOTE_ABI_MAXIMUM_ARGUMENTS + 1);
	for (unsigned i = 0; i < record->argument_count; i++)
		record->arguments[i] = 1 + fuzz_u8(input) % (MOTE_TYPE_COUNT - 1);
	if (fuzz_u8(input) % 8 == 0) {
		built->wrong = true;
		record->result = fuzz_u8(input);
		record->argument_count = fuzz_u8(input);
		record->arguments[fuzz_u8(input) % MOTE_ABI_MAXIMUM_ARGUMENTS] = fuzz_u8(input);
	}
}

static size_t put_functions(struct fuzz_input *input, struct built *built, size_t at, size_t bytes)
{
	size_t count = fuzz_u8(input) % (FUNCTIONS_MOST + 1);

	for (size_t i = 0; i < count; i++) {
		struct record record = {0};

		take_name(input, built, i, record.name);
		take_signature(input, built, &record);
		put(built, at + i * bytes, &record, sizeof(record));
	}
	return count;
}

/* ---- Notes ------------------------------------------------------------------------------- */

/* Appends a note; at: its offset among the notes, moved behind it. */
static void put_note(struct built *built, size_t *at, uint32_t type, const char *owner,
		     const void *contents, uint32_t bytes)
{
	const Elf64_Nhdr header = {
		.n_namesz = (uint32_t)strlen(owner) + 1, .n_descsz = bytes, .n_type = type};
	size_t owner_bytes = (header.n_namesz + 3) & ~3u;

	if (*at + sizeof(header) + owner_bytes + bytes + 4 > NOTES_BYTES)
		return;
	put(built, NOTES + *at, &header, sizeof(header));
	put(built, NOTES + *at + sizeof(header), owner, header.n_namesz);
	put(built, NOTES + *at + sizeof(header) + owner_bytes, contents, bytes);
	*at += (sizeof(header) + owner_bytes + bytes + 3) & ~(size_t)3;
}

static void put_image_note(struct fuzz_input *input, struct built *built, size_t *at)
{
	/* A header, and "mote" with its NUL, padded. */
	int32_t contents = (int32_t)(NOTES + *at + sizeof(Elf64_Nhdr) + 8);
	struct mote_abi_image_note note = {.abi_version = MOTE_ABI_VERSION};
	int32_t *fields[] = {&note.exports_begin, &note.exports_end, &note.imports_begin,
			     &note.imports_end};

	note.exports_begin = EXPORTS - (contents + 4);
	note.exports_end = EXPORTS - (contents + 8) +
			   (int32_t)(built->exports * sizeof(struct mote_abi_export));
	note.imports_begin = IMPORTS - (contents + 12);
	note.imports_end = IMPORTS - (contents + 16) +
			   (int32_t)(built->imports * sizeof(struct mote_abi_import));
	if (fuzz_u8(input) % 4 == 0) {
		built->wrong = true;
		*fields[fuzz_u8(input) % 4] += (int32_t)(int8_t)fuzz_u8(input) * 8;
		if (fuzz_u8(input) & 1)
			*fields[fuzz_u8(input) % 4] = (int32_t)fuzz_u32(input);
	}
	put_note(built, at, MOTE_ABI_NOTE_IMAGE, MOTE_ABI_NOTE_NAME, &note, sizeof(note));
}

static void put_any_note(struct fuzz_input *input, struct built *built, size_t *at)
{
	static const char *const owners[] = {"GNU", "", "mote", "motes", "mot", "mote"};
	struct mote_abi_needs_note needs = {0};
	uint8_t contents[64];
	size_t owner = fuzz_u8(input) % 6;

	if (owner == 5) { /* what a guest needs; at most once is usual, the last one counts */
		needs.heap_bytes = fuzz_edge(input) % (1u << 20);
		needs.stack_bytes = fuzz_edge(input) % (1u << 16);
		put_note(built, at, MOTE_ABI_NOTE_NEEDS, "mote", &needs, sizeof(needs));
		return;
	}
	if (owner == 2)
		built->wrong = true;
	fuzz_bytes(input, contents, sizeof(contents));
	put_note(built, at, fuzz_u8(input) % 4, owners[owner], contents, fuzz_u8(input) % 65);
}

static size_t put_notes(struct fuzz_input *input, struct built *built)
{
	size_t before = fuzz_u8(input) % 4, behind = fuzz_u8(input) % 4, at = 0;

	while (before-- > 0)
		put_any_note(input, built, &at);
	put_image_note(input, built, &at);
	while (behind-- > 0)
		put_any_note(input, built, &at);
	return at;
}

/* ---- Symbols ----------------------------------------------------------------------------- */

static void put_symbols(struct fuzz_input *input, struct built *built)
{
	const Elf64_Shdr sections[3] = {
		{0},
		{.sh_type = SHT_SYMTAB,
		 .sh_offset = SYMBOLS,
		 .sh_link = 2,
		 .sh_size = SYMBOLS_MOST * sizeof(Elf64_Sym),
		 .sh_entsize = sizeof(Elf64_Sym)},
		{.sh_type = SHT_STRTAB, .sh_offset = STRINGS, .sh_size = STRINGS_BYTES},
	};
	size_t count = fuzz_u8(input) % (SYMBOLS_MOST + 1);

	fuzz_bytes(input, built->file + STRINGS, fuzz_u8(input) % STRINGS_BYTES);
	for (size_t i = 0; i < count; i++) {
		uint8_t kind = fuzz_u8(input);
		Elf64_Sym symbol = {
			.st_name = kind & 1 ? fuzz_u8(input) : (uint32_t)fuzz_edge(input),
			.st_info = kind & 2 ? STT_FUNC : fuzz_u8(input),
			.st_shndx = kind >> 2 & 3,
			.st_value = built->base + CODE + fuzz_u8(input),
			.st_size = fuzz_u8(input) % 64,
		};

		if (kind & 0x80)
			symbol.st_value = fuzz_edge(input), symbol.st_size = fuzz_edge(input);
		built->wrong |= ELF64_ST_TYPE(symbol.st_info) == STT_GNU_IFUNC;
		built->symbols += ELF64_ST_TYPE(symbol.st_info) == STT_FUNC && symbol.st_shndx != 0;
		put(built, SYMBOLS + i * sizeof(symbol), &symbol, sizeof(symbol));
	}
	put(built, SECTIONS, sections, sizeof(sections));
}

/* ---- The dynamic section ----------------------------------------------------------------- */

static size_t put_relocations(struct fuzz_input *input, struct built *built)
{
	size_t count = fuzz_u8(input) % (RELOCATIONS_MOST + 1);

	for (size_t i = 0; i < count; i++) {
		Elf64_Rela entry = {
			.r_offset = built->base + DATA + fuzz_u16(input) % (PAGE - 8),
			.r_info = R_X86_64_RELATIVE,
			.r_addend = (int64_t)fuzz_edge(input),
		};

		if (fuzz_u8(input) % 8 == 0)
			entry.r_offset = fuzz_edge(input);
		if (fuzz_u8(input) % 32 == 0) {
			built->wrong = true;
			entry.r_info = fuzz_edge(input);
		}
		put(built, RELOCATIONS + i * sizeof(entry), &entry, sizeof(entry));
	}
	return count;
}

static void put_dynamic(struct fuzz_input *input, struct built *built)
{
	Elf64_Dyn entries[8] = {
		{.d_tag = DT_RELA, .d_un.d_val = built->base + RELOCATIONS},
		{.d_tag = DT_RELASZ,
		 .d_un.d_val = put_relocations(input, built) * sizeof(Elf64_Rela)},
		{.d_tag = DT_RELAENT, .d_un.d_val = sizeof(Elf64_Rela)},
	};

	for (unsigned i = 3; i < 7 && fuzz_u8(input) % 4 == 0; i++) {
		built->wrong = true;
		entries[i].d_tag = fuzz_u8(input) % 40;
		entries[i].d_un.d_val = fuzz_edge(input);
	}
	put(built, DYNAMIC, entries, sizeof(entries));
}

/* ---- Headers ----------------------------------------------------------------------------- */

static Elf64_Phdr segment(const struct built *built, uint32_t type, uint32_t flags, uint64_t at,
			  uint64_t bytes, uint64_t alignment)
{
	return (Elf64_Phdr){
		.p_type = type,
		.p_flags = flags,
		.p_offset = at,
		.p_vaddr = built->base + at,
		.p_paddr = built->base + at,
		.p_filesz = bytes,
		.p_memsz = bytes,
		.p_align = alignment,
	};
}

static void put_headers(struct fuzz_input *input, struct built *built, size_t note_bytes)
{
	Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = built->base ? ET_EXEC : ET_DYN,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = built->base + CODE,
		.e_phoff = sizeof(header),
		.e_shoff = SECTIONS,
		.e_ehsize = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = HEADERS,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = 3,
	};
	Elf64_Phdr segments[HEADERS] = {
		segment(built, PT_LOAD, PF_R, 0, CODE, PAGE),
		segment(built, PT_LOAD, PF_R | PF_X, CODE, PAGE, PAGE),
		segment(built, PT_LOAD, PF_R | PF_W, DATA, PAGE, PAGE),
		segment(built, PT_NOTE, PF_R, NOTES, note_bytes, 4),
		segment(built, PT_DYNAMIC, PF_R | PF_W, DYNAMIC, 8 * sizeof(Elf64_Dyn), 8),
		segment(built, PT_TLS, PF_R, TLS, fuzz_u8(input), 1u << fuzz_u8(input) % 8),
		segment(built, PT_GNU_RELRO, PF_R, DATA, fuzz_u16(input), 1),
	};

	segments[2].p_memsz += fuzz_u16(input); /* zeros behind the file's contents */
	segments[5].p_memsz += fuzz_u8(input);
	if (fuzz_u8(input) % 4 == 0) { /* any alignment; none is promised to be refused */
		segments[5].p_align = fuzz_edge(input) % (PAGE + 2);
		built->wrong = true;
	}
	put(built, 0, &header, sizeof(header));
	put(built, sizeof(header), segments, sizeof(segments));
}

/* Last, a few bytes anywhere. */
static void patch(struct fuzz_input *input, struct built *built)
{
	for (unsigned i = 0; i < 8 && input->left >= 3; i++) {
		size_t at = fuzz_u16(input) % FILE_BYTES;

		built->file[at] = fuzz_u8(input);
		built->wrong = true;
	}
}

/* ---- The target -------------------------------------------------------------------------- */

static void check_shown(const struct built *built, const mote_image *image)
{
	mote_image_information information = MOTE_IMAGE_INFORMATION_INIT;
	struct record record;
	mote_image_function function = MOTE_IMAGE_FUNCTION_INIT;

	mote_image_get_information(image, &information, NULL);
	FUZZ_CHECK(information.export_count == built->exports);
	FUZZ_CHECK(information.import_count == built->imports);
	FUZZ_CHECK(information.symbol_count == built->symbols);
	FUZZ_CHECK(information.segment_count == 3);
	FUZZ_CHECK(information.position_independent == (built->base == 0));
	for (size_t i = 0; i < built->exports; i++) {
		memcpy(&record, built->file + EXPORTS + i * sizeof(struct mote_abi_export),
		       sizeof(record));
		FUZZ_CHECK(mote_image_get_export(image, i, &function, NULL) == MOTE_OK);
		FUZZ_CHECK(strcmp(record.name, function.name) == 0);
		FUZZ_CHECK(record.result == function.signature.result);
		FUZZ_CHECK(record.argument_count == function.signature.argument_count);
		FUZZ_CHECK(memcmp(record.arguments, function.signature.arguments,
				  record.argument_count) == 0);
	}
}

static void check_file(struct built *built)
{
	static const struct image_check_request request = {
		.stack_bytes = 16384, .data_bytes = 4096, .slack_bytes = 192u << 10};
	mote_error error = MOTE_ERROR_INIT;
	mote_image *image = NULL;
	mote_status status =
		mote_image_from_bytes(NULL, built->file, FILE_BYTES, "fuzz.elf", &image, &error);

	if (status != MOTE_OK) {
		FUZZ_CHECK(status == MOTE_BAD_IMAGE || status == MOTE_WRONG_ABI);
		fuzz_check_error(status, &error);
		if (!built->wrong)
			FUZZ_BROKEN("a good file is refused: %s", error.text);
		return;
	}
	image_check_inspection(image);
	if (!built->wrong)
		check_shown(built, image);
	image_check_load(image, &request);
	mote_image_release(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = {data, size};
	struct built *built = calloc(1, sizeof(*built));

	if (built == NULL)
		abort();
	built->base = fuzz_u8(&input) & 1 ? 0x80000 : 0;
	built->exports = put_functions(&input, built, EXPORTS, sizeof(struct mote_abi_export));
	built->imports = put_functions(&input, built, IMPORTS, sizeof(struct mote_abi_import));
	put_headers(&input, built, put_notes(&input, built));
	put_symbols(&input, built);
	put_dynamic(&input, built);
	patch(&input, built);
	check_file(built);
	free(built);
	return 0;
}

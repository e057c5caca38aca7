/* SPDX-License-Identifier: Apache-2.0
 *
 * Build id and symbols of a guest.
 */
#include "core_guest.h"

#include <stdio.h>
#include <string.h>

enum { SYMBOL_BYTES = 24, SYMBOLS_AT_ONCE = 128, KIND_FUNCTION = 2, NOTE_BUILD_ID = 3 };

/* Bounds the work; 96 MiB of symbols are more than any guest has. */
enum { MAXIMUM_SYMBOLS = 1 << 22, MAXIMUM_SEGMENTS = 64 };

static void read_build_id(struct core_guest *guest, struct elf_notes *notes)
{
	struct elf_note note;

	while (elf_notes_next(notes, &note)) {
		if (!elf_note_is(&note, "GNU", NOTE_BUILD_ID) ||
		    note.bytes > (CORE_BUILD_ID_BYTES - 1) / 2)
			continue;
		for (uint32_t i = 0; i < note.bytes; i++)
			snprintf(guest->build_id + 2 * i, 3, "%02x", note.contents[i]);
	}
}

static const char *read_notes(struct core_guest *guest)
{
	struct elf_segment segment;
	struct elf_notes notes;
	const char *problem;

	for (uint32_t i = 0; i < guest->elf.segment_count; i++) {
		problem = elf_file_segment(&guest->elf, i, &segment);
		if (problem != NULL)
			return problem;
		if (segment.type != ELF_SEGMENT_NOTE)
			continue;
		problem = elf_notes_load(&guest->elf, &segment, &notes);
		if (problem != NULL)
			return problem;
		read_build_id(guest, &notes);
		elf_notes_release(&notes);
	}
	return NULL;
}

/* Without usable symbols it is as if it was stripped. */
static const char *take_symbols(struct core_guest *guest, const struct elf_section *symbols)
{
	struct elf_section strings;
	const char *problem;

	if (symbols->link >= guest->elf.section_count || symbols->entry_bytes != SYMBOL_BYTES ||
	    symbols->bytes / SYMBOL_BYTES > MAXIMUM_SYMBOLS)
		return NULL;
	problem = elf_file_section(&guest->elf, symbols->link, &strings);
	if (problem != NULL || !elf_file_has(&guest->elf, symbols->offset, symbols->bytes) ||
	    strings.type != ELF_SECTION_STRINGS ||
	    !elf_file_has(&guest->elf, strings.offset, strings.bytes))
		return problem;
	guest->symbols_offset = symbols->offset;
	guest->symbol_count = symbols->bytes / SYMBOL_BYTES;
	guest->strings_offset = strings.offset;
	guest->strings_bytes = strings.bytes;
	return NULL;
}

static const char *read_sections(struct core_guest *guest)
{
	struct elf_section section;

	for (uint32_t i = 0; i < guest->elf.section_count; i++) {
		const char *problem = elf_file_section(&guest->elf, i, &section);

		if (problem != NULL)
			return problem;
		if (section.type == ELF_SECTION_SYMBOLS)
			return take_symbols(guest, &section);
	}
	return NULL;
}

const char *core_guest_open(const struct file_source *source, struct core_guest *guest)
{
	const char *problem;

	*guest = (struct core_guest){.symbol_count = 0};
	problem = elf_file_open(source, &guest->elf);
	if (problem == NULL && guest->elf.type != ELF_TYPE_EXECUTABLE &&
	    guest->elf.type != ELF_TYPE_SHARED)
		problem = "is not an executable";
	if (problem == NULL && guest->elf.segment_count > MAXIMUM_SEGMENTS)
		problem = "has too many segments";
	if (problem == NULL)
		problem = read_notes(guest);
	if (problem == NULL)
		problem = read_sections(guest);
	return problem;
}

/* ---- Symbols ----------------------------------------------------------------------------- */

/* Of several functions around an address, the one that begins last. */
static void try_symbol(const uint8_t *entry, struct core_symbol *symbols, size_t count)
{
	const uint64_t begin = elf_number(entry + 8, 8), bytes = elf_number(entry + 16, 8);

	if ((entry[4] & 0xf) != KIND_FUNCTION || elf_number(entry + 6, 2) == 0)
		return;
	for (size_t i = 0; i < count; i++) {
		struct core_symbol *symbol = &symbols[i];

		if (symbol->address < begin || symbol->address - begin >= bytes ||
		    (symbol->found && begin <= symbol->begin))
			continue;
		symbol->found = true;
		symbol->begin = begin;
		symbol->name_offset = elf_number(entry, 4);
	}
}

/* Cuts a long name; what is not in the file stays empty. */
static void read_name(const struct core_guest *guest, struct core_symbol *symbol)
{
	uint64_t left = guest->strings_bytes - symbol->name_offset;
	size_t bytes = CORE_NAME_BYTES - 1;

	if (symbol->name_offset >= guest->strings_bytes)
		return;
	if (left < bytes)
		bytes = (size_t)left;
	if (elf_file_read(&guest->elf, guest->strings_offset + symbol->name_offset, symbol->name,
			  bytes) != NULL)
		bytes = 0;
	symbol->name[bytes] = '\0';
}

void core_guest_find(const struct core_guest *guest, struct core_symbol *symbols, size_t count)
{
	uint8_t entries[SYMBOLS_AT_ONCE * SYMBOL_BYTES];

	for (size_t i = 0; i < count; i++)
		symbols[i] = (struct core_symbol){.address = symbols[i].address};
	for (uint64_t at = 0; at < guest->symbol_count; at += SYMBOLS_AT_ONCE) {
		const uint64_t left = guest->symbol_count - at;
		const size_t here = left < SYMBOLS_AT_ONCE ? (size_t)left : SYMBOLS_AT_ONCE;

		if (elf_file_read(&guest->elf, guest->symbols_offset + at * SYMBOL_BYTES, entries,
				  here * SYMBOL_BYTES) != NULL)
			break;
		for (size_t i = 0; i < here; i++)
			try_symbol(entries + i * SYMBOL_BYTES, symbols, count);
	}
	for (size_t i = 0; i < count; i++)
		if (symbols[i].found)
			read_name(guest, &symbols[i]);
}

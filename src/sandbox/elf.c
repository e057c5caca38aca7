/* SPDX-License-Identifier: Apache-2.0
 *
 * The ELF reader.  Fields are taken out of the bytes one by one, so neither
 * alignment nor the host's own <elf.h> matters.
 */
#include "sandbox/elf.h"

#include <string.h>

#include "bytes.h"
#include "error_internal.h"
#include "sandbox/elf_format.h"

static mote_status bad(const struct mote_elf *elf, mote_error *error, const char *what)
{
	return mote_fail(error, MOTE_BAD_IMAGE, "guest image %s: %s", elf->name, what);
}

bool mote_elf_in_file(const struct mote_elf *elf, uint64_t offset, uint64_t bytes)
{
	return offset <= elf->length && bytes <= elf->length - offset;
}

mote_status mote_elf_check_header(const char *name, const uint8_t *bytes, size_t length,
				  mote_error *error)
{
	const struct mote_elf elf = {.name = name};
	uint16_t machine;

	if (length == 0)
		return bad(&elf, error, "the file is empty");
	if (length < 4 || memcmp(bytes, "\177ELF", 4) != 0)
		return bad(&elf, error, "not an ELF executable");
	if (length < MOTE_ELF_HEADER_BYTES)
		return bad(&elf, error, "truncated ELF header");
	if (bytes[4] != ELF_CLASS_64 || bytes[5] != ELF_DATA_LITTLE)
		return bad(&elf, error, "not a 64-bit little-endian ELF file");
	machine = mote_get16(bytes + ELF_MACHINE);
	if (machine != ELF_MACHINE_X86_64 && machine != ELF_MACHINE_AARCH64)
		return mote_fail(
			error, MOTE_BAD_IMAGE,
			"guest image %s: built for ELF machine %u; mote runs x86_64 (62) and "
			"aarch64 (183)",
			name, machine);
	switch (mote_get16(bytes + ELF_TYPE)) {
	case ELF_TYPE_EXECUTABLE:
	case ELF_TYPE_DYNAMIC:
		return MOTE_OK;
	case ELF_TYPE_RELOCATABLE:
		return bad(&elf, error, "an object file; link it with the guest SDK");
	default:
		return bad(&elf, error, "not an executable");
	}
}

/* ---- Segments ---------------------------------------------------------------------------- */

static struct mote_elf_segment read_segment(const uint8_t *header)
{
	uint32_t flags = mote_get32(header + PH_FLAGS);

	return (struct mote_elf_segment){
		.address = mote_get64(header + PH_ADDRESS),
		.memory_bytes = mote_get64(header + PH_MEMORY_BYTES),
		.file_offset = mote_get64(header + PH_OFFSET),
		.file_bytes = mote_get64(header + PH_FILE_BYTES),
		.alignment = mote_get64(header + PH_ALIGNMENT),
		.readable = (flags & PF_READ) != 0,
		.writable = (flags & PF_WRITE) != 0,
		.executable = (flags & PF_EXECUTE) != 0,
	};
}

static mote_status check_segment(const struct mote_elf *elf, const struct mote_elf_segment *segment,
				 size_t number, mote_error *error)
{
	const struct mote_elf_segment *last;
	const char *what = NULL;

	if (segment->file_bytes > segment->memory_bytes)
		what = "is larger in the file than in memory";
	else if (!mote_elf_in_file(elf, segment->file_offset, segment->file_bytes))
		what = "extends past the end of the file (truncated?)";
	else if (segment->address > ELF_HIGHEST_ADDRESS ||
		 segment->memory_bytes > ELF_HIGHEST_ADDRESS - segment->address)
		what = "has an absurd address or size";
	else if (segment->writable && segment->executable)
		what = "is writable and executable; link with -z separate-code and without -N";
	else if (segment->alignment > ELF_MAXIMUM_ALIGNMENT ||
		 (segment->alignment & (segment->alignment - 1)))
		what = "has an absurd alignment; link with -z max-page-size=4096";
	if (what == NULL && elf->segment_count > 0) {
		last = &elf->segments[elf->segment_count - 1];
		if (segment->address / ELF_PAGE <
		    (last->address + last->memory_bytes + ELF_PAGE - 1) / ELF_PAGE)
			what = "overlaps the one before it, or shares a page with it; link with -z "
			       "separate-code";
	}
	if (what == NULL)
		return MOTE_OK;
	return mote_fail(error, MOTE_BAD_IMAGE, "guest image %s: segment %zu (0x%llx..0x%llx) %s",
			 elf->name, number, (unsigned long long)segment->address,
			 (unsigned long long)(segment->address + segment->memory_bytes), what);
}

static mote_status add_segment(struct mote_elf *elf, const struct mote_elf_segment *segment,
			       size_t number, mote_error *error)
{
	mote_status status;

	if (segment->memory_bytes == 0)
		return MOTE_OK;
	if (elf->segment_count == MOTE_ELF_MAXIMUM_SEGMENTS)
		return bad(elf, error, "more than 32 loadable segments");
	status = check_segment(elf, segment, number, error);
	if (status == MOTE_OK)
		elf->segments[elf->segment_count++] = *segment;
	return status;
}

static mote_status read_program_header(struct mote_elf *elf, const uint8_t *header, size_t number,
				       struct mote_elf_segment *dynamic, mote_error *error)
{
	const struct mote_elf_segment segment = read_segment(header);

	switch (mote_get32(header + PH_TYPE)) {
	case PT_LOAD:
		return add_segment(elf, &segment, number, error);
	case PT_DYNAMIC:
		*dynamic = segment;
		break;
	case PT_INTERP:
		return bad(elf, error,
			   "a dynamic executable; link it statically with the guest SDK "
			   "(-static-pie -nostdlib)");
	case PT_TLS:
		if (segment.alignment > ELF_PAGE ||
		    (segment.alignment & (segment.alignment - 1)) != 0 ||
		    segment.memory_bytes > ELF_MAXIMUM_TLS ||
		    segment.file_bytes > segment.memory_bytes ||
		    !mote_elf_in_file(elf, segment.file_offset, segment.file_bytes))
			return bad(elf, error, "thread-local segment out of range");
		elf->tls = segment;
		break;
	case PT_GNU_RELRO:
		if (segment.address > ELF_HIGHEST_ADDRESS ||
		    segment.memory_bytes > ELF_HIGHEST_ADDRESS - segment.address)
			return bad(elf, error, "RELRO segment out of range");
		elf->relro = (struct mote_elf_range){segment.address,
						     segment.address + segment.memory_bytes};
		break;
	default:
		break;
	}
	return MOTE_OK;
}

static mote_status read_program_headers(struct mote_elf *elf, struct mote_elf_segment *dynamic,
					mote_error *error)
{
	uint64_t offset = mote_get64(elf->bytes + ELF_PROGRAM_HEADERS);
	uint16_t count = mote_get16(elf->bytes + ELF_PROGRAM_HEADER_COUNT);
	mote_status status = MOTE_OK;

	if (mote_get16(elf->bytes + ELF_PROGRAM_HEADER_BYTES) != PH_BYTES || count == 0 ||
	    !mote_elf_in_file(elf, offset, (uint64_t)count * PH_BYTES))
		return bad(elf, error, "program headers missing or truncated");
	if (count > ELF_MAXIMUM_PROGRAM_HEADERS)
		return bad(elf, error, "more than 256 program headers");
	elf->work += count;
	for (uint16_t i = 0; status == MOTE_OK && i < count; i++)
		status = read_program_header(elf, elf->bytes + offset + (size_t)i * PH_BYTES, i,
					     dynamic, error);
	if (status == MOTE_OK && elf->segment_count == 0)
		return bad(elf, error, "no loadable segment");
	return status;
}

static mote_status check_entry(const struct mote_elf *elf, mote_error *error)
{
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct mote_elf_segment *segment = &elf->segments[i];

		if (segment->executable && elf->entry >= segment->address &&
		    elf->entry - segment->address < segment->memory_bytes)
			return MOTE_OK;
	}
	if (elf->entry == 0 && elf->position_independent)
		return bad(elf, error,
			   "a shared library; link an executable with the guest SDK "
			   "(-static-pie -nostdlib)");
	return bad(elf, error, "the entry point is not in an executable segment");
}

bool mote_elf_file_offset(const struct mote_elf *elf, uint64_t address, uint64_t bytes,
			  uint64_t *offset)
{
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct mote_elf_segment *segment = &elf->segments[i];
		uint64_t into = address - segment->address;

		if (address >= segment->address && into <= segment->file_bytes &&
		    bytes <= segment->file_bytes - into) {
			*offset = segment->file_offset + into;
			return true;
		}
	}
	return false;
}

uint16_t mote_elf_header_count(const struct mote_elf *elf)
{
	return mote_get16(elf->bytes + ELF_PROGRAM_HEADER_COUNT);
}

uint64_t mote_elf_headers_address(const struct mote_elf *elf)
{
	const uint64_t offset = mote_get64(elf->bytes + ELF_PROGRAM_HEADERS);
	const uint64_t bytes = (uint64_t)mote_elf_header_count(elf) * PH_BYTES;

	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct mote_elf_segment *segment = &elf->segments[i];

		if (offset >= segment->file_offset &&
		    offset + bytes <= segment->file_offset + segment->file_bytes)
			return offset - segment->file_offset + segment->address;
	}
	return 0;
}

/* ---- Notes ------------------------------------------------------------------------------- */

static uint64_t align_up(uint64_t value, uint64_t alignment)
{
	return (value + alignment - 1) & ~(alignment - 1);
}

/* Where notes are in memory.  Tools that remove some leave the others without an address; then the
 * loadable segment that covers the same part of the file determines it. */
static uint64_t note_address(const struct mote_elf *elf, const struct mote_elf_segment *notes)
{
	for (size_t i = 0; notes->address == 0 && i < elf->segment_count; i++) {
		const struct mote_elf_segment *segment = &elf->segments[i];
		uint64_t into = notes->file_offset - segment->file_offset;

		if (notes->file_offset >= segment->file_offset && into <= segment->file_bytes &&
		    notes->file_bytes <= segment->file_bytes - into)
			return segment->address + into;
	}
	return notes->address;
}

static bool each_note_in(struct mote_elf *elf, const struct mote_elf_segment *segment,
			 bool (*visit)(void *, const struct mote_elf_note *), void *user)
{
	uint64_t alignment = segment->alignment == 8 ? 8 : 4;
	uint64_t address = note_address(elf, segment);
	uint64_t at = 0;

	while (at + NOTE_HEADER_BYTES <= segment->file_bytes) {
		const uint8_t *header = elf->bytes + segment->file_offset + at;
		uint64_t owner_bytes = mote_get32(header);
		uint64_t contents_bytes = mote_get32(header + 4);
		uint64_t contents = align_up(NOTE_HEADER_BYTES + owner_bytes, alignment);
		struct mote_elf_note note;

		if (contents + contents_bytes > segment->file_bytes - at)
			return false;
		note = (struct mote_elf_note){
			.owner = (const char *)header + NOTE_HEADER_BYTES,
			.owner_bytes = (uint32_t)owner_bytes,
			.type = mote_get32(header + 8),
			.contents = header + contents,
			.contents_bytes = (uint32_t)contents_bytes,
			.contents_address = address + at + contents,
		};
		elf->work++;
		if (!visit(user, &note))
			return true;
		at += align_up(contents + contents_bytes, alignment);
	}
	return true;
}

/* Overlapping note segments would be read again and again, so their total size is limited to the
 * file's. */
bool mote_elf_each_note(struct mote_elf *elf,
			bool (*visit)(void *user, const struct mote_elf_note *note), void *user)
{
	uint64_t offset = mote_get64(elf->bytes + ELF_PROGRAM_HEADERS);
	uint16_t count = mote_get16(elf->bytes + ELF_PROGRAM_HEADER_COUNT);
	uint64_t unread = elf->length;

	for (uint16_t i = 0; i < count; i++) {
		const uint8_t *header = elf->bytes + offset + (size_t)i * PH_BYTES;
		struct mote_elf_segment segment;

		if (mote_get32(header + PH_TYPE) != PT_NOTE)
			continue;
		segment = read_segment(header);
		if (!mote_elf_in_file(elf, segment.file_offset, segment.file_bytes) ||
		    segment.file_bytes > unread)
			return false;
		unread -= segment.file_bytes;
		if (!each_note_in(elf, &segment, visit, user))
			return false;
	}
	return true;
}

/* ---- Symbols: only for messages, so a bad table counts as none --------------------------- */

static bool take_symbol_table(struct mote_elf *elf, const uint8_t *sections, uint16_t count,
			      const uint8_t *table)
{
	uint32_t link = mote_get32(table + SH_LINK);
	const uint8_t *strings;

	if (mote_get32(table + SH_TYPE) != SHT_SYMTAB || link >= count)
		return false;
	strings = sections + (size_t)link * SH_BYTES;
	if (!mote_elf_in_file(elf, mote_get64(table + SH_OFFSET),
			      mote_get64(table + SH_SECTION_BYTES)) ||
	    !mote_elf_in_file(elf, mote_get64(strings + SH_OFFSET),
			      mote_get64(strings + SH_SECTION_BYTES)))
		return false;
	elf->symbols_offset = mote_get64(table + SH_OFFSET);
	elf->symbol_count = (size_t)(mote_get64(table + SH_SECTION_BYTES) / SYM_BYTES);
	elf->strings_offset = mote_get64(strings + SH_OFFSET);
	elf->strings_bytes = (size_t)mote_get64(strings + SH_SECTION_BYTES);
	return true;
}

static void find_symbols(struct mote_elf *elf)
{
	uint64_t offset = mote_get64(elf->bytes + ELF_SECTION_HEADERS);
	uint16_t count = mote_get16(elf->bytes + ELF_SECTION_HEADER_COUNT);

	if (mote_get16(elf->bytes + ELF_SECTION_HEADER_BYTES) != SH_BYTES ||
	    !mote_elf_in_file(elf, offset, (uint64_t)count * SH_BYTES))
		return;
	elf->work += count;
	for (uint16_t i = 0; i < count; i++)
		if (take_symbol_table(elf, elf->bytes + offset, count,
				      elf->bytes + offset + (size_t)i * SH_BYTES))
			return;
}

static const uint8_t *function_symbol(const struct mote_elf *elf, size_t index)
{
	const uint8_t *symbol = elf->bytes + elf->symbols_offset + index * (size_t)SYM_BYTES;

	return (symbol[SYM_INFO] & 0xf) == STT_FUNC && mote_get16(symbol + SYM_SECTION) != 0
		       ? symbol
		       : NULL;
}

/* A symbol without a size (hand-written assembly) covers whatever follows it. */
static bool symbol_covers(const uint8_t *symbol, uint64_t address)
{
	uint64_t into = address - mote_get64(symbol + SYM_VALUE);
	uint64_t size = mote_get64(symbol + SYM_SIZE);

	return address >= mote_get64(symbol + SYM_VALUE) && (size == 0 || into < size);
}

static const char *symbol_name(const struct mote_elf *elf, const uint8_t *symbol)
{
	uint32_t at = mote_get32(symbol);
	const char *strings = (const char *)elf->bytes + elf->strings_offset;

	if (at >= elf->strings_bytes || memchr(strings + at, '\0', elf->strings_bytes - at) == NULL)
		return NULL;
	return strings + at;
}

bool mote_elf_nearest_symbol(const struct mote_elf *elf, uint64_t address, const char **name,
			     uint64_t *offset)
{
	const uint8_t *nearest = NULL;

	for (size_t i = 0; i < elf->symbol_count; i++) {
		const uint8_t *symbol = function_symbol(elf, i);

		if (symbol != NULL && symbol_covers(symbol, address) &&
		    (nearest == NULL ||
		     mote_get64(symbol + SYM_VALUE) > mote_get64(nearest + SYM_VALUE)))
			nearest = symbol;
	}
	if (nearest == NULL || symbol_name(elf, nearest) == NULL)
		return false;
	*name = symbol_name(elf, nearest);
	*offset = address - mote_get64(nearest + SYM_VALUE);
	return true;
}

/* A linked program with an IFUNC relocates itself before main, with its own resolvers. */
static mote_status check_symbols(struct mote_elf *elf, mote_error *error)
{
	for (size_t i = 0; i < elf->symbol_count; i++) {
		const uint8_t *symbol = elf->bytes + elf->symbols_offset + i * (size_t)SYM_BYTES;
		const char *name;

		elf->work++;
		if ((symbol[SYM_INFO] & 0xf) != STT_GNU_IFUNC ||
		    mote_get16(symbol + SYM_SECTION) == 0)
			continue;
		name = symbol_name(elf, symbol);
		return mote_elf_refuse_ifunc(elf, name != NULL ? name : "?", error);
	}
	return MOTE_OK;
}

size_t mote_elf_function_count(const struct mote_elf *elf)
{
	size_t count = 0;

	for (size_t i = 0; i < elf->symbol_count; i++)
		count += function_symbol(elf, i) != NULL;
	return count;
}

mote_status mote_elf_parse(const char *name, const uint8_t *bytes, size_t length,
			   struct mote_elf *elf, mote_error *error)
{
	struct mote_elf_segment dynamic = {0};
	mote_status status = mote_elf_check_header(name, bytes, length, error);

	if (status != MOTE_OK)
		return status;
	*elf = (struct mote_elf){
		.bytes = bytes,
		.length = length,
		.name = name,
		.machine = mote_get16(bytes + ELF_MACHINE) == ELF_MACHINE_X86_64
				   ? MOTE_MACHINE_X86_64
				   : MOTE_MACHINE_AARCH64,
		.position_independent = mote_get16(bytes + ELF_TYPE) == ELF_TYPE_DYNAMIC,
		.entry = mote_get64(bytes + ELF_ENTRY),
	};
	status = read_program_headers(elf, &dynamic, error);
	if (status == MOTE_OK)
		status = check_entry(elf, error);
	if (status == MOTE_OK && dynamic.file_bytes > 0)
		status = mote_elf_read_dynamic(elf, &dynamic, error);
	if (status != MOTE_OK)
		return status;
	find_symbols(elf);
	return check_symbols(elf, error);
}

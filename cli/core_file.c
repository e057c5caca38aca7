/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads a core of mote.
 */
#include "core_file.h"

#include <stdlib.h>
#include <string.h>

enum { NOTE_STATUS = 1, NOTE_AUXILIARY = 6, NOTE_FILES = 0x46494c45, NOTE_MOTE = 0x4d4f5445 };

/* struct elf_prstatus. */
enum {
	STATUS_REGISTERS = 112,
	STATUS_X86_64_BYTES = 336,
	STATUS_AARCH64_BYTES = 392,
};

enum { AUXILIARY_BYTES = 16, AUXILIARY_END = 0, AUXILIARY_ENTRY = 9 };
enum { FILES_HEADER_BYTES = 16, FILES_ROW_BYTES = 24 };

/* More than any guest has; they bound what a hostile file makes of work and output. */
enum { MAXIMUM_SEGMENTS = 4096, MAXIMUM_MAPPINGS = 1024, MAXIMUM_PATH_BYTES = 4096 };

/* ---- Registers --------------------------------------------------------------------------- */

#define NO_MEMBER SIZE_MAX
#define MEMBER(name) offsetof(mote_x86_64_regs, name)

/* struct user_regs_struct. */
static const size_t x86_64_order[] = {
	MEMBER(r15), MEMBER(r14), MEMBER(r13), MEMBER(r12),    MEMBER(rbp),
	MEMBER(rbx), MEMBER(r11), MEMBER(r10), MEMBER(r9),     MEMBER(r8),
	MEMBER(rax), MEMBER(rcx), MEMBER(rdx), MEMBER(rsi),    MEMBER(rdi),
	NO_MEMBER,   MEMBER(rip), NO_MEMBER,   MEMBER(rflags), MEMBER(rsp),
};

static void read_x86_64(const uint8_t *from, mote_x86_64_regs *regs)
{
	for (size_t i = 0; i < sizeof(x86_64_order) / sizeof(x86_64_order[0]); i++) {
		uint64_t value = elf_number(from + 8 * i, 8);

		if (x86_64_order[i] != NO_MEMBER)
			memcpy((char *)regs + x86_64_order[i], &value, sizeof(value));
	}
}

#define READ_AARCH64(name, member) regs->member = elf_number(from, 8), from += 8;

/* struct user_pt_regs has the order of mote's own. */
static void read_aarch64(const uint8_t *from, mote_aarch64_regs *regs)
{
	MOTE_AARCH64_REGS_MAP(READ_AARCH64)
}

static const char *read_status(struct core_file *core, const struct elf_note *note)
{
	const bool is_x86_64 = core->elf.machine == MOTE_MACHINE_X86_64;

	if (core->registers.machine != 0)
		return "has registers of several threads";
	if (note->bytes != (is_x86_64 ? STATUS_X86_64_BYTES : STATUS_AARCH64_BYTES))
		return "has a note of registers that is too short or too long";
	core->registers.machine = core->elf.machine;
	core->signal = (uint32_t)elf_number(note->contents, 4);
	if (is_x86_64)
		read_x86_64(note->contents + STATUS_REGISTERS, &core->registers.as.x86_64);
	else
		read_aarch64(note->contents + STATUS_REGISTERS, &core->registers.as.aarch64);
	return NULL;
}

/* ---- Other notes ------------------------------------------------------------------------- */

static void read_auxiliary(struct core_file *core, const struct elf_note *note)
{
	for (uint32_t at = 0; note->bytes - at >= AUXILIARY_BYTES; at += AUXILIARY_BYTES) {
		uint64_t kind = elf_number(note->contents + at, 8);

		if (kind == AUXILIARY_END)
			return;
		if (kind == AUXILIARY_ENTRY) {
			core->entry = elf_number(note->contents + at + 8, 8);
			core->has_entry = true;
		}
	}
}

/* All rows come first, then their paths. */
static const char *read_files(struct core_file *core, const struct elf_note *note)
{
	static const char malformed[] = "has a malformed note of mapped files";
	const char *path, *end = (const char *)note->contents + note->bytes;
	uint64_t count;

	if (core->mappings != NULL || note->bytes < FILES_HEADER_BYTES)
		return malformed;
	count = elf_number(note->contents, 8);
	if (count > MAXIMUM_MAPPINGS ||
	    count > (note->bytes - FILES_HEADER_BYTES) / FILES_ROW_BYTES)
		return malformed;
	core->mappings = calloc((size_t)count + 1, sizeof(*core->mappings));
	if (core->mappings == NULL)
		return "finds no memory for its mapped files";
	path = (const char *)note->contents + FILES_HEADER_BYTES + count * FILES_ROW_BYTES;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *row = note->contents + FILES_HEADER_BYTES + i * FILES_ROW_BYTES;
		const char *nul = path < end ? memchr(path, '\0', (size_t)(end - path)) : NULL;

		if (nul == NULL || nul - path >= MAXIMUM_PATH_BYTES)
			return malformed;
		core->mappings[core->mapping_count++] =
			(struct core_mapping){elf_number(row, 8), elf_number(row + 8, 8), path};
		path = nul + 1;
	}
	return NULL;
}

static const char *read_note(struct core_file *core, const struct elf_note *note)
{
	if (elf_note_is(note, "CORE", NOTE_STATUS))
		return read_status(core, note);
	if (elf_note_is(note, "CORE", NOTE_FILES))
		return read_files(core, note);
	if (elf_note_is(note, "CORE", NOTE_AUXILIARY))
		read_auxiliary(core, note);
	if (elf_note_is(note, "mote", NOTE_MOTE)) {
		core->lines = (const char *)note->contents;
		core->lines_bytes = note->bytes;
	}
	return NULL;
}

static const char *read_notes(struct core_file *core)
{
	const char *problem = NULL;
	struct elf_note note;

	while (problem == NULL && elf_notes_next(&core->notes, &note))
		problem = read_note(core, &note);
	if (problem == NULL && core->notes.broken)
		problem = "has malformed notes";
	if (problem == NULL && core->lines == NULL)
		problem = "has no note of mote";
	if (problem == NULL && core->registers.machine == 0)
		problem = "has no registers";
	return problem;
}

bool core_file_value(const struct core_file *core, const char *key, const char **value,
		     size_t *length)
{
	const char *at = core->lines, *end = at + core->lines_bytes;
	const size_t key_bytes = strlen(key);

	while (at < end) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		const size_t bytes = (size_t)((feed != NULL ? feed : end) - at);

		if (bytes > key_bytes && memcmp(at, key, key_bytes) == 0 && at[key_bytes] == ' ') {
			*value = at + key_bytes + 1;
			*length = bytes - key_bytes - 1;
			return true;
		}
		at += bytes + 1;
	}
	return false;
}

/* ---- Memory ------------------------------------------------------------------------------ */

static const char *take_load(struct core_file *core, const struct elf_segment *segment)
{
	if (segment->file_bytes > segment->memory_bytes ||
	    segment->memory_bytes > UINT64_MAX - segment->address)
		return "has a segment that is malformed";
	if (!elf_file_has(&core->elf, segment->offset, segment->file_bytes))
		return "is cut off: memory of the guest is missing";
	core->segments[core->segment_count++] = *segment;
	return NULL;
}

static const char *take_notes(struct core_file *core, const struct elf_segment *segment)
{
	if (core->notes.bytes != NULL)
		return "has several segments of notes";
	return elf_notes_load(&core->elf, segment, &core->notes);
}

static const char *read_segments(struct core_file *core)
{
	const char *problem = NULL;
	struct elf_segment segment;

	if (core->elf.segment_count > MAXIMUM_SEGMENTS)
		return "has too many segments";
	core->segments = calloc((size_t)core->elf.segment_count + 1, sizeof(*core->segments));
	if (core->segments == NULL)
		return "finds no memory for its segments";
	for (uint32_t i = 0; problem == NULL && i < core->elf.segment_count; i++) {
		problem = elf_file_segment(&core->elf, i, &segment);
		if (problem == NULL && segment.type == ELF_SEGMENT_LOAD)
			problem = take_load(core, &segment);
		else if (problem == NULL && segment.type == ELF_SEGMENT_NOTE)
			problem = take_notes(core, &segment);
	}
	if (problem == NULL && core->notes.bytes == NULL)
		problem = "has no notes";
	return problem;
}

bool core_file_memory(const struct core_file *core, uint64_t address, void *to, size_t bytes)
{
	for (size_t i = 0; i < core->segment_count; i++) {
		const struct elf_segment *segment = &core->segments[i];
		const uint64_t at = address - segment->address;
		size_t in_file = 0;

		if (address < segment->address || at > segment->memory_bytes ||
		    bytes > segment->memory_bytes - at)
			continue;
		if (at < segment->file_bytes)
			in_file = segment->file_bytes - at < bytes
					  ? (size_t)(segment->file_bytes - at)
					  : bytes;
		memset(to, 0, bytes);
		return in_file == 0 ||
		       elf_file_read(&core->elf, segment->offset + at, to, in_file) == NULL;
	}
	return false;
}

const char *core_file_mapped(const struct core_file *core, const struct elf_segment *segment)
{
	for (size_t i = 0; i < core->mapping_count; i++) {
		const struct core_mapping *mapping = &core->mappings[i];

		if (mapping->begin < segment->address + segment->memory_bytes &&
		    mapping->end > segment->address)
			return mapping->path;
	}
	return NULL;
}

/* ---- The file ---------------------------------------------------------------------------- */

const char *core_file_open(const struct file_source *source, struct core_file *core)
{
	const char *problem;

	*core = (struct core_file){.signal = 0};
	problem = elf_file_open(source, &core->elf);
	if (problem == NULL && core->elf.type != ELF_TYPE_CORE)
		problem = "is not a core";
	if (problem == NULL)
		problem = read_segments(core);
	if (problem == NULL)
		problem = read_notes(core);
	if (problem != NULL)
		core_file_close(core);
	return problem;
}

void core_file_close(struct core_file *core)
{
	elf_notes_release(&core->notes);
	free(core->segments);
	free(core->mappings);
	core->segments = NULL;
	core->mappings = NULL;
}

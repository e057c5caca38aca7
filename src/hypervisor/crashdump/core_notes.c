/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes the notes of a core.
 */
#include "hypervisor/crashdump/core_notes.h"

#include <string.h>

#include "bytes.h"

enum {
	NOTE_HEADER_BYTES = 12,
	NT_PRSTATUS = 1,
	NT_FPREGSET = 2,
	NT_PRPSINFO = 3,
	NT_AUXV = 6,
	NT_SIGINFO = 0x53494749,
	NT_FILE = 0x46494c45,
};

/* struct elf_prstatus: the registers are in its middle, and the word after them says that there
 * are floating-point registers. */
enum {
	STATUS_CURRENT_SIGNAL = 12,
	STATUS_PID = 32,
	STATUS_REGISTERS = 112,
	STATUS_BYTES = STATUS_REGISTERS + MOTE_CORE_REGISTERS_BYTES + 8,
};

/* struct elf_prpsinfo. */
enum {
	INFO_STATE_NAME = 1,
	INFO_PID = 24,
	INFO_NAME = 40,
	INFO_NAME_BYTES = 16,
	INFO_ARGUMENTS = 56,
	INFO_BYTES = 136,
};

enum { SIGINFO_CODE = 8, SIGINFO_ADDRESS = 16, SIGINFO_BYTES = 128 };

enum { AT_NULL, AT_PHDR = 3, AT_PHENT, AT_PHNUM, AT_PAGESZ, AT_BASE, AT_ENTRY = 9 };

enum { PROGRAM_HEADER_BYTES = 56, FILE_HEADER_BYTES = 16, FILE_ROW_BYTES = 24, PROCESS = 1 };

/* A bound for all notes but NT_FILE. */
enum { OTHER_NOTES_BYTES = 4096 };

static size_t padded(size_t bytes)
{
	return (bytes + 3) & ~(size_t)3;
}

/* A note without its contents, which are zeros.  NULL: no room. */
static uint8_t *begin_note(struct mote_core_notes *notes, const char *owner, uint32_t type,
			   size_t bytes)
{
	size_t owner_bytes = strlen(owner) + 1;
	size_t all = NOTE_HEADER_BYTES + padded(owner_bytes) + padded(bytes);
	uint8_t *at = notes->bytes + notes->used;

	if (all > notes->capacity - notes->used) {
		notes->truncated = true;
		return NULL;
	}
	memset(at, 0, all);
	mote_put32(at, (uint32_t)owner_bytes);
	mote_put32(at + 4, (uint32_t)bytes);
	mote_put32(at + 8, type);
	memcpy(at + NOTE_HEADER_BYTES, owner, owner_bytes);
	notes->used += all;
	return at + NOTE_HEADER_BYTES + padded(owner_bytes);
}

void mote_core_notes_add(struct mote_core_notes *notes, const char *owner, uint32_t type,
			 const void *contents, size_t bytes)
{
	uint8_t *at = begin_note(notes, owner, type, bytes);

	if (at != NULL)
		memcpy(at, contents, bytes);
}

static void add_status(struct mote_core_notes *notes, const struct mote_core_registers *registers,
		       const struct mote_core_signal *signal)
{
	uint8_t status[STATUS_BYTES] = {0};

	mote_put32(status, signal->number);
	mote_put16(status + STATUS_CURRENT_SIGNAL, (uint16_t)signal->number);
	mote_put32(status + STATUS_PID, PROCESS);
	mote_core_registers(&registers->regs, &registers->sregs, status + STATUS_REGISTERS);
	mote_put32(status + STATUS_REGISTERS + MOTE_CORE_REGISTERS_BYTES, 1);
	mote_core_notes_add(notes, "CORE", NT_PRSTATUS, status, sizeof(status));
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static void add_process(struct mote_core_notes *notes, const char *path)
{
	const char *name = base_name(path);
	size_t length = strlen(name);
	size_t shown = length < INFO_NAME_BYTES - 1 ? length : INFO_NAME_BYTES - 1;
	uint8_t info[INFO_BYTES] = {0};

	info[INFO_STATE_NAME] = 'R';
	mote_put32(info + INFO_PID, PROCESS);
	memcpy(info + INFO_NAME, name, shown);
	if (length > INFO_BYTES - INFO_ARGUMENTS - 1)
		length = INFO_BYTES - INFO_ARGUMENTS - 1;
	memcpy(info + INFO_ARGUMENTS, name, length);
	mote_core_notes_add(notes, "CORE", NT_PRPSINFO, info, sizeof(info));
}

static void add_signal(struct mote_core_notes *notes, const struct mote_core_signal *signal)
{
	uint8_t info[SIGINFO_BYTES] = {0};

	mote_put32(info, signal->number);
	mote_put32(info + SIGINFO_CODE, signal->code);
	mote_put64(info + SIGINFO_ADDRESS, signal->address);
	mote_core_notes_add(notes, "CORE", NT_SIGINFO, info, sizeof(info));
}

/* With AT_ENTRY debuggers find out where a static PIE is. */
static void add_auxiliary(struct mote_core_notes *notes, const struct mote_core_program *program)
{
	const uint64_t rows[][2] = {
		{AT_PHDR, program->headers_gva},
		{AT_PHENT, PROGRAM_HEADER_BYTES},
		{AT_PHNUM, program->header_count},
		{AT_PAGESZ, MOTE_PAGE_BYTES},
		{AT_BASE, 0},
		{AT_ENTRY, program->entry_gva},
		{AT_NULL, 0},
	};
	const size_t count = sizeof(rows) / sizeof(rows[0]);
	const size_t first = program->headers_gva == 0 ? 1 : 0;
	uint8_t *at = begin_note(notes, "CORE", NT_AUXV, (count - first) * sizeof(rows[0]));

	for (size_t i = first; at != NULL && i < count; i++) {
		mote_put64(at, rows[i][0]);
		mote_put64(at + 8, rows[i][1]);
		at += sizeof(rows[0]);
	}
}

static size_t file_note_bytes(const struct mote_core_program *program)
{
	return FILE_HEADER_BYTES +
	       program->mapping_count * (FILE_ROW_BYTES + strlen(program->path) + 1);
}

static void add_files(struct mote_core_notes *notes, const struct mote_core_program *program)
{
	const size_t path_bytes = strlen(program->path) + 1;
	uint8_t *at = begin_note(notes, "CORE", NT_FILE, file_note_bytes(program));

	if (at == NULL)
		return;
	mote_put64(at, program->mapping_count);
	mote_put64(at + 8, MOTE_PAGE_BYTES);
	at += FILE_HEADER_BYTES;
	for (size_t i = 0; i < program->mapping_count; i++) {
		mote_put64(at, program->mappings[i].begin);
		mote_put64(at + 8, program->mappings[i].end);
		mote_put64(at + 16, program->mappings[i].file_offset / MOTE_PAGE_BYTES);
		at += FILE_ROW_BYTES;
	}
	for (size_t i = 0; i < program->mapping_count; i++) {
		memcpy(at, program->path, path_bytes);
		at += path_bytes;
	}
}

size_t mote_core_notes_bytes(const struct mote_core_program *program)
{
	return OTHER_NOTES_BYTES + file_note_bytes(program);
}

void mote_core_notes_standard(struct mote_core_notes *notes,
			      const struct mote_core_registers *registers,
			      const struct mote_core_signal *signal,
			      const struct mote_core_program *program)
{
	uint8_t fpu[MOTE_CORE_FPU_BYTES], extended[MOTE_CORE_EXTENDED_BYTES];

	mote_core_fpu(&registers->fpu, fpu);
	mote_core_extended(&registers->sregs, &registers->fpu, extended);
	add_status(notes, registers, signal);
	add_process(notes, program->path);
	add_signal(notes, signal);
	add_auxiliary(notes, program);
	add_files(notes, program);
	mote_core_notes_add(notes, "CORE", NT_FPREGSET, fpu, sizeof(fpu));
	mote_core_notes_add(notes, "LINUX", MOTE_CORE_EXTENDED_TYPE, extended, sizeof(extended));
}

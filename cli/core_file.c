/* SPDX-License-Identifier: Apache-2.0
 *
 * Parses cores of mote.  System V ABI, chapters 4 and 5; the notes as Linux writes them.
 */
#include "core_file.h"

#include <string.h>

enum {
	FILE_HEADER_BYTES = 64,
	HEADER_BYTES = 56,
	NOTE_HEADER_BYTES = 12,
	ET_CORE = 4,
	PT_LOAD = 1,
	PT_NOTE = 4,
	PF_EXECUTE = 1,
	PF_WRITE = 2,
	EM_X86_64 = 62,
	EM_AARCH64 = 183,
	NT_PRSTATUS = 1,
	NOTE_OF_MOTE = 0x4d4f5445,
	STATUS_REGISTERS = 112,
	X86_64_REGISTERS = 27,
	AARCH64_REGISTERS = 34,
};

static uint64_t number(const uint8_t *at, unsigned bytes)
{
	uint64_t value = 0;

	while (bytes-- > 0)
		value = value << 8 | at[bytes];
	return value;
}

/* ---- Registers --------------------------------------------------------------------------- */

static void x86_64_registers(const uint8_t *at, mote_x86_64_regs *regs)
{
	uint64_t *const order[X86_64_REGISTERS] = {
		&regs->r15, &regs->r14, &regs->r13,    &regs->r12,    &regs->rbp,
		&regs->rbx, &regs->r11, &regs->r10,    &regs->r9,     &regs->r8,
		&regs->rax, &regs->rcx, &regs->rdx,    &regs->rsi,    &regs->rdi,
		NULL,	    &regs->rip, NULL /* cs */, &regs->rflags, &regs->rsp,
	};

	for (unsigned i = 0; i < X86_64_REGISTERS; i++)
		if (order[i] != NULL)
			*order[i] = number(at + 8 * i, 8);
}

static void aarch64_registers(const uint8_t *at, mote_aarch64_regs *regs)
{
#define TAKE(name, member)                                                                         \
	regs->member = number(at, 8);                                                              \
	at += 8;
	MOTE_AARCH64_REGS_MAP(TAKE)
#undef TAKE
}

static void take_status(const uint8_t *status, uint64_t bytes, struct core_file *core)
{
	bool x86 = core->registers.machine == MOTE_MACHINE_X86_64;
	unsigned count = x86 ? X86_64_REGISTERS : AARCH64_REGISTERS;

	if (bytes < STATUS_REGISTERS + 8 * count)
		return;
	if (x86)
		x86_64_registers(status + STATUS_REGISTERS, &core->registers.as.x86_64);
	else
		aarch64_registers(status + STATUS_REGISTERS, &core->registers.as.aarch64);
}

/* ---- Notes ------------------------------------------------------------------------------- */

static bool is_owner(const uint8_t *owner, uint64_t bytes, const char *name)
{
	return bytes == strlen(name) + 1 && memcmp(owner, name, bytes) == 0;
}

static uint64_t padded(uint64_t bytes)
{
	return (bytes + 3) & ~3ull;
}

/* Each size is below 2^32, so that no sum overflows. */
static void take_notes(const uint8_t *at, uint64_t left, struct core_file *core)
{
	while (left >= NOTE_HEADER_BYTES) {
		uint64_t owner_bytes = number(at, 4), bytes = number(at + 4, 4);
		uint64_t type = number(at + 8, 4);
		uint64_t contents = NOTE_HEADER_BYTES + padded(owner_bytes);
		const uint8_t *owner = at + NOTE_HEADER_BYTES;

		if (contents + bytes > left)
			return;
		if (type == NT_PRSTATUS && is_owner(owner, owner_bytes, "CORE"))
			take_status(at + contents, bytes, core);
		if (type == NOTE_OF_MOTE && is_owner(owner, owner_bytes, "mote")) {
			core->report = (const char *)at + contents;
			core->report_bytes = (size_t)bytes;
		}
		if (contents + padded(bytes) > left)
			return;
		at += contents + padded(bytes);
		left -= contents + padded(bytes);
	}
}

/* ---- The file ---------------------------------------------------------------------------- */

static const char *take_headers(const uint8_t *data, size_t length, struct core_file *core)
{
	static const uint8_t identity[] = {0x7f, 'E', 'L', 'F', 2, 1};
	uint64_t offset, count, machine;

	if (length < FILE_HEADER_BYTES || memcmp(data, identity, sizeof(identity)) != 0 ||
	    number(data + 16, 2) != ET_CORE)
		return "not a core";
	machine = number(data + 18, 2);
	if (machine != EM_X86_64 && machine != EM_AARCH64)
		return "a core of a machine that mote does not know";
	offset = number(data + 32, 8);
	count = number(data + 56, 2);
	if (number(data + 54, 2) != HEADER_BYTES || offset > length ||
	    count * HEADER_BYTES > length - offset)
		return "its program headers are not at its beginning";
	core->registers.machine = machine == EM_X86_64 ? MOTE_MACHINE_X86_64 : MOTE_MACHINE_AARCH64;
	core->headers = data + offset;
	core->header_count = (size_t)count;
	return NULL;
}

const char *core_file_parse(const uint8_t *data, size_t length, struct core_file *core)
{
	const char *problem;

	memset(core, 0, sizeof(*core));
	problem = take_headers(data, length, core);
	if (problem != NULL)
		return problem;
	for (size_t i = 0; i < core->header_count; i++) {
		const uint8_t *header = core->headers + i * HEADER_BYTES;
		uint64_t offset = number(header + 8, 8), bytes = number(header + 32, 8);

		if (number(header, 4) == PT_NOTE && offset <= length && bytes <= length - offset)
			take_notes(data + offset, bytes, core);
	}
	return core->report != NULL ? NULL : "a core, but not of a guest of mote";
}

bool core_file_line(const struct core_file *core, size_t *at, struct core_line *line)
{
	const char *begin = core->report + *at, *end, *space;
	size_t left = core->report_bytes - *at;

	if (left == 0)
		return false;
	end = memchr(begin, '\n', left);
	*at += end != NULL ? (size_t)(end - begin) + 1 : left;
	if (end == NULL)
		end = begin + left;
	space = memchr(begin, ' ', (size_t)(end - begin));
	if (space == NULL)
		space = end;
	line->key = begin;
	line->key_bytes = (size_t)(space - begin);
	line->value = space < end ? space + 1 : end;
	line->value_bytes = (size_t)(end - line->value);
	return true;
}

bool core_file_region(const struct core_file *core, size_t index, struct core_region *region)
{
	const uint8_t *header = core->headers + index * HEADER_BYTES;
	uint64_t flags = number(header + 4, 4);

	if (number(header, 4) != PT_LOAD)
		return false;
	*region = (struct core_region){
		.address = number(header + 16, 8),
		.bytes = number(header + 40, 8),
		.writable = (flags & PF_WRITE) != 0,
		.executable = (flags & PF_EXECUTE) != 0,
	};
	return true;
}

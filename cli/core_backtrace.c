/* SPDX-License-Identifier: Apache-2.0
 *
 * Walks the frames of both architectures, which look alike: the caller's frame pointer, then the
 * return address.  System V psABI for x86_64, 3.2.2; AAPCS64, 6.4.6.
 */
#include "core_backtrace.h"

#include <string.h>

enum { ARM_FRAME_POINTER = 29, FRAME_BYTES = 16, NO_FRAME = 1 /* not aligned */ };

static void begin(const mote_registers *registers, uint64_t *pc, uint64_t *frame)
{
	if (registers->machine == MOTE_MACHINE_X86_64) {
		*pc = registers->as.x86_64.rip;
		*frame = registers->as.x86_64.rbp;
	} else {
		*pc = registers->as.aarch64.pc;
		*frame = registers->as.aarch64.x[ARM_FRAME_POINTER];
	}
}

/* Whether an address lies in code.  What a frame pointer was used for otherwise leads elsewhere. */
static bool is_code(const struct core_file *core, uint64_t address)
{
	for (size_t i = 0; i < core->segment_count; i++) {
		const struct elf_segment *segment = &core->segments[i];

		if ((segment->flags & ELF_EXECUTE) && address >= segment->address &&
		    address - segment->address < segment->memory_bytes)
			return true;
	}
	return false;
}

static void walk(const struct core_file *core, struct core_backtrace *backtrace)
{
	uint64_t pc, frame;
	uint8_t words[FRAME_BYTES];

	begin(&core->registers, &pc, &frame);
	backtrace->count = 0;
	backtrace->complete = false;
	for (;;) {
		uint64_t next;

		backtrace->frames[backtrace->count++] = (struct core_frame){.pc = pc};
		backtrace->complete = frame == 0;
		if (backtrace->count == CORE_MAXIMUM_FRAMES || frame == 0 || frame % 8 != 0 ||
		    !core_file_memory(core, frame, words, sizeof(words)))
			return;
		next = elf_number(words, 8);
		pc = elf_number(words + 8, 8);
		if (!is_code(core, pc))
			return;
		/* The stack grows downward; anything else would lead around in circles. */
		frame = next > frame || next == 0 ? next : NO_FRAME;
	}
}

void core_backtrace_read(const struct core_file *core, const struct core_guest *guest,
			 struct core_backtrace *backtrace)
{
	struct core_symbol symbols[CORE_MAXIMUM_FRAMES];
	uint64_t bias;

	walk(core, backtrace);
	if (guest == NULL || !core->has_entry)
		return;
	bias = core->entry - guest->elf.entry;
	/* A call may be the last instruction of its function. */
	for (size_t i = 0; i < backtrace->count; i++)
		symbols[i].address = backtrace->frames[i].pc - bias - (i > 0);
	core_guest_find(guest, symbols, backtrace->count);
	for (size_t i = 0; i < backtrace->count; i++) {
		struct core_frame *frame = &backtrace->frames[i];

		memcpy(frame->symbol, symbols[i].name, sizeof(frame->symbol));
		frame->symbol_offset = frame->pc - bias - symbols[i].begin;
	}
}

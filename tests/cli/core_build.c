/* SPDX-License-Identifier: Apache-2.0
 *
 * Builds cores and guests.
 */
#include "core_build.h"

#include <string.h>

void put_number(uint8_t *at, uint64_t value, unsigned bytes)
{
	for (; bytes > 0; bytes--, value >>= 8)
		*at++ = (uint8_t)value;
}

static void put_header(uint8_t *file, mote_machine machine, unsigned type, unsigned segments)
{
	static const uint8_t identification[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};

	memcpy(file, identification, sizeof(identification));
	put_number(file + 16, type, 2);
	put_number(file + 18, machine == MOTE_MACHINE_X86_64 ? 62 : 183, 2);
	put_number(file + 20, 1, 4);
	put_number(file + 32, CORE_SEGMENTS_AT, 8);
	put_number(file + 52, 64, 2);
	put_number(file + 54, 56, 2);
	put_number(file + 56, segments, 2);
	put_number(file + 58, 64, 2);
}

static void put_segment(uint8_t *file, unsigned index, unsigned type, unsigned flags,
			uint64_t offset, uint64_t address, uint64_t file_bytes, uint64_t bytes)
{
	uint8_t *at = file + CORE_SEGMENTS_AT + 56 * index;

	put_number(at, type, 4);
	put_number(at + 4, flags, 4);
	put_number(at + 8, offset, 8);
	put_number(at + 16, address, 8);
	put_number(at + 32, file_bytes, 8);
	put_number(at + 40, bytes, 8);
}

static size_t put_note(uint8_t *at, const char *owner, uint32_t type, const void *data,
		       size_t bytes)
{
	size_t owner_bytes = strlen(owner) + 1, begin = 12 + ((owner_bytes + 3) & ~(size_t)3);

	put_number(at, owner_bytes, 4);
	put_number(at + 4, bytes, 4);
	put_number(at + 8, type, 4);
	memcpy(at + 12, owner, owner_bytes);
	memcpy(at + begin, data, bytes);
	return begin + ((bytes + 3) & ~(size_t)3);
}

void core_build_note(struct core_build *core, const char *owner, uint32_t type, const void *data,
		     size_t bytes)
{
	core->notes_bytes +=
		put_note(core->bytes + CORE_NOTES_AT + core->notes_bytes, owner, type, data, bytes);
	put_number(core->bytes + CORE_SEGMENTS_AT + 32, core->notes_bytes, 8);
}

/* Every register is its place, but pc, stack and frame pointer. */
static void put_status(struct core_build *core)
{
	const int is_x86_64 = core->machine == MOTE_MACHINE_X86_64;
	const unsigned pc = is_x86_64 ? 16 : 32, sp = is_x86_64 ? 19 : 31;
	const unsigned frame = is_x86_64 ? 4 : 29, count = is_x86_64 ? 27 : 34;
	uint8_t status[392] = {0};

	put_number(status, 11, 4);
	for (unsigned i = 0; i < count; i++)
		put_number(status + 112 + 8 * i, 0x1000 + i, 8);
	put_number(status + 112 + 8 * pc, CORE_BIAS + GUEST_LEAF + 4, 8);
	put_number(status + 112 + 8 * sp, CORE_FRAME - 16, 8);
	put_number(status + 112 + 8 * frame, CORE_FRAME, 8);
	core_build_note(core, "CORE", 1, status, (is_x86_64 ? 336 : 392) - core->status_cut);
}

static void put_files(struct core_build *core)
{
	uint8_t files[512] = {0};
	size_t length = strlen(core->path) + 1;

	put_number(files, 1, 8);
	put_number(files + 8, CORE_PAGE, 8);
	put_number(files + 16, CORE_CODE, 8);
	put_number(files + 24, CORE_CODE + CORE_PAGE, 8);
	memcpy(files + 40, core->path, length);
	core_build_note(core, "CORE", 0x46494c45, files, 40 + length);
}

/* middle called leaf, and start middle, with a call that is its last instruction. */
static void put_stack(uint8_t *stack)
{
	uint8_t *frame = stack + CORE_FRAME - CORE_STACK;

	put_number(frame, CORE_FRAME + 32, 8);
	put_number(frame + 8, CORE_BIAS + GUEST_MIDDLE + 8, 8);
	put_number(frame + 40, CORE_BIAS + GUEST_START + FUNCTION_BYTES, 8);
}

void core_build(struct core_build *core)
{
	uint8_t auxiliary[32] = {0};

	memset(core->bytes, 0, sizeof(core->bytes));
	core->notes_bytes = 0;
	put_header(core->bytes, core->machine, 4, 3);
	put_segment(core->bytes, 0, 4, 0, CORE_NOTES_AT, 0, 0, 0);
	put_segment(core->bytes, 1, 1, 5, CORE_STACK_AT, CORE_CODE, 0, CORE_PAGE);
	put_segment(core->bytes, 2, 1, 6, CORE_STACK_AT, CORE_STACK, CORE_PAGE, 2 * CORE_PAGE);
	put_stack(core->bytes + CORE_STACK_AT);
	put_status(core);
	put_number(auxiliary, 9, 8);
	put_number(auxiliary + 8, CORE_BIAS + GUEST_START, 8);
	core_build_note(core, "CORE", 6, auxiliary, sizeof(auxiliary));
	if (core->path != NULL)
		put_files(core);
	if (core->lines != NULL)
		core_build_note(core, "mote", 0x4d4f5445, core->lines, strlen(core->lines));
}

void guest_build(mote_machine machine, uint8_t bytes[GUEST_BYTES])
{
	static const uint8_t id[] = {1, 2, 3, 4, 5, 6, 7, 8};
	static const char names[] = "\0start\0middle\0leaf";
	static const struct {
		unsigned name, address;
	} functions[] = {{1, GUEST_START}, {7, GUEST_MIDDLE}, {14, GUEST_LEAF}};
	uint8_t *sections = bytes + GUEST_SECTIONS_AT;

	memset(bytes, 0, GUEST_BYTES);
	put_header(bytes, machine, 3, 1);
	put_number(bytes + 24, GUEST_START, 8);
	put_number(bytes + 40, GUEST_SECTIONS_AT, 8);
	put_number(bytes + 60, 3, 2);
	put_segment(bytes, 0, 4, 4, GUEST_NOTES_AT, GUEST_NOTES_AT, 24, 24);
	put_note(bytes + GUEST_NOTES_AT, "GNU", 3, id, sizeof(id));
	for (unsigned i = 0; i < 3; i++) {
		uint8_t *symbol = bytes + GUEST_SYMBOLS_AT + 24 * (i + 1);

		put_number(symbol, functions[i].name, 4);
		symbol[4] = 2;
		put_number(symbol + 6, 1, 2);
		put_number(symbol + 8, functions[i].address, 8);
		put_number(symbol + 16, FUNCTION_BYTES, 8);
	}
	memcpy(bytes + GUEST_STRINGS_AT, names, sizeof(names));
	put_number(sections + 64 + 4, 2, 4);
	put_number(sections + 64 + 24, GUEST_SYMBOLS_AT, 8);
	put_number(sections + 64 + 32, 4 * 24, 8);
	put_number(sections + 64 + 40, 2, 4);
	put_number(sections + 64 + 56, 24, 8);
	put_number(sections + 128 + 4, 3, 4);
	put_number(sections + 128 + 24, GUEST_STRINGS_AT, 8);
	put_number(sections + 128 + 32, sizeof(names), 8);
}

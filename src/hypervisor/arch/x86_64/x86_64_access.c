/* SPDX-License-Identifier: Apache-2.0
 *
 * Loads and stores of general registers: their instructions, from bytes that a guest chose, and
 * what they do.
 */
#include "x86_64_access.h"

#include <string.h>

#include "../page_tables.h"
#include "x86_64_registers.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { RSP = 4 };

/* ---- Bytes of an instruction ------------------------------------------------------------- */

/* Behind the end come zeros, and `ended` is set. */
struct cursor {
	const uint8_t *code;
	size_t bytes, at;
	bool ended;
};

static uint8_t next(struct cursor *cursor)
{
	if (cursor->at < cursor->bytes)
		return cursor->code[cursor->at++];
	cursor->ended = true;
	return 0;
}

static uint64_t low_bytes(uint64_t value, uint8_t bytes)
{
	return bytes < sizeof(value) ? value & ((1ull << 8 * bytes) - 1) : value;
}

static uint64_t sign_extended(uint64_t value, uint8_t bytes)
{
	const uint64_t sign = 1ull << (8 * bytes - 1);

	return (low_bytes(value, bytes) ^ sign) - sign;
}

static uint64_t next_signed(struct cursor *cursor, uint8_t bytes)
{
	uint64_t value = 0;

	for (uint8_t i = 0; i < bytes; i++)
		value |= (uint64_t)next(cursor) << 8 * i;
	return sign_extended(value, bytes);
}

/* ---- Prefixes ---------------------------------------------------------------------------- */

struct prefixes {
	bool operand_16, address_32;
	bool flat, fs, gs; /* segments */
	uint8_t rex;	   /* 0: none */
};

/* SDM volume 2, 2.2.1.2, table 2-4. */
enum { REX = 0x40, REX_MASK = 0xf0, REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8 };

/* SDM volume 2, 2.1.1.  False for a byte that is no prefix, or one that makes an unknown
 * instruction: lock and repeat. */
static bool add_prefix(struct prefixes *prefixes, uint8_t byte)
{
	switch (byte) {
	case 0x66:
		prefixes->operand_16 = true;
		return true;
	case 0x67:
		prefixes->address_32 = true;
		return true;
	case 0x26: /* ES, CS, SS, DS: their bases are 0 in 64-bit code */
	case 0x2e:
	case 0x36:
	case 0x3e:
		prefixes->flat = true;
		return true;
	case 0x64:
		prefixes->fs = true;
		return true;
	case 0x65:
		prefixes->gs = true;
		return true;
	default:
		return false;
	}
}

/* False: several segments, of which the manuals do not say which one counts. */
static bool read_prefixes(struct cursor *cursor, struct prefixes *prefixes)
{
	while (cursor->at < cursor->bytes && add_prefix(prefixes, cursor->code[cursor->at]))
		cursor->at++;
	/* Directly before the opcode; another place makes an unknown instruction. */
	if (cursor->at < cursor->bytes && (cursor->code[cursor->at] & REX_MASK) == REX)
		prefixes->rex = cursor->code[cursor->at++];
	return prefixes->flat + prefixes->fs + prefixes->gs <= 1;
}

static enum mote_x86_64_access_segment segment_of(const struct prefixes *prefixes)
{
	if (prefixes->fs)
		return MOTE_X86_64_FS;
	return prefixes->gs ? MOTE_X86_64_GS : MOTE_X86_64_FLAT;
}

/* ---- Opcodes ----------------------------------------------------------------------------- */

enum place {
	MODRM,	/* as the ModR/M byte says */
	OFFSET, /* an address in the instruction, and the accumulator */
	STACK,
};

/* SDM volume 2, chapter 4: MOV, MOVSX/MOVSXD, MOVZX, POP, PUSH.  Of sizes, 0 is the operand size.
 * immediate: how many bytes of it there are at most. */
static const struct instruction {
	uint16_t first, last; /* 0x0fxx: of two bytes */
	enum place place;
	bool write;
	uint8_t bytes, register_bytes;
	bool sign_extend;
	uint8_t immediate;
} instructions[] = {
	{0x50, 0x57, STACK, true, 0, 0, false, 0},
	{0x58, 0x5f, STACK, false, 0, 0, false, 0},
	{0x63, 0x63, MODRM, false, 4, 0, true, 0},
	{0x68, 0x68, STACK, true, 0, 0, false, 4},
	{0x6a, 0x6a, STACK, true, 0, 0, false, 1},
	{0x88, 0x88, MODRM, true, 1, 1, false, 0},
	{0x89, 0x89, MODRM, true, 0, 0, false, 0},
	{0x8a, 0x8a, MODRM, false, 1, 1, false, 0},
	{0x8b, 0x8b, MODRM, false, 0, 0, false, 0},
	{0xa0, 0xa0, OFFSET, false, 1, 1, false, 0},
	{0xa1, 0xa1, OFFSET, false, 0, 0, false, 0},
	{0xa2, 0xa2, OFFSET, true, 1, 1, false, 0},
	{0xa3, 0xa3, OFFSET, true, 0, 0, false, 0},
	{0xc6, 0xc6, MODRM, true, 1, 1, false, 1},
	{0xc7, 0xc7, MODRM, true, 0, 0, false, 4},
	{0x0fb6, 0x0fb6, MODRM, false, 1, 0, false, 0},
	{0x0fb7, 0x0fb7, MODRM, false, 2, 0, false, 0},
	{0x0fbe, 0x0fbe, MODRM, false, 1, 0, true, 0},
	{0x0fbf, 0x0fbf, MODRM, false, 2, 0, true, 0},
};

static const struct instruction *find(uint16_t opcode)
{
	for (size_t i = 0; i < COUNT(instructions); i++)
		if (opcode >= instructions[i].first && opcode <= instructions[i].last)
			return &instructions[i];
	return NULL;
}

static uint16_t read_opcode(struct cursor *cursor)
{
	const uint8_t first = next(cursor);

	return first == 0x0f ? (uint16_t)(0x0f00 | next(cursor)) : first;
}

/* SDM volume 2, 2.2.1.2 and 2.2.1.7. */
static uint8_t operand_bytes(const struct instruction *instruction, const struct prefixes *prefixes)
{
	if ((prefixes->rex & REX_W) != 0)
		return 8;
	if (prefixes->operand_16)
		return 2;
	return instruction->place == STACK ? 8 : 4;
}

/* ---- Where ------------------------------------------------------------------------------- */

static uint8_t extended(unsigned number, const struct prefixes *prefixes, uint8_t bit)
{
	return (uint8_t)((number & 7) | ((prefixes->rex & bit) != 0 ? 8 : 0));
}

/* SDM volume 2, table 2-3, and 2.2.1.2, table 2-5.  Returns how many bytes the displacement has. */
static uint8_t read_sib(struct cursor *cursor, const struct prefixes *prefixes, unsigned mod,
			struct mote_x86_64_access *access)
{
	const uint8_t sib = next(cursor);

	access->scale = sib >> 6;
	access->index = extended(sib >> 3, prefixes, REX_X);
	if (access->index == RSP) /* not R12 */
		access->index = MOTE_X86_64_NO_REGISTER;
	if ((sib & 7) == 5 && mod == 0)
		return 4;
	access->base = extended(sib, prefixes, REX_B);
	return 0;
}

/* SDM volume 2, table 2-2; 2.2.1.6 (RIP-relative).  False: a register. */
static bool read_modrm(struct cursor *cursor, const struct prefixes *prefixes,
		       struct mote_x86_64_access *access)
{
	const uint8_t modrm = next(cursor);
	const unsigned mod = modrm >> 6;
	uint8_t bytes = 0;

	if (mod == 3)
		return false;
	access->register_index = extended(modrm >> 3, prefixes, REX_R);
	if ((modrm & 7) == 4) {
		bytes = read_sib(cursor, prefixes, mod, access);
	} else if ((modrm & 7) == 5 && mod == 0) {
		access->rip_relative = true;
		bytes = 4;
	} else {
		access->base = extended(modrm, prefixes, REX_B);
	}
	if (mod != 0)
		bytes = mod == 1 ? 1 : 4;
	if (bytes > 0)
		access->displacement = (int64_t)next_signed(cursor, bytes);
	return true;
}

static bool read_place(struct cursor *cursor, const struct prefixes *prefixes,
		       const struct instruction *instruction, struct mote_x86_64_access *access)
{
	const uint8_t opcode = cursor->code[cursor->at - 1];

	access->segment = segment_of(prefixes);
	access->is_32_bit = prefixes->address_32;
	switch (instruction->place) {
	case MODRM:
		if (!read_modrm(cursor, prefixes, access))
			return false;
		/* Of those with an immediate, the field that names no register belongs to the
		 * opcode. */
		return instruction->immediate == 0 || (access->register_index & 7) == 0;
	case OFFSET: /* SDM volume 2, 2.2.1.4 */
		access->register_index = 0;
		access->displacement = (int64_t)next_signed(cursor, prefixes->address_32 ? 4 : 8);
		return true;
	case STACK: /* always by 64 bits of RSP, in SS */
		access->register_index = extended(opcode, prefixes, REX_B);
		access->base = RSP;
		access->segment = MOTE_X86_64_FLAT;
		access->is_32_bit = false;
		access->stack_change = (int8_t)(access->write ? -access->bytes : access->bytes);
		access->displacement = access->write ? -access->bytes : 0;
		return true;
	}
	return false;
}

/* ---- What -------------------------------------------------------------------------------- */

/* SDM volume 2, 2.2.1.5: never of 8 bytes. */
static void read_immediate(struct cursor *cursor, const struct instruction *instruction,
			   struct mote_x86_64_access *access)
{
	uint8_t bytes = instruction->immediate;

	if (bytes == 0)
		return;
	if (bytes > access->bytes)
		bytes = access->bytes;
	access->is_immediate = true;
	access->register_index = MOTE_X86_64_NO_REGISTER;
	access->immediate = next_signed(cursor, bytes);
}

/* SDM volume 2, table 3-1: of one byte, and without REX, 4 to 7 are the second ones of 0 to 3. */
static void find_high_byte(const struct prefixes *prefixes, struct mote_x86_64_access *access)
{
	if (access->is_immediate || access->register_bytes != 1 || prefixes->rex != 0 ||
	    access->register_index < 4)
		return;
	access->high_byte = true;
	access->register_index -= 4;
}

bool mote_x86_64_access_decode(const uint8_t *code, size_t bytes, bool is_64_bit,
			       struct mote_x86_64_access *access)
{
	struct mote_x86_64_access decoded = {
		.base = MOTE_X86_64_NO_REGISTER,
		.index = MOTE_X86_64_NO_REGISTER,
	};
	struct cursor cursor = {.code = code, .bytes = bytes};
	struct prefixes prefixes = {.rex = 0};
	const struct instruction *instruction;
	uint8_t operand;

	if (cursor.bytes > MOTE_X86_64_INSTRUCTION_BYTES)
		cursor.bytes = MOTE_X86_64_INSTRUCTION_BYTES;
	if (!is_64_bit || !read_prefixes(&cursor, &prefixes))
		return false;
	instruction = find(read_opcode(&cursor));
	if (instruction == NULL || cursor.ended)
		return false;
	operand = operand_bytes(instruction, &prefixes);
	decoded.write = instruction->write;
	decoded.bytes = instruction->bytes != 0 ? instruction->bytes : operand;
	decoded.register_bytes =
		instruction->register_bytes != 0 ? instruction->register_bytes : operand;
	decoded.sign_extend = instruction->sign_extend;
	/* movsxd to 16 bits, of which processors read two bytes or four. */
	if (decoded.bytes > decoded.register_bytes)
		return false;
	if (!read_place(&cursor, &prefixes, instruction, &decoded))
		return false;
	read_immediate(&cursor, instruction, &decoded);
	find_high_byte(&prefixes, &decoded);
	if (cursor.ended)
		return false;
	decoded.length = (uint8_t)cursor.at;
	*access = decoded;
	return true;
}

/* ---- What it does ------------------------------------------------------------------------ */

#define PLACE(name) offsetof(mote_x86_64_regs, name)

/* Of the registers in the order of their numbers. */
static const size_t places[] = {
	PLACE(rax), PLACE(rcx), PLACE(rdx), PLACE(rbx), PLACE(rsp), PLACE(rbp),
	PLACE(rsi), PLACE(rdi), PLACE(r8),  PLACE(r9),	PLACE(r10), PLACE(r11),
	PLACE(r12), PLACE(r13), PLACE(r14), PLACE(r15),
};

static uint64_t get(const mote_x86_64_regs *regs, uint8_t number)
{
	uint64_t value = 0;

	if (number < COUNT(places))
		memcpy(&value, (const uint8_t *)regs + places[number], sizeof(value));
	return value;
}

static void put(mote_x86_64_regs *regs, uint8_t number, uint64_t value)
{
	if (number < COUNT(places))
		memcpy((uint8_t *)regs + places[number], &value, sizeof(value));
}

/* SDM volume 1, 3.7.5 and 3.7.5.1; the base of a segment: APM volume 2, 4.5.3. */
uint64_t mote_x86_64_access_address(const struct mote_x86_64_access *access,
				    const mote_x86_64_regs *regs, uint64_t fs_base,
				    uint64_t gs_base)
{
	uint64_t address = (uint64_t)access->displacement;

	address += get(regs, access->base);
	address += get(regs, access->index) << access->scale;
	if (access->rip_relative)
		address += regs->rip + access->length;
	if (access->is_32_bit)
		address = (uint32_t)address;
	if (access->segment == MOTE_X86_64_FS)
		address += fs_base;
	if (access->segment == MOTE_X86_64_GS)
		address += gs_base;
	return address;
}

uint8_t mote_x86_64_access_first_bytes(const struct mote_x86_64_access *access, uint64_t gva)
{
	const uint64_t left = MOTE_PAGE_BYTES - gva % MOTE_PAGE_BYTES;

	return left < access->bytes ? (uint8_t)left : access->bytes;
}

uint64_t mote_x86_64_access_value(const struct mote_x86_64_access *access,
				  const mote_x86_64_regs *regs)
{
	uint64_t value =
		access->is_immediate ? access->immediate : get(regs, access->register_index);

	if (access->high_byte)
		value >>= 8;
	return low_bytes(value, access->bytes);
}

/* What a load leaves in its register.  SDM volume 1, 3.4.1.1: 32 bits clear the upper half, fewer
 * leave the others alone. */
static uint64_t loaded(const struct mote_x86_64_access *access, uint64_t data, uint64_t before)
{
	const unsigned shift = access->high_byte ? 8 : 0;
	const uint64_t mask = low_bytes(~0ull, access->register_bytes) << shift;
	const uint64_t value = access->sign_extend ? sign_extended(data, access->bytes)
						   : low_bytes(data, access->bytes);

	if (access->register_bytes == 4)
		return (uint32_t)value;
	return (before & ~mask) | (value << shift & mask);
}

void mote_x86_64_access_complete(const struct mote_x86_64_access *access, uint64_t data,
				 mote_x86_64_regs *regs)
{
	const uint8_t to = access->register_index;

	regs->rsp += (uint64_t)(int64_t)access->stack_change;
	if (!access->write) /* after RSP, which a pop may load */
		put(regs, to, loaded(access, data, get(regs, to)));
	regs->rip += access->length;
	regs->rflags &= ~MOTE_X86_64_RFLAGS_RF; /* SDM volume 3, 18.3.1.1 */
}

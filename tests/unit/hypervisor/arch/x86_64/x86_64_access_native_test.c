/* SPDX-License-Identifier: Apache-2.0
 *
 * Instructions that access memory, executed by this machine's processor and by the decoder: both
 * must leave the same registers and the same memory.  The test encodes them by itself.
 */
#define _GNU_SOURCE
#include "hypervisor/arch/x86_64/x86_64_access.h"

#include <asm/prctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bytes.h"

#include "../../../unit_test.h"

enum {
	MAPPING_BYTES = 32 * 4096,
	/* The instruction ends here, with NOPs before it. */
	END = 1024,
	SLOT = END - 16,
	/* What the code around it reads and writes. */
	BEFORE = 2 * 4096,
	AFTER = BEFORE + 128,
	STACK_POINTER = AFTER + 128,
	DATA = 16 * 4096,
	DATA_BYTES = 8 * 4096,
	WINDOW = 64, /* of memory that is compared, with the access in the middle */
	NONE = 0xff,
	RSP = 4,
};

/* In the lower 2 GiB, so that every form of an address can reach it. */
static uint8_t *mapping;
static uint64_t seed, fs_base, gs_base;

static uint64_t linear(unsigned offset)
{
	return (uint64_t)(uintptr_t)mapping + offset;
}

/* ---- The processor ----------------------------------------------------------------------- */

/* mov between a register and a place in the mapping. */
static uint8_t *put_move(uint8_t *at, uint8_t opcode, unsigned number, unsigned offset)
{
	at[0] = (uint8_t)(0x48 | number >> 3 << 2);
	at[1] = opcode;
	at[2] = (uint8_t)(5 | (number & 7) << 3);
	mote_put32(at + 3, (uint32_t)(offset - (unsigned)(at + 7 - mapping)));
	return at + 7;
}

/* A function that loads all registers, executes what is in the slot and stores all registers. */
static void put_function(void)
{
	static const uint8_t save[] = {0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57};
	static const uint8_t leave[] = {0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d,
					0x41, 0x5c, 0x5d, 0x5b, 0xc3};
	uint8_t *at = mapping;

	memset(mapping, 0x90, END);
	memcpy(at, save, sizeof(save));
	at = put_move(at + sizeof(save), 0x89, RSP, STACK_POINTER);
	for (unsigned i = 0; i < 16; i++)
		at = put_move(at, 0x8b, i, BEFORE + 8 * i);
	REQUIRE(at < mapping + SLOT);
	at = mapping + END;
	for (unsigned i = 0; i < 16; i++)
		at = put_move(at, 0x89, i, AFTER + 8 * i);
	at = put_move(at, 0x8b, RSP, STACK_POINTER);
	memcpy(at, leave, sizeof(leave));
}

static void begin(void)
{
	void *memory = mmap(NULL, MAPPING_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (memory == MAP_FAILED)
		SKIP("there is no memory that can be written and executed");
	mapping = memory;
	put_function();
	seed = 15;
	gs_base = 0;
	REQUIRE_EQ(syscall(SYS_arch_prctl, ARCH_GET_FS, &fs_base), 0);
}

static void end(void)
{
	syscall(SYS_arch_prctl, ARCH_SET_GS, 0ul);
	if (mapping != NULL)
		munmap(mapping, MAPPING_BYTES);
	mapping = NULL;
}

static void execute(const uint8_t *code, unsigned length)
{
	void (*function)(void);

	memset(mapping + SLOT, 0x90, END - SLOT);
	memcpy(mapping + END - length, code, length);
	memcpy(&function, &mapping, sizeof(function));
	function();
}

/* ---- Instructions ------------------------------------------------------------------------ */

enum form { MODRM, OFFSET, PUSH, POP };

static const struct opcode {
	uint16_t code;
	enum form form;
	uint8_t immediate; /* 4: or as long as the operand, if that is shorter */
} opcodes[] = {
	{0x88, MODRM, 0},   {0x89, MODRM, 0},	{0x8a, MODRM, 0},   {0x8b, MODRM, 0},
	{0xc6, MODRM, 1},   {0xc7, MODRM, 4},	{0x63, MODRM, 0},   {0x0fb6, MODRM, 0},
	{0x0fb7, MODRM, 0}, {0x0fbe, MODRM, 0}, {0x0fbf, MODRM, 0}, {0xa0, OFFSET, 0},
	{0xa1, OFFSET, 0},  {0xa2, OFFSET, 0},	{0xa3, OFFSET, 0},  {0x68, PUSH, 4},
	{0x6a, PUSH, 1},    {0x50, PUSH, 0},	{0x51, PUSH, 0},    {0x52, PUSH, 0},
	{0x53, PUSH, 0},    {0x54, PUSH, 0},	{0x55, PUSH, 0},    {0x56, PUSH, 0},
	{0x57, PUSH, 0},    {0x58, POP, 0},	{0x59, POP, 0},	    {0x5a, POP, 0},
	{0x5b, POP, 0},	    {0x5c, POP, 0},	{0x5d, POP, 0},	    {0x5e, POP, 0},
	{0x5f, POP, 0},
};

struct trial {
	struct opcode opcode;
	uint8_t prefixes[4], prefix_count, rex; /* rex 0: none */
	uint8_t mod, reg, rm, sib;
	uint64_t immediate;

	uint8_t code[24];
	unsigned length;
	uint64_t target; /* linear address of the access */
	uint64_t registers[16];
};

static bool has(const struct trial *trial, uint8_t prefix)
{
	return memchr(trial->prefixes, prefix, trial->prefix_count) != NULL;
}

static unsigned operand_bytes(const struct trial *trial, unsigned usual)
{
	if (trial->rex & 8)
		return 8;
	return has(trial, 0x66) ? 2 : usual;
}

static uint64_t segment_base(const struct trial *trial)
{
	if (has(trial, 0x64))
		return fs_base;
	return has(trial, 0x65) ? gs_base : 0;
}

static unsigned immediate_bytes(const struct trial *trial)
{
	const unsigned operand = operand_bytes(trial, 4);

	return trial->opcode.immediate == 4 && operand == 2 ? 2 : trial->opcode.immediate;
}

static uint8_t *put(uint8_t *at, uint64_t value, unsigned bytes)
{
	uint8_t all[8];

	mote_put64(all, value);
	memcpy(at, all, bytes);
	return at + bytes;
}

/* ---- Registers and displacements that lead to the target --------------------------------- */

/* The x with x * odd == 1, modulo 2 to the 64th. */
static uint64_t inverse(uint64_t odd)
{
	uint64_t x = odd;

	for (unsigned i = 0; i < 6; i++)
		x *= 2 - odd * x;
	return x;
}

/* `base` + (`index` << scale) must become sum; either may be NONE. */
static void aim(struct trial *trial, unsigned base, unsigned index, unsigned scale, uint64_t sum)
{
	const uint64_t high = random_next(&seed) << 63;

	if (base == NONE) {
		trial->registers[index] = sum >> scale | (scale > 0 ? high : 0);
	} else if (index == NONE) {
		trial->registers[base] = sum;
	} else if (base != index) {
		trial->registers[base] = sum - (trial->registers[index] << scale);
	} else if (scale == 0) {
		trial->registers[base] = sum / 2 | high;
	} else {
		trial->registers[base] = sum * inverse(1 + (1ull << scale));
	}
}

/* The upper half of a sum of 32 bits does not matter. */
static uint64_t with_upper_half(const struct trial *trial, uint64_t sum)
{
	return has(trial, 0x67) ? sum ^ random_next(&seed) << 32 : sum;
}

/* Registers of an address, NONE for none, and what is added. */
struct address {
	unsigned base, index, scale, bytes;
	bool relative;
};

static struct address address_of(const struct trial *trial)
{
	struct address address = {
		.base = trial->rm | (trial->rex & 1) << 3,
		.index = NONE,
		.bytes = trial->mod == 0   ? 0
			 : trial->mod == 1 ? 1
					   : 4,
	};

	if (trial->rm == 4) {
		address.scale = trial->sib >> 6;
		address.index = (trial->sib >> 3 & 7) | (trial->rex & 2) << 2;
		address.base = (trial->sib & 7) | (trial->rex & 1) << 3;
		if (address.index == RSP)
			address.index = NONE;
	}
	if (trial->mod == 0 && (trial->rm == 5 || (trial->rm == 4 && (trial->sib & 7) == 5))) {
		address.relative = trial->rm == 5;
		address.base = NONE;
		address.bytes = 4;
	}
	return address;
}

static uint64_t random_displacement(unsigned bytes)
{
	const uint64_t random = random_next(&seed);

	if (bytes == 0)
		return 0;
	return bytes == 1 ? (uint64_t)(int8_t)random : (uint64_t)(int32_t)random;
}

/* Encodes ModR/M, SIB and displacement, and sets the registers.  NULL: it cannot get there. */
static uint8_t *put_modrm(struct trial *trial, uint8_t *at)
{
	const struct address address = address_of(trial);
	uint64_t displacement = random_displacement(address.bytes);
	uint64_t offset = trial->target - segment_base(trial);

	*at++ = (uint8_t)(trial->mod << 6 | trial->reg << 3 | trial->rm);
	if (trial->rm == 4)
		*at++ = trial->sib;
	if (address.base == NONE && address.index == NONE) {
		displacement = offset - (address.relative ? linear(END) : 0);
		return displacement == (uint64_t)(int32_t)displacement
			       ? put(at, displacement, address.bytes)
			       : NULL;
	}
	/* To be halved, or divided by the scale. */
	if (address.base == NONE || address.base == address.index) {
		const unsigned mask = address.base == NONE ? (1u << address.scale) - 1 : 1;
		const uint64_t rest = (offset - displacement) & mask;

		trial->target -= rest;
		offset -= rest;
	}
	aim(trial, address.base, address.index, address.scale,
	    with_upper_half(trial, offset - displacement));
	return put(at, displacement, address.bytes);
}

/* Encodes everything.  False: the target cannot be reached this way. */
static bool encode(struct trial *trial)
{
	const unsigned pushed = operand_bytes(trial, 8);
	const bool is_32_bit = has(trial, 0x67);
	uint8_t *at = trial->code;

	for (unsigned i = 0; i < 16; i++)
		trial->registers[i] = random_next(&seed);
	for (unsigned i = 0; i < trial->prefix_count; i++)
		*at++ = trial->prefixes[i];
	if (trial->rex != 0)
		*at++ = trial->rex;
	if (trial->opcode.code > 0xff)
		*at++ = (uint8_t)(trial->opcode.code >> 8);
	*at++ = (uint8_t)trial->opcode.code;
	if (is_32_bit && trial->opcode.form <= OFFSET &&
	    trial->target - segment_base(trial) > UINT32_MAX)
		return false;
	switch (trial->opcode.form) {
	case MODRM:
		at = put_modrm(trial, at);
		if (at == NULL)
			return false;
		break;
	case OFFSET:
		at = put(at, trial->target - segment_base(trial), is_32_bit ? 4 : 8);
		break;
	case PUSH:
		trial->registers[RSP] = trial->target + pushed;
		break;
	case POP:
		trial->registers[RSP] = trial->target;
		break;
	}
	at = put(at, trial->immediate, immediate_bytes(trial));
	trial->length = (unsigned)(at - trial->code);
	return trial->length <= MOTE_X86_64_INSTRUCTION_BYTES;
}

/* ---- Both -------------------------------------------------------------------------------- */

static mote_x86_64_regs regs_of(const uint64_t *r)
{
	return (mote_x86_64_regs){
		.rax = r[0],
		.rcx = r[1],
		.rdx = r[2],
		.rbx = r[3],
		.rsp = r[4],
		.rbp = r[5],
		.rsi = r[6],
		.rdi = r[7],
		.r8 = r[8],
		.r9 = r[9],
		.r10 = r[10],
		.r11 = r[11],
		.r12 = r[12],
		.r13 = r[13],
		.r14 = r[14],
		.r15 = r[15],
	};
}

static void fail(const struct trial *trial, const char *what)
{
	char text[3 * sizeof(trial->code) + 1] = "";

	for (unsigned i = 0; i < trial->length; i++)
		snprintf(text + 3 * i, 4, " %02x", trial->code[i]);
	FAIL("%s:%s", what, text);
}

/* What the decoder makes of it, on a copy of the memory. */
static mote_x86_64_regs imitate(const struct trial *trial, uint8_t *memory)
{
	mote_x86_64_regs regs = regs_of(trial->registers);
	struct mote_x86_64_access access;
	uint8_t data[8] = {0};

	regs.rip = linear(END) - trial->length;
	if (!mote_x86_64_access_decode(trial->code, trial->length, true, &access))
		fail(trial, "unknown");
	if (access.length != trial->length)
		fail(trial, "length");
	if (mote_x86_64_access_address(&access, &regs, fs_base, gs_base) != trial->target)
		fail(trial, "address");
	if (access.write) {
		mote_put64(data, mote_x86_64_access_value(&access, &regs));
		memcpy(memory, data, access.bytes);
	} else {
		memcpy(data, memory, access.bytes);
	}
	mote_x86_64_access_complete(&access, mote_get64(data), &regs);
	if (regs.rip != linear(END))
		fail(trial, "rip");
	regs.rip = 0;
	return regs;
}

static void compare(const struct trial *trial)
{
	uint8_t *window = (uint8_t *)(uintptr_t)(trial->target - WINDOW / 2), expected[WINDOW];
	mote_x86_64_regs got, imitated;
	uint64_t after[16];

	for (unsigned i = 0; i < WINDOW; i += 8)
		mote_put64(window + i, random_next(&seed));
	memcpy(expected, window, WINDOW);
	imitated = imitate(trial, expected + WINDOW / 2);
	memcpy(mapping + BEFORE, trial->registers, sizeof(after));
	execute(trial->code, trial->length);
	memcpy(after, mapping + AFTER, sizeof(after));
	got = regs_of(after);
	if (memcmp(window, expected, WINDOW) != 0)
		fail(trial, "memory");
	if (memcmp(&got, &imitated, sizeof(got)) != 0)
		fail(trial, "registers");
}

/* Returns whether there was something to compare. */
static bool try(struct trial *trial)
{
	if (trial->opcode.immediate != 0)
		trial->reg = 0;
	/* movsxd to 16 bits, which processors do not agree about. */
	if (trial->opcode.code == 0x63 && operand_bytes(trial, 4) == 2)
		return false;
	trial->immediate = random_next(&seed);
	trial->target = linear(DATA + WINDOW) + random_below(&seed, DATA_BYTES - 2 * WINDOW);
	if (!encode(trial))
		return false;
	compare(trial);
	return true;
}

/* ---- Cases ------------------------------------------------------------------------------- */

/* Of the segments at most one; the others any number of times. */
static void choose_prefixes(struct trial *trial)
{
	static const uint8_t list[] = {0x66, 0x67, 0x66, 0x67, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
	const uint8_t segment = list[4 + random_below(&seed, 6)];

	trial->prefix_count = (uint8_t)random_below(&seed, sizeof(trial->prefixes) + 1);
	for (unsigned i = 0; i < trial->prefix_count; i++) {
		trial->prefixes[i] = list[random_below(&seed, 5)];
		if (trial->prefixes[i] == 0x26)
			trial->prefixes[i] = segment;
	}
}

/* Somewhere below the mapping, or above it, for a sum that wraps around. */
static void choose_gs_base(void)
{
	const uint64_t bases[] = {0, 0x1234, linear(0) / 2, linear(DATA), 0x7fffffffe000};

	gs_base = bases[random_below(&seed, COUNT(bases))];
	REQUIRE_EQ(syscall(SYS_arch_prctl, ARCH_SET_GS, gs_base), 0);
}

static void instructions_at_random(void)
{
	const uint64_t count = test_scale(300000);
	uint64_t tried = 0;

	for (uint64_t i = 0; i < count; i++) {
		struct trial trial = {
			.opcode = opcodes[random_below(&seed, COUNT(opcodes))],
			.rex = (uint8_t)(random_next(&seed) >> 63 ? 0x40 | random_next(&seed) >> 60
								  : 0),
			.mod = (uint8_t)random_below(&seed, 3),
			.reg = (uint8_t)random_below(&seed, 8),
			.rm = (uint8_t)random_below(&seed, 8),
			.sib = (uint8_t)(random_next(&seed) >> 56),
		};

		if (i % 64 == 0)
			choose_gs_base();
		choose_prefixes(&trial);
		tried += try(&trial);
	}
	CHECK(tried > count / 2);
}

/* Every ModR/M and SIB byte with every REX prefix. */
static void every_address_of(uint16_t code)
{
	const unsigned step = test_scale(100) < 100 ? 7 : 1;
	uint64_t tried = 0, all = 0;

	for (unsigned i = 0; i < 3 * 64 * 17; i++) {
		struct trial trial = {
			.opcode = {code, MODRM, 0},
			.rex = (uint8_t)(i % 17 == 0 ? 0 : 0x40 + i % 17 - 1),
			.mod = (uint8_t)(i / 17 / 64),
			.reg = i / 17 & 7,
			.rm = i / 17 / 8 & 7,
		};
		unsigned sibs = trial.rm == 4 ? 256 : 1;

		for (unsigned sib = 0; sib < sibs; sib += step) {
			trial.sib = (uint8_t)sib;
			trial.prefix_count = (uint8_t)random_below(&seed, 2);
			trial.prefixes[0] = 0x67;
			tried += try(&trial);
			all++;
		}
	}
	CHECK_EQ(tried, all);
}

static void every_address_of_a_load(void)
{
	every_address_of(0x8b);
}

static void every_address_of_a_store(void)
{
	every_address_of(0x89);
}

static const struct test_case cases[] = {
	CASE_WITHIN(instructions_at_random, begin, end),
	CASE_WITHIN(every_address_of_a_load, begin, end),
	CASE_WITHIN(every_address_of_a_store, begin, end),
};

int main(int argc, char **argv)
{
	return test_main("x86_64_access_native", cases, TEST_COUNT(cases), argc, argv);
}

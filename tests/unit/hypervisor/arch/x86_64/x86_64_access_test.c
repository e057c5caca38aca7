/* SPDX-License-Identifier: Apache-2.0
 *
 * Accesses to memory from their instructions: which are known, what they say, and how they retire.
 * Intel SDM volume 2, chapter 2.  x86_64_access_native_test.c asks the processor.
 */
#include "hypervisor/arch/x86_64/x86_64_access.h"

#include "../../../unit_test.h"

#define NONE MOTE_X86_64_NO_REGISTER
#define RIP 0x400000ull
#define FS_BASE 0x7000000000000ull
#define GS_BASE 0xfffff80000000000ull
#define RFLAGS 0x246ull
#define RF (1ull << 16)

/* clang-format off */
#define CODE(text) (const uint8_t *)(text), sizeof(text) - 1
/* clang-format on */

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

/* Every register has another value. */
static mote_x86_64_regs busy_regs(void)
{
	return (mote_x86_64_regs){
		.rax = 0x1010101081828384,
		.rbx = 0x13131313b1b2b3b4,
		.rcx = 0x1111111191929394,
		.rdx = 0x12121212a1a2a3a4,
		.rsi = 0x16161616e1e2e3e4,
		.rdi = 0x17171717f1f2f3f4,
		.rsp = 0x14141414c1c2c3c8,
		.rbp = 0x15151515d1d2d3d4,
		.r8 = 0x2020202001020304,
		.r9 = 0x2121212111121314,
		.r10 = 0x2222222221222324,
		.r11 = 0x2323232331323334,
		.r12 = 0x2424242441424344,
		.r13 = 0x2525252551525354,
		.r14 = 0x2626262661626364,
		.r15 = 0x2727272771727374,
		.rip = RIP,
		.rflags = RFLAGS | RF,
	};
}

/* Decodes a block of its own, so that a sanitizer sees what is read behind it. */
static bool decode(const uint8_t *code, size_t bytes, struct mote_x86_64_access *access)
{
	uint8_t *exact = malloc(bytes > 0 ? bytes : 1);
	bool known;

	REQUIRE(exact != NULL);
	memset(access, 0xa5, sizeof(*access));
	memcpy(exact, code, bytes);
	known = mote_x86_64_access_decode(exact, bytes, true, access);
	free(exact);
	return known;
}

static bool untouched(const struct mote_x86_64_access *access)
{
	const uint8_t *at = (const uint8_t *)access;

	for (size_t i = 0; i < sizeof(*access); i++)
		if (at[i] != 0xa5)
			return false;
	return true;
}

/* ---- What instructions say ----------------------------------------------------------------- */

static const struct row {
	const char *instruction;
	const uint8_t *code;
	size_t bytes;
	struct mote_x86_64_access expected;
} rows[] = {
#define READ(size, number, width) .bytes = size, .register_index = number, .register_bytes = width
#define WRITE(size, number) .write = true, READ(size, number, size)
#define CONSTANT(size, value)                                                                      \
	WRITE(size, NONE), .is_immediate = true, .immediate = (uint64_t)(value)
#define AT(from, offset) .base = from, .index = NONE, .displacement = offset
#define PUSH(size) .base = RSP, .index = NONE, .displacement = -(size), .stack_change = -(size)
#define POP(size) .base = RSP, .index = NONE, .stack_change = size
	{"mov %cl,(%rax)", CODE("\x88\x08"), {WRITE(1, RCX), AT(RAX, 0)}},
	{"mov %ch,(%rax)", CODE("\x88\x28"), {WRITE(1, RCX), .high_byte = true, AT(RAX, 0)}},
	{"mov %bpl,(%rax)", CODE("\x40\x88\x28"), {WRITE(1, RBP), AT(RAX, 0)}},
	{"mov %ecx,(%rax)", CODE("\x89\x08"), {WRITE(4, RCX), AT(RAX, 0)}},
	{"mov %cx,(%rax)", CODE("\x66\x89\x08"), {WRITE(2, RCX), AT(RAX, 0)}},
	{"mov %rcx,(%rax)", CODE("\x48\x89\x08"), {WRITE(8, RCX), AT(RAX, 0)}},
	{"mov %r9,(%r8)", CODE("\x4d\x89\x08"), {WRITE(8, R9), AT(R8, 0)}},
	{"data16 mov %rcx,(%rax)", CODE("\x66\x48\x89\x08"), {WRITE(8, RCX), AT(RAX, 0)}},
	{"mov (%rax),%dh", CODE("\x8a\x30"), {READ(1, RDX, 1), .high_byte = true, AT(RAX, 0)}},
	{"mov (%rax),%r14b", CODE("\x44\x8a\x30"), {READ(1, R14, 1), AT(RAX, 0)}},
	{"mov -8(%rbp),%eax", CODE("\x8b\x45\xf8"), {READ(4, RAX, 4), AT(RBP, -8)}},
	{"mov 0(%r13),%rax", CODE("\x49\x8b\x45\x00"), {READ(8, RAX, 8), AT(R13, 0)}},
	{"mov 0x80(%rax),%ax", CODE("\x66\x8b\x80\x80\0\0\0"), {READ(2, RAX, 2), AT(RAX, 0x80)}},
	{"mov -0x80000000(%rdi),%eax",
	 CODE("\x8b\x87\0\0\0\x80"),
	 {READ(4, RAX, 4), AT(RDI, -0x80000000ll)}},
	{"mov 0x1000(%rip),%rax",
	 CODE("\x48\x8b\x05\0\x10\0\0"),
	 {READ(8, RAX, 8), AT(NONE, 0x1000), .rip_relative = true}},
	{"mov 0x1000(%eip),%eax, with REX.B",
	 CODE("\x67\x41\x8b\x05\0\x10\0\0"),
	 {READ(4, RAX, 4), AT(NONE, 0x1000), .rip_relative = true, .is_32_bit = true}},
	{"mov -2(,%riz),%eax",
	 CODE("\x8b\x04\x25\xfe\xff\xff\xff"),
	 {READ(4, RAX, 4), AT(NONE, -2)}},
	{"mov (%rsp),%eax", CODE("\x8b\x04\x24"), {READ(4, RAX, 4), AT(RSP, 0)}},
	{"mov (%r12),%eax", CODE("\x41\x8b\x04\x24"), {READ(4, RAX, 4), AT(R12, 0)}},
	{"mov 5(%rcx,%rdx,8),%eax",
	 CODE("\x8b\x44\xd1\x05"),
	 {READ(4, RAX, 4), .base = RCX, .index = RDX, .scale = 3, .displacement = 5}},
	{"mov 5(,%r12,4),%eax",
	 CODE("\x42\x8b\x04\xa5\5\0\0\0"),
	 {READ(4, RAX, 4), .base = NONE, .index = R12, .scale = 2, .displacement = 5}},
	{"mov 0(%r13,%rbp,2),%eax",
	 CODE("\x41\x8b\x44\x6d\0"),
	 {READ(4, RAX, 4), .base = R13, .index = RBP, .scale = 1}},
	{"mov (%eax),%eax", CODE("\x67\x8b\x00"), {READ(4, RAX, 4), AT(RAX, 0), .is_32_bit = true}},
	{"mov %fs:(%rax),%eax",
	 CODE("\x64\x8b\x00"),
	 {READ(4, RAX, 4), AT(RAX, 0), .segment = MOTE_X86_64_FS}},
	{"mov %rax,%gs:8",
	 CODE("\x65\x48\x89\x04\x25\x08\0\0\0"),
	 {WRITE(8, RAX), AT(NONE, 8), .segment = MOTE_X86_64_GS}},
	{"mov %ds:(%rax),%eax", CODE("\x3e\x8b\x00"), {READ(4, RAX, 4), AT(RAX, 0)}},
	{"movabs 0x8877665544332211,%al",
	 CODE("\xa0\x11\x22\x33\x44\x55\x66\x77\x88"),
	 {READ(1, RAX, 1), AT(NONE, (int64_t)0x8877665544332211)}},
	{"movabs 1,%eax", CODE("\xa1\1\0\0\0\0\0\0\0"), {READ(4, RAX, 4), AT(NONE, 1)}},
	{"movabs %ax,1", CODE("\x66\xa3\1\0\0\0\0\0\0\0"), {WRITE(2, RAX), AT(NONE, 1)}},
	{"movabs %rax,%fs:1",
	 CODE("\x64\x4f\xa3\1\0\0\0\0\0\0\0"),
	 {WRITE(8, RAX), AT(NONE, 1), .segment = MOTE_X86_64_FS}},
	{"addr32 mov %al,0x80000000",
	 CODE("\x67\xa2\0\0\0\x80"),
	 {WRITE(1, RAX), AT(NONE, -0x80000000ll), .is_32_bit = true}},
	{"movb $-1,(%rax)", CODE("\xc6\x00\xff"), {CONSTANT(1, -1), AT(RAX, 0)}},
	{"movw $0x1234,(%rax)", CODE("\x66\xc7\x00\x34\x12"), {CONSTANT(2, 0x1234), AT(RAX, 0)}},
	{"movl $-2,1(%rip)",
	 CODE("\xc7\x05\1\0\0\0\xfe\xff\xff\xff"),
	 {CONSTANT(4, -2), AT(NONE, 1), .rip_relative = true}},
	{"movq $-2,(%rax)", CODE("\x48\xc7\x00\xfe\xff\xff\xff"), {CONSTANT(8, -2), AT(RAX, 0)}},
	{"movzbl (%rax),%esi", CODE("\x0f\xb6\x30"), {READ(1, RSI, 4), AT(RAX, 0)}},
	{"movzbw (%rax),%si", CODE("\x66\x0f\xb6\x30"), {READ(1, RSI, 2), AT(RAX, 0)}},
	{"movzwq (%rax),%r14", CODE("\x4c\x0f\xb7\x30"), {READ(2, R14, 8), AT(RAX, 0)}},
	{"movsbl (%rax),%eax",
	 CODE("\x0f\xbe\x00"),
	 {READ(1, RAX, 4), .sign_extend = true, AT(RAX, 0)}},
	{"movswq (%rax),%rax",
	 CODE("\x48\x0f\xbf\x00"),
	 {READ(2, RAX, 8), .sign_extend = true, AT(RAX, 0)}},
	{"movslq (%rax),%rax",
	 CODE("\x48\x63\x00"),
	 {READ(4, RAX, 8), .sign_extend = true, AT(RAX, 0)}},
	{"movslq (%rax),%eax",
	 CODE("\x63\x00"),
	 {READ(4, RAX, 4), .sign_extend = true, AT(RAX, 0)}},
	{"push %rcx", CODE("\x51"), {WRITE(8, RCX), PUSH(8)}},
	{"push %r15", CODE("\x41\x57"), {WRITE(8, R15), PUSH(8)}},
	{"push %cx", CODE("\x66\x51"), {WRITE(2, RCX), PUSH(2)}},
	{"fs addr32 push %rsp", CODE("\x64\x67\x54"), {WRITE(8, RSP), PUSH(8)}},
	{"push $-5", CODE("\x6a\xfb"), {CONSTANT(8, -5), PUSH(8)}},
	{"pushw $-5", CODE("\x66\x6a\xfb"), {CONSTANT(2, -5), PUSH(2)}},
	{"push $0x12345678", CODE("\x68\x78\x56\x34\x12"), {CONSTANT(8, 0x12345678), PUSH(8)}},
	{"pushw $0x1234", CODE("\x66\x68\x34\x12"), {CONSTANT(2, 0x1234), PUSH(2)}},
	{"pop %rsp", CODE("\x5c"), {READ(8, RSP, 8), POP(8)}},
	{"pop %r8", CODE("\x41\x58"), {READ(8, R8, 8), POP(8)}},
	{"pop %di", CODE("\x66\x5f"), {READ(2, RDI, 2), POP(2)}},
	{"the longest",
	 CODE("\x66\x66\x66\x66\x65\xc7\x84\x11\4\3\2\1\x22\x11"),
	 {CONSTANT(2, 0x1122), .base = RCX, .index = RDX, .displacement = 0x01020304,
	  .segment = MOTE_X86_64_GS}},
	{"fifteen bytes",
	 CODE("\x66\x66\x66\x66\x66\x65\xc7\x84\x11\4\3\2\1\x22\x11"),
	 {CONSTANT(2, 0x1122), .base = RCX, .index = RDX, .displacement = 0x01020304,
	  .segment = MOTE_X86_64_GS}},
};

#define CHECK_FIELD(name)                                                                          \
	do {                                                                                       \
		if (access.name != row->expected.name)                                             \
			FAIL("%s: %s is 0x%llx", row->instruction, #name,                          \
			     (unsigned long long)access.name);                                     \
	} while (0)

static void check_row(const struct row *row)
{
	struct mote_x86_64_access access;

	if (!decode(row->code, row->bytes, &access))
		FAIL("%s is unknown", row->instruction);
	REQUIRE_EQ(access.length, row->bytes);
	CHECK_FIELD(write);
	CHECK_FIELD(bytes);
	CHECK_FIELD(register_index);
	CHECK_FIELD(register_bytes);
	CHECK_FIELD(high_byte);
	CHECK_FIELD(sign_extend);
	CHECK_FIELD(is_immediate);
	CHECK_FIELD(immediate);
	CHECK_FIELD(stack_change);
	CHECK_FIELD(base);
	CHECK_FIELD(index);
	CHECK_FIELD(scale);
	CHECK_FIELD(displacement);
	CHECK_FIELD(rip_relative);
	CHECK_FIELD(is_32_bit);
	CHECK_FIELD(segment);
}

static void instructions_are_described(void)
{
	for (size_t i = 0; i < COUNT(rows); i++)
		check_row(&rows[i]);
}

static void a_part_of_an_instruction_is_unknown(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t bytes = 0; bytes < rows[i].bytes; bytes++) {
			struct mote_x86_64_access access;

			if (decode(rows[i].code, bytes, &access) || !untouched(&access))
				FAIL("%zu bytes of %s", bytes, rows[i].instruction);
		}
	}
}

static void what_follows_does_not_matter(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (unsigned fill = 0; fill < 256; fill++) {
			struct mote_x86_64_access access;
			uint8_t code[16];

			memset(code, (int)fill, sizeof(code));
			memcpy(code, rows[i].code, rows[i].bytes);
			REQUIRE(decode(code, sizeof(code), &access));
			REQUIRE_EQ(access.length, rows[i].bytes);
		}
	}
}

static void only_64_bit_code_is_known(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mote_x86_64_access access;

		memset(&access, 0xa5, sizeof(access));
		REQUIRE(!mote_x86_64_access_decode(rows[i].code, rows[i].bytes, false, &access));
		REQUIRE(untouched(&access));
	}
}

/* ---- What is unknown ----------------------------------------------------------------------- */

static bool is_known(const uint8_t *code, size_t bytes)
{
	struct mote_x86_64_access access;
	const bool known = decode(code, bytes, &access);

	if (!known)
		REQUIRE(untouched(&access));
	return known;
}

static void other_instructions_are_unknown(void)
{
	static const struct {
		const char *instruction;
		const uint8_t *code;
		size_t bytes;
	} unknown[] = {
		{"nothing", CODE("")},
		{"add %eax,(%rax)", CODE("\x01\x00")},
		{"lock mov %eax,(%rax)", CODE("\xf0\x89\x00")},
		{"xrelease mov %eax,(%rax)", CODE("\xf3\x89\x00")},
		{"repne mov (%rax),%eax", CODE("\xf2\x8b\x00")},
		{"xchg %eax,(%rax)", CODE("\x87\x00")},
		{"lea (%rax),%eax", CODE("\x8d\x00")},
		{"mov %ds,(%rax)", CODE("\x8c\x18")},
		{"mov (%rax),%ds", CODE("\x8e\x18")},
		{"pop (%rax)", CODE("\x8f\x00")},
		{"push (%rax)", CODE("\xff\x30")},
		{"call (%rax)", CODE("\xff\x10")},
		{"pushf", CODE("\x9c")},
		{"push %fs", CODE("\x0f\xa0")},
		{"movsb", CODE("\xa4")},
		{"stosb", CODE("\xaa")},
		{"lodsb", CODE("\xac")},
		{"movnti %eax,(%rax)", CODE("\x0f\xc3\x00")},
		{"movbe (%rax),%eax", CODE("\x0f\x38\xf0\x00")},
		{"movaps (%rax),%xmm0", CODE("\x0f\x28\x00")},
		{"vmovd (%rax),%xmm0", CODE("\xc5\xf9\x6e\x00")},
		{"vmovdqu64 (%rax),%zmm0", CODE("\x62\xf1\xfe\x48\x6f\x00")},
		{"mov (%r16),%rax", CODE("\xd5\x18\x8b\x00")},
		{"xabort $0", CODE("\xc6\xf8\x00")},
		{"c6 /1", CODE("\xc6\x08\x00")},
		{"c7 /7", CODE("\xc7\x38\0\0\0\0")},
		{"mov %eax,%eax", CODE("\x89\xc0")},
		{"movsxd (%rax),%ax", CODE("\x66\x63\x00")},
		{"two REX prefixes", CODE("\x48\x48\x8b\x00")},
		{"REX before a prefix", CODE("\x48\x66\x8b\x00")},
		{"%fs and %gs", CODE("\x64\x65\x8b\x00")},
		{"%fs and %ds", CODE("\x64\x3e\x8b\x00")},
		{"%ds and %gs", CODE("\x3e\x65\x8b\x00")},
		{"sixteen bytes", CODE("\x66\x66\x66\x66\x66\x66\x65\xc7\x84\x11\4\3\2\1\x22\x11")},
	};

	for (size_t i = 0; i < COUNT(unknown); i++)
		if (is_known(unknown[i].code, unknown[i].bytes))
			FAIL("%s is known", unknown[i].instruction);
}

/* Of an opcode: 1 by itself, 2 with a ModR/M byte for memory, 3 if that names register 0. */
static unsigned kind_of(unsigned opcode)
{
	static const uint16_t modrm[] = {0x63,	 0x88,	 0x89,	 0x8a,	0x8b,
					 0x0fb6, 0x0fb7, 0x0fbe, 0x0fbf};

	if ((opcode >= 0x50 && opcode <= 0x5f) || (opcode >= 0xa0 && opcode <= 0xa3) ||
	    opcode == 0x68 || opcode == 0x6a)
		return 1;
	if (opcode == 0xc6 || opcode == 0xc7)
		return 3;
	for (size_t i = 0; i < COUNT(modrm); i++)
		if (opcode == modrm[i])
			return 2;
	return 0;
}

/* What is not itself the first opcode byte of an instruction. */
static bool is_prefix(unsigned opcode)
{
	static const uint8_t list[] = {0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67};

	return (opcode & 0xf0) == 0x40 || memchr(list, (int)opcode, sizeof(list)) != NULL;
}

static void try_opcode(unsigned opcode, bool rex)
{
	const unsigned kind = kind_of(opcode);
	uint8_t code[15] = {0x4c};
	size_t at = rex;

	if (opcode > 0xff)
		code[at++] = 0x0f;
	code[at++] = (uint8_t)opcode;
	for (unsigned modrm = 0; modrm < 256; modrm++) {
		bool expected = kind == 1 || (kind > 1 && modrm < 0xc0);

		if (kind == 3 && (modrm & 0x38) != 0)
			expected = false;
		code[at] = (uint8_t)modrm;
		if (is_known(code, sizeof(code)) != expected)
			FAIL("opcode %x, then %x", opcode, modrm);
	}
}

/* Of one and two bytes, with every byte behind it, without REX and with. */
static void every_opcode(void)
{
	for (unsigned opcode = 0; opcode < 256; opcode++) {
		if (!is_prefix(opcode)) {
			try_opcode(opcode, false);
			try_opcode(opcode, true);
		}
		try_opcode(0x0f00 | opcode, false);
		try_opcode(0x0f00 | opcode, true);
	}
}

/* ---- Lengths ------------------------------------------------------------------------------- */

/* SDM volume 2, tables 2-2 and 2-3. */
static unsigned length_of(unsigned modrm, unsigned sib)
{
	const unsigned mod = modrm >> 6, rm = modrm & 7;
	const unsigned displacements[] = {0, 1, 4};
	unsigned length = 1 + displacements[mod];

	if (rm == 4)
		length++;
	if (mod == 0 && (rm == 5 || (rm == 4 && (sib & 7) == 5)))
		length += 4;
	return length;
}

/* Every ModR/M and SIB byte with every REX prefix, whole and cut short. */
static void every_length(void)
{
	for (unsigned i = 0; i < 0xc0 * 0x100 * 16; i++) {
		const uint8_t code[12] = {(uint8_t)(0x40 | i / 0x100 / 0xc0), 0x8b,
					  (uint8_t)(i / 0x100 % 0xc0), (uint8_t)i};
		const unsigned length = 2 + length_of(code[2], code[3]);
		struct mote_x86_64_access access;

		REQUIRE(decode(code, length, &access));
		REQUIRE_EQ(access.length, length);
		REQUIRE(!is_known(code, length - 1));
	}
}

/* ---- Where --------------------------------------------------------------------------------- */

static void addresses(void)
{
	static const struct {
		const char *where;
		const uint8_t *code;
		size_t bytes;
		uint64_t expected;
	} list[] = {
		{"(%rcx)", CODE("\x8b\x01"), 0x1111111191929394},
		{"-128(%rcx)", CODE("\x8b\x41\x80"), 0x1111111191929314},
		{"0x7fffffff(%r15)", CODE("\x41\x8b\x87\xff\xff\xff\x7f"), 0x27272727f1727373},
		{"(%rcx,%r9)", CODE("\x42\x8b\x04\x09"), 0x32323232a2a4a6a8},
		{"(%rsi,%rsi,8)", CODE("\x8b\x04\xf6"), 0xc6c6c6cdf0fa0304},
		{"-1(,%rdi,4)", CODE("\x8b\x04\xbd\xff\xff\xff\xff"), 0x5c5c5c5fc7cbcfcf},
		{"after the instruction", CODE("\x8b\x05\0\0\0\0"), RIP + 6},
		{"after the constant", CODE("\xc7\x05\0\0\0\0\1\2\3\4"), RIP + 10},
		{"long before it", CODE("\x8b\x05\0\0\0\x80"), 0xffffffff80400006},
		{"the same in 32 bits", CODE("\x67\x8b\x05\0\0\0\x80"), 0x80400007},
		{"the last byte", CODE("\x8a\x04\x25\xff\xff\xff\xff"), 0xffffffffffffffff},
		{"the same in 32 bits", CODE("\x67\x8a\x04\x25\xff\xff\xff\xff"), 0xffffffff},
		{"(%ecx)", CODE("\x67\x8b\x01"), 0x91929394},
		{"(%ecx,%edx)", CODE("\x67\x8b\x04\x11"), 0x33353738},
		{"%fs:(%rcx)", CODE("\x64\x8b\x01"), 0x1118111191929394},
		{"%fs:-8", CODE("\x64\x8b\x04\x25\xf8\xff\xff\xff"), 0x6fffffffffff8},
		{"%gs:(%ecx,%edx)", CODE("\x65\x67\x8b\x04\x11"), 0xfffff80033353738},
		{"%gs:0x80000000000", CODE("\x65\xa1\0\0\0\0\0\x08\0\0"), 0},
		{"%gs:a 32-bit offset", CODE("\x67\x65\xa1\0\0\0\xff"), 0xfffff800ff000000},
		{"push", CODE("\x50"), 0x14141414c1c2c3c0},
		{"push of 16 bits in %fs", CODE("\x64\x66\x67\x50"), 0x14141414c1c2c3c6},
		{"pop", CODE("\x58"), 0x14141414c1c2c3c8},
	};
	const mote_x86_64_regs regs = busy_regs();

	for (size_t i = 0; i < COUNT(list); i++) {
		struct mote_x86_64_access access;
		uint64_t address;

		REQUIRE(decode(list[i].code, list[i].bytes, &access));
		address = mote_x86_64_access_address(&access, &regs, FS_BASE, GS_BASE);
		if (address != list[i].expected)
			FAIL("%s is 0x%llx", list[i].where, (unsigned long long)address);
	}
}

static void parts_on_two_pages(void)
{
	static const struct {
		uint64_t gva;
		uint8_t bytes, first;
	} list[] = {
		{0, 8, 8},	   {0xff8, 8, 8},
		{0xff9, 8, 7},	   {0xfff, 8, 1},
		{0x1000, 8, 8},	   {0xffc, 4, 4},
		{0xffd, 4, 3},	   {0xffe, 2, 2},
		{0x7fff, 2, 1},	   {0xfff, 1, 1},
		{~0ull, 8, 1},	   {~0ull, 1, 1},
		{~0ull - 6, 8, 7}, {0xffff800000000ffc, 8, 4},
	};

	for (size_t i = 0; i < COUNT(list); i++) {
		const struct mote_x86_64_access access = {.bytes = list[i].bytes};

		CHECK_EQ(mote_x86_64_access_first_bytes(&access, list[i].gva), list[i].first);
	}
}

/* ---- What it does -------------------------------------------------------------------------- */

static void stores(void)
{
	static const struct {
		const char *instruction;
		const uint8_t *code;
		size_t bytes;
		uint64_t expected;
	} list[] = {
		{"mov %rbx", CODE("\x48\x89\x18"), 0x13131313b1b2b3b4},
		{"mov %ebx", CODE("\x89\x18"), 0xb1b2b3b4},
		{"mov %bx", CODE("\x66\x89\x18"), 0xb3b4},
		{"mov %bl", CODE("\x88\x18"), 0xb4},
		{"mov %bh", CODE("\x88\x38"), 0xb3},
		{"mov %dil", CODE("\x40\x88\x38"), 0xf4},
		{"mov %r15b", CODE("\x44\x88\x38"), 0x74},
		{"movb", CODE("\xc6\x00\x80"), 0x80},
		{"movw", CODE("\x66\xc7\x00\x00\x80"), 0x8000},
		{"movl", CODE("\xc7\x00\0\0\0\x80"), 0x80000000},
		{"movq", CODE("\x48\xc7\x00\0\0\0\x80"), 0xffffffff80000000},
		{"push %rsp", CODE("\x54"), 0x14141414c1c2c3c8},
		{"push %sp", CODE("\x66\x54"), 0xc3c8},
		{"push of a byte", CODE("\x6a\x80"), 0xffffffffffffff80},
		{"the same, 16 bits", CODE("\x66\x6a\x80"), 0xff80},
		{"push of four bytes", CODE("\x68\0\0\0\x80"), 0xffffffff80000000},
	};
	const mote_x86_64_regs regs = busy_regs();

	for (size_t i = 0; i < COUNT(list); i++) {
		struct mote_x86_64_access access;
		uint64_t value;

		REQUIRE(decode(list[i].code, list[i].bytes, &access));
		value = mote_x86_64_access_value(&access, &regs);
		if (value != list[i].expected)
			FAIL("%s stores 0x%llx", list[i].instruction, (unsigned long long)value);
	}
}

/* expected: but for RIP and RFLAGS, which are the same for all. */
static void check_retired(const uint8_t *code, size_t bytes, uint64_t data,
			  mote_x86_64_regs expected, const char *instruction)
{
	struct mote_x86_64_access access;
	mote_x86_64_regs regs = busy_regs();

	REQUIRE(decode(code, bytes, &access));
	mote_x86_64_access_complete(&access, data, &regs);
	expected.rip = RIP + bytes;
	expected.rflags = RFLAGS;
	if (memcmp(&regs, &expected, sizeof(regs)) != 0) {
		CHECK_MEM(&regs, &expected, sizeof(regs));
		FAIL("%s", instruction);
	}
}

static void loads_write_their_register_only(void)
{
	static const struct {
		const char *instruction;
		const uint8_t *code;
		size_t bytes;
		uint64_t data, rax;
	} list[] = {
		{"mov to %rax", CODE("\x48\x8b\x03"), 0x8123456789abcdef, 0x8123456789abcdef},
		{"mov to %eax", CODE("\x8b\x03"), 0xffffffff89abcdef, 0x89abcdef},
		{"mov to %ax", CODE("\x66\x8b\x03"), 0xffffffffffffcdef, 0x101010108182cdef},
		{"mov to %al", CODE("\x8a\x03"), 0xffffffffffffffef, 0x10101010818283ef},
		{"mov to %ah", CODE("\x8a\x23"), 0xffffffffffffffef, 0x101010108182ef84},
		{"movabs to %rax", CODE("\x48\xa1\0\0\0\0\0\0\0\0"), 7, 7},
		{"movzbw", CODE("\x66\x0f\xb6\x03"), 0xff80, 0x1010101081820080},
		{"movzbl", CODE("\x0f\xb6\x03"), 0xff80, 0x80},
		{"movzbq", CODE("\x48\x0f\xb6\x03"), 0xff80, 0x80},
		{"movzwl", CODE("\x0f\xb7\x03"), 0xff8000, 0x8000},
		{"movsbw", CODE("\x66\x0f\xbe\x03"), 0x80, 0x101010108182ff80},
		{"movsbl", CODE("\x0f\xbe\x03"), 0x80, 0xffffff80},
		{"movsbq", CODE("\x48\x0f\xbe\x03"), 0x80, 0xffffffffffffff80},
		{"movsbq", CODE("\x48\x0f\xbe\x03"), 0xffffffffffffff7f, 0x7f},
		{"movswl", CODE("\x0f\xbf\x03"), 0x8000, 0xffff8000},
		{"movswq", CODE("\x48\x0f\xbf\x03"), 0x8000, 0xffffffffffff8000},
		{"movslq", CODE("\x48\x63\x03"), 0x80000000, 0xffffffff80000000},
		{"movslq", CODE("\x48\x63\x03"), 0xffffffff7fffffff, 0x7fffffff},
		{"movsxd to %eax", CODE("\x63\x03"), 0x80000000, 0x80000000},
	};

	for (size_t i = 0; i < COUNT(list); i++) {
		mote_x86_64_regs expected = busy_regs();

		expected.rax = list[i].rax;
		check_retired(list[i].code, list[i].bytes, list[i].data, expected,
			      list[i].instruction);
	}
}

/* mov and pop to each of the sixteen. */
static void registers_have_their_numbers(void)
{
	static const size_t places[] = {
#define PLACE(name) offsetof(mote_x86_64_regs, name)
		PLACE(rax), PLACE(rcx), PLACE(rdx), PLACE(rbx), PLACE(rsp), PLACE(rbp),
		PLACE(rsi), PLACE(rdi), PLACE(r8),  PLACE(r9),	PLACE(r10), PLACE(r11),
		PLACE(r12), PLACE(r13), PLACE(r14), PLACE(r15),
#undef PLACE
	};
	const uint64_t data = 0x8899aabbccddeeff;

	for (unsigned i = 0; i < COUNT(places); i++) {
		const uint8_t mov[] = {(uint8_t)(0x48 | i >> 3 << 2), 0x8b,
				       (uint8_t)(i << 3 & 0x38)};
		const uint8_t pop[] = {(uint8_t)(0x40 | i >> 3), (uint8_t)(0x58 | (i & 7))};
		mote_x86_64_regs expected = busy_regs();

		memcpy((uint8_t *)&expected + places[i], &data, sizeof(data));
		check_retired(mov, sizeof(mov), data, expected, "mov");
		expected = busy_regs();
		expected.rsp += 8;
		memcpy((uint8_t *)&expected + places[i], &data, sizeof(data));
		check_retired(pop, sizeof(pop), data, expected, "pop");
	}
}

static void stores_and_the_stack_retire(void)
{
	mote_x86_64_regs expected = busy_regs();

	check_retired(CODE("\x48\x89\x03"), ~0ull, expected, "mov");
	check_retired(CODE("\xc7\x03\1\2\3\4"), ~0ull, expected, "movl");
	expected.rsp -= 8;
	check_retired(CODE("\x54"), ~0ull, expected, "push %rsp");
	check_retired(CODE("\x6a\x01"), ~0ull, expected, "push $1");
	expected.rsp += 8 - 2;
	check_retired(CODE("\x66\x50"), ~0ull, expected, "push %ax");
	expected.rsp += 2 + 2;
	expected.rbx = 0x13131313b1b20708;
	check_retired(CODE("\x66\x5b"), 0xffff0708, expected, "pop %bx");
	expected = busy_regs();
	expected.rsp = 0x14141414c1c20708;
	check_retired(CODE("\x66\x5c"), 0xffff0708, expected, "pop %sp");
}

static const struct test_case cases[] = {
	CASE(instructions_are_described),
	CASE(a_part_of_an_instruction_is_unknown),
	CASE(what_follows_does_not_matter),
	CASE(only_64_bit_code_is_known),
	CASE(other_instructions_are_unknown),
	CASE(every_opcode),
	CASE(every_length),
	CASE(addresses),
	CASE(parts_on_two_pages),
	CASE(stores),
	CASE(loads_write_their_register_only),
	CASE(registers_have_their_numbers),
	CASE(stores_and_the_stack_retire),
};

int main(int argc, char **argv)
{
	return test_main("x86_64_access", cases, TEST_COUNT(cases), argc, argv);
}

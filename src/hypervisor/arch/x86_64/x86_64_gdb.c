/* SPDX-License-Identifier: Apache-2.0
 *
 * The x86_64 registers of user code in gdb's order and formats.
 * GDB manual, G.5.7 (i386 features); Intel SDM volume 1, 8.1.7 (tag word) and 10.5.1 (FXSAVE).
 */
#include "x86_64_gdb.h"

#include <string.h>

#include "bytes.h"
#include "x86_64_monitor.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- The description --------------------------------------------------------------------- */

static const char core_types[] = "<flags id=\"i386_eflags\" size=\"4\">\n"
				 "<field name=\"CF\" start=\"0\" end=\"0\"/>\n"
				 "<field name=\"\" start=\"1\" end=\"1\"/>\n"
				 "<field name=\"PF\" start=\"2\" end=\"2\"/>\n"
				 "<field name=\"AF\" start=\"4\" end=\"4\"/>\n"
				 "<field name=\"ZF\" start=\"6\" end=\"6\"/>\n"
				 "<field name=\"SF\" start=\"7\" end=\"7\"/>\n"
				 "<field name=\"TF\" start=\"8\" end=\"8\"/>\n"
				 "<field name=\"IF\" start=\"9\" end=\"9\"/>\n"
				 "<field name=\"DF\" start=\"10\" end=\"10\"/>\n"
				 "<field name=\"OF\" start=\"11\" end=\"11\"/>\n"
				 "<field name=\"AC\" start=\"18\" end=\"18\"/>\n"
				 "<field name=\"ID\" start=\"21\" end=\"21\"/>\n"
				 "</flags>\n";

static const struct mote_gdb_registers core[] = {
	{"rax", "int64", NULL, 1, 8},	   {"rbx", "int64", NULL, 1, 8},
	{"rcx", "int64", NULL, 1, 8},	   {"rdx", "int64", NULL, 1, 8},
	{"rsi", "int64", NULL, 1, 8},	   {"rdi", "int64", NULL, 1, 8},
	{"rbp", "data_ptr", NULL, 1, 8},   {"rsp", "data_ptr", NULL, 1, 8},
	{"r8", "int64", NULL, 1, 8},	   {"r9", "int64", NULL, 1, 8},
	{"r10", "int64", NULL, 1, 8},	   {"r11", "int64", NULL, 1, 8},
	{"r12", "int64", NULL, 1, 8},	   {"r13", "int64", NULL, 1, 8},
	{"r14", "int64", NULL, 1, 8},	   {"r15", "int64", NULL, 1, 8},
	{"rip", "code_ptr", NULL, 1, 8},   {"eflags", "i386_eflags", NULL, 1, 4},
	{"cs", "int32", NULL, 1, 4},	   {"ss", "int32", NULL, 1, 4},
	{"ds", "int32", NULL, 1, 4},	   {"es", "int32", NULL, 1, 4},
	{"fs", "int32", NULL, 1, 4},	   {"gs", "int32", NULL, 1, 4},
	{"st%u", "i387_ext", NULL, 8, 10}, {"fctrl", "int", "float", 1, 4},
	{"fstat", "int", "float", 1, 4},   {"ftag", "int", "float", 1, 4},
	{"fiseg", "int", "float", 1, 4},   {"fioff", "int", "float", 1, 4},
	{"foseg", "int", "float", 1, 4},   {"fooff", "int", "float", 1, 4},
	{"fop", "int", "float", 1, 4},
};

static const char sse_types[] = "<vector id=\"v8bf16\" type=\"bfloat16\" count=\"8\"/>\n"
				"<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>\n"
				"<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>\n"
				"<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>\n"
				"<vector id=\"v8i16\" type=\"int16\" count=\"8\"/>\n"
				"<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>\n"
				"<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>\n"
				"<union id=\"vec128\">\n"
				"<field name=\"v8_bfloat16\" type=\"v8bf16\"/>\n"
				"<field name=\"v4_float\" type=\"v4f\"/>\n"
				"<field name=\"v2_double\" type=\"v2d\"/>\n"
				"<field name=\"v16_int8\" type=\"v16i8\"/>\n"
				"<field name=\"v8_int16\" type=\"v8i16\"/>\n"
				"<field name=\"v4_int32\" type=\"v4i32\"/>\n"
				"<field name=\"v2_int64\" type=\"v2i64\"/>\n"
				"<field name=\"uint128\" type=\"uint128\"/>\n"
				"</union>\n";

static const struct mote_gdb_registers sse[] = {
	{"xmm%u", "vec128", NULL, 16, 16},
	{"mxcsr", "int32", "vector", 1, 4},
};

static const struct mote_gdb_registers segments[] = {
	{"fs_base", "int", NULL, 1, 8},
	{"gs_base", "int", NULL, 1, 8},
};

/* gdb takes a description for one of a Linux program only if it has this register. */
static const struct mote_gdb_registers linux_registers[] = {
	{"orig_rax", "int", "system", 1, 8},
};

static const struct mote_gdb_registers avx_registers[] = {
	{"ymm%uh", "uint128", NULL, 16, 16},
};

/* After a call that gdb makes in the guest it writes back all of them: only those that stay as they
 * are, or it complains. */
static const struct mote_gdb_registers system_registers[] = {
	{"cr0", "int64", "system", 1, 8},
	{"cr3", "int64", "system", 1, 8},
	{"cr4", "int64", "system", 1, 8},
	{"efer", "int64", "system", 1, 8},
};

static const struct mote_gdb_feature parts[] = {
	{"org.gnu.gdb.i386.core", core_types, core, COUNT(core), false},
	{"org.gnu.gdb.i386.sse", sse_types, sse, COUNT(sse), false},
	{"org.gnu.gdb.i386.segments", "", segments, COUNT(segments), false},
	{"org.gnu.gdb.i386.linux", "", linux_registers, COUNT(linux_registers), false},
	{"org.gnu.gdb.i386.avx", "", avx_registers, COUNT(avx_registers), false},
	{"mote.system", "", system_registers, COUNT(system_registers), true},
};

enum { RSP = 7, RIP = 16 };

static bool has_avx(uint64_t features)
{
	return (features & MOTE_X86_64_FEATURE_AVX) != 0;
}

const struct mote_gdb_description *mote_x86_64_gdb_describe(uint64_t features)
{
	static const struct mote_gdb_feature *const all[] = {
		&parts[0], &parts[1], &parts[2], &parts[3], &parts[4], &parts[5],
	};
	static const struct mote_gdb_feature *const without_avx[] = {
		&parts[0], &parts[1], &parts[2], &parts[3], &parts[5],
	};
	static const struct mote_gdb_description descriptions[] = {
		{"i386:x86-64", without_avx, COUNT(without_avx), RIP, RSP},
		{"i386:x86-64", all, COUNT(all), RIP, RSP},
	};

	return &descriptions[has_avx(features)];
}

/* ---- The tag word ------------------------------------------------------------------------ */

enum { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY };

static unsigned tag_of(const uint8_t *value)
{
	const unsigned exponent = mote_get16(value + 8) & 0x7fff;
	const uint64_t mantissa = mote_get64(value);

	if (exponent == 0 && mantissa == 0)
		return TAG_ZERO;
	return exponent == 0 || exponent == 0x7fff || !(mantissa >> 63) ? TAG_SPECIAL : TAG_VALID;
}

/* FXSAVE has one bit per physical register; gdb shows what FSAVE would write. */
static uint32_t full_tag_word(const struct mote_x86_64_fpu *fpu)
{
	const unsigned top = fpu->fsw >> 11 & 7;
	uint32_t word = 0;

	for (unsigned i = 0; i < 8; i++) {
		const bool used = fpu->ftwx >> i & 1;
		const unsigned tag = used ? tag_of(fpu->fpr[(i - top) & 7]) : TAG_EMPTY;

		word |= (uint32_t)tag << 2 * i;
	}
	return word;
}

static uint8_t abridged_tag_word(uint32_t word)
{
	uint8_t abridged = 0;

	for (unsigned i = 0; i < 8; i++)
		if ((word >> 2 * i & 3) != TAG_EMPTY)
			abridged |= (uint8_t)(1 << i);
	return abridged;
}

/* ---- Values ------------------------------------------------------------------------------ */

static void put32(uint8_t **at, uint64_t value)
{
	mote_put32(*at, (uint32_t)value);
	*at += 4;
}

static void put64(uint8_t **at, uint64_t value)
{
	mote_put64(*at, value);
	*at += 8;
}

static void put_bytes(uint8_t **at, const void *from, size_t bytes)
{
	memcpy(*at, from, bytes);
	*at += bytes;
}

static uint32_t take32(const uint8_t **at)
{
	*at += 4;
	return mote_get32(*at - 4);
}

static uint64_t take64(const uint8_t **at)
{
	*at += 8;
	return mote_get64(*at - 8);
}

static void take_bytes(const uint8_t **at, void *to, size_t bytes)
{
	memcpy(to, *at, bytes);
	*at += bytes;
}

/* In the order of the table above; rflags, of which gdb knows the lower half, is the last. */
/* clang-format off */
#define GENERAL_MAP(X)                                                                             \
	X(rax) X(rbx) X(rcx) X(rdx) X(rsi) X(rdi) X(rbp) X(rsp)                                    \
	X(r8)  X(r9)  X(r10) X(r11) X(r12) X(r13) X(r14) X(r15) X(rip)
/* clang-format on */
#define SELECTOR_MAP(X) X(ds) X(es) X(fs) X(gs)
#define SYSTEM_MAP(X) X(cr0) X(cr3) X(cr4) X(efer)

static void pack_x87(const struct mote_x86_64_fpu *fpu, uint8_t **at)
{
	for (unsigned i = 0; i < 8; i++)
		put_bytes(at, fpu->fpr[i], 10);
	put32(at, fpu->fcw);
	put32(at, fpu->fsw);
	put32(at, full_tag_word(fpu));
	put32(at, fpu->last_ip >> 32 & 0xffff);
	put32(at, fpu->last_ip);
	put32(at, fpu->last_dp >> 32 & 0xffff);
	put32(at, fpu->last_dp);
	put32(at, fpu->last_opcode);
}

/* An exception has put its own selectors of code and stack into the vCPU: a program's are known. */
void mote_x86_64_gdb_pack(const struct mote_x86_64_gdb_state *state, uint64_t features,
			  uint8_t *values)
{
	uint8_t *at = values;

#define PUT_GENERAL(name) put64(&at, state->regs.name);
	GENERAL_MAP(PUT_GENERAL)
	put32(&at, state->regs.rflags);
	put32(&at, MOTE_X86_64_USER_CODE_SELECTOR);
	put32(&at, MOTE_X86_64_USER_DATA_SELECTOR);
#define PUT_SELECTOR(name) put32(&at, state->sregs.name.selector);
	SELECTOR_MAP(PUT_SELECTOR)
	pack_x87(&state->fpu, &at);
	put_bytes(&at, state->fpu.xmm, sizeof(state->fpu.xmm));
	put32(&at, state->fpu.mxcsr);
	put64(&at, state->sregs.fs.base);
	put64(&at, state->sregs.gs.base);
	put64(&at, UINT64_MAX); /* orig_rax: in no system call */
	if (has_avx(features))
		put_bytes(&at, state->fpu.ymm_high, sizeof(state->fpu.ymm_high));
#define PUT_SYSTEM(name) put64(&at, state->sregs.name);
	SYSTEM_MAP(PUT_SYSTEM)
}

/* gdb has the lower 48 bits of the two addresses; the rest keeps its value. */
static uint64_t take_address(const uint8_t **at, uint64_t before)
{
	const uint64_t segment = take32(at) & 0xffff;

	return (before & ~0xffffffffffffull) | segment << 32 | take32(at);
}

static void unpack_x87(const uint8_t **at, struct mote_x86_64_fpu *fpu)
{
	for (unsigned i = 0; i < 8; i++)
		take_bytes(at, fpu->fpr[i], 10);
	fpu->fcw = (uint16_t)take32(at);
	fpu->fsw = (uint16_t)take32(at);
	fpu->ftwx = abridged_tag_word(take32(at));
	fpu->last_ip = take_address(at, fpu->last_ip);
	fpu->last_dp = take_address(at, fpu->last_dp);
	fpu->last_opcode = (uint16_t)take32(at);
}

void mote_x86_64_gdb_unpack(const uint8_t *values, uint64_t features,
			    struct mote_x86_64_gdb_state *state)
{
	const uint8_t *at = values;

#define TAKE_GENERAL(name) state->regs.name = take64(&at);
	GENERAL_MAP(TAKE_GENERAL)
	state->regs.rflags = (state->regs.rflags & ~(uint64_t)UINT32_MAX) | take32(&at);
	at += 6 * 4; /* selectors */
	unpack_x87(&at, &state->fpu);
	take_bytes(&at, state->fpu.xmm, sizeof(state->fpu.xmm));
	state->fpu.mxcsr = take32(&at);
	state->sregs.fs.base = take64(&at);
	state->sregs.gs.base = take64(&at);
	at += 8; /* orig_rax */
	if (has_avx(features))
		take_bytes(&at, state->fpu.ymm_high, sizeof(state->fpu.ymm_high));
}

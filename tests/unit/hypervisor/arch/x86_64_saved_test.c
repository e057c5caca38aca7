/* SPDX-License-Identifier: Apache-2.0
 *
 * A program's x86_64 registers in a file: what goes in comes out, and what no program can do to
 * itself is refused.
 */
#include "hypervisor/arch/x86_64/x86_64_saved.h"

#include "bytes.h"
#include "hypervisor/arch/x86_64/x86_64_monitor.h"

#include "../../unit_test.h"

enum { BYTES = MOTE_X86_64_SAVED_BYTES, RSP = 48, RIP = 128, RFLAGS = 136 };

static void make(uint8_t saved[BYTES])
{
	mote_x86_64_regs regs = {0};
	struct mote_x86_64_sregs sregs = {0};
	struct mote_x86_64_fpu fpu = {.fcw = 0x37f, .fsw = 0x3800, .ftwx = 0x81, .mxcsr = 0x9fc0};
	uint64_t value = 0x1000;

#define SET(name) regs.name = value++;
	MOTE_X86_64_REGS_MAP(SET)
#undef SET
	regs.rflags = ~0ull;
	sregs.fs.base = 0x123456789000;
	sregs.gs.base = ~0xfffull;
	fpu.last_opcode = 0xffff;
	fpu.last_ip = 3;
	fpu.last_dp = 4;
	memset(fpu.fpr, 0x55, sizeof(fpu.fpr)); /* also what is not in them */
	memset(fpu.xmm, 0x66, sizeof(fpu.xmm));
	memset(fpu.ymm_high, 0x77, sizeof(fpu.ymm_high));
	mote_x86_64_saved_pack(&regs, &sregs, &fpu, saved);
}

static const char *unpack(const uint8_t *saved)
{
	mote_x86_64_regs regs;
	struct mote_x86_64_sregs sregs = {0};
	struct mote_x86_64_fpu fpu;

	return mote_x86_64_saved_unpack(saved, MOTE_X86_64_FEATURE_AVX, &regs, &sregs, &fpu);
}

static void what_goes_in_comes_out(void)
{
	struct mote_x86_64_sregs sregs = {.cr3 = 0x5000, .fs = {.selector = 0x2b}};
	uint8_t saved[BYTES], again[BYTES];
	struct mote_x86_64_fpu fpu;
	mote_x86_64_regs regs;
	uint64_t value = 0x1000;

	make(saved);
	REQUIRE(mote_x86_64_saved_unpack(saved, MOTE_X86_64_FEATURE_AVX, &regs, &sregs, &fpu) ==
		NULL);
#define IS(name) CHECK_EQ(regs.name, #name[1] == 'f' ? 0x240cd7 : value), value++;
	MOTE_X86_64_REGS_MAP(IS)
#undef IS
	CHECK_EQ(sregs.fs.base, 0x123456789000);
	CHECK_EQ(sregs.gs.base, ~0xfffull);
	CHECK_EQ(sregs.fs.selector, 0x2b);
	CHECK_EQ(sregs.cr3, 0x5000);
	CHECK_EQ(fpu.mxcsr, 0x9fc0);
	CHECK_EQ(fpu.fsw, 0x3800);
	CHECK_EQ(fpu.ftwx, 0x81);
	CHECK_EQ(fpu.last_opcode, 0x7ff);
	CHECK_EQ(fpu.fpr[7][9], 0x55);
	CHECK_EQ(fpu.fpr[7][10], 0);
	CHECK_EQ(fpu.xmm[15][15], 0x66);
	CHECK_EQ(fpu.ymm_high[15][15], 0x77);
	mote_x86_64_saved_pack(&regs, &sregs, &fpu, again);
	CHECK_MEM(again, saved, sizeof(saved));
}

static void what_no_program_has_is_refused(void)
{
	static const struct {
		unsigned offset;
		uint64_t value;
		const char *problem; /* NULL: it is accepted */
	} values[] = {
		{RIP, 1ull << 47, "rip"},
		{RIP, ~0ull, "rip"},
		{RIP, (1ull << 47) - 1, NULL},
		{RSP, 1ull << 47, "rsp"},
		{RSP, 0, NULL},
		{RFLAGS, 2, NULL},
		{RFLAGS, 0, "rflags"},
		{RFLAGS, 0x102, "rflags"},   /* TF */
		{RFLAGS, 0x202, "rflags"},   /* IF */
		{RFLAGS, 0x3002, "rflags"},  /* IOPL */
		{RFLAGS, 0x4002, "rflags"},  /* NT */
		{RFLAGS, 0x10002, "rflags"}, /* RF */
		{RFLAGS, 0x20002, "rflags"}, /* VM */
		{RFLAGS, 1ull << 32 | 2, "rflags"},
		{144, 1ull << 47, "base"},
		{152, 0 - (1ull << 47) - 1, "base"},
		{152, 0 - (1ull << 47), NULL},
		{184, 0x1f80, NULL},
		{184, 0x10000, "mxcsr"},
		{184, 1ull << 32, "zeros"},
		{160, 1ull << 40, "zeros"},
		{160, 1ull << 59, "zeros"},
		{160, 1ull << 58, NULL},
		{192 + 8, 1ull << 16, "80 bits"},
		{192 + 7 * 16 + 8, 1ull << 63, "80 bits"},
	};
	uint8_t saved[BYTES];

	for (size_t i = 0; i < COUNT(values); i++) {
		const char *problem;

		make(saved);
		mote_put64(saved + values[i].offset, values[i].value);
		problem = unpack(saved);
		if (values[i].problem == NULL && problem == NULL)
			continue;
		if (values[i].problem == NULL || problem == NULL)
			FAIL("value %zu: %s", i, problem != NULL ? problem : "accepted");
		CHECK_CONTAINS(problem, values[i].problem);
	}
}

static void vector_registers_need_a_processor_with_them(void)
{
	struct mote_x86_64_sregs sregs = {0};
	struct mote_x86_64_fpu fpu;
	mote_x86_64_regs regs;
	uint8_t saved[BYTES];

	make(saved);
	CHECK_CONTAINS(mote_x86_64_saved_unpack(saved, 0, &regs, &sregs, &fpu), "vector");
	memset(saved + BYTES - 256, 0, 256);
	CHECK(mote_x86_64_saved_unpack(saved, 0, &regs, &sregs, &fpu) == NULL);
}

/* Whatever is accepted is written again as it was: nothing of it is hidden. */
static void nothing_is_lost(void)
{
	uint8_t saved[BYTES], again[BYTES];
	uint64_t seed = 1;

	for (unsigned round = 0; round < 20000; round++) {
		struct mote_x86_64_sregs sregs = {0};
		struct mote_x86_64_fpu fpu;
		mote_x86_64_regs regs;

		make(saved);
		for (unsigned i = 0; i < 1 + round % 3; i++)
			saved[random_next(&seed) % BYTES] ^= (uint8_t)(1 << random_next(&seed) % 8);
		if (mote_x86_64_saved_unpack(saved, MOTE_X86_64_FEATURE_AVX, &regs, &sregs, &fpu) !=
		    NULL)
			continue;
		mote_x86_64_saved_pack(&regs, &sregs, &fpu, again);
		REQUIRE_MEM(again, saved, BYTES);
	}
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(what_goes_in_comes_out),
		CASE(what_no_program_has_is_refused),
		CASE(vector_registers_need_a_processor_with_them),
		CASE(nothing_is_lost),
	};

	return test_main("x86_64_saved", cases, TEST_COUNT(cases), argc, argv);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * A program's aarch64 registers in a file: what goes in comes out, and what no program can do to
 * itself is refused.
 */
#include "hypervisor/arch/aarch64/aarch64_saved.h"

#include "bytes.h"

#include "../../unit_test.h"

enum { BYTES = MOTE_AARCH64_SAVED_BYTES, SP = 248, PC = 256, PSTATE = 264, FPCR = 280 };

static void make(uint8_t saved[BYTES])
{
	mote_aarch64_regs regs = {.sp = 0x7000, .pc = 0x8004, .pstate = ~0ull};
	struct mote_aarch64_sregs sregs = {.tpidr_el0 = ~1ull};
	struct mote_aarch64_fpu fpu = {.fpcr = ~0u, .fpsr = ~0u};

	for (unsigned i = 0; i < 31; i++)
		regs.x[i] = ~(uint64_t)i;
	memset(fpu.v, 0x77, sizeof(fpu.v));
	mote_aarch64_saved_pack(&regs, &sregs, &fpu, saved);
}

static const char *unpack(const uint8_t *saved)
{
	mote_aarch64_regs regs;
	struct mote_aarch64_sregs sregs = {0};
	struct mote_aarch64_fpu fpu;

	return mote_aarch64_saved_unpack(saved, 0, &regs, &sregs, &fpu);
}

static void what_goes_in_comes_out(void)
{
	struct mote_aarch64_sregs sregs = {.ttbr0 = 0x5000, .tpidrro_el0 = 3};
	uint8_t saved[BYTES], again[BYTES];
	struct mote_aarch64_fpu fpu;
	mote_aarch64_regs regs;

	make(saved);
	REQUIRE(mote_aarch64_saved_unpack(saved, 0, &regs, &sregs, &fpu) == NULL);
	for (unsigned i = 0; i < 31; i++)
		CHECK_EQ(regs.x[i], ~(uint64_t)i);
	CHECK_EQ(regs.sp, 0x7000);
	CHECK_EQ(regs.pc, 0x8004);
	/* EL0, and no interrupts. */
	CHECK_EQ(regs.pstate, 0xf00003c0);
	CHECK_EQ(sregs.sp_el0, 0x7000);
	CHECK_EQ(sregs.tpidr_el0, ~1ull);
	CHECK_EQ(sregs.ttbr0, 0x5000);
	CHECK_EQ(sregs.tpidrro_el0, 3);
	CHECK_EQ(fpu.fpcr, 0x07ffbf07);
	CHECK_EQ(fpu.fpsr, 0xf800009f);
	CHECK_EQ(fpu.v[31][15], 0x77);
	mote_aarch64_saved_pack(&regs, &sregs, &fpu, again);
	CHECK_MEM(again, saved, sizeof(saved));
}

static void what_no_program_has_is_refused(void)
{
	static const struct {
		unsigned offset;
		uint64_t value;
		const char *problem; /* NULL: it is accepted */
	} values[] = {
		{PC, 1ull << 39, "pc"},
		{PC, 2, "pc"},
		{PC, (1ull << 39) - 4, NULL},
		{SP, 1ull << 39, "sp"},
		{SP, 1, NULL},
		{PSTATE, 0xf0000000, NULL},
		{PSTATE, 5, "pstate"},
		{PSTATE, 1 << 4, "pstate"},
		{PSTATE, 1 << 6, "pstate"},
		{PSTATE, 1 << 21, "pstate"},
		{PSTATE, 1ull << 32, "pstate"},
		{FPCR, 0x08000000, "reserved"},
		{FPCR, 1ull << 40, "reserved"},
		{FPCR, 0xf800009f07ffbf07, NULL},
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

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(what_goes_in_comes_out),
		CASE(what_no_program_has_is_refused),
	};

	return test_main("aarch64_saved", cases, TEST_COUNT(cases), argc, argv);
}

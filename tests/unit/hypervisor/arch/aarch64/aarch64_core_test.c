/* SPDX-License-Identifier: Apache-2.0
 *
 * Registers in the notes of aarch64 cores, place by place.
 */
#include "hypervisor/arch/aarch64/aarch64_core.h"

#include <string.h>

#include "bytes.h"
#include "test.h"

static void registers_have_their_places(void)
{
	const struct mote_aarch64_sregs sregs = {.tpidr_el0 = 0x7654};
	const struct mote_aarch64_fpu fpu = {.fpcr = 0};
	mote_aarch64_regs regs = {.sp = 131, .pc = 132, .pstate = 0x60200000};
	uint8_t note[MOTE_AARCH64_CORE_REGISTERS_BYTES], thread[MOTE_AARCH64_CORE_EXTENDED_BYTES];

	for (unsigned i = 0; i < 31; i++)
		regs.x[i] = 100 + i;
	mote_aarch64_core_registers(&regs, &sregs, note);
	for (unsigned i = 0; i < 33; i++)
		CHECK_EQ(mote_get64(note + 8 * i), 100 + i);
	CHECK_EQ(mote_get64(note + 8 * 33), 0x60000000); /* SS is not the program's */
	mote_aarch64_core_extended(&sregs, &fpu, thread);
	CHECK_EQ(mote_get64(thread), 0x7654);
}

static void vectors_have_their_places(void)
{
	struct mote_aarch64_fpu fpu = {.fpcr = 0x1000000, .fpsr = 0x10};
	uint8_t note[MOTE_AARCH64_CORE_FPU_BYTES];

	memset(fpu.v[31], 0xc3, 16);
	mote_aarch64_core_fpu(&fpu, note);
	CHECK_MEM(note, fpu.v, sizeof(fpu.v));
	CHECK_EQ(mote_get32(note + 512), 0x10);
	CHECK_EQ(mote_get32(note + 516), 0x1000000);
	CHECK_EQ(mote_get64(note + 520), 0);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(registers_have_their_places),
		CASE(vectors_have_their_places),
	};

	return test_main("aarch64_core", cases, TEST_COUNT(cases), argc, argv);
}

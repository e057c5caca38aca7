/* SPDX-License-Identifier: Apache-2.0
 *
 * Registers in the notes of x86_64 cores, place by place.
 */
#include "hypervisor/arch/x86_64/x86_64_core.h"

#include <string.h>

#include "bytes.h"
#include "test.h"

static void registers_have_their_places(void)
{
	const mote_x86_64_regs regs = {1,  2,  3,  4,  5,  6,  7,  8,  9,
				       10, 11, 12, 13, 14, 15, 16, 17, 0x10346};
	const struct mote_x86_64_sregs sregs = {
		.fs = {.base = 0xf000, .selector = 0x23},
		.gs = {.base = 0x6000, .selector = 0x24},
		.ds = {.selector = 0x25},
		.es = {.selector = 0x26},
	};
	/* r15 down to rdi, orig_rax, then what iretq pops; TF and RF are not the program's. */
	const uint64_t expected[] = {16,    15, 14,   13,     8,      2,    12,		11,   10,
				     9,	    1,	3,    4,      5,      6,    UINT64_MAX, 17,   0x2b,
				     0x246, 7,	0x23, 0xf000, 0x6000, 0x25, 0x26,	0x23, 0x24};
	uint8_t note[MOTE_X86_64_CORE_REGISTERS_BYTES];

	mote_x86_64_core_registers(&regs, &sregs, note);
	for (size_t i = 0; i < TEST_COUNT(expected); i++)
		CHECK_EQ(mote_get64(note + 8 * i), expected[i]);
}

static void vectors_have_their_places(void)
{
	const struct mote_x86_64_sregs sregs = {.cr8 = 0};
	struct mote_x86_64_fpu fpu = {.fcw = 0x37f, .mxcsr = 0x1f80};
	uint8_t note[MOTE_X86_64_CORE_EXTENDED_BYTES], legacy[MOTE_X86_64_CORE_FPU_BYTES];

	memset(fpu.xmm[5], 0xa1, 16);
	memset(fpu.ymm_high[5], 0xb2, 16);
	mote_x86_64_core_extended(&sregs, &fpu, note);
	mote_x86_64_core_fpu(&fpu, legacy);
	CHECK_EQ(mote_get64(note + 464), 7); /* XCR0 */
	CHECK_EQ(mote_get64(note + 512), 7); /* what is present */
	CHECK_MEM(note + 160 + 16 * 5, fpu.xmm[5], 16);
	CHECK_MEM(note + 576 + 16 * 5, fpu.ymm_high[5], 16);
	CHECK_EQ(mote_get32(legacy + 24), 0x1f80);
	CHECK_MEM(legacy, note, 464);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(registers_have_their_places),
		CASE(vectors_have_their_places),
	};

	return test_main("x86_64_core", cases, TEST_COUNT(cases), argc, argv);
}

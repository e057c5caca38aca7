/* SPDX-License-Identifier: Apache-2.0
 *
 * Power-on values of an aarch64 vCPU (Arm ARM, D1.3.4: a reset to EL1) and human-readable text of
 * its registers.
 */
#include "aarch64_registers.h"

#include "../register_text.h"

void mote_aarch64_power_on(mote_aarch64_regs *regs, struct mote_aarch64_sregs *sregs,
			   struct mote_aarch64_fpu *fpu, struct mote_aarch64_debug_regs *debug)
{
	if (regs)
		*regs = (mote_aarch64_regs){
			.pstate = MOTE_AARCH64_PSTATE_DAIF | MOTE_AARCH64_PSTATE_EL1H,
		};
	if (sregs)
		*sregs = (struct mote_aarch64_sregs){.sctlr = MOTE_AARCH64_SCTLR_RES1};
	if (fpu)
		*fpu = (struct mote_aarch64_fpu){0};
	if (debug)
		*debug = (struct mote_aarch64_debug_regs){0};
}

#define REGISTER(text, type, field)                                                                \
	{                                                                                          \
		text, offsetof(type, field)                                                        \
	}
#define X(n) REGISTER("x" #n, mote_aarch64_regs, x[n])
#define X4(a, b, c, d) X(a), X(b), X(c), X(d)
#define SYSTEM(field) REGISTER(#field, struct mote_aarch64_sregs, field)

size_t mote_aarch64_regs_print(const mote_aarch64_regs *regs, char *text, size_t capacity)
{
	static const struct mote_register_name names[] = {
		X4(0, 1, 2, 3),
		X4(4, 5, 6, 7),
		X4(8, 9, 10, 11),
		X4(12, 13, 14, 15),
		X4(16, 17, 18, 19),
		X4(20, 21, 22, 23),
		X4(24, 25, 26, 27),
		X(28),
		X(29),
		X(30),
		REGISTER("sp", mote_aarch64_regs, sp),
		REGISTER("pc", mote_aarch64_regs, pc),
		REGISTER("pstate", mote_aarch64_regs, pstate),
	};
	struct mote_register_text out = {.text = text, .capacity = capacity};

	mote_register_text_table(&out, regs, names, sizeof(names) / sizeof(names[0]), 4);
	return mote_register_text_end(&out);
}

size_t mote_aarch64_sregs_print(const struct mote_aarch64_sregs *sregs, char *text, size_t capacity)
{
	static const struct mote_register_name names[] = {
		SYSTEM(sctlr),	     SYSTEM(ttbr0),	SYSTEM(ttbr1),	   SYSTEM(tcr),
		SYSTEM(mair),	     SYSTEM(vbar),	SYSTEM(elr),	   SYSTEM(spsr),
		SYSTEM(esr),	     SYSTEM(far),	SYSTEM(cpacr),	   SYSTEM(cntkctl),
		SYSTEM(sp_el0),	     SYSTEM(sp_el1),	SYSTEM(tpidr_el0), SYSTEM(tpidr_el1),
		SYSTEM(tpidrro_el0), SYSTEM(contextidr)};
	struct mote_register_text out = {.text = text, .capacity = capacity};

	mote_register_text_table(&out, sregs, names, sizeof(names) / sizeof(names[0]), 3);
	return mote_register_text_end(&out);
}

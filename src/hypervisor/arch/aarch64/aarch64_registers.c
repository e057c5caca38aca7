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

#define GENERAL(name, member) {#name, offsetof(mote_aarch64_regs, member)},
#define SYSTEM(name, ...) {#name, offsetof(struct mote_aarch64_sregs, name)},

static const struct mote_register_name general_names[] = {MOTE_AARCH64_REGS_MAP(GENERAL)};
static const struct mote_register_name system_names[] = {MOTE_AARCH64_SREGS_MAP(SYSTEM)};

_Static_assert(sizeof(mote_aarch64_regs) == 8 * (sizeof(general_names) / sizeof(general_names[0])),
	       "the list has every general register");

size_t mote_aarch64_regs_print(const mote_aarch64_regs *regs, char *text, size_t capacity)
{
	struct mote_register_text out = {.text = text, .capacity = capacity};

	mote_register_text_table(&out, regs, general_names,
				 sizeof(general_names) / sizeof(general_names[0]), 4);
	return mote_register_text_end(&out);
}

size_t mote_aarch64_sregs_print(const struct mote_aarch64_sregs *sregs, char *text, size_t capacity)
{
	struct mote_register_text out = {.text = text, .capacity = capacity};

	mote_register_text_table(&out, sregs, system_names,
				 sizeof(system_names) / sizeof(system_names[0]), 3);
	return mote_register_text_end(&out);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes aarch64 registers into the notes of a core.
 */
#include "aarch64_core.h"

#include <string.h>

#include "bytes.h"

void mote_aarch64_core_registers(const mote_aarch64_regs *regs,
				 const struct mote_aarch64_sregs *sregs,
				 uint8_t to[MOTE_AARCH64_CORE_REGISTERS_BYTES])
{
	mote_aarch64_regs shown = *regs;

	(void)sregs;
	shown.pstate &= ~MOTE_AARCH64_PSTATE_SS; /* a debugger's affair */
#define PUT(name, member)                                                                          \
	mote_put64(to, shown.member);                                                              \
	to += 8;
	MOTE_AARCH64_REGS_MAP(PUT)
#undef PUT
}

void mote_aarch64_core_fpu(const struct mote_aarch64_fpu *fpu,
			   uint8_t to[MOTE_AARCH64_CORE_FPU_BYTES])
{
	memset(to, 0, MOTE_AARCH64_CORE_FPU_BYTES);
	memcpy(to, fpu->v, sizeof(fpu->v));
	mote_put32(to + sizeof(fpu->v), fpu->fpsr);
	mote_put32(to + sizeof(fpu->v) + 4, fpu->fpcr);
}

void mote_aarch64_core_extended(const struct mote_aarch64_sregs *sregs,
				const struct mote_aarch64_fpu *fpu,
				uint8_t to[MOTE_AARCH64_CORE_EXTENDED_BYTES])
{
	(void)fpu;
	mote_put64(to, sregs->tpidr_el0);
}

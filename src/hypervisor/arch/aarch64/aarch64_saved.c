/* SPDX-License-Identifier: Apache-2.0
 *
 * A program's aarch64 registers in a file.  The file is hostile: everything that user code cannot
 * do to itself is refused.
 */
#include "aarch64_saved.h"

#include <string.h>

#include "aarch64_paging.h"
#include "bytes.h"

enum {
	SP = 31 * 8,
	PC = SP + 8,
	PSTATE = PC + 8,
	TPIDR = PSTATE + 8,
	FPCR = TPIDR + 8,
	FPSR = FPCR + 4,
	V = FPSR + 4,
};

_Static_assert(V + 32 * 16 == MOTE_AARCH64_SAVED_BYTES, "the vector registers come last");

#define PSTATE_NZCV (0xfull << 28)
#define ADDRESS_LIMIT (1ull << MOTE_AARCH64_GVA_BITS)
/* What the architecture has so far: AHP, DN, FZ, RMode, Stride, FZ16, Len, trap enables, NEP, AH,
 * FIZ; and NZCV, QC, the cumulative exceptions. */
#define FPCR_BITS 0x07ffbf07u
#define FPSR_BITS 0xf800009fu

void mote_aarch64_saved_pack(const mote_aarch64_regs *regs, const struct mote_aarch64_sregs *sregs,
			     const struct mote_aarch64_fpu *fpu,
			     uint8_t to[MOTE_AARCH64_SAVED_BYTES])
{
	for (unsigned i = 0; i < 31; i++)
		mote_put64(to + 8 * i, regs->x[i]);
	mote_put64(to + SP, regs->sp);
	mote_put64(to + PC, regs->pc);
	mote_put64(to + PSTATE, regs->pstate & PSTATE_NZCV);
	mote_put64(to + TPIDR, sregs->tpidr_el0);
	mote_put32(to + FPCR, fpu->fpcr & FPCR_BITS);
	mote_put32(to + FPSR, fpu->fpsr & FPSR_BITS);
	memcpy(to + V, fpu->v, sizeof(fpu->v));
}

static const char *check(const uint8_t *from)
{
	const uint64_t pc = mote_get64(from + PC);

	if (pc >= ADDRESS_LIMIT || pc % 4 != 0)
		return "pc is no address of a program";
	if (mote_get64(from + SP) >= ADDRESS_LIMIT)
		return "sp is no address of a program";
	if (mote_get64(from + PSTATE) & ~PSTATE_NZCV)
		return "pstate has bits that no program may have";
	if ((mote_get32(from + FPCR) & ~FPCR_BITS) || (mote_get32(from + FPSR) & ~FPSR_BITS))
		return "fpcr or fpsr has reserved bits";
	return NULL;
}

const char *mote_aarch64_saved_unpack(const uint8_t from[MOTE_AARCH64_SAVED_BYTES],
				      uint64_t features, mote_aarch64_regs *regs,
				      struct mote_aarch64_sregs *sregs,
				      struct mote_aarch64_fpu *fpu)
{
	const char *problem = check(from);

	(void)features;
	if (problem != NULL)
		return problem;
	for (unsigned i = 0; i < 31; i++)
		regs->x[i] = mote_get64(from + 8 * i);
	regs->sp = sregs->sp_el0 = mote_get64(from + SP);
	regs->pc = mote_get64(from + PC);
	regs->pstate =
		mote_get64(from + PSTATE) | MOTE_AARCH64_PSTATE_DAIF | MOTE_AARCH64_PSTATE_EL0T;
	sregs->tpidr_el0 = mote_get64(from + TPIDR);
	memcpy(fpu->v, from + V, sizeof(fpu->v));
	fpu->fpcr = mote_get32(from + FPCR);
	fpu->fpsr = mote_get32(from + FPSR);
	return NULL;
}

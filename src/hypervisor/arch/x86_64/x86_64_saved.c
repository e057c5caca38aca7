/* SPDX-License-Identifier: Apache-2.0
 *
 * A program's x86_64 registers in a file.  The file is hostile: everything that would not load, or
 * that user code cannot do to itself, is refused.
 */
#include "x86_64_saved.h"

#include <stdbool.h>
#include <string.h>

#include "bytes.h"
#include "x86_64_monitor.h"

/* General registers, rip and rflags come first, in the order of MOTE_X86_64_REGS_MAP. */
enum {
	FS_BASE = 144,
	GS_BASE = 152,
	FCW = 160,
	FSW = 162,
	FTWX = 164,
	PADDING = 165,
	OPCODE = 166,
	LAST_IP = 168,
	LAST_DP = 176,
	MXCSR = 184,
	PADDING_2 = 188,
	FPR = 192,
	XMM = 320,
	YMM_HIGH = 576,
	FPR_BYTES = 10,
};

_Static_assert(YMM_HIGH + 256 == MOTE_X86_64_SAVED_BYTES, "the vector registers come last");
_Static_assert(sizeof(mote_x86_64_regs) == FS_BASE, "18 registers");

/* CF, PF, AF, ZF, SF, DF, OF, AC, ID: what a program may set itself, without a trap or a fault. */
#define RFLAGS_OF_PROGRAMS 0x240cd5ull
#define ADDRESS_LIMIT (1ull << 47)
#define MXCSR_RESERVED 0xffff0000u
#define OPCODE_RESERVED 0xf800u

void mote_x86_64_saved_pack(const mote_x86_64_regs *regs, const struct mote_x86_64_sregs *sregs,
			    const struct mote_x86_64_fpu *fpu, uint8_t to[MOTE_X86_64_SAVED_BYTES])
{
	mote_x86_64_regs user = *regs;
	uint8_t *at = to;

	user.rflags = (regs->rflags & RFLAGS_OF_PROGRAMS) | MOTE_X86_64_RFLAGS_FIXED;
	memset(to, 0, MOTE_X86_64_SAVED_BYTES);
#define PUT(name) mote_put64(at, user.name), at += 8;
	MOTE_X86_64_REGS_MAP(PUT)
#undef PUT
	mote_put64(to + FS_BASE, sregs->fs.base);
	mote_put64(to + GS_BASE, sregs->gs.base);
	mote_put16(to + FCW, fpu->fcw);
	mote_put16(to + FSW, fpu->fsw);
	to[FTWX] = fpu->ftwx;
	mote_put16(to + OPCODE, (uint16_t)(fpu->last_opcode & ~OPCODE_RESERVED));
	mote_put64(to + LAST_IP, fpu->last_ip);
	mote_put64(to + LAST_DP, fpu->last_dp);
	mote_put32(to + MXCSR, fpu->mxcsr);
	for (unsigned i = 0; i < 8; i++)
		memcpy(to + FPR + 16 * i, fpu->fpr[i], FPR_BYTES);
	memcpy(to + XMM, fpu->xmm, sizeof(fpu->xmm));
	memcpy(to + YMM_HIGH, fpu->ymm_high, sizeof(fpu->ymm_high));
}

static bool is_zero(const uint8_t *from, size_t bytes)
{
	while (bytes > 0 && *from == 0) {
		from++;
		bytes--;
	}
	return bytes == 0;
}

/* Loading another address would fault. */
static bool is_canonical(uint64_t address)
{
	return address < ADDRESS_LIMIT || address >= 0 - ADDRESS_LIMIT;
}

static const char *check_general(const mote_x86_64_regs *regs, const uint8_t *from)
{
	if (regs->rip >= ADDRESS_LIMIT)
		return "rip is no address of a program";
	if (regs->rsp >= ADDRESS_LIMIT)
		return "rsp is no address of a program";
	if ((regs->rflags & ~RFLAGS_OF_PROGRAMS) != MOTE_X86_64_RFLAGS_FIXED)
		return "rflags has bits that no program may have";
	if (!is_canonical(mote_get64(from + FS_BASE)) || !is_canonical(mote_get64(from + GS_BASE)))
		return "a segment's base is not canonical";
	return NULL;
}

static const char *check_extended(const uint8_t *from, uint64_t features)
{
	if (mote_get32(from + MXCSR) & MXCSR_RESERVED)
		return "mxcsr has reserved bits";
	if (from[PADDING] != 0 || mote_get32(from + PADDING_2) != 0 ||
	    (mote_get16(from + OPCODE) & OPCODE_RESERVED))
		return "reserved bytes of its registers are not zeros";
	for (unsigned i = 0; i < 8; i++)
		if (!is_zero(from + FPR + 16 * i + FPR_BYTES, 16 - FPR_BYTES))
			return "a floating-point register has more than 80 bits";
	if (!(features & MOTE_X86_64_FEATURE_AVX) && !is_zero(from + YMM_HIGH, 256))
		return "it has vector registers that this processor has not";
	return NULL;
}

static void get_fpu(const uint8_t *from, struct mote_x86_64_fpu *fpu)
{
	*fpu = (struct mote_x86_64_fpu){
		.fcw = mote_get16(from + FCW),
		.fsw = mote_get16(from + FSW),
		.ftwx = from[FTWX],
		.mxcsr = mote_get32(from + MXCSR),
		.last_opcode = mote_get16(from + OPCODE),
		.last_ip = mote_get64(from + LAST_IP),
		.last_dp = mote_get64(from + LAST_DP),
	};
	memcpy(fpu->fpr, from + FPR, sizeof(fpu->fpr));
	memcpy(fpu->xmm, from + XMM, sizeof(fpu->xmm));
	memcpy(fpu->ymm_high, from + YMM_HIGH, sizeof(fpu->ymm_high));
}

const char *mote_x86_64_saved_unpack(const uint8_t from[MOTE_X86_64_SAVED_BYTES], uint64_t features,
				     mote_x86_64_regs *regs, struct mote_x86_64_sregs *sregs,
				     struct mote_x86_64_fpu *fpu)
{
	const uint8_t *at = from;
	mote_x86_64_regs user;
	const char *problem;

#define GET(name) user.name = mote_get64(at), at += 8;
	MOTE_X86_64_REGS_MAP(GET)
#undef GET
	problem = check_general(&user, from);
	if (problem == NULL)
		problem = check_extended(from, features);
	if (problem != NULL)
		return problem;
	*regs = user;
	sregs->fs.base = mote_get64(from + FS_BASE);
	sregs->gs.base = mote_get64(from + GS_BASE);
	get_fpu(from, fpu);
	return NULL;
}

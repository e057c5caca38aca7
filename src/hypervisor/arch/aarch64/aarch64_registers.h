/* SPDX-License-Identifier: Apache-2.0
 *
 * Register state of an aarch64 vCPU as plain data (the general-purpose registers
 * are public, see mote/registers.h), power-on values, and human-readable text.
 * Arm ARM (DDI 0487), chapters D1 (exception levels), D2 and D19 (registers).
 */
#ifndef MOTE_HYPERVISOR_ARCH_AARCH64_REGISTERS_H
#define MOTE_HYPERVISOR_ARCH_AARCH64_REGISTERS_H

#include <stddef.h>
#include <stdint.h>

#include <mote/registers.h>

/*
 * X(name, op0, op1, CRn, CRm, op2): the system registers, with the encoding of MRS (D19).  A name
 * without a level means the _EL1 register.  The banked ones are what an exception switches between;
 * a hypervisor may count them among the general registers.
 */
#define MOTE_AARCH64_UNBANKED_MAP(X)                                                               \
	X(sctlr, 3, 0, 1, 0, 0)                                                                    \
	X(ttbr0, 3, 0, 2, 0, 0)                                                                    \
	X(ttbr1, 3, 0, 2, 0, 1)                                                                    \
	X(tcr, 3, 0, 2, 0, 2)                                                                      \
	X(mair, 3, 0, 10, 2, 0)                                                                    \
	X(vbar, 3, 0, 12, 0, 0)                                                                    \
	X(esr, 3, 0, 5, 2, 0)                                                                      \
	X(far, 3, 0, 6, 0, 0)                                                                      \
	X(cpacr, 3, 0, 1, 0, 2)                                                                    \
	X(cntkctl, 3, 0, 14, 1, 0)                                                                 \
	X(tpidr_el0, 3, 3, 13, 0, 2)                                                               \
	X(tpidr_el1, 3, 0, 13, 0, 4)                                                               \
	X(tpidrro_el0, 3, 3, 13, 0, 3)                                                             \
	X(contextidr, 3, 0, 13, 0, 1)

#define MOTE_AARCH64_BANKED_MAP(X)                                                                 \
	X(elr, 3, 0, 4, 0, 1)                                                                      \
	X(spsr, 3, 0, 4, 0, 0)                                                                     \
	X(sp_el0, 3, 0, 4, 1, 0)                                                                   \
	X(sp_el1, 3, 4, 4, 1, 0)

#define MOTE_AARCH64_SREGS_MAP(X) MOTE_AARCH64_UNBANKED_MAP(X) MOTE_AARCH64_BANKED_MAP(X)

struct mote_aarch64_sregs {
#define MOTE_AARCH64_SREG(name, ...) uint64_t name;
	MOTE_AARCH64_SREGS_MAP(MOTE_AARCH64_SREG)
#undef MOTE_AARCH64_SREG
};

struct mote_aarch64_fpu {
	uint8_t v[32][16]; /* little-endian */
	uint32_t fpcr, fpsr;
};

#define MOTE_AARCH64_DEBUG_PAIRS 16

/* A vCPU has fewer than 16 pairs (ID_AA64DFR0_EL1 holds the number); the others stay zero. */
struct mote_aarch64_debug_regs {
	uint64_t bvr[MOTE_AARCH64_DEBUG_PAIRS], bcr[MOTE_AARCH64_DEBUG_PAIRS];
	uint64_t wvr[MOTE_AARCH64_DEBUG_PAIRS], wcr[MOTE_AARCH64_DEBUG_PAIRS];
	uint64_t mdscr_el1;
};

/* What tells an exception in the monitor: fewer registers than all, where each costs a call. */
struct mote_aarch64_exception_state {
	uint64_t pc, pstate;
	uint64_t elr, spsr, esr, far, sp_el0;
};

/* What a Debug exit carries. */
struct mote_aarch64_debug_exit {
	uint64_t esr, far;
};

/* PSTATE and SPSR_EL1 (D19.2, SPSR_EL1). */
#define MOTE_AARCH64_PSTATE_MODE 0x1full /* M[4:0]; bit 4 set: AArch32 */
#define MOTE_AARCH64_PSTATE_EL0T 0x00ull
#define MOTE_AARCH64_PSTATE_EL1H 0x05ull
#define MOTE_AARCH64_PSTATE_DAIF (0xfull << 6)
#define MOTE_AARCH64_PSTATE_SS (1ull << 21)

/* SCTLR_EL1.  RES1 is what Armv8.0 reads as one: everything off. */
#define MOTE_AARCH64_SCTLR_RES1 0x30d00800ull
#define MOTE_AARCH64_SCTLR_M (1ull << 0)
#define MOTE_AARCH64_SCTLR_C (1ull << 2)
#define MOTE_AARCH64_SCTLR_SA (1ull << 3)
#define MOTE_AARCH64_SCTLR_SA0 (1ull << 4)
#define MOTE_AARCH64_SCTLR_UMA (1ull << 9)
#define MOTE_AARCH64_SCTLR_I (1ull << 12)
#define MOTE_AARCH64_SCTLR_DZE (1ull << 14)
#define MOTE_AARCH64_SCTLR_UCT (1ull << 15)
#define MOTE_AARCH64_SCTLR_NTWI (1ull << 16)
#define MOTE_AARCH64_SCTLR_NTWE (1ull << 18)
#define MOTE_AARCH64_SCTLR_WXN (1ull << 19)
#define MOTE_AARCH64_SCTLR_UCI (1ull << 26)

/* TCR_EL1. */
#define MOTE_AARCH64_TCR_T0SZ(bits) (64ull - (bits)) /* of the TTBR0 half */
#define MOTE_AARCH64_TCR_IRGN0_WBWA (1ull << 8)
#define MOTE_AARCH64_TCR_ORGN0_WBWA (1ull << 10)
#define MOTE_AARCH64_TCR_SH0_INNER (3ull << 12)
#define MOTE_AARCH64_TCR_EPD1 (1ull << 23) /* the TTBR1 half is never walked */
#define MOTE_AARCH64_TCR_IPS_SHIFT 32
#define MOTE_AARCH64_TCR_AS_16_BITS (1ull << 36)

#define MOTE_AARCH64_TTBR_ASID_SHIFT 48
#define MOTE_AARCH64_CPACR_FPEN (3ull << 20) /* no trap of FP and SIMD at EL0 and EL1 */
#define MOTE_AARCH64_MDSCR_SS (1ull << 0)
#define MOTE_AARCH64_MDSCR_MDE (1ull << 15) /* breakpoints and watchpoints */

/* The state after power-on or reset; what the architecture leaves undefined is 0.
 * Any argument may be NULL. */
void mote_aarch64_power_on(mote_aarch64_regs *regs, struct mote_aarch64_sregs *sregs,
			   struct mote_aarch64_fpu *fpu, struct mote_aarch64_debug_regs *debug);

/*
 * Human-readable text of several lines, each ending in a newline; NUL-terminated, cut at capacity.
 * Returns the length of the whole text (as snprintf does).
 */
size_t mote_aarch64_regs_print(const mote_aarch64_regs *regs, char *text, size_t capacity);
size_t mote_aarch64_sregs_print(const struct mote_aarch64_sregs *sregs, char *text,
				size_t capacity);

#endif

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

/* System registers; a name without a level means the _EL1 register. */
struct mote_aarch64_sregs {
	uint64_t sctlr, ttbr0, ttbr1, tcr, mair, vbar;
	uint64_t elr, spsr, esr, far;
	uint64_t cpacr, cntkctl;
	uint64_t sp_el0, sp_el1;
	uint64_t tpidr_el0, tpidr_el1, tpidrro_el0, contextidr;
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

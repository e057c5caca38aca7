/* SPDX-License-Identifier: Apache-2.0
 *
 * Register state of an x86_64 vCPU as plain data (the general-purpose registers
 * are public, see mote/registers.h), power-on values, and human-readable text.
 * Intel SDM volume 3 chapters 2 and 10 (table 10-1: state after reset).
 */
#ifndef MOTE_HYPERVISOR_ARCH_X86_64_REGISTERS_H
#define MOTE_HYPERVISOR_ARCH_X86_64_REGISTERS_H

#include <stddef.h>
#include <stdint.h>

#include <mote/registers.h>

struct mote_x86_64_segment {
	uint64_t base;
	uint32_t limit; /* in bytes, also when g is set */
	uint16_t selector;
	uint8_t type, dpl, present, s, l, db, g, avl, unusable;
};

struct mote_x86_64_table {
	uint64_t base;
	uint16_t limit;
};

/* X(name): the special registers, but for the bitmap, in order. */
#define MOTE_X86_64_SEGMENTS_MAP(X) X(cs) X(ds) X(es) X(fs) X(gs) X(ss) X(tr) X(ldt)
#define MOTE_X86_64_TABLES_MAP(X) X(gdt) X(idt)
#define MOTE_X86_64_CONTROL_MAP(X) X(cr0) X(cr2) X(cr3) X(cr4) X(cr8) X(efer) X(apic_base)

/* clang-format off */
#define MOTE_X86_64_SREGS_MAP(SEGMENT, TABLE, CONTROL)                                             \
	MOTE_X86_64_SEGMENTS_MAP(SEGMENT)                                                          \
	MOTE_X86_64_TABLES_MAP(TABLE)                                                              \
	MOTE_X86_64_CONTROL_MAP(CONTROL)
/* clang-format on */

struct mote_x86_64_sregs {
#define MOTE_X86_64_SEGMENT(name) struct mote_x86_64_segment name;
#define MOTE_X86_64_TABLE(name) struct mote_x86_64_table name;
#define MOTE_X86_64_CONTROL(name) uint64_t name;
	MOTE_X86_64_SREGS_MAP(MOTE_X86_64_SEGMENT, MOTE_X86_64_TABLE, MOTE_X86_64_CONTROL)
#undef MOTE_X86_64_SEGMENT
#undef MOTE_X86_64_TABLE
#undef MOTE_X86_64_CONTROL
	uint64_t interrupt_bitmap[4];
};

struct mote_x86_64_fpu {
	uint8_t fpr[8][16]; /* ST0..ST7 in their 10-byte form, padded with zeros */
	uint8_t xmm[16][16];
	uint8_t ymm_high[16][16]; /* bits 255:128 of YMM0..15; zeros without AVX */
	uint16_t fcw, fsw;
	uint8_t ftwx; /* abridged tag word as in FXSAVE: bit set = in use */
	uint32_t mxcsr;
	uint16_t last_opcode;
	uint64_t last_ip, last_dp;
	/* XCR0 bits of what the processor counts as changed since its initial state (XINUSE): told,
	 * and never set. */
	uint64_t in_use;
};

struct mote_x86_64_debug_regs {
	uint64_t dr[4]; /* DR0-DR3 */
	uint64_t dr6, dr7;
};

/* What tells an exception in the monitor: fewer registers than all, where each costs a call. */
struct mote_x86_64_exception_state {
	uint64_t rip, rsp, cr2;
	uint16_t cs; /* selector */
};

/* What a Debug exit carries. */
struct mote_x86_64_debug_exit {
	uint64_t dr6;
	uint32_t exception; /* vector: 1 or 3 */
};

/* CR0, CR4, EFER and RFLAGS bits that mote uses (SDM volume 3, 2.5 and 2.2.1). */
#define MOTE_X86_64_CR0_PE (1ull << 0)
#define MOTE_X86_64_CR0_MP (1ull << 1)
#define MOTE_X86_64_CR0_ET (1ull << 4)
#define MOTE_X86_64_CR0_NE (1ull << 5)
#define MOTE_X86_64_CR0_WP (1ull << 16)
#define MOTE_X86_64_CR0_AM (1ull << 18)
#define MOTE_X86_64_CR0_PG (1ull << 31)
#define MOTE_X86_64_CR4_TSD (1ull << 2)
#define MOTE_X86_64_CR4_PAE (1ull << 5)
#define MOTE_X86_64_CR4_OSFXSR (1ull << 9)
#define MOTE_X86_64_CR4_OSXMMEXCPT (1ull << 10)
#define MOTE_X86_64_CR4_UMIP (1ull << 11)
#define MOTE_X86_64_CR4_FSGSBASE (1ull << 16)
#define MOTE_X86_64_CR4_OSXSAVE (1ull << 18)
#define MOTE_X86_64_EFER_SCE (1ull << 0)
#define MOTE_X86_64_EFER_LME (1ull << 8)
#define MOTE_X86_64_EFER_LMA (1ull << 10)
#define MOTE_X86_64_EFER_NXE (1ull << 11)
#define MOTE_X86_64_RFLAGS_FIXED (1ull << 1)
#define MOTE_X86_64_RFLAGS_TF (1ull << 8)
#define MOTE_X86_64_RFLAGS_RF (1ull << 16)

/* XCR0 bits, which are also the numbers of state components (SDM volume 1, 13.1 and 13.3). */
#define MOTE_X86_64_XCR0_X87 (1ull << 0)
#define MOTE_X86_64_XCR0_SSE (1ull << 1)
#define MOTE_X86_64_XCR0_AVX (1ull << 2)
#define MOTE_X86_64_XCR0_PKRU (1ull << 9)

/* The state after power-on or reset, the x87 unit after FNINIT.  Any argument may be NULL. */
void mote_x86_64_power_on(mote_x86_64_regs *regs, struct mote_x86_64_sregs *sregs,
			  struct mote_x86_64_fpu *fpu, struct mote_x86_64_debug_regs *debug);

/*
 * Human-readable text of several lines, each ending in a newline; NUL-terminated, cut at capacity.
 * Returns the length of the whole text (as snprintf does).
 */
size_t mote_x86_64_regs_print(const mote_x86_64_regs *regs, char *text, size_t capacity);
size_t mote_x86_64_sregs_print(const struct mote_x86_64_sregs *sregs, char *text, size_t capacity);

#endif

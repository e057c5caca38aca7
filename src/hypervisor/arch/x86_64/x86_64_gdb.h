/* SPDX-License-Identifier: Apache-2.0
 *
 * The x86_64 registers of user code in gdb's order and formats.
 * GDB manual, G.5.7 (i386 features); Intel SDM volume 1, 8.1.7 (tag word).
 */
#ifndef MOTE_HYPERVISOR_ARCH_X86_64_GDB_H
#define MOTE_HYPERVISOR_ARCH_X86_64_GDB_H

#include "../gdb_registers.h"
#include "x86_64_registers.h"

/* What a debugger sees of user code. */
struct mote_x86_64_gdb_state {
	mote_x86_64_regs regs;
	uint16_t cs, ss, ds, es, fs, gs; /* selectors */
	uint64_t fs_base, gs_base;
	struct mote_x86_64_fpu fpu;
	uint8_t ymm_high[16][16];	   /* the upper halves */
	uint64_t cr0, cr2, cr3, cr4, efer; /* to look at only */
};

/* avx: the guest has the upper halves. */
const struct mote_gdb_description *mote_x86_64_gdb_description(bool avx);

/* values: mote_gdb_value_bytes() of the description. */
void mote_x86_64_gdb_pack(const struct mote_x86_64_gdb_state *state, bool avx, uint8_t *values);

/* The other way round.  What gdb may not set keeps its value: selectors and system registers. */
void mote_x86_64_gdb_unpack(const uint8_t *values, bool avx, struct mote_x86_64_gdb_state *state);

#endif

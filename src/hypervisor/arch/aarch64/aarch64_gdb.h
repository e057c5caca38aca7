/* SPDX-License-Identifier: Apache-2.0
 *
 * The aarch64 registers of user code in gdb's order and formats.
 * GDB manual, G.5.1 (AArch64 features).
 */
#ifndef MOTE_HYPERVISOR_ARCH_AARCH64_GDB_H
#define MOTE_HYPERVISOR_ARCH_AARCH64_GDB_H

#include "../gdb_registers.h"
#include "aarch64_registers.h"

/* What a debugger sees of user code. */
struct mote_aarch64_gdb_state {
	mote_aarch64_regs regs;		 /* sp: of EL0 */
	struct mote_aarch64_sregs sregs; /* to look at only, but for tpidr_el0 */
	struct mote_aarch64_fpu fpu;
};

/* features: nothing depends on them. */
const struct mote_gdb_description *mote_aarch64_gdb_describe(uint64_t features);

/* values: mote_gdb_value_bytes() of the description. */
void mote_aarch64_gdb_pack(const struct mote_aarch64_gdb_state *state, uint64_t features,
			   uint8_t *values);

/* The other way round.  What gdb may not set keeps its value. */
void mote_aarch64_gdb_unpack(const uint8_t *values, uint64_t features,
			     struct mote_aarch64_gdb_state *state);

#endif

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
	struct mote_x86_64_sregs sregs; /* to look at only, but for the bases of fs and gs */
	struct mote_x86_64_fpu fpu;
};

/* features: what the guest has, a set of MOTE_X86_64_FEATURE_ bits. */
const struct mote_gdb_description *mote_x86_64_gdb_describe(uint64_t features);

/* values: mote_gdb_value_bytes() of the description. */
void mote_x86_64_gdb_pack(const struct mote_x86_64_gdb_state *state, uint64_t features,
			  uint8_t *values);

/* The other way round.  What gdb may not set keeps its value: selectors and system registers. */
void mote_x86_64_gdb_unpack(const uint8_t *values, uint64_t features,
			    struct mote_x86_64_gdb_state *state);

#endif

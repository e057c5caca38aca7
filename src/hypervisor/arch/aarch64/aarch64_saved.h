/* SPDX-License-Identifier: Apache-2.0
 *
 * What a program on aarch64 sees of its registers, as bytes in a file.  Pure data.
 * Arm ARM (DDI 0487), D19.2 (SPSR_EL1, FPCR, FPSR, TPIDR_EL0).
 */
#ifndef MOTE_HYPERVISOR_ARCH_AARCH64_SAVED_H
#define MOTE_HYPERVISOR_ARCH_AARCH64_SAVED_H

#include "aarch64_registers.h"

#define MOTE_AARCH64_SAVED_BYTES 800u

/* Of a vCPU that is in user code. */
void mote_aarch64_saved_pack(const mote_aarch64_regs *regs, const struct mote_aarch64_sregs *sregs,
			     const struct mote_aarch64_fpu *fpu,
			     uint8_t to[MOTE_AARCH64_SAVED_BYTES]);

/* The reverse; in sregs it changes only what belongs to a program.  features: 0.  Returns NULL, or
 * what no program can have in its registers; then nothing is written. */
const char *mote_aarch64_saved_unpack(const uint8_t from[MOTE_AARCH64_SAVED_BYTES],
				      uint64_t features, mote_aarch64_regs *regs,
				      struct mote_aarch64_sregs *sregs,
				      struct mote_aarch64_fpu *fpu);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What a program on x86_64 sees of its registers, as bytes in a file.  Pure data.  Segment
 * selectors, PKRU and XINUSE are not in it.
 * Intel SDM volume 1, 3.4.3 (RFLAGS), 3.3.7.1 (canonical addresses), 10.2.3 (MXCSR).
 */
#ifndef MOTE_HYPERVISOR_ARCH_X86_64_SAVED_H
#define MOTE_HYPERVISOR_ARCH_X86_64_SAVED_H

#include "x86_64_registers.h"

#define MOTE_X86_64_SAVED_BYTES 832u

/* Of a vCPU that is in user code. */
void mote_x86_64_saved_pack(const mote_x86_64_regs *regs, const struct mote_x86_64_sregs *sregs,
			    const struct mote_x86_64_fpu *fpu, uint8_t to[MOTE_X86_64_SAVED_BYTES]);

/* The reverse; in sregs it changes only what belongs to a program.  features: MOTE_X86_64_FEATURE_
 * bits of the vCPU.  Returns NULL, or what no program can have in its registers; then nothing is
 * written. */
const char *mote_x86_64_saved_unpack(const uint8_t from[MOTE_X86_64_SAVED_BYTES], uint64_t features,
				     mote_x86_64_regs *regs, struct mote_x86_64_sregs *sregs,
				     struct mote_x86_64_fpu *fpu);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Registers as the notes of an ELF core for aarch64 Linux hold them.  Pure data.
 * Linux: arch/arm64/include/uapi/asm/ptrace.h (user_pt_regs, user_fpsimd_state).
 */
#ifndef MOTE_HYPERVISOR_ARCH_AARCH64_CORE_H
#define MOTE_HYPERVISOR_ARCH_AARCH64_CORE_H

#include "aarch64_registers.h"

#define MOTE_AARCH64_CORE_MACHINE 183u	       /* EM_AARCH64 */
#define MOTE_AARCH64_CORE_REGISTERS_BYTES 272u /* pr_reg of NT_PRSTATUS */
#define MOTE_AARCH64_CORE_FPU_BYTES 528u       /* NT_FPREGSET */
#define MOTE_AARCH64_CORE_EXTENDED_TYPE 0x401u /* NT_ARM_TLS */
#define MOTE_AARCH64_CORE_EXTENDED_BYTES 8u

void mote_aarch64_core_registers(const mote_aarch64_regs *regs,
				 const struct mote_aarch64_sregs *sregs,
				 uint8_t to[MOTE_AARCH64_CORE_REGISTERS_BYTES]);
void mote_aarch64_core_fpu(const struct mote_aarch64_fpu *fpu,
			   uint8_t to[MOTE_AARCH64_CORE_FPU_BYTES]);
/* The thread pointer. */
void mote_aarch64_core_extended(const struct mote_aarch64_sregs *sregs,
				const struct mote_aarch64_fpu *fpu,
				uint8_t to[MOTE_AARCH64_CORE_EXTENDED_BYTES]);

#endif

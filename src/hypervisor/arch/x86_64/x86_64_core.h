/* SPDX-License-Identifier: Apache-2.0
 *
 * Registers as the notes of an ELF core for x86_64 Linux hold them.  Pure data.
 * Linux: arch/x86/include/asm/user_64.h (user_regs_struct); Intel SDM volume 1, 13.4 (XSAVE).
 */
#ifndef MOTE_HYPERVISOR_ARCH_X86_64_CORE_H
#define MOTE_HYPERVISOR_ARCH_X86_64_CORE_H

#include "x86_64_registers.h"

#define MOTE_X86_64_CORE_MACHINE 62u	      /* EM_X86_64 */
#define MOTE_X86_64_CORE_REGISTERS_BYTES 216u /* pr_reg of NT_PRSTATUS */
#define MOTE_X86_64_CORE_FPU_BYTES 512u	      /* NT_FPREGSET: as FXSAVE writes it */
#define MOTE_X86_64_CORE_EXTENDED_TYPE 0x202u /* NT_X86_XSTATE */
#define MOTE_X86_64_CORE_EXTENDED_BYTES 832u  /* exactly what its XCR0 needs, or gdb warns */

void mote_x86_64_core_registers(const mote_x86_64_regs *regs, const struct mote_x86_64_sregs *sregs,
				uint8_t to[MOTE_X86_64_CORE_REGISTERS_BYTES]);
void mote_x86_64_core_fpu(const struct mote_x86_64_fpu *fpu,
			  uint8_t to[MOTE_X86_64_CORE_FPU_BYTES]);
/* The vector registers: an XSAVE area that says which components it has room for. */
void mote_x86_64_core_extended(const struct mote_x86_64_sregs *sregs,
			       const struct mote_x86_64_fpu *fpu,
			       uint8_t to[MOTE_X86_64_CORE_EXTENDED_BYTES]);

#endif

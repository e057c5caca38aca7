/* SPDX-License-Identifier: Apache-2.0
 *
 * General-purpose registers of both architectures, as faults and embedders see
 * them.  Plain data; both always exist, whatever the library was built for.
 */
#ifndef MOTE_REGISTERS_H
#define MOTE_REGISTERS_H

#include <stdint.h>

typedef enum mote_machine {
	MOTE_MACHINE_X86_64 = 1,
	MOTE_MACHINE_AARCH64 = 2,
} mote_machine;

typedef struct mote_x86_64_regs {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, rflags;
} mote_x86_64_regs;

typedef struct mote_aarch64_regs {
	uint64_t x[31];
	uint64_t sp; /* of the current exception level */
	uint64_t pc;
	uint64_t pstate;
} mote_aarch64_regs;

/* Registers of one of the two architectures. */
typedef struct mote_registers {
	mote_machine machine;
	union {
		mote_x86_64_regs x86_64;
		mote_aarch64_regs aarch64;
	} as;
} mote_registers;

#endif

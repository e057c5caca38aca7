/* SPDX-License-Identifier: Apache-2.0
 *
 * General-purpose registers of both architectures, as faults and embedders see
 * them.  Plain data; both always exist, whatever the library was built for.
 */
#ifndef MOTE_REGISTERS_H
#define MOTE_REGISTERS_H

#include <stdint.h>

#include <mote/api.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, number, "name", "text") */
#define MOTE_MACHINE_MAP(X)                                                                        \
	X(X86_64, 1, "x86_64", "x86-64, AMD64")                                                    \
	X(AARCH64, 2, "aarch64", "64-bit Arm")

typedef enum mote_machine {
#define MOTE_MACHINE_ENUM(NAME, number, name, text) MOTE_MACHINE_##NAME = number,
	MOTE_MACHINE_MAP(MOTE_MACHINE_ENUM)
#undef MOTE_MACHINE_ENUM
} mote_machine;

/*
 * The identifier of a machine ("aarch64"), and what it is called.
 *
 * Returns    never NULL; "unknown" for a value that is not in the list
 * Threads    any
 * Since      0.1
 */
MOTE_API const char *mote_machine_name(mote_machine machine);
MOTE_API const char *mote_machine_text(mote_machine machine);

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

#ifdef __cplusplus
}
#endif
#endif

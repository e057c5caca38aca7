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

/* clang-format off */
/* X(name): every register, in the order of the structure. */
#define MOTE_X86_64_REGS_MAP(X)                                                                    \
	X(rax) X(rbx) X(rcx) X(rdx) X(rsi) X(rdi) X(rsp) X(rbp)                                    \
	X(r8)  X(r9)  X(r10) X(r11) X(r12) X(r13) X(r14) X(r15)                                    \
	X(rip) X(rflags)
/* clang-format on */

typedef struct mote_aarch64_regs {
	uint64_t x[31];
	uint64_t sp; /* of the current exception level */
	uint64_t pc;
	uint64_t pstate;
} mote_aarch64_regs;

/* clang-format off */
/* X(name, member): every register, in the order of the structure. */
#define MOTE_AARCH64_REGS_MAP(X)                                                                   \
	X(x0, x[0])   X(x1, x[1])   X(x2, x[2])   X(x3, x[3])   X(x4, x[4])   X(x5, x[5])          \
	X(x6, x[6])   X(x7, x[7])   X(x8, x[8])   X(x9, x[9])   X(x10, x[10]) X(x11, x[11])        \
	X(x12, x[12]) X(x13, x[13]) X(x14, x[14]) X(x15, x[15]) X(x16, x[16]) X(x17, x[17])        \
	X(x18, x[18]) X(x19, x[19]) X(x20, x[20]) X(x21, x[21]) X(x22, x[22]) X(x23, x[23])        \
	X(x24, x[24]) X(x25, x[25]) X(x26, x[26]) X(x27, x[27]) X(x28, x[28]) X(x29, x[29])        \
	X(x30, x[30]) X(sp, sp) X(pc, pc) X(pstate, pstate)
/* clang-format on */

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

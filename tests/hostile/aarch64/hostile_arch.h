/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs between the architectures in hostile guests: aarch64.
 */
#ifndef MOTE_TEST_HOSTILE_ARCH_H
#define MOTE_TEST_HOSTILE_ARCH_H

#include <mote/mote.h>

#define HOSTILE_MACHINE MOTE_MACHINE_AARCH64
#define HOSTILE_ELF_MACHINE EM_AARCH64
#define HOSTILE_PC(registers) ((registers)->as.aarch64.pc)

/* Behind each guest's code, and beside it: a brk. */
#define GUEST_CODE_PRELUDE ".arch armv8.5-a+sve+memtag\n"
#define GUEST_CODE_TRAP ".inst 0"
#define GUEST_CODE_TRAP_BYTES 4
/* clang-format off */
#define HOSTILE_FILLER {0, 0, 0x20, 0xd4}
/* clang-format on */

/* The kinds of machine that differ where the architecture leaves freedom, or an emulator errs. */
enum hostile_bed {
	ARM64_BED = 1, /* the emulated machine: MOTE_TEST_BED=arm64 */
	HARDWARE = 2,  /* any other: what the Arm ARM says, and KVM makes of it */
	EVERYWHERE = ARM64_BED | HARDWARE,
};

/* The doorbell page of user code, and the monitor's own behind it. */
#define DOORBELL_PAGE 0xe000u
#define MONITOR_DOORBELL_PAGE 0xf000u
#define READY_TEXT "0xe280" /* the address of port READY */
#define READY_ADDRESS 0xe280u

/* Rings it, and goes on HOSTILE_READY_OFFSET bytes earlier. */
#define GUEST_CODE_READY                                                                           \
	"mov x30, #" READY_TEXT "; str xzr, [x30]; mov x30, #0; b . - 12 - " HOSTILE_READY_TEXT

/* Exception classes, and the bit that says that an instruction has 32 bits. */
#define CLASS(class) ((uint64_t)(class) << 26 | 1u << 25)

/*
 * Expectations, NAME(machines, part of the ESR if any, at): the exception NAME, whose pc is `at`
 * bytes from the begin of the code. BRK(EVERYWHERE, 7, 4): on every machine a `brk #7` that is
 * the second instruction.
 */
#define UD(beds, at) OUTCOME(beds, INSTRUCTION, 0, CLASS(0), at)
#define BRK(beds, immediate, at) OUTCOME(beds, BREAKPOINT, 0x3c, CLASS(0x3c) | (immediate), at)
#define SVC(beds, immediate, at) OUTCOME(beds, PRIVILEGE, 0x15, CLASS(0x15) | (immediate), at)
#define WFX(beds, which, at)                                                                       \
	OUTCOME(beds, PRIVILEGE, 1, CLASS(1) | 0xe << 20 | 1 << 24 | (which), at)
#define SVE(beds, at) OUTCOME(beds, PRIVILEGE, 0x19, CLASS(0x19), at)
#define SME(beds, which, at) OUTCOME(beds, PRIVILEGE, 0x1d, CLASS(0x1d) | (which), at)
#define SP_ALIGNMENT(beds, at) OUTCOME(beds, ALIGNMENT, 0x26, CLASS(0x26), at)

/* A trapped system register or instruction; t: number of the general register, 31 without one. */
#define MRS 1u
#define MSR 0u
#define SYSTEM_CODE(op0, op1, n, m, op2, t, direction)                                             \
	(CLASS(0x18) | (op0) << 20 | (op2) << 17 | (op1) << 14 | (n) << 10 | (t) << 5 | (m) << 1 | \
	 (direction))
#define SYSTEM(beds, op0, op1, n, m, op2, t, direction, at)                                        \
	OUTCOME(beds, PRIVILEGE, 0x18, SYSTEM_CODE(op0, op1, n, m, op2, t, direction), at)

/* The filler executed. */
#define FILLER(beds, at) BRK(beds, 0, at)

/* Fault status codes: of a walk, with its level; a misaligned access. */
#define TRANSLATION(level) (4u + (level))
#define PERMISSION 0xfu /* of the last level */
#define MISALIGNED 0x21u
#define UNSUPPORTED_ATOMIC 0x35u
#define STORE 0x40u

/* A data abort, and an instruction abort. */
#define ABORT(beds, kind, status, at, access, address)                                             \
	{                                                                                          \
		beds, MOTE_FAULT_##kind, 0x24, CLASS(0x24) | (status), HOSTILE_CODE + (at),        \
			MOTE_ACCESS_##access, address                                              \
	}
#define FETCH(beds, status, address)                                                               \
	{                                                                                          \
		beds, MOTE_FAULT_MEMORY, 0x20, CLASS(0x20) | (status), address,                    \
			MOTE_ACCESS_EXECUTE, address                                               \
	}
#define PC_ALIGNMENT(beds, address)                                                                \
	{                                                                                          \
		beds, MOTE_FAULT_ALIGNMENT, 0x22, CLASS(0x22), address, MOTE_ACCESS_EXECUTE,       \
			address                                                                    \
	}

/* An access to the doorbell page that is none. */
#define ODD_DOORBELL(beds, at, access, address)                                                    \
	{                                                                                          \
		beds, MOTE_FAULT_DOORBELL, MOTE_FAULT_NO_VECTOR, 0, HOSTILE_CODE + (at),           \
			MOTE_ACCESS_##access, address                                              \
	}

#endif

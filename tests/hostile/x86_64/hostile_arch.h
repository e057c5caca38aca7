/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs between the architectures in hostile guests: x86_64.
 */
#ifndef MOTE_TEST_HOSTILE_ARCH_H
#define MOTE_TEST_HOSTILE_ARCH_H

#include <mote/mote.h>

#define HOSTILE_MACHINE MOTE_MACHINE_X86_64
#define HOSTILE_ELF_MACHINE EM_X86_64
#define HOSTILE_PC(registers) ((registers)->as.x86_64.rip)

/* Behind each guest's code, and beside it: an int3. */
#define GUEST_CODE_PRELUDE
#define GUEST_CODE_TRAP "ud2"
#define GUEST_CODE_TRAP_BYTES 2
/* clang-format off */
#define HOSTILE_FILLER {0xcc}
/* clang-format on */

/* Rings MOTE_ABI_PORT_READY and goes on HOSTILE_READY_OFFSET bytes earlier. */
#define GUEST_CODE_READY "out %eax, $0x50; jmp . - 2 - " HOSTILE_READY_TEXT

/* The kinds of machine that differ where the architecture leaves freedom, or an emulator errs. */
enum hostile_bed {
	PVM = 1,      /* KVM without hardware virtualization: module kvm_pvm */
	SVM = 2,      /* the emulated machine with SVM: MOTE_TEST_BED=svm */
	HARDWARE = 4, /* any other: what Intel's and AMD's manuals say */
	EVERYWHERE = PVM | SVM | HARDWARE,

	/* Conditions, by what the guest's own cpuid says.  All of an outcome's must hold. */
	AMD = 1 << 8, /* or Hygon */
	INTEL = 1 << 9,
	UMIP = 1 << 10,
	NO_UMIP = 1 << 11,
	FSGSBASE = 1 << 12,
	NO_FSGSBASE = 1 << 13,
	RDTSCP = 1 << 14,
	NO_RDTSCP = 1 << 15,
	RDRAND = 1 << 16,
	NO_RDRAND = 1 << 17,
	RDSEED = 1 << 18,
	NO_RDSEED = 1 << 19,
	OSPKE = 1 << 20, /* on PVM that of the host: CR4.PKE */
	NO_OSPKE = 1 << 21,
	OSXSAVE = 1 << 22,
	NO_OSXSAVE = 1 << 23,
	RDPID = 1 << 24,
	NO_RDPID = 1 << 25,
	WAITPKG = 1 << 26,
	NO_WAITPKG = 1 << 27,
	CLFLUSH = 1 << 28,
	NO_CLFLUSH = 1 << 29,
};

/*
 * Expectations, NAME(machines and conditions, error code if any, at): the exception NAME, whose
 * pc is `at` bytes from the begin of the code. GP(EVERYWHERE, 0, 2): on every machine #GP with
 * error code 0 at the instruction that begins with the third byte. UD at the end of the code: it
 * was harmless.
 */
#define DE(beds, at) OUTCOME(beds, ARITHMETIC, 0, 0, at)
#define DB(beds, at) OUTCOME(beds, SINGLE_STEP, 1, 0, at)
#define BP(beds, at) OUTCOME(beds, BREAKPOINT, 3, 0, at)
#define UD(beds, at) OUTCOME(beds, INSTRUCTION, 6, 0, at)
#define NP(beds, code, at) OUTCOME(beds, PRIVILEGE, 11, code, at)
#define SS(beds, code, at) OUTCOME(beds, PRIVILEGE, 12, code, at)
#define GP(beds, code, at) OUTCOME(beds, PRIVILEGE, 13, code, at)
#define MF(beds, at) OUTCOME(beds, ARITHMETIC, 16, 0, at)
#define AC(beds, at) OUTCOME(beds, ALIGNMENT, 17, 0, at)
#define XM(beds, at) OUTCOME(beds, ARITHMETIC, 19, 0, at)

/* The filler executed; its int3 has retired then. */
#define FILLER(beds, at) BP(beds, (at) + 1)

/* A page fault. */
#define PF(beds, code, at, access, address)                                                        \
	{                                                                                          \
		beds, MOTE_FAULT_MEMORY, 14, code, HOSTILE_CODE + (at), MOTE_ACCESS_##access,      \
			address                                                                    \
	}

#endif

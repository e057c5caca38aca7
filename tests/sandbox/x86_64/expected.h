/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs between the architectures in what the tests expect: x86_64.
 */
#ifndef MOTE_TEST_EXPECTED_H
#define MOTE_TEST_EXPECTED_H

#define EXPECTED_MACHINE MOTE_MACHINE_X86_64
#define EXPECTED_PC(registers) ((registers)->as.x86_64.rip)

/* Of <linux/audit.h>, for seccomp. */
#define EXPECTED_AUDIT_ARCH AUDIT_ARCH_X86_64

/* Vectors of faults. */
#define VECTOR_DATA 14
#define VECTOR_FETCH 14

/* Machine code of a function that returns. */
#define CODE_RETURN "\xc3\xc3\xc3\xc3"

/* X(function of the guest "faults", kind, vector, access, region) */
#define EXPECTED_INSTRUCTION_FAULTS(X)                                                             \
	X("undefined_instruction", INSTRUCTION, 6, NONE, "")                                       \
	X("halt", PRIVILEGE, 13, NONE, "")                                                         \
	X("disable_interrupts", PRIVILEGE, 13, NONE, "")                                           \
	X("breakpoint", BREAKPOINT, 3, NONE, "")                                                   \
	X("closed_port", PRIVILEGE, 13, NONE, "")                                                  \
	X("short_doorbell", DOORBELL, MOTE_FAULT_NO_VECTOR, NONE, "")                              \
	X("read_port", DOORBELL, MOTE_FAULT_NO_VECTOR, NONE, "")

/* A division without a quotient is a fault. */
#define EXPECTED_DIVISION_FAULTS true
#define VECTOR_DIVISION 0

#define EXPECTED_SYSTEM_CALL(fault)                                                                \
	((fault)->kind == MOTE_FAULT_INSTRUCTION && (fault)->vector == 6)

#endif

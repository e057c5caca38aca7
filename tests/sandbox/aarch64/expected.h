/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs between the architectures in what the tests expect: aarch64.
 */
#ifndef MOTE_TEST_EXPECTED_H
#define MOTE_TEST_EXPECTED_H

#define EXPECTED_MACHINE MOTE_MACHINE_AARCH64
#define EXPECTED_PC(registers) ((registers)->as.aarch64.pc)

/* Of <linux/audit.h>, for seccomp. */
#define EXPECTED_AUDIT_ARCH AUDIT_ARCH_AARCH64

/* Exception classes of faults. */
#define VECTOR_DATA 0x24
#define VECTOR_FETCH 0x20

/* Machine code of a function that returns. */
#define CODE_RETURN "\xc0\x03\x5f\xd6"

/* X(function of the guest "faults", kind, vector, access, region) */
#define EXPECTED_INSTRUCTION_FAULTS(X)                                                             \
	X("undefined_instruction", INSTRUCTION, 0, NONE, "")                                       \
	X("halt", PRIVILEGE, 0x01, NONE, "")                                                       \
	X("disable_interrupts", PRIVILEGE, 0x18, NONE, "")                                         \
	X("breakpoint", BREAKPOINT, 0x3c, NONE, "")                                                \
	X("closed_port", DOORBELL, MOTE_FAULT_NO_VECTOR, NONE, "")                                 \
	X("short_doorbell", DOORBELL, MOTE_FAULT_NO_VECTOR, WRITE, "doorbell page")                \
	X("read_port", DOORBELL, MOTE_FAULT_NO_VECTOR, READ, "doorbell page")

/* A division without a quotient gives a number. */
#define EXPECTED_DIVISION_FAULTS false
#define VECTOR_DIVISION 0

#define EXPECTED_SYSTEM_CALL(fault)                                                                \
	((fault)->kind == MOTE_FAULT_PRIVILEGE && (fault)->vector == 0x15)

#endif

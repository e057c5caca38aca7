/* SPDX-License-Identifier: Apache-2.0
 *
 * Decodes ESR_EL1: exception classes, fault status codes, and what they say about a guest.  For an
 * access that stage 2 stops see aarch64_access.h.  Arm ARM (DDI 0487), D19.2, ESR_EL1.
 */
#ifndef MOTE_HYPERVISOR_ARCH_AARCH64_SYNDROME_H
#define MOTE_HYPERVISOR_ARCH_AARCH64_SYNDROME_H

#include <stdbool.h>
#include <stdint.h>

#include <mote/fault.h>

#define MOTE_AARCH64_EXCEPTION_CLASSES 64u

/* Exception classes that need more than a row in the table. */
#define MOTE_AARCH64_EC_UNKNOWN 0x00u
#define MOTE_AARCH64_EC_WFX 0x01u
#define MOTE_AARCH64_EC_SVC 0x15u
#define MOTE_AARCH64_EC_HVC 0x16u
#define MOTE_AARCH64_EC_SMC 0x17u
#define MOTE_AARCH64_EC_SYSTEM 0x18u /* msr, mrs, cache maintenance */
#define MOTE_AARCH64_EC_INSTRUCTION_ABORT_LOWER 0x20u
#define MOTE_AARCH64_EC_INSTRUCTION_ABORT 0x21u
#define MOTE_AARCH64_EC_PC_ALIGNMENT 0x22u
#define MOTE_AARCH64_EC_DATA_ABORT_LOWER 0x24u
#define MOTE_AARCH64_EC_DATA_ABORT 0x25u
#define MOTE_AARCH64_EC_SP_ALIGNMENT 0x26u
#define MOTE_AARCH64_EC_SERROR 0x2fu
#define MOTE_AARCH64_EC_BREAKPOINT_LOWER 0x30u
#define MOTE_AARCH64_EC_STEP_LOWER 0x32u
#define MOTE_AARCH64_EC_WATCHPOINT_LOWER 0x34u
#define MOTE_AARCH64_EC_WATCHPOINT 0x35u
#define MOTE_AARCH64_EC_BRK 0x3cu

#define MOTE_AARCH64_ISS_WRITE (1u << 6) /* WnR of a data abort or watchpoint */

/* Bits 31:0.  Some kernels sign-extend them (Linux 6.1 does for prefetch aborts). */
static inline uint32_t mote_aarch64_esr(uint64_t esr)
{
	return (uint32_t)esr;
}

static inline uint32_t mote_aarch64_exception_class(uint64_t esr)
{
	return mote_aarch64_esr(esr) >> 26;
}

/* The name of an exception class ("data abort"); never NULL. */
const char *mote_aarch64_exception_class_name(uint32_t exception_class);

/* What an exception shows about the guest that took it. */
struct mote_aarch64_fault {
	mote_fault_kind kind;
	mote_access access;
	bool address_valid; /* FAR holds the address of the access */
};

void mote_aarch64_syndrome_fault(uint64_t esr, struct mote_aarch64_fault *fault);

#endif

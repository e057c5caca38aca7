/* SPDX-License-Identifier: Apache-2.0
 *
 * Decodes ESR_ELx: exception classes, data-abort syndromes, and what they say about a guest.  Works
 * for stage 1 (ESR_EL1) and for what a hypervisor reports of stage 2.  Arm ARM (DDI 0487), D19.2,
 * ESR_EL1.
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

/* Register number in a syndrome that means the zero register. */
#define MOTE_AARCH64_XZR 31u

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

/* The syndrome of a data abort (ISS). */
struct mote_aarch64_data_abort {
	bool valid;		/* ISV: the next five fields describe the instruction */
	uint8_t bytes;		/* SAS: 1, 2, 4 or 8 */
	bool sign_extend;	/* SSE */
	uint8_t register_index; /* SRT: 31 is the zero register */
	bool is_64_bit;		/* SF: width of that register */
	bool acquire_release;	/* AR */
	bool write;		/* WnR; false for atomics on some processors */
	bool cache_maintenance; /* CM: write is set though nothing is written */
	bool address_valid;	/* not FnV, or not an external abort */
	uint8_t status;		/* DFSC */
};

/* Decodes a data abort's ESR.  Without ISV the fields that depend on it are 0. */
void mote_aarch64_data_abort_decode(uint64_t esr, struct mote_aarch64_data_abort *data_abort);

/* What an exception shows about the guest that took it. */
struct mote_aarch64_fault {
	mote_fault_kind kind;
	mote_access access;
	bool address_valid; /* FAR holds the address of the access */
};

void mote_aarch64_syndrome_fault(uint64_t esr, struct mote_aarch64_fault *fault);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * An access of guest code that stage 2 stops: what the syndrome says about its instruction, and how
 * that instruction retires.  Arm ARM (DDI 0487), D19.2, ESR_EL2, "ISS encoding for an exception
 * from a Data Abort".
 */
#ifndef MOTE_HYPERVISOR_ARCH_AARCH64_ACCESS_H
#define MOTE_HYPERVISOR_ARCH_AARCH64_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include <mote/registers.h>

/* Register number in a syndrome that means the zero register. */
#define MOTE_AARCH64_XZR 31u

struct mote_aarch64_access {
	uint64_t gpa;
	/* WnR; true for cache maintenance, which writes nothing, and false for atomics on some
	 * processors. */
	bool write;
	/* ISV: the rest describes the instruction, a load or store of one general register.  False
	 * for pairs, exclusives, atomics, vectors and updates of the address. */
	bool described;
	uint8_t bytes;		/* SAS: 1, 2, 4 or 8 */
	bool sign_extend;	/* SSE */
	bool is_64_bit;		/* SF: width of the register */
	uint8_t register_index; /* SRT */
};

/* esr: of the abort; only its ISS counts.  gpa: the whole address; where HPFAR_EL2 alone is known,
 * its low 12 bits are those of FAR_EL2. */
void mote_aarch64_access_decode(uint64_t esr, uint64_t gpa, struct mote_aarch64_access *access);

/* What a described write stores, in the low bytes. */
uint64_t mote_aarch64_access_value(const struct mote_aarch64_access *access,
				   const mote_aarch64_regs *regs);

/* Retires the instruction: a read's register gets the low bytes of data, and the program counter is
 * after it.  An access that is not described stays as it is. */
void mote_aarch64_access_complete(const struct mote_aarch64_access *access, uint64_t data,
				  mote_aarch64_regs *regs);

#endif

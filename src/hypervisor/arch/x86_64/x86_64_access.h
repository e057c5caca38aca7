/* SPDX-License-Identifier: Apache-2.0
 *
 * An access of guest code to memory that is not there, as its instruction tells it, for hypervisors
 * that hand out no more than the instruction: where and what it reads or writes, and how it
 * retires.  Intel SDM volume 2, chapter 2; AMD APM volume 3, chapter 1.
 */
#ifndef MOTE_HYPERVISOR_ARCH_X86_64_ACCESS_H
#define MOTE_HYPERVISOR_ARCH_X86_64_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/registers.h>

/* No processor executes a longer instruction: APM volume 3, 1.1. */
#define MOTE_X86_64_INSTRUCTION_BYTES 15u

/* Number of a register that means none. */
#define MOTE_X86_64_NO_REGISTER 0xffu

enum mote_x86_64_access_segment {
	MOTE_X86_64_FLAT, /* base 0, as of all but the two in 64-bit code */
	MOTE_X86_64_FS,
	MOTE_X86_64_GS,
};

/* Registers have the numbers that instructions have for them: SDM volume 2, tables 2-2 and 3-1. */
struct mote_x86_64_access {
	uint8_t length; /* of the instruction */
	bool write;
	uint8_t bytes; /* of memory: 1, 2, 4 or 8 */

	/* What a write stores, and where a read goes. */
	uint8_t register_index;
	uint8_t register_bytes; /* of the register: 1, 2, 4 or 8 */
	bool high_byte;		/* it is the second byte of the register: AH, CH, DH, BH */
	bool sign_extend;
	bool is_immediate; /* a write stores this instead of a register */
	uint64_t immediate;
	int8_t stack_change; /* of RSP: push and pop */

	/* Where. */
	uint8_t base, index, scale; /* scale: the index is shifted by it */
	int64_t displacement;
	bool rip_relative;
	bool is_32_bit; /* the sum of the above is, before a segment's base is added */
	enum mote_x86_64_access_segment segment;
};

/*
 * What the instruction in the first bytes of code accesses.  False, and access is left alone, when
 * there is no whole instruction, or none that is known: 64-bit mov, movzx, movsx, movsxd, and push
 * and pop of registers and constants, without a lock or repeat prefix.
 */
bool mote_x86_64_access_decode(const uint8_t *code, size_t bytes, bool is_64_bit,
			       struct mote_x86_64_access *access);

/* The guest-virtual address.  regs: with RIP on the instruction.  The processor has checked that
 * the result is canonical, and looked it up. */
uint64_t mote_x86_64_access_address(const struct mote_x86_64_access *access,
				    const mote_x86_64_regs *regs, uint64_t fs_base,
				    uint64_t gs_base);

/* How many of the bytes are on the page where gva is; the others are on the next. */
uint8_t mote_x86_64_access_first_bytes(const struct mote_x86_64_access *access, uint64_t gva);

/* What a write stores, in the low bytes. */
uint64_t mote_x86_64_access_value(const struct mote_x86_64_access *access,
				  const mote_x86_64_regs *regs);

/* Retires the instruction: a read's register gets the low bytes of data, RSP has moved, and RIP is
 * after it. */
void mote_x86_64_access_complete(const struct mote_x86_64_access *access, uint64_t data,
				 mote_x86_64_regs *regs);

#endif

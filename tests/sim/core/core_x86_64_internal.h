/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the core for x86_64 have for each other.
 */
#ifndef MOTE_SIM_CORE_X86_64_INTERNAL_H
#define MOTE_SIM_CORE_X86_64_INTERNAL_H

#include "sim/core/core_x86_64.h"

/* In 64-bit mode. */
bool sim_is_long(struct sim_vcpu *vcpu);
/* The bytes that were copied, until where nothing is mapped. */
size_t sim_copy_guest(const struct sim_vcpu *vcpu, uint64_t va, void *bytes, size_t count,
		      bool to_guest);

/* One access, or the part of it that KVM told. */
struct sim_access {
	bool is_port, writes;
	uint64_t gpa;
	uint16_t port;
	uint32_t bytes, count; /* count: of a port, repeated */
	uint8_t data[8];
};

struct sim_instruction {
	uint8_t length;
	unsigned opcode; /* 0x0f before a byte: 0xf00 */
	unsigned bytes;	 /* of its access; 0: unknown */
	bool is_string, is_repeated;
	bool writes; /* to memory, at va, or to a port */
	uint64_t va;
	bool has_value;
	uint64_t value;
	unsigned stack_bytes; /* by which it moved the stack pointer */
	bool pops;	      /* up, not down */
	bool calls;	      /* it does not lead to what is behind it */
	uint16_t port;
	uint64_t address_mask, es_base;
};

struct sim_access sim_access_of(const struct sim_vcpu *vcpu);
/* The instruction at rip, with the registers as they are; false: it cannot be read. */
bool sim_decode(struct sim_vcpu *vcpu, uint64_t rip, struct sim_instruction *instruction);
/* Finds the instruction that has made a write, and sets registers to what they were before it. */
bool sim_find_store(struct sim_vcpu *vcpu, const struct sim_access *access,
		    struct sim_instruction *instruction);

#endif

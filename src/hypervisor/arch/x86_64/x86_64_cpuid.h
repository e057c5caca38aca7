/* SPDX-License-Identifier: Apache-2.0
 *
 * Which CPUID a guest sees: what the hypervisor offers, minus what a guest in user mode cannot use
 * or should not have.  Leaf by leaf, so that a backend can filter its hypervisor's own table in
 * place.  Intel SDM volume 2A, CPUID.
 */
#ifndef MOTE_HYPERVISOR_ARCH_X86_64_CPUID_H
#define MOTE_HYPERVISOR_ARCH_X86_64_CPUID_H

#include <stdbool.h>
#include <stdint.h>

struct mote_x86_64_cpuid_leaf {
	uint32_t function,
		index; /* EAX and ECX before the instruction; index 0 where it has none */
	uint32_t eax, ebx, ecx, edx;
};

/* Clears what the guest must not see.  False: the whole leaf is left out of the guest's table,
 * where a missing leaf reads as zeros. */
bool mote_x86_64_cpuid_filter(struct mote_x86_64_cpuid_leaf *leaf);

/* The words of what user code may use, besides what is in every x86_64 processor. */
enum { MOTE_X86_64_PROCESSOR_WORDS = 6 };

/* What mote derives from the leaves that a guest sees. */
struct mote_x86_64_cpuid_facts {
	uint64_t features; /* MOTE_X86_64_FEATURE_... */
	uint64_t xcr0;	   /* 0: there is no such register */
	uint32_t address_bits;
	/* Bits of CPUID: what a program that ran with them may have chosen to use. */
	uint64_t processor[MOTE_X86_64_PROCESSOR_WORDS];
};

/* What holds without any leaf: then a processor with PAE has 36 bits (SDM volume 3, 4.1.4). */
#define MOTE_X86_64_CPUID_FACTS_INIT ((struct mote_x86_64_cpuid_facts){.address_bits = 36})

/* Adds what one leaf says, after it was filtered. */
void mote_x86_64_cpuid_learn(struct mote_x86_64_cpuid_facts *facts,
			     const struct mote_x86_64_cpuid_leaf *leaf);

#endif

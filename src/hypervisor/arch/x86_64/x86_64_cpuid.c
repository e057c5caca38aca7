/* SPDX-License-Identifier: Apache-2.0
 *
 * The CPUID policy, as a table of bits to clear.  Bit numbers: Intel SDM volume
 * 2A, CPUID; AMD APM volume 3, appendix E.
 */
#include "x86_64_cpuid.h"

#include <stddef.h>

#include "x86_64_monitor.h"
#include "x86_64_registers.h"

#define BIT(n) (1u << (n))

/* What a guest may use of XCR0. */
#define XCR0_COMPONENTS (MOTE_X86_64_XCR0_X87 | MOTE_X86_64_XCR0_SSE | MOTE_X86_64_XCR0_AVX)

struct rule {
	uint32_t function;
	uint32_t index;
	uint32_t clear_eax, clear_ebx, clear_ecx, clear_edx;
};

static const struct rule rules[] = {
	/* MONITOR, VMX, x2APIC, TSC-deadline; the initial APIC id */
	{1, 0, 0, 0xff000000u, BIT(3) | BIT(5) | BIT(21) | BIT(24), 0},
	/* EBX: HLE, RTM, AVX-512; ECX: PKU, OSPKE, WAITPKG, SHSTK, LA57, AVX-512;
	 * EDX: AVX-512, RTM_ALWAYS_ABORT, IBT, AMX */
	{7, 0, 0,
	 BIT(4) | BIT(11) | BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) |
		 BIT(31),
	 BIT(1) | BIT(3) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(11) | BIT(12) | BIT(14) |
		 BIT(16),
	 BIT(2) | BIT(3) | BIT(8) | BIT(11) | BIT(20) | BIT(22) | BIT(23) | BIT(24) | BIT(25)},
	/* AVX512_BF16, AMX-FP16 */
	{7, 1, BIT(5) | BIT(21), 0, 0, 0},
	/* XCR0: x87, SSE, AVX alone */
	{0xd, 0, ~(uint32_t)XCR0_COMPONENTS, 0, 0, ~0u},
	/* XSAVES: for supervisor state */
	{0xd, 1, BIT(3), 0, ~0u, ~0u},
	/* SVM, MONITORX */
	{0x80000001u, 0, 0, 0, BIT(2) | BIT(29), 0},
	/* SVM features */
	{0x8000000au, 0, ~0u, ~0u, ~0u, ~0u},
	/* The hypervisor's name is the last of its leaves */
	{0x40000000u, 0, 0xff, 0, 0, 0},
};

/*
 * Leaves that are left out: paravirtual features of the hypervisor, and state components of XSAVE
 * that XCR0 does not have.  The hypervisor's name stays: without it, Linux's KVM looks for its name
 * in each of 256 places whenever a vCPU gets its table, which takes a tenth of a sandbox's whole
 * life.
 */
static bool is_hidden(const struct mote_x86_64_cpuid_leaf *leaf)
{
	return (leaf->function > 0x40000000u && leaf->function <= 0x400000ffu) ||
	       (leaf->function == 0xd && leaf->index > 2);
}

static bool is_zero(const struct mote_x86_64_cpuid_leaf *leaf)
{
	return (leaf->eax | leaf->ebx | leaf->ecx | leaf->edx) == 0;
}

static void apply_rules(struct mote_x86_64_cpuid_leaf *leaf)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *rule = &rules[i];

		if (rule->function != leaf->function || rule->index != leaf->index)
			continue;
		leaf->eax &= ~rule->clear_eax;
		leaf->ebx &= ~rule->clear_ebx;
		leaf->ecx &= ~rule->clear_ecx;
		leaf->edx &= ~rule->clear_edx;
	}
}

bool mote_x86_64_cpuid_filter(struct mote_x86_64_cpuid_leaf *leaf)
{
	if (is_hidden(leaf))
		return false;
	apply_rules(leaf);
	return !is_zero(leaf);
}

static void learn_address_bits(struct mote_x86_64_cpuid_facts *facts, uint32_t bits)
{
	if (bits > facts->address_bits)
		facts->address_bits = bits;
}

static void learn_features(struct mote_x86_64_cpuid_facts *facts,
			   const struct mote_x86_64_cpuid_leaf *leaf)
{
	if (leaf->ebx & BIT(0))
		facts->features |= MOTE_X86_64_FEATURE_FSGSBASE;
	if (leaf->ecx & BIT(2))
		facts->features |= MOTE_X86_64_FEATURE_UMIP;
}

/* Of leaf 7's EDX without those for mitigations, which are an operating system's. */
#define MITIGATIONS (BIT(10) | BIT(26) | BIT(27) | BIT(28) | BIT(29) | BIT(30) | BIT(31))

/* Of leaf 0x80000008's EBX what programs use: CLZERO and RDPRU. */
#define USER_8_EBX (BIT(0) | BIT(4))

static uint64_t word(uint32_t low, uint32_t high)
{
	return low | (uint64_t)high << 32;
}

static void learn_processor(uint64_t words[MOTE_X86_64_PROCESSOR_WORDS],
			    const struct mote_x86_64_cpuid_leaf *leaf)
{
	switch ((uint64_t)leaf->function << 32 | leaf->index) {
	case 1ull << 32:
		words[0] |= word(leaf->ecx, leaf->edx);
		break;
	case 7ull << 32:
		words[1] |= word(leaf->ebx, leaf->ecx);
		words[2] |= word(leaf->edx & ~MITIGATIONS, 0);
		break;
	case 7ull << 32 | 1:
		words[2] |= word(0, leaf->eax);
		words[5] |= word(leaf->edx, 0);
		break;
	case 0xdull << 32:
		words[3] |= word(leaf->eax, 0);
		break;
	case 0xdull << 32 | 1:
		words[3] |= word(0, leaf->eax);
		break;
	case 0x80000001ull << 32:
		words[4] |= word(leaf->ecx, leaf->edx);
		break;
	case 0x80000008ull << 32:
		words[5] |= word(0, leaf->ebx & USER_8_EBX);
		break;
	}
}

void mote_x86_64_cpuid_learn(struct mote_x86_64_cpuid_facts *facts,
			     const struct mote_x86_64_cpuid_leaf *leaf)
{
	learn_processor(facts->processor, leaf);
	if (leaf->index != 0)
		return;
	switch (leaf->function) {
	case 1:
		if (leaf->ecx & BIT(26))
			facts->features |= MOTE_X86_64_FEATURE_XSAVE;
		break;
	case 7:
		learn_features(facts, leaf);
		break;
	case 0xd: /* some hypervisors offer it without the bit of leaf 1 */
		facts->xcr0 = leaf->eax & XCR0_COMPONENTS;
		if (facts->xcr0 & MOTE_X86_64_XCR0_AVX)
			facts->features |= MOTE_X86_64_FEATURE_AVX;
		break;
	case 0x80000008u:
		learn_address_bits(facts, leaf->eax & 0xff);
		break;
	}
}

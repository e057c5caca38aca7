/* SPDX-License-Identifier: Apache-2.0
 *
 * The CPUID policy, as a table of bits to clear.  Bit numbers: Intel SDM volume
 * 2A, CPUID; AMD APM volume 3, appendix E.
 */
#include "hypervisor/backends/kvm/kvm_x86_64_cpuid.h"

#include <stdbool.h>
#include <stddef.h>

#define BIT(n) (1u << (n))

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
	{0xd, 0, ~7u, 0, 0, ~0u},
	/* XSAVES: for supervisor state */
	{0xd, 1, BIT(3), 0, ~0u, ~0u},
	/* SVM, MONITORX */
	{0x80000001u, 0, 0, 0, BIT(2) | BIT(29), 0},
	/* SVM features */
	{0x8000000au, 0, ~0u, ~0u, ~0u, ~0u},
	/* KVM's signature is the last of the hypervisor's leaves */
	{0x40000000u, 0, 0xff, 0, 0, 0},
};

/*
 * Leaves that are left out: paravirtual features of the hypervisor, and state components of XSAVE
 * that XCR0 does not have.  KVM's signature stays: without it, KVM_SET_CPUID2 looks for it in each
 * of 256 places, which takes a tenth of a sandbox's whole life.
 */
static bool is_hidden(const struct mote_kvm_x86_cpuid_entry *entry)
{
	return (entry->function > 0x40000000u && entry->function <= 0x400000ffu) ||
	       (entry->function == 0xd && entry->index > 2);
}

/* A missing entry reads the same. */
static bool is_zero(const struct mote_kvm_x86_cpuid_entry *entry)
{
	return (entry->eax | entry->ebx | entry->ecx | entry->edx) == 0;
}

static void apply_rules(struct mote_kvm_x86_cpuid_entry *entry)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *rule = &rules[i];

		if (rule->function != entry->function || rule->index != entry->index)
			continue;
		entry->eax &= ~rule->clear_eax;
		entry->ebx &= ~rule->clear_ebx;
		entry->ecx &= ~rule->clear_ecx;
		entry->edx &= ~rule->clear_edx;
	}
}

void mote_kvm_cpuid_apply_policy(struct mote_kvm_x86_cpuid *table)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < table->nent; i++) {
		if (is_hidden(&table->entries[i]))
			continue;
		table->entries[kept] = table->entries[i];
		apply_rules(&table->entries[kept]);
		kept += !is_zero(&table->entries[kept]);
	}
	table->nent = kept;
}

const struct mote_kvm_x86_cpuid_entry *mote_kvm_cpuid_find(const struct mote_kvm_x86_cpuid *table,
							   uint32_t function, uint32_t index)
{
	for (uint32_t i = 0; i < table->nent; i++)
		if (table->entries[i].function == function && table->entries[i].index == index)
			return &table->entries[i];
	return NULL;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The CPUID policy: what a guest must not see is gone, the rest stays as it was.
 */
#include "hypervisor/backends/kvm/kvm_x86_64_cpuid.h"

#include "../../../unit_test.h"

enum { MAXIMUM_ENTRIES = 16 };

enum reg { EAX, EBX, ECX, EDX };

static struct mote_kvm_x86_cpuid *table;

static void make_table(void)
{
	table = calloc(1, sizeof(*table) + MAXIMUM_ENTRIES * sizeof(table->entries[0]));
	REQUIRE(table != NULL);
}

static void delete_table(void)
{
	free(table);
}

/* Adds a leaf in which the processor offers everything. */
static void offer(uint32_t function, uint32_t index)
{
	table->entries[table->nent++] = (struct mote_kvm_x86_cpuid_entry){
		.function = function,
		.index = index,
		.flags = 1,
		.eax = ~0u,
		.ebx = ~0u,
		.ecx = ~0u,
		.edx = ~0u,
	};
}

static uint32_t value(uint32_t function, uint32_t index, enum reg which)
{
	const struct mote_kvm_x86_cpuid_entry *entry = mote_kvm_cpuid_find(table, function, index);
	const uint32_t values[] = {entry->eax, entry->ebx, entry->ecx, entry->edx};

	return values[which];
}

/* Intel SDM volume 2A, CPUID; AMD APM volume 3, appendix E.4. */
static const struct {
	uint32_t function, index;
	enum reg which;
	unsigned bit;
	bool visible;
	const char *name;
} bits[] = {
	{1, 0, ECX, 3, false, "MONITOR"},
	{1, 0, ECX, 5, false, "VMX"},
	{1, 0, ECX, 21, false, "x2APIC"},
	{1, 0, ECX, 24, false, "TSC-deadline"},
	{1, 0, ECX, 0, true, "SSE3"},
	{1, 0, ECX, 20, true, "SSE4.2"},
	{1, 0, ECX, 26, true, "XSAVE"},
	{1, 0, ECX, 28, true, "AVX"},
	{1, 0, ECX, 30, true, "RDRAND"},
	{1, 0, EDX, 25, true, "SSE"},
	{7, 0, EBX, 0, true, "FSGSBASE"},
	{7, 0, EBX, 3, true, "BMI1"},
	{7, 0, EBX, 4, false, "HLE"},
	{7, 0, EBX, 5, true, "AVX2"},
	{7, 0, EBX, 8, true, "BMI2"},
	{7, 0, EBX, 11, false, "RTM"},
	{7, 0, EBX, 16, false, "AVX512F"},
	{7, 0, EBX, 17, false, "AVX512DQ"},
	{7, 0, EBX, 21, false, "AVX512_IFMA"},
	{7, 0, EBX, 26, false, "AVX512PF"},
	{7, 0, EBX, 27, false, "AVX512ER"},
	{7, 0, EBX, 28, false, "AVX512CD"},
	{7, 0, EBX, 29, true, "SHA"},
	{7, 0, EBX, 30, false, "AVX512BW"},
	{7, 0, EBX, 31, false, "AVX512VL"},
	{7, 0, ECX, 1, false, "AVX512_VBMI"},
	{7, 0, ECX, 2, true, "UMIP"},
	{7, 0, ECX, 3, false, "PKU"},
	{7, 0, ECX, 4, false, "OSPKE"},
	{7, 0, ECX, 5, false, "WAITPKG"},
	{7, 0, ECX, 6, false, "AVX512_VBMI2"},
	{7, 0, ECX, 7, false, "SHSTK"},
	{7, 0, ECX, 9, true, "VAES"},
	{7, 0, ECX, 11, false, "AVX512_VNNI"},
	{7, 0, ECX, 12, false, "AVX512_BITALG"},
	{7, 0, ECX, 14, false, "AVX512_VPOPCNTDQ"},
	{7, 0, ECX, 16, false, "LA57"},
	{7, 0, EDX, 2, false, "AVX512_4VNNIW"},
	{7, 0, EDX, 3, false, "AVX512_4FMAPS"},
	{7, 0, EDX, 8, false, "AVX512_VP2INTERSECT"},
	{7, 0, EDX, 11, false, "RTM_ALWAYS_ABORT"},
	{7, 0, EDX, 20, false, "IBT"},
	{7, 0, EDX, 22, false, "AMX-BF16"},
	{7, 0, EDX, 23, false, "AVX512_FP16"},
	{7, 0, EDX, 24, false, "AMX-TILE"},
	{7, 0, EDX, 25, false, "AMX-INT8"},
	{7, 1, EAX, 4, true, "AVX-VNNI"},
	{7, 1, EAX, 5, false, "AVX512_BF16"},
	{7, 1, EAX, 21, false, "AMX-FP16"},
	{0xd, 1, EAX, 0, true, "XSAVEOPT"},
	{0xd, 1, EAX, 3, false, "XSAVES"},
	{0x80000001u, 0, ECX, 2, false, "SVM"},
	{0x80000001u, 0, ECX, 29, false, "MONITORX"},
	{0x80000001u, 0, EDX, 20, true, "NX"},
	{0x80000001u, 0, EDX, 29, true, "long mode"},
};

static void features_are_hidden_or_kept(void)
{
	offer(1, 0);
	offer(7, 0);
	offer(7, 1);
	offer(0xd, 0);
	offer(0xd, 1);
	offer(0x80000001u, 0);
	mote_kvm_cpuid_apply_policy(table);
	for (size_t i = 0; i < COUNT(bits); i++) {
		bool visible =
			value(bits[i].function, bits[i].index, bits[i].which) >> bits[i].bit & 1;

		if (visible != bits[i].visible)
			FAIL("%s is %s", bits[i].name, visible ? "visible" : "hidden");
	}
}

static void only_x87_sse_and_avx_state_is_offered(void)
{
	offer(0xd, 0);
	offer(0xd, 1);
	for (uint32_t component = 2; component < 12; component++)
		offer(0xd, component);
	mote_kvm_cpuid_apply_policy(table);
	REQUIRE_EQ(value(0xd, 0, EAX), 7);
	REQUIRE_EQ(value(0xd, 0, EDX), 0);
	REQUIRE_EQ(value(0xd, 1, ECX), 0); /* supervisor components */
	REQUIRE_EQ(value(0xd, 1, EDX), 0);
	REQUIRE(mote_kvm_cpuid_find(table, 0xd, 2) != NULL); /* AVX */
	for (uint32_t component = 3; component < 12; component++)
		REQUIRE(mote_kvm_cpuid_find(table, 0xd, component) == NULL);
	REQUIRE_EQ(table->nent, 3);
}

static void paravirtual_leaves_are_left_out(void)
{
	static const uint32_t hidden[] = {0x40000001, 0x40000010, 0x400000ff};
	static const uint32_t kept[] = {0, 2, 0x3fffffff, 0x40000100, 0x80000000u};

	for (size_t i = 0; i < COUNT(hidden); i++)
		offer(hidden[i], 0);
	for (size_t i = 0; i < COUNT(kept); i++)
		offer(kept[i], 0);
	mote_kvm_cpuid_apply_policy(table);
	for (size_t i = 0; i < COUNT(hidden); i++)
		REQUIRE(mote_kvm_cpuid_find(table, hidden[i], 0) == NULL);
	for (size_t i = 0; i < COUNT(kept); i++) {
		REQUIRE(mote_kvm_cpuid_find(table, kept[i], 0) != NULL);
		REQUIRE_EQ(value(kept[i], 0, EAX), ~0u);
		REQUIRE_EQ(value(kept[i], 0, EDX), ~0u);
	}
	REQUIRE_EQ(table->nent, COUNT(kept));
}

static void the_hypervisor_has_a_name_and_nothing_behind_it(void)
{
	offer(0x40000000, 0);
	table->entries[0].eax = 0x40000001;
	mote_kvm_cpuid_apply_policy(table);
	REQUIRE_EQ(value(0x40000000, 0, EAX), 0x40000000);
	REQUIRE_EQ(value(0x40000000, 0, EBX), ~0u);
	REQUIRE_EQ(value(0x40000000, 0, EDX), ~0u);
}

static void leaves_of_zeros_are_left_out(void)
{
	for (uint32_t i = 0; i < 6; i++) {
		const uint32_t one = i == 0, two = i == 1, three = i == 2, four = i == 3;

		table->entries[table->nent++] =
			(struct mote_kvm_x86_cpuid_entry){i, 0, 0, one, two, three, four, {0}};
	}
	mote_kvm_cpuid_apply_policy(table);
	REQUIRE_EQ(table->nent, 4);
	for (uint32_t i = 0; i < 4; i++)
		REQUIRE_EQ(table->entries[i].function, i);
}

static void svm_details_are_gone_and_the_apic_id_is_zero(void)
{
	offer(0x8000000au, 0);
	offer(1, 0);
	mote_kvm_cpuid_apply_policy(table);
	REQUIRE(mote_kvm_cpuid_find(table, 0x8000000au, 0) == NULL);
	REQUIRE_EQ(value(1, 0, EBX) >> 24, 0);
	REQUIRE_EQ(value(1, 0, EAX), ~0u); /* family and model */
}

static void an_empty_table_and_missing_leaves(void)
{
	mote_kvm_cpuid_apply_policy(table);
	REQUIRE_EQ(table->nent, 0);
	REQUIRE(mote_kvm_cpuid_find(table, 0, 0) == NULL);
	offer(7, 0);
	REQUIRE(mote_kvm_cpuid_find(table, 7, 1) == NULL);
	REQUIRE(mote_kvm_cpuid_find(table, 1, 0) == NULL);
	REQUIRE(mote_kvm_cpuid_find(table, 7, 0) == (&table->entries[0]));
}

static void the_policy_can_be_applied_twice(void)
{
	struct mote_kvm_x86_cpuid_entry first[3];

	offer(1, 0);
	offer(7, 0);
	offer(0xd, 0);
	mote_kvm_cpuid_apply_policy(table);
	memcpy(first, table->entries, sizeof(first));
	mote_kvm_cpuid_apply_policy(table);
	REQUIRE_EQ(table->nent, 3);
	REQUIRE_MEM(first, table->entries, sizeof(first));
}

#define WITH_TABLE(test) CASE_WITHIN(test, make_table, delete_table)

static const struct test_case cases[] = {
	WITH_TABLE(features_are_hidden_or_kept),
	WITH_TABLE(only_x87_sse_and_avx_state_is_offered),
	WITH_TABLE(paravirtual_leaves_are_left_out),
	WITH_TABLE(the_hypervisor_has_a_name_and_nothing_behind_it),
	WITH_TABLE(leaves_of_zeros_are_left_out),
	WITH_TABLE(svm_details_are_gone_and_the_apic_id_is_zero),
	WITH_TABLE(an_empty_table_and_missing_leaves),
	WITH_TABLE(the_policy_can_be_applied_twice),
};

int main(int argc, char **argv)
{
	return test_main("kvm_x86_64_cpuid", cases, TEST_COUNT(cases), argc, argv);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The CPUID policy: what a guest must not see is gone, the rest stays as it was; and what mote
 * derives from the leaves.
 */
#include "hypervisor/arch/x86_64/x86_64_cpuid.h"

#include "hypervisor/arch/x86_64/x86_64_monitor.h"
#include "hypervisor/arch/x86_64/x86_64_registers.h"

#include "../../../unit_test.h"

enum reg { EAX, EBX, ECX, EDX };

/* A leaf in which the processor offers everything. */
static struct mote_x86_64_cpuid_leaf offered(uint32_t function, uint32_t index)
{
	return (struct mote_x86_64_cpuid_leaf){function, index, ~0u, ~0u, ~0u, ~0u};
}

static uint32_t value(const struct mote_x86_64_cpuid_leaf *leaf, enum reg which)
{
	const uint32_t values[] = {leaf->eax, leaf->ebx, leaf->ecx, leaf->edx};

	return values[which];
}

static void check_leaf(const struct mote_x86_64_cpuid_leaf *leaf,
		       const struct mote_x86_64_cpuid_leaf *expected)
{
	REQUIRE_EQ(leaf->function, expected->function);
	REQUIRE_EQ(leaf->index, expected->index);
	REQUIRE_EQ(leaf->eax, expected->eax);
	REQUIRE_EQ(leaf->ebx, expected->ebx);
	REQUIRE_EQ(leaf->ecx, expected->ecx);
	REQUIRE_EQ(leaf->edx, expected->edx);
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
	for (size_t i = 0; i < COUNT(bits); i++) {
		struct mote_x86_64_cpuid_leaf leaf = offered(bits[i].function, bits[i].index);
		bool visible;

		REQUIRE(mote_x86_64_cpuid_filter(&leaf));
		visible = value(&leaf, bits[i].which) >> bits[i].bit & 1;
		if (visible != bits[i].visible)
			FAIL("%s is %s", bits[i].name, visible ? "visible" : "hidden");
	}
}

/* A bit that is missing in the table above shows here. */
static void what_is_left_of_a_leaf_of_ones(void)
{
	static const struct mote_x86_64_cpuid_leaf expected[] = {
		{0, 0, ~0u, ~0u, ~0u, ~0u},
		{1, 0, ~0u, 0x00ffffff, 0xfedfffd7, ~0u}, /* the APIC id is 0 */
		{4, 3, ~0u, ~0u, ~0u, ~0u},
		{7, 0, ~0u, 0x23dcf7ef, 0xfffea705, 0xfc2ff6f3},
		{7, 1, 0xffdfffdf, ~0u, ~0u, ~0u},
		{7, 2, ~0u, ~0u, ~0u, ~0u},
		{0xd, 0, 7, ~0u, ~0u, 0},	 /* x87, SSE, AVX */
		{0xd, 1, 0xfffffff7, ~0u, 0, 0}, /* no supervisor state */
		{0xd, 2, ~0u, ~0u, ~0u, ~0u},
		{0x3fffffffu, 0, ~0u, ~0u, ~0u, ~0u},
		{0x40000000u, 0, 0xffffff00, ~0u, ~0u, ~0u},
		{0x40000100u, 0, ~0u, ~0u, ~0u, ~0u},
		{0x80000001u, 0, ~0u, ~0u, 0xdffffffb, ~0u},
		{0x80000008u, 0, ~0u, ~0u, ~0u, ~0u},
	};

	for (size_t i = 0; i < COUNT(expected); i++) {
		struct mote_x86_64_cpuid_leaf leaf =
			offered(expected[i].function, expected[i].index);

		REQUIRE(mote_x86_64_cpuid_filter(&leaf));
		check_leaf(&leaf, &expected[i]);
		/* And again: nothing more goes. */
		REQUIRE(mote_x86_64_cpuid_filter(&leaf));
		check_leaf(&leaf, &expected[i]);
	}
}

static void hidden_leaves_are_left_out(void)
{
	static const uint32_t hidden[] = {0x40000001u, 0x40000010u, 0x400000ffu, 0x8000000au};

	for (size_t i = 0; i < COUNT(hidden); i++) {
		struct mote_x86_64_cpuid_leaf leaf = offered(hidden[i], 0);

		REQUIRE(!mote_x86_64_cpuid_filter(&leaf));
	}
	for (uint32_t component = 3; component < 64; component++) {
		struct mote_x86_64_cpuid_leaf leaf = offered(0xd, component);

		REQUIRE(!mote_x86_64_cpuid_filter(&leaf));
	}
}

/* A missing leaf reads the same. */
static void leaves_of_zeros_are_left_out(void)
{
	struct mote_x86_64_cpuid_leaf leaf = {.function = 2, .index = 3};

	REQUIRE(!mote_x86_64_cpuid_filter(&leaf));
	/* Only PKU, which is hidden. */
	leaf = (struct mote_x86_64_cpuid_leaf){.function = 7, .ecx = 1u << 3};
	REQUIRE(!mote_x86_64_cpuid_filter(&leaf));
	for (unsigned i = 0; i < 4; i++) {
		leaf = (struct mote_x86_64_cpuid_leaf){2, 3, i == 0, i == 1, i == 2, i == 3};
		REQUIRE(mote_x86_64_cpuid_filter(&leaf));
		check_leaf(&leaf,
			   &(struct mote_x86_64_cpuid_leaf){2, 3, i == 0, i == 1, i == 2, i == 3});
	}
}

static void the_last_hypervisor_leaf_is_the_first(void)
{
	struct mote_x86_64_cpuid_leaf leaf = {.function = 0x40000000, .eax = 0x40000001, .ebx = 5};

	REQUIRE(mote_x86_64_cpuid_filter(&leaf));
	REQUIRE_EQ(leaf.eax, 0x40000000);
	REQUIRE_EQ(leaf.ebx, 5);
}

/* ---- What mote derives --------------------------------------------------------------------- */

static struct mote_x86_64_cpuid_facts learned(struct mote_x86_64_cpuid_leaf leaf)
{
	struct mote_x86_64_cpuid_facts facts = MOTE_X86_64_CPUID_FACTS_INIT;

	mote_x86_64_cpuid_learn(&facts, &leaf);
	return facts;
}

static void features_are_single_bits(void)
{
	static const struct {
		uint32_t function;
		enum reg which;
		unsigned bit;
		uint64_t feature;
	} rows[] = {
		{7, EBX, 0, MOTE_X86_64_FEATURE_FSGSBASE},
		{7, ECX, 2, MOTE_X86_64_FEATURE_UMIP},
		{1, ECX, 26, MOTE_X86_64_FEATURE_XSAVE},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mote_x86_64_cpuid_leaf leaf = {.function = rows[i].function};
		uint32_t *place = rows[i].which == EBX ? &leaf.ebx : &leaf.ecx;

		*place = 1u << rows[i].bit;
		REQUIRE_EQ(learned(leaf).features, rows[i].feature);
		leaf.index = 1; /* another leaf */
		REQUIRE_EQ(learned(leaf).features, 0);
		leaf = offered(rows[i].function, 0);
		place = rows[i].which == EBX ? &leaf.ebx : &leaf.ecx;
		*place &= ~(1u << rows[i].bit);
		REQUIRE_EQ(learned(leaf).features & rows[i].feature, 0);
	}
}

static void xcr0_is_what_leaf_13_offers(void)
{
	for (uint32_t offer = 0; offer < 16; offer++)
		REQUIRE_EQ(learned((struct mote_x86_64_cpuid_leaf){0xd, 0, offer, 0, 0, 0}).xcr0,
			   offer & 7);
	REQUIRE_EQ(learned(offered(0xd, 0)).xcr0,
		   MOTE_X86_64_XCR0_X87 | MOTE_X86_64_XCR0_SSE | MOTE_X86_64_XCR0_AVX);
	REQUIRE_EQ(learned(offered(0xd, 1)).xcr0, 0);
}

static void address_bits_are_at_least_36(void)
{
	static const uint32_t rows[][2] = {{0, 36},  {35, 36}, {36, 36},
					   {39, 39}, {52, 52}, {0xffff3034, 52}};

	for (size_t i = 0; i < COUNT(rows); i++)
		REQUIRE_EQ(learned((struct mote_x86_64_cpuid_leaf){0x80000008u, 0, rows[i][0], 0, 0,
								   0})
				   .address_bits,
			   rows[i][1]);
}

static void no_leaf_says_nothing_and_all_add_up(void)
{
	static const uint32_t functions[] = {0, 1, 7, 0xd, 0x80000001u, 0x80000008u};
	struct mote_x86_64_cpuid_facts facts = MOTE_X86_64_CPUID_FACTS_INIT;

	REQUIRE_EQ(facts.features, 0);
	REQUIRE_EQ(facts.xcr0, 0);
	REQUIRE_EQ(facts.address_bits, 36);
	for (size_t i = 0; i < COUNT(functions); i++) {
		struct mote_x86_64_cpuid_leaf leaf = offered(functions[i], 0);

		REQUIRE(mote_x86_64_cpuid_filter(&leaf));
		mote_x86_64_cpuid_learn(&facts, &leaf);
	}
	REQUIRE_EQ(facts.features, MOTE_X86_64_FEATURE_UMIP | MOTE_X86_64_FEATURE_FSGSBASE |
					   MOTE_X86_64_FEATURE_XSAVE | MOTE_X86_64_FEATURE_AVX);
	REQUIRE_EQ(facts.xcr0, 7);
	REQUIRE_EQ(facts.address_bits, 255);
}

static const struct test_case cases[] = {
	CASE(features_are_hidden_or_kept),
	CASE(what_is_left_of_a_leaf_of_ones),
	CASE(hidden_leaves_are_left_out),
	CASE(leaves_of_zeros_are_left_out),
	CASE(the_last_hypervisor_leaf_is_the_first),
	CASE(features_are_single_bits),
	CASE(xcr0_is_what_leaf_13_offers),
	CASE(address_bits_are_at_least_36),
	CASE(no_leaf_says_nothing_and_all_add_up),
};

int main(int argc, char **argv)
{
	return test_main("x86_64_cpuid", cases, TEST_COUNT(cases), argc, argv);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Every exception vector of x86_64: name, error code, fault kind; the page-fault error code.
 */
#include "hypervisor/arch/x86_64/x86_64_exception.h"
#include "hypervisor/arch/x86_64/x86_64_monitor.h"

#include "../../../unit_test.h"

static void vectors_have_their_names(void)
{
	static const char *const names[MOTE_X86_64_VECTORS] = {
		"#DE",	    "#DB",	"NMI",	    "#BP",	"#OF",
		"#BR",	    "#UD",	"#NM",	    "#DF",	"coprocessor segment overrun",
		"#TS",	    "#NP",	"#SS",	    "#GP",	"#PF",
		"reserved", "#MF",	"#AC",	    "#MC",	"#XM",
		"#VE",	    "#CP",	"reserved", "reserved", "reserved",
		"reserved", "reserved", "reserved", "#HV",	"#VC",
		"#SX",	    "reserved",
	};

	for (uint32_t vector = 0; vector < MOTE_X86_64_VECTORS; vector++)
		REQUIRE_STR(mote_x86_64_vector_name(vector), names[vector]);
	REQUIRE_STR(mote_x86_64_vector_name(32), "no vector");
	REQUIRE_STR(mote_x86_64_vector_name(MOTE_FAULT_NO_VECTOR), "no vector");
}

static void vectors_with_an_error_code(void)
{
	const uint32_t with = 1u << 8 | 0x1fu << 10 | 1u << 17 | 1u << 21 | 1u << 29 | 1u << 30;

	for (uint32_t vector = 0; vector < 32; vector++)
		REQUIRE_EQ(mote_x86_64_vector_has_error_code(vector), with >> vector & 1);
	REQUIRE(!mote_x86_64_vector_has_error_code(32 + 8));
	REQUIRE(!mote_x86_64_vector_has_error_code(UINT32_MAX));
}

static void vectors_have_their_fault_kind(void)
{
	static const mote_fault_kind kinds[32] = {
		[0] = MOTE_FAULT_ARITHMETIC,  [1] = MOTE_FAULT_SINGLE_STEP,
		[3] = MOTE_FAULT_BREAKPOINT,  [4] = MOTE_FAULT_PRIVILEGE,
		[5] = MOTE_FAULT_PRIVILEGE,   [6] = MOTE_FAULT_INSTRUCTION,
		[7] = MOTE_FAULT_INSTRUCTION, [10] = MOTE_FAULT_PRIVILEGE,
		[11] = MOTE_FAULT_PRIVILEGE,  [12] = MOTE_FAULT_PRIVILEGE,
		[13] = MOTE_FAULT_PRIVILEGE,  [14] = MOTE_FAULT_MEMORY,
		[16] = MOTE_FAULT_ARITHMETIC, [17] = MOTE_FAULT_ALIGNMENT,
		[19] = MOTE_FAULT_ARITHMETIC,
	};

	for (uint32_t vector = 0; vector < 32; vector++)
		REQUIRE_EQ(mote_x86_64_vector_fault_kind(vector),
			   kinds[vector] ? kinds[vector] : MOTE_FAULT_OTHER);
	REQUIRE_EQ(mote_x86_64_vector_fault_kind(32), MOTE_FAULT_OTHER);
	REQUIRE_EQ(mote_x86_64_vector_fault_kind(UINT32_MAX), MOTE_FAULT_OTHER);
}

static void page_fault_error_codes_tell_the_access(void)
{
	for (uint64_t code = 0; code < 0x10000; code++) {
		mote_access expected = MOTE_ACCESS_READ;

		if (code & 0x10)
			expected = MOTE_ACCESS_EXECUTE;
		else if (code & 2)
			expected = MOTE_ACCESS_WRITE;
		REQUIRE_EQ(mote_x86_64_page_fault_access(code), expected);
	}
}

static const struct test_case cases[] = {
	CASE(vectors_have_their_names),
	CASE(vectors_with_an_error_code),
	CASE(vectors_have_their_fault_kind),
	CASE(page_fault_error_codes_tell_the_access),
};

int main(int argc, char **argv)
{
	return test_main("x86_64_exception", cases, TEST_COUNT(cases), argc, argv);
}

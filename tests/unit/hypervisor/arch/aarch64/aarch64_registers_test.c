/* SPDX-License-Identifier: Apache-2.0
 *
 * Power-on values of aarch64 and printing.
 */
#include "hypervisor/arch/aarch64/aarch64_registers.h"

#include "../text_cases.h"

/* Fills a structure with n, n+1, ... as 64-bit fields. */
static void number_fields(void *structure, size_t bytes, uint64_t first)
{
	for (size_t at = 0; at < bytes; at += 8, first++)
		memcpy((uint8_t *)structure + at, &first, 8);
}

static void power_on_values(void)
{
	mote_aarch64_regs regs, expected_regs;
	struct mote_aarch64_sregs sregs, expected_sregs;
	struct mote_aarch64_fpu fpu, expected_fpu;
	struct mote_aarch64_debug_regs debug, expected_debug;

	memset(&regs, 0xa5, sizeof(regs));
	memset(&sregs, 0xa5, sizeof(sregs));
	memset(&fpu, 0xa5, sizeof(fpu));
	memset(&debug, 0xa5, sizeof(debug));
	memset(&expected_regs, 0, sizeof(expected_regs));
	memset(&expected_sregs, 0, sizeof(expected_sregs));
	memset(&expected_fpu, 0, sizeof(expected_fpu));
	memset(&expected_debug, 0, sizeof(expected_debug));
	expected_regs.pstate = 0x3c5;
	expected_sregs.sctlr = 0x30d00800;

	mote_aarch64_power_on(&regs, &sregs, &fpu, &debug);
	REQUIRE_MEM(&regs, &expected_regs, sizeof(regs));
	REQUIRE_MEM(&sregs, &expected_sregs, sizeof(sregs));
	REQUIRE_MEM(&fpu, &expected_fpu, sizeof(fpu));
	REQUIRE_MEM(&debug, &expected_debug, sizeof(debug));
}

static void power_on_accepts_no_destination(void)
{
	mote_aarch64_power_on(NULL, NULL, NULL, NULL);
}

static size_t print_regs(const void *registers, char *text, size_t capacity)
{
	return mote_aarch64_regs_print(registers, text, capacity);
}

static size_t print_sregs(const void *registers, char *text, size_t capacity)
{
	return mote_aarch64_sregs_print(registers, text, capacity);
}

static void prints_general_registers(void)
{
	mote_aarch64_regs regs;
	char text[2048], expected[32];

	number_fields(&regs, sizeof(regs), 0x100);
	mote_aarch64_regs_print(&regs, text, sizeof(text));
	for (unsigned i = 0; i < 31; i++) {
		snprintf(expected, sizeof(expected), "x%u=%016x", i, 0x100 + i);
		REQUIRE(strstr(text, expected) != NULL);
	}
	REQUIRE(strstr(text, " sp=000000000000011f\npc=0000000000000120 "
			     "pstate=0000000000000121\n") != NULL);
	check_truncation(print_regs, &regs);
}

static void prints_system_registers(void)
{
	static const char *const names[] = {
		"sctlr",       "ttbr0",	     "ttbr1", "tcr",	 "mair",      "vbar",
		"esr",	       "far",	     "cpacr", "cntkctl", "tpidr_el0", "tpidr_el1",
		"tpidrro_el0", "contextidr", "elr",   "spsr",	 "sp_el0",    "sp_el1",
	};
	struct mote_aarch64_sregs sregs;
	char text[2048], expected[48];

	REQUIRE_EQ(sizeof(sregs), COUNT(names) * 8);
	number_fields(&sregs, sizeof(sregs), 0x200);
	mote_aarch64_sregs_print(&sregs, text, sizeof(text));
	for (unsigned i = 0; i < COUNT(names); i++) {
		snprintf(expected, sizeof(expected), "%s=%016x%c", names[i], 0x200 + i,
			 i % 3 == 2 ? '\n' : ' ');
		REQUIRE(strstr(text, expected) != NULL);
	}
	check_truncation(print_sregs, &sregs);
}

static const struct test_case cases[] = {
	CASE(power_on_values),
	CASE(power_on_accepts_no_destination),
	CASE(prints_general_registers),
	CASE(prints_system_registers),
};

int main(int argc, char **argv)
{
	return test_main("aarch64_registers", cases, TEST_COUNT(cases), argc, argv);
}

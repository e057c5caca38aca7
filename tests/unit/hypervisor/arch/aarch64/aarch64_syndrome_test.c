/* SPDX-License-Identifier: Apache-2.0
 *
 * Every exception class of aarch64, every fault status code.  Syndromes written in full were
 * taken from KVM on emulated hardware.
 */
#include "hypervisor/arch/aarch64/aarch64_monitor.h"
#include "hypervisor/arch/aarch64/aarch64_syndrome.h"

#include "../../../unit_test.h"

#define NAMELESS "unallocated exception class"
#define ESR(class, iss) ((uint64_t)(class) << 26 | 1u << 25 | (iss))

/* Classes that say all by themselves; the others are below, with their status codes. */
static const struct {
	uint32_t class;
	mote_fault_kind kind;
} simple_classes[] = {
	{0x00, MOTE_FAULT_INSTRUCTION}, {0x01, MOTE_FAULT_PRIVILEGE},
	{0x03, MOTE_FAULT_PRIVILEGE},	{0x04, MOTE_FAULT_PRIVILEGE},
	{0x05, MOTE_FAULT_PRIVILEGE},	{0x06, MOTE_FAULT_PRIVILEGE},
	{0x07, MOTE_FAULT_PRIVILEGE},	{0x08, MOTE_FAULT_PRIVILEGE},
	{0x09, MOTE_FAULT_PRIVILEGE},	{0x0a, MOTE_FAULT_PRIVILEGE},
	{0x0c, MOTE_FAULT_PRIVILEGE},	{0x0d, MOTE_FAULT_INSTRUCTION},
	{0x0e, MOTE_FAULT_INSTRUCTION}, {0x11, MOTE_FAULT_PRIVILEGE},
	{0x12, MOTE_FAULT_PRIVILEGE},	{0x13, MOTE_FAULT_PRIVILEGE},
	{0x14, MOTE_FAULT_PRIVILEGE},	{0x15, MOTE_FAULT_PRIVILEGE},
	{0x16, MOTE_FAULT_PRIVILEGE},	{0x17, MOTE_FAULT_PRIVILEGE},
	{0x18, MOTE_FAULT_PRIVILEGE},	{0x19, MOTE_FAULT_PRIVILEGE},
	{0x1a, MOTE_FAULT_PRIVILEGE},	{0x1b, MOTE_FAULT_OTHER},
	{0x1c, MOTE_FAULT_INSTRUCTION}, {0x1d, MOTE_FAULT_PRIVILEGE},
	{0x1e, MOTE_FAULT_OTHER},	{0x1f, MOTE_FAULT_OTHER},
	{0x26, MOTE_FAULT_ALIGNMENT},	{0x27, MOTE_FAULT_OTHER},
	{0x28, MOTE_FAULT_ARITHMETIC},	{0x2c, MOTE_FAULT_ARITHMETIC},
	{0x2d, MOTE_FAULT_OTHER},	{0x2f, MOTE_FAULT_OTHER},
	{0x30, MOTE_FAULT_SINGLE_STEP}, {0x31, MOTE_FAULT_SINGLE_STEP},
	{0x32, MOTE_FAULT_SINGLE_STEP}, {0x33, MOTE_FAULT_SINGLE_STEP},
	{0x38, MOTE_FAULT_BREAKPOINT},	{0x3a, MOTE_FAULT_SINGLE_STEP},
	{0x3c, MOTE_FAULT_BREAKPOINT},
};
static const uint32_t detailed_classes[] = {0x20, 0x21, 0x22, 0x24, 0x25, 0x34, 0x35};

static void check(uint64_t esr, mote_fault_kind kind, mote_access access, bool address_valid)
{
	struct mote_aarch64_fault fault;

	memset(&fault, 0xa5, sizeof(fault));
	mote_aarch64_syndrome_fault(esr, &fault);
	REQUIRE_EQ(fault.kind, kind);
	REQUIRE_EQ(fault.access, access);
	REQUIRE_EQ(fault.address_valid, address_valid);
}

static void every_class_has_kind_and_name(void)
{
	bool known[64] = {false};

	for (unsigned i = 0; i < COUNT(simple_classes); i++) {
		uint32_t class = simple_classes[i].class;

		known[class] = true;
		/* Whatever the syndrome holds. */
		check(ESR(class, 0), simple_classes[i].kind, MOTE_ACCESS_NONE, false);
		check(ESR(class, 0x1ffffff), simple_classes[i].kind, MOTE_ACCESS_NONE, false);
	}
	for (unsigned i = 0; i < COUNT(detailed_classes); i++)
		known[detailed_classes[i]] = true;
	for (uint32_t class = 0; class < 64; class ++) {
		const char *name = mote_aarch64_exception_class_name(class);

		REQUIRE(name != NULL);
		REQUIRE_STR(name, mote_aarch64_vector_name(class));
		if (known[class]) {
			REQUIRE(strcmp(name, NAMELESS) != 0);
			continue;
		}
		REQUIRE_STR(name, NAMELESS);
		check(ESR(class, 0x47), MOTE_FAULT_OTHER, MOTE_ACCESS_NONE, false);
	}
	REQUIRE_STR(mote_aarch64_vector_name(64), NAMELESS);
	REQUIRE_STR(mote_aarch64_vector_name(MOTE_FAULT_NO_VECTOR), NAMELESS);
}

static void classes_have_different_names(void)
{
	for (uint32_t a = 0; a < 64; a++)
		for (uint32_t b = a + 1; b < 64; b++) {
			const char *name = mote_aarch64_vector_name(a);

			if (strcmp(name, NAMELESS) != 0)
				REQUIRE(strcmp(name, mote_aarch64_vector_name(b)) != 0);
		}
	REQUIRE_STR(mote_aarch64_vector_name(MOTE_AARCH64_EC_SVC), "svc");
	REQUIRE_STR(mote_aarch64_vector_name(MOTE_AARCH64_EC_BRK), "brk");
	REQUIRE_STR(mote_aarch64_vector_name(MOTE_AARCH64_EC_DATA_ABORT_LOWER), "data abort");
	REQUIRE_STR(mote_aarch64_vector_name(MOTE_AARCH64_EC_STEP_LOWER), "single step");
}

static mote_fault_kind kind_of_status(unsigned status)
{
	if (status < 0x10 || status == 0x35)
		return MOTE_FAULT_MEMORY;
	if (status == 0x10 || (status >= 0x14 && status <= 0x17))
		return MOTE_FAULT_PHYSICAL;
	return status == 0x21 ? MOTE_FAULT_ALIGNMENT : MOTE_FAULT_OTHER;
}

static void every_status_of_an_abort_has_its_kind(void)
{
	for (unsigned status = 0; status < 64; status++) {
		mote_fault_kind kind = kind_of_status(status);

		for (uint32_t class = 0x20; class <= 0x21; class ++)
			check(ESR(class, status), kind, MOTE_ACCESS_EXECUTE, true);
		for (uint32_t class = 0x24; class <= 0x25; class ++) {
			check(ESR(class, status), kind, MOTE_ACCESS_READ, true);
			check(ESR(class, status | 1 << 6), kind, MOTE_ACCESS_WRITE, true);
			/* Cache maintenance. */
			check(ESR(class, status | 1 << 6 | 1 << 8), kind, MOTE_ACCESS_READ, true);
			check(ESR(class, status | 1 << 10), kind, MOTE_ACCESS_READ, status != 0x10);
		}
		check(ESR(0x20, status | 1 << 10), kind, MOTE_ACCESS_EXECUTE, status != 0x10);
	}
}

static void syndromes_as_measured(void)
{
	check(0x92000047, MOTE_FAULT_MEMORY, MOTE_ACCESS_WRITE, true);	   /* str, unmapped */
	check(0x92000007, MOTE_FAULT_MEMORY, MOTE_ACCESS_READ, true);	   /* ldr, page zero */
	check(0x9200004f, MOTE_FAULT_MEMORY, MOTE_ACCESS_WRITE, true);	   /* str, read-only */
	check(0x9200000f, MOTE_FAULT_MEMORY, MOTE_ACCESS_READ, true);	   /* ldr, monitor */
	check(0x92000004, MOTE_FAULT_MEMORY, MOTE_ACCESS_READ, true);	   /* beyond T0SZ */
	check(0x8200000f, MOTE_FAULT_MEMORY, MOTE_ACCESS_EXECUTE, true);   /* branch to data */
	check(0x82000010, MOTE_FAULT_PHYSICAL, MOTE_ACCESS_EXECUTE, true); /* no memory behind */
	check(0x8a000000, MOTE_FAULT_ALIGNMENT, MOTE_ACCESS_EXECUTE, true);
	check(0x02000000, MOTE_FAULT_INSTRUCTION, MOTE_ACCESS_NONE, false); /* udf */
	check(0x56000007, MOTE_FAULT_PRIVILEGE, MOTE_ACCESS_NONE, false);   /* svc #7 */
	check(0x07e00000, MOTE_FAULT_PRIVILEGE, MOTE_ACCESS_NONE, false);   /* wfi */
	check(0x6212dc08, MOTE_FAULT_PRIVILEGE, MOTE_ACCESS_NONE, false);   /* dc zva */
	check(0xf2000123, MOTE_FAULT_BREAKPOINT, MOTE_ACCESS_NONE, false);  /* brk #0x123 */
	check(0xcb000022, MOTE_FAULT_SINGLE_STEP, MOTE_ACCESS_NONE, false);
	check(0xd2000062, MOTE_FAULT_SINGLE_STEP, MOTE_ACCESS_WRITE, true); /* watchpoint */
	check(0xd2000022, MOTE_FAULT_SINGLE_STEP, MOTE_ACCESS_READ, true);
	check(ESR(0x35, 0x22), MOTE_FAULT_SINGLE_STEP, MOTE_ACCESS_READ, true);
}

static void bits_above_31_do_not_matter(void)
{
	REQUIRE_EQ(mote_aarch64_esr(0xffffffff8200000f), 0x8200000f);
	REQUIRE_EQ(mote_aarch64_exception_class(0xffffffff8200000f), 0x20);
	check(0xffffffff8200000f, MOTE_FAULT_MEMORY, MOTE_ACCESS_EXECUTE, true);
	check(0xffffffff92000047, MOTE_FAULT_MEMORY, MOTE_ACCESS_WRITE, true);
}

static const struct test_case cases[] = {
	CASE(every_class_has_kind_and_name),	     CASE(classes_have_different_names),
	CASE(every_status_of_an_abort_has_its_kind), CASE(syndromes_as_measured),
	CASE(bits_above_31_do_not_matter),
};

int main(int argc, char **argv)
{
	return test_main("aarch64_syndrome", cases, TEST_COUNT(cases), argc, argv);
}

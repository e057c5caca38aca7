/* SPDX-License-Identifier: Apache-2.0
 *
 * Accesses that stage 2 stops: the fields of their syndrome, and how loads and stores of every kind
 * retire.  Arm ARM (DDI 0487), D19.2, ESR_EL2; C6.2 (the instructions).
 */
#include "hypervisor/arch/aarch64/aarch64_access.h"

#include "../../../unit_test.h"

#define GPA 0xe028ull
#define PC 0x400ull

static const struct {
	const char *instruction;
	uint64_t esr;
	struct mote_aarch64_access expected;
} syndromes[] = {
	{"str x9", 0x93c98047, {GPA, true, true, 8, false, true, 9}}, /* as measured */
	{"str w30", 0x939e0047, {GPA, true, true, 4, false, false, 30}},
	{"strh w0", 0x93400047, {GPA, true, true, 2, false, false, 0}},
	{"strb wzr", 0x931f0047, {GPA, true, true, 1, false, false, 31}},
	{"stlr x9", 0x93c9c047, {GPA, true, true, 8, false, true, 9}},
	{"ldr x9", 0x93c98007, {GPA, false, true, 8, false, true, 9}},
	{"ldr w4", 0x93840007, {GPA, false, true, 4, false, false, 4}},
	{"ldrsw x4", 0x93a48007, {GPA, false, true, 4, true, true, 4}},
	{"ldrh w5", 0x93450007, {GPA, false, true, 2, false, false, 5}},
	{"ldrsh x2", 0x93628007, {GPA, false, true, 2, true, true, 2}},
	{"ldrb w1", 0x93010007, {GPA, false, true, 1, false, false, 1}},
	{"ldrsb w3", 0x93230007, {GPA, false, true, 1, true, false, 3}},
	{"stp", 0x92000047, {GPA, true, false, 0, false, false, 0}},
	{"ldp", 0x92000007, {GPA, false, false, 0, false, false, 0}},
	{"dc ivac", 0x92000147, {GPA, true, false, 0, false, false, 0}},
	{"ISS alone", 0x01c98047, {GPA, true, true, 8, false, true, 9}},
	{"sign-extended ESR", 0xffffffff93c98047, {GPA, true, true, 8, false, true, 9}},
};

static void check(const struct mote_aarch64_access *access,
		  const struct mote_aarch64_access *expected)
{
	REQUIRE_EQ(access->gpa, expected->gpa);
	REQUIRE_EQ(access->write, expected->write);
	REQUIRE_EQ(access->described, expected->described);
	REQUIRE_EQ(access->bytes, expected->bytes);
	REQUIRE_EQ(access->sign_extend, expected->sign_extend);
	REQUIRE_EQ(access->is_64_bit, expected->is_64_bit);
	REQUIRE_EQ(access->register_index, expected->register_index);
}

static void syndromes_of_instructions(void)
{
	for (size_t i = 0; i < COUNT(syndromes); i++) {
		struct mote_aarch64_access access;

		memset(&access, 0xa5, sizeof(access));
		mote_aarch64_access_decode(syndromes[i].esr, GPA, &access);
		check(&access, &syndromes[i].expected);
	}
}

static void fields_are_independent(void)
{
	uint64_t seed = 99;

	for (unsigned i = 0; i < 100000; i++) {
		const uint64_t esr = random_next(&seed), gpa = random_next(&seed);
		const bool valid = esr >> 24 & 1;
		const struct mote_aarch64_access expected = {
			.gpa = gpa,
			.write = esr >> 6 & 1,
			.described = valid,
			.bytes = valid ? (uint8_t)(1 << (esr >> 22 & 3)) : 0,
			.sign_extend = valid && (esr >> 21 & 1),
			.is_64_bit = valid && (esr >> 15 & 1),
			.register_index = valid ? esr >> 16 & 31 : 0,
		};
		struct mote_aarch64_access access;

		mote_aarch64_access_decode(esr, gpa, &access);
		check(&access, &expected);
	}
}

#define PSTATE 0x3c5ull
#define STEP (1ull << 21) /* PSTATE.SS: Arm ARM, D2.12 */

/* Every register has another value; in the middle of a step. */
static mote_aarch64_regs busy_regs(void)
{
	mote_aarch64_regs regs = {.sp = 0x1000, .pc = PC, .pstate = PSTATE | STEP};

	for (unsigned i = 0; i < COUNT(regs.x); i++)
		regs.x[i] = 0xf1e2d3c4b5a69700 + i;
	return regs;
}

/* The instruction of a syndrome retires: what it leaves. */
static mote_aarch64_regs retired(uint64_t esr, uint64_t data)
{
	struct mote_aarch64_access access;
	mote_aarch64_regs regs = busy_regs();

	mote_aarch64_access_decode(esr, GPA, &access);
	mote_aarch64_access_complete(&access, data, &regs);
	return regs;
}

static const struct {
	const char *instruction;
	uint64_t esr, data, expected;
	unsigned target;
} loads[] = {
	{"ldrb w1", 0x93010007, 0xffffffffffffff80, 0x80, 1},
	{"ldrsb w3", 0x93230007, 0x1180, 0xffffff80, 3},
	{"ldrsb w3", 0x93230007, 0xff7f, 0x7f, 3},
	{"ldrsb x3", 0x93238007, 0x80, 0xffffffffffffff80, 3},
	{"ldrh w5", 0x93450007, 0xffffffffffff8001, 0x8001, 5},
	{"ldrsh w2", 0x93620007, 0x8001, 0xffff8001, 2},
	{"ldrsh x2", 0x93628007, 0x18001, 0xffffffffffff8001, 2},
	{"ldrsh x2", 0x93628007, 0xfffffffffff77fff, 0x7fff, 2},
	{"ldr w4", 0x93840007, 0xffffffff80000002, 0x80000002, 4},
	{"ldrsw x4", 0x93a48007, 0x80000002, 0xffffffff80000002, 4},
	{"ldrsw x4", 0x93a48007, 0xffffffff7ffffffe, 0x7ffffffe, 4},
	{"ldr x9", 0x93c98007, 0x8123456789abcdef, 0x8123456789abcdef, 9},
	{"ldr x0", 0x93c08007, 0, 0, 0},
	{"ldr x30", 0x93de8007, 7, 7, 30},
};

static void loads_write_their_register_only(void)
{
	for (size_t i = 0; i < COUNT(loads); i++) {
		const mote_aarch64_regs got = retired(loads[i].esr, loads[i].data);
		mote_aarch64_regs expected = busy_regs();

		expected.x[loads[i].target] = loads[i].expected;
		expected.pc = PC + 4;
		expected.pstate = PSTATE;
		if (memcmp(&got, &expected, sizeof(got)) != 0)
			FAIL("%s of 0x%llx: 0x%llx", loads[i].instruction,
			     (unsigned long long)loads[i].data,
			     (unsigned long long)got.x[loads[i].target]);
	}
}

static void stores_and_loads_to_nowhere_only_retire(void)
{
	static const uint64_t rows[] = {
		0x93c98047, /* str x9 */
		0x931f0047, /* strb wzr */
		0x939f0007, /* ldr wzr */
		0x93df8007, /* ldr xzr */
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		const mote_aarch64_regs got = retired(rows[i], ~0ull);
		mote_aarch64_regs expected = busy_regs();

		expected.pc = PC + 4;
		expected.pstate = PSTATE;
		REQUIRE_MEM(&got, &expected, sizeof(got));
	}
}

static void what_is_not_described_does_not_retire(void)
{
	const mote_aarch64_regs expected = busy_regs();
	const mote_aarch64_regs read = retired(0x92c98007, 5), written = retired(0x92c98047, 5);

	REQUIRE_MEM(&read, &expected, sizeof(read));
	REQUIRE_MEM(&written, &expected, sizeof(written));
}

static void stores_have_the_low_bytes_of_their_register(void)
{
	static const struct {
		uint64_t esr, expected;
	} rows[] = {
		{0x93c98047, 0xf1e2d3c4b5a69709}, /* str x9 */
		{0x939e0047, 0xb5a6971e},	  /* str w30 */
		{0x93400047, 0x9700},		  /* strh w0 */
		{0x930f0047, 0x0f},		  /* strb w15 */
		{0x93df8047, 0},		  /* str xzr */
		{0x931f0047, 0},		  /* strb wzr */
	};
	const mote_aarch64_regs regs = busy_regs();

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mote_aarch64_access access;

		mote_aarch64_access_decode(rows[i].esr, GPA, &access);
		REQUIRE_EQ(mote_aarch64_access_value(&access, &regs), rows[i].expected);
	}
}

static const struct test_case cases[] = {
	CASE(syndromes_of_instructions),
	CASE(fields_are_independent),
	CASE(loads_write_their_register_only),
	CASE(stores_and_loads_to_nowhere_only_retire),
	CASE(what_is_not_described_does_not_retire),
	CASE(stores_have_the_low_bytes_of_their_register),
};

int main(int argc, char **argv)
{
	return test_main("aarch64_access", cases, TEST_COUNT(cases), argc, argv);
}

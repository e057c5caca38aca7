/* SPDX-License-Identifier: Apache-2.0
 *
 * The aarch64 registers as gdb numbers and formats them.
 */
#include "hypervisor/arch/aarch64/aarch64_gdb.h"

#include "../../../unit_test.h"
#include "../gdb_cases.h"

static void numbers_and_places_are_those_that_gdb_expects(void)
{
	static const struct expected_place places[] = {
		{0, 0, 8, false},     {30, 240, 8, false}, {31, 248, 8, false},
		{32, 256, 8, false},  {33, 264, 4, false}, {34, 268, 16, false},
		{65, 764, 16, false}, {66, 780, 4, false}, {67, 784, 4, false},
		{68, 788, 8, false},  {69, 796, 8, true},  {77, 860, 8, true},
	};

	check_places(mote_aarch64_gdb_describe(0), places, COUNT(places), 78);
	CHECK_EQ(mote_gdb_general_bytes(mote_aarch64_gdb_describe(0)), 796);
	CHECK_EQ(mote_aarch64_gdb_describe(0)->pc, 32);
	CHECK_EQ(mote_aarch64_gdb_describe(0)->sp, 31);
}

static void the_description_names_what_gdb_looks_for(void)
{
	static const char *const parts[] = {
		"<architecture>aarch64</architecture>\n<osabi>GNU/Linux</osabi>\n",
		"<feature name=\"org.gnu.gdb.aarch64.core\">\n<flags id=\"cpsr_flags\" "
		"size=\"4\">\n",
		"<reg name=\"x30\" bitsize=\"64\" type=\"int\"/>\n",
		"<reg name=\"sp\" bitsize=\"64\" type=\"data_ptr\"/>\n",
		"<reg name=\"cpsr\" bitsize=\"32\" type=\"cpsr_flags\"/>\n",
		"<reg name=\"v31\" bitsize=\"128\" type=\"aarch64v\"/>\n",
		"<feature name=\"org.gnu.gdb.aarch64.tls\">\n"
		"<reg name=\"tpidr\" bitsize=\"64\" type=\"data_ptr\"/>\n",
		"<reg name=\"far_el1\" bitsize=\"64\" type=\"int64\" group=\"system\" save-",
	};
	static char text[MOTE_GDB_XML_BYTES];

	print_description(mote_aarch64_gdb_describe(0), text);
	for (size_t i = 0; i < COUNT(parts); i++)
		CHECK_CONTAINS(text, parts[i]);
}

static struct mote_aarch64_gdb_state random_state(uint64_t seed)
{
	struct mote_aarch64_gdb_state state;
	uint8_t *bytes = (uint8_t *)&state;

	for (size_t i = 0; i < sizeof(state); i++)
		bytes[i] = (uint8_t)random_next(&seed);
	return state;
}

static uint64_t value_of(const uint8_t *values, unsigned number)
{
	struct mote_gdb_place place = {0, 0, false};
	uint64_t value = 0;

	REQUIRE(mote_gdb_find_register(mote_aarch64_gdb_describe(0), number, &place));
	for (size_t i = 0; i < place.bytes && i < 8; i++)
		value |= (uint64_t)values[place.offset + i] << 8 * i;
	return value;
}

static void each_register_is_at_its_place(void)
{
	const struct mote_aarch64_gdb_state state = random_state(3);
	uint8_t values[MOTE_GDB_VALUE_BYTES];

	mote_aarch64_gdb_pack(&state, 0, values);
	CHECK_EQ(value_of(values, 0), state.regs.x[0]);
	CHECK_EQ(value_of(values, 30), state.regs.x[30]);
	CHECK_EQ(value_of(values, 31), state.regs.sp);
	CHECK_EQ(value_of(values, 32), state.regs.pc);
	CHECK_EQ(value_of(values, 33), (uint32_t)state.regs.pstate);
	CHECK_MEM(values + 268, state.fpu.v, 512);
	CHECK_EQ(value_of(values, 66), state.fpu.fpsr);
	CHECK_EQ(value_of(values, 67), state.fpu.fpcr);
	CHECK_EQ(value_of(values, 68), state.sregs.tpidr_el0);
	CHECK_EQ(value_of(values, 69), state.sregs.sctlr);
	CHECK_EQ(value_of(values, 75), state.sregs.far);
	CHECK_EQ(value_of(values, 77), state.sregs.spsr);
}

static void what_is_packed_unpacks_to_the_same(void)
{
	for (uint64_t seed = 1; seed < 100; seed++) {
		const struct mote_aarch64_gdb_state state = random_state(seed);
		struct mote_aarch64_gdb_state other = random_state(seed + 1000), before = other;
		uint8_t values[MOTE_GDB_VALUE_BYTES], again[MOTE_GDB_VALUE_BYTES];

		mote_aarch64_gdb_pack(&state, 0, values);
		mote_aarch64_gdb_unpack(values, 0, &other);
		CHECK_EQ(other.sregs.vbar, before.sregs.vbar);
		CHECK_EQ(other.regs.pstate >> 32, before.regs.pstate >> 32);
		mote_aarch64_gdb_pack(&other, 0, again);
		CHECK_MEM(again, values, 796);
	}
}

static const struct test_case cases[] = {
	CASE(numbers_and_places_are_those_that_gdb_expects),
	CASE(the_description_names_what_gdb_looks_for),
	CASE(each_register_is_at_its_place),
	CASE(what_is_packed_unpacks_to_the_same),
};

int main(int argc, char **argv)
{
	return test_main("aarch64_gdb", cases, TEST_COUNT(cases), argc, argv);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The x86_64 registers as gdb numbers and formats them.
 */
#include "hypervisor/arch/x86_64/x86_64_gdb.h"

#include "../../../unit_test.h"
#include "../gdb_cases.h"
#include "hypervisor/arch/x86_64/x86_64_monitor.h"

#define AVX MOTE_X86_64_FEATURE_AVX

static void numbers_and_places_are_those_that_gdb_expects(void)
{
	static const struct expected_place with_avx[] = {
		{0, 0, 8, false},     {6, 48, 8, false},    {7, 56, 8, false},
		{16, 128, 8, false},  {17, 136, 4, false},  {18, 140, 4, false},
		{24, 164, 10, false}, {32, 244, 4, false},  {40, 276, 16, false},
		{56, 532, 4, false},  {57, 536, 8, false},  {58, 544, 8, false},
		{59, 552, 8, false},  {60, 560, 16, false}, {75, 800, 16, false},
		{76, 816, 8, true},   {79, 840, 8, true},
	};
	static const struct expected_place without_avx[] = {
		{59, 552, 8, false},
		{60, 560, 8, true},
		{63, 584, 8, true},
	};

	check_places(mote_x86_64_gdb_describe(AVX), with_avx, COUNT(with_avx), 80);
	check_places(mote_x86_64_gdb_describe(0), without_avx, COUNT(without_avx), 64);
	CHECK_EQ(mote_gdb_general_bytes(mote_x86_64_gdb_describe(AVX)), 816);
	CHECK_EQ(mote_gdb_value_bytes(mote_x86_64_gdb_describe(AVX)), 848);
	CHECK_EQ(mote_gdb_general_bytes(mote_x86_64_gdb_describe(0)), 560);
	CHECK_EQ(mote_x86_64_gdb_describe(AVX)->pc, 16);
	CHECK_EQ(mote_x86_64_gdb_describe(AVX)->sp, 7);
}

static void the_description_names_what_gdb_looks_for(void)
{
	static const char *const parts[] = {
		"<architecture>i386:x86-64</architecture>\n<osabi>GNU/Linux</osabi>\n",
		"<feature name=\"org.gnu.gdb.i386.core\">\n<flags id=\"i386_eflags\" size=\"4\">\n",
		"<reg name=\"rsp\" bitsize=\"64\" type=\"data_ptr\"/>\n",
		"<reg name=\"rip\" bitsize=\"64\" type=\"code_ptr\"/>\n",
		"<reg name=\"st7\" bitsize=\"80\" type=\"i387_ext\"/>\n",
		"<reg name=\"xmm15\" bitsize=\"128\" type=\"vec128\"/>\n",
		"<reg name=\"orig_rax\" bitsize=\"64\" type=\"int\" group=\"system\"/>\n",
		"<reg name=\"ymm15h\" bitsize=\"128\" type=\"uint128\"/>\n",
		"\"int64\" group=\"system\" save-restore=\"no\"/>\n",
	};
	static char text[MOTE_GDB_XML_BYTES];

	print_description(mote_x86_64_gdb_describe(AVX), text);
	for (size_t i = 0; i < COUNT(parts); i++)
		CHECK_CONTAINS(text, parts[i]);
	print_description(mote_x86_64_gdb_describe(0), text);
	CHECK(strstr(text, "avx") == NULL);
}

static struct mote_x86_64_gdb_state random_state(uint64_t seed)
{
	struct mote_x86_64_gdb_state state;
	uint8_t *bytes = (uint8_t *)&state;

	for (size_t i = 0; i < sizeof(state); i++)
		bytes[i] = (uint8_t)random_next(&seed);
	for (unsigned i = 0; i < 8; i++)
		memset(state.fpu.fpr[i] + 10, 0, 6);
	return state;
}

static uint64_t value_of(const uint8_t *values, unsigned number)
{
	struct mote_gdb_place place = {0, 0, false};
	uint64_t value = 0;

	REQUIRE(mote_gdb_find_register(mote_x86_64_gdb_describe(AVX), number, &place));
	for (size_t i = 0; i < place.bytes && i < 8; i++)
		value |= (uint64_t)values[place.offset + i] << 8 * i;
	return value;
}

static void each_register_is_at_its_place(void)
{
	const struct mote_x86_64_gdb_state state = random_state(3);
	uint8_t values[MOTE_GDB_VALUE_BYTES];

	mote_x86_64_gdb_pack(&state, AVX, values);
	CHECK_EQ(value_of(values, 0), state.regs.rax);
	CHECK_EQ(value_of(values, 1), state.regs.rbx);
	CHECK_EQ(value_of(values, 4), state.regs.rsi);
	CHECK_EQ(value_of(values, 6), state.regs.rbp);
	CHECK_EQ(value_of(values, 7), state.regs.rsp);
	CHECK_EQ(value_of(values, 15), state.regs.r15);
	CHECK_EQ(value_of(values, 16), state.regs.rip);
	CHECK_EQ(value_of(values, 17), (uint32_t)state.regs.rflags);
	CHECK_EQ(value_of(values, 18), MOTE_X86_64_USER_CODE_SELECTOR);
	CHECK_EQ(value_of(values, 19), MOTE_X86_64_USER_DATA_SELECTOR);
	CHECK_EQ(value_of(values, 20), state.sregs.ds.selector);
	CHECK_EQ(value_of(values, 23), state.sregs.gs.selector);
	CHECK_EQ(value_of(values, 32), state.fpu.fcw);
	CHECK_EQ(value_of(values, 33), state.fpu.fsw);
	CHECK_EQ(value_of(values, 35), state.fpu.last_ip >> 32 & 0xffff);
	CHECK_EQ(value_of(values, 36), (uint32_t)state.fpu.last_ip);
	CHECK_EQ(value_of(values, 38), (uint32_t)state.fpu.last_dp);
	CHECK_EQ(value_of(values, 39), state.fpu.last_opcode);
	CHECK_MEM(values + 276, state.fpu.xmm, 256);
	CHECK_EQ(value_of(values, 56), state.fpu.mxcsr);
	CHECK_EQ(value_of(values, 57), state.sregs.fs.base);
	CHECK_EQ(value_of(values, 59), UINT64_MAX);
	CHECK_MEM(values + 560, state.fpu.ymm_high, 256);
	CHECK_EQ(value_of(values, 77), state.sregs.cr3);
	CHECK_EQ(value_of(values, 79), state.sregs.efer);
}

static void what_is_packed_unpacks_to_the_same(void)
{
	for (uint64_t seed = 1; seed < 100; seed++) {
		const struct mote_x86_64_gdb_state state = random_state(seed);
		struct mote_x86_64_gdb_state other = random_state(seed + 1000);
		uint8_t values[MOTE_GDB_VALUE_BYTES], again[MOTE_GDB_VALUE_BYTES];

		mote_x86_64_gdb_pack(&state, AVX, values);
		mote_x86_64_gdb_unpack(values, AVX, &other);
		CHECK_EQ(other.fpu.ftwx, state.fpu.ftwx);
		CHECK(other.sregs.ds.selector != state.sregs.ds.selector);
		CHECK(other.sregs.cr3 != state.sregs.cr3);
		mote_x86_64_gdb_pack(&other, AVX, again);
		CHECK_MEM(again, values, 140);
		CHECK_MEM(again + 164, values + 164, 816 - 164);
	}
}

static void unpacking_keeps_what_gdb_does_not_have(void)
{
	struct mote_x86_64_gdb_state state = random_state(5), before = state;
	uint8_t values[MOTE_GDB_VALUE_BYTES] = {0};

	mote_x86_64_gdb_unpack(values, 0, &state);
	CHECK_EQ(state.regs.rflags, before.regs.rflags & 0xffffffff00000000);
	CHECK_EQ(state.fpu.last_ip, before.fpu.last_ip & 0xffff000000000000);
	CHECK_EQ(state.sregs.es.selector, before.sregs.es.selector);
	CHECK_EQ(state.sregs.cr0, before.sregs.cr0);
	CHECK_MEM(state.fpu.ymm_high, before.fpu.ymm_high, sizeof(before.fpu.ymm_high));
}

/* SDM volume 1, 8.1.7: valid, zero, special, empty. */
static void the_tag_word_is_that_of_fsave(void)
{
	static const uint8_t one[10] = {[7] = 0x80, [8] = 0xff, [9] = 0x3f};
	static const uint8_t infinity[10] = {[7] = 0x80, [8] = 0xff, [9] = 0x7f};
	static const uint8_t denormal[10] = {[0] = 1};
	static const uint8_t unnormal[10] = {[0] = 1, [8] = 1};
	struct mote_x86_64_gdb_state state;
	uint8_t values[MOTE_GDB_VALUE_BYTES];

	memset(&state, 0, sizeof(state));
	mote_x86_64_gdb_pack(&state, AVX, values);
	CHECK_EQ(value_of(values, 34), 0xffff);
	/* TOP is 3: ST0 is physical register 3. */
	state.fpu.fsw = 3 << 11;
	state.fpu.ftwx = 0xf8;
	memcpy(state.fpu.fpr[0], one, 10);
	memcpy(state.fpu.fpr[2], infinity, 10);
	memcpy(state.fpu.fpr[3], denormal, 10);
	memcpy(state.fpu.fpr[4], unnormal, 10);
	mote_x86_64_gdb_pack(&state, AVX, values);
	/* From bit 0: 0 to 2 empty, 3 valid, 4 zero, 5 to 7 special. */
	CHECK_EQ(value_of(values, 34), 0x3f | 0 << 6 | 1 << 8 | 2 << 10 | 2 << 12 | 2 << 14);
}

static const struct test_case cases[] = {
	CASE(numbers_and_places_are_those_that_gdb_expects),
	CASE(the_description_names_what_gdb_looks_for),
	CASE(each_register_is_at_its_place),
	CASE(what_is_packed_unpacks_to_the_same),
	CASE(unpacking_keeps_what_gdb_does_not_have),
	CASE(the_tag_word_is_that_of_fsave),
};

int main(int argc, char **argv)
{
	return test_main("x86_64_gdb", cases, TEST_COUNT(cases), argc, argv);
}

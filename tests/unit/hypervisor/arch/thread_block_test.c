/* SPDX-License-Identifier: Apache-2.0
 *
 * Where thread-local variables lie beside the thread pointer: where the linkers have put them in
 * the code, by the rules of variant II (x86_64) and variant I (aarch64).
 */
#include "../../unit_test.h"
#include "hypervisor/arch/aarch64/aarch64_thread.h"
#include "hypervisor/arch/x86_64/x86_64_thread.h"

static const struct {
	uint64_t address, bytes, alignment;
	uint64_t below; /* x86_64: the variables begin so far below the thread pointer */
	uint64_t above; /* aarch64: so far above it */
} rows[] = {
	{0x2000, 0, 0, 0, 16},	      {0x2000, 100, 16, 112, 16},
	{0x2000, 100, 64, 128, 64},   {0x2010, 100, 64, 112, 16}, /* not a multiple of 64 */
	{0x2018, 8, 8, 8, 16},	      {0x2030, 16, 32, 16, 16},
	{0x3ff0, 16, 4096, 16, 4080}, {0x3ff8, 24, 4096, 4104, 4088},
	{0x2008, 4, 16, 8, 24},	      {UINT64_MAX - 7, 64, 64, 72, 56},
	{0x2020, 1, 1, 1, 16},	      {0x2021, 4096, 4096, 8159, 33},
};

static void variables_are_where_the_linker_put_them(void)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct mote_thread_block x86_64 = mote_x86_64_thread_block_make(
			rows[i].bytes, rows[i].alignment, rows[i].address);
		const struct mote_thread_block aarch64 = mote_aarch64_thread_block_make(
			rows[i].bytes, rows[i].alignment, rows[i].address);
		uint64_t mask = rows[i].alignment > 0 ? rows[i].alignment - 1 : 0;

		test_note("row %zu", i);
		REQUIRE_EQ(x86_64.pointer - x86_64.variables, rows[i].below);
		REQUIRE_EQ(aarch64.variables - aarch64.pointer, rows[i].above);
		REQUIRE_EQ(x86_64.variables & mask, rows[i].address & mask);
		REQUIRE_EQ(aarch64.variables & mask, rows[i].address & mask);
		REQUIRE_EQ(x86_64.pointer % MOTE_X86_64_CONTROL_BLOCK_BYTES, 0);
		REQUIRE(x86_64.variables + rows[i].bytes <= x86_64.pointer);
		REQUIRE_EQ(x86_64.bytes, x86_64.pointer + MOTE_X86_64_CONTROL_BLOCK_BYTES);
		REQUIRE_EQ(aarch64.bytes, aarch64.variables + rows[i].bytes);
	}
}

static const struct test_case cases[] = {
	CASE(variables_are_where_the_linker_put_them),
};

int main(int argc, char **argv)
{
	return test_main("thread_block", cases, TEST_COUNT(cases), argc, argv);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Each change of tables gets an ASID that was not in use since the last flush.
 */
#include "hypervisor/arch/aarch64/aarch64_asid.h"

#include "../../../unit_test.h"

#define TABLES 0x0000fedcba987001ull /* all of BADDR, and CnP */

static void asids_count_up_and_start_again_with_a_flush(void)
{
	static const struct {
		uint64_t before, after;
		bool flush;
	} rows[] = {
		{0, 1, false},	{1, 2, false},	{127, 128, false}, {254, 255, false},
		{255, 0, true}, {256, 0, true}, {0xfffe, 0, true}, {0xffff, 0, true},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mote_aarch64_asid_change change =
			mote_aarch64_asid_next(TABLES | rows[i].before << 48);

		REQUIRE_EQ(change.ttbr0, TABLES | rows[i].after << 48);
		REQUIRE_EQ(change.flush, rows[i].flush);
	}
}

static void none_is_used_twice_between_flushes(void)
{
	uint64_t ttbr0 = TABLES;
	bool used[256] = {[0] = true};

	for (unsigned i = 1; i <= 1000; i++) {
		struct mote_aarch64_asid_change change = mote_aarch64_asid_next(ttbr0);
		uint64_t asid = change.ttbr0 >> 48;

		REQUIRE_EQ(change.flush, i % 256 == 0);
		if (change.flush)
			memset(used, 0, sizeof(used));
		REQUIRE(asid < 256 && !used[asid]);
		used[asid] = true;
		ttbr0 = change.ttbr0;
	}
}

static const struct test_case cases[] = {
	CASE(asids_count_up_and_start_again_with_a_flush),
	CASE(none_is_used_twice_between_flushes),
};

int main(int argc, char **argv)
{
	return test_main("aarch64_asid", cases, TEST_COUNT(cases), argc, argv);
}

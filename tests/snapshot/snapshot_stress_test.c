/* SPDX-License-Identifier: Apache-2.0
 *
 * A hundred thousand calls, each in a clean sandbox: descriptors, mappings and memory are constant.
 */
#include "clean.h"

enum { RESTORES = 100000, WARM = 1000 };

static void run(mote_sandbox *sandbox, mote_snapshot *snapshot, uint64_t rounds)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_function count;
	mote_value result;
	uint32_t counted;

	REQUIRE_OK(mote_sandbox_find(sandbox, "count", NULL, &count, &error), &error);
	REQUIRE_OK(mote_sandbox_restore(sandbox, snapshot, &error), &error);
	counted = CALL0(sandbox, "count").as.u32;
	for (uint64_t i = 0; i < rounds; i++) {
		REQUIRE_OK(mote_sandbox_restore(sandbox, snapshot, &error), &error);
		REQUIRE_OK(mote_sandbox_call(sandbox, count, NULL, 0, NULL, &result, &error),
			   &error);
		REQUIRE_EQ(result.as.u32, counted);
	}
}

static void nothing_grows(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	mote_snapshot *snapshot = clean_take(sandbox);
	size_t fds, mappings, resident;
	uint64_t pages;

	run(sandbox, snapshot, test_scale(WARM));
	fds = test_fd_count();
	mappings = test_mapping_count();
	resident = test_resident_kib();
	pages = clean_statistics(sandbox).pages_restored / clean_statistics(sandbox).restores;
	run(sandbox, snapshot, test_scale(RESTORES));
	CHECK_EQ(test_fd_count(), fds);
	CHECK_EQ(test_mapping_count(), mappings);
	/* The kernel counts pages per processor and adds them up later; a sanitizer keeps its own
	 * account of what was allocated. */
	CHECK(test_resident_kib() <= resident + (test_scale(RESTORES) == RESTORES ? 1024 : 2048));
	CHECK(clean_statistics(sandbox).pages_restored / clean_statistics(sandbox).restores <=
	      pages + 1);
	clean_restore(sandbox, snapshot);
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

static const struct test_case cases[] = {
	CASE(nothing_grows),
};

int main(int argc, char **argv)
{
	return test_main("snapshot_stress", cases, TEST_COUNT(cases), argc, argv);
}

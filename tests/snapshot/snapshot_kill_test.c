/* SPDX-License-Identifier: Apache-2.0
 *
 * Kills leave a vCPU anywhere: in the monitor, or with an exception that is yet to come.  Put back,
 * it is at the doorbell, and nothing of that is left.
 */
#define _POSIX_C_SOURCE 200809L
#include "clean.h"

enum { KILLS = 1000, CHECK_EVERY = 10 };

struct death {
	const char *name;
	mote_value arguments[2];
	size_t count;
};

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

/* Dies by a deadline at a random moment, or of itself right before. */
static mote_status die(mote_sandbox *sandbox, const struct death *death, uint64_t *random)
{
	mote_call_options limits = MOTE_CALL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_function function;

	limits.wall_ns = 1 + next_random(random) % (test_slow(1) * 100000);
	REQUIRE_OK(mote_sandbox_find(sandbox, death->name, NULL, &function, &error), &error);
	return mote_sandbox_call(sandbox, function, death->arguments, death->count, &limits, NULL,
				 &error);
}

/* Also with a handle, and no deadline. */
static void be_killed(mote_sandbox *sandbox, uint64_t *random)
{
	struct fixture_killer *killer =
		fixture_kill_later(sandbox, (unsigned)(next_random(random) % 300));
	mote_error error = MOTE_ERROR_INIT;

	CHECK_STATUS(fixture_try(sandbox, "spin", NULL, 0, NULL, &error), MOTE_KILLED, &error);
	fixture_killer_join(killer);
}

static void check_revived(mote_sandbox *sandbox, mote_snapshot *snapshot, unsigned round,
			  uint32_t counted)
{
	mote_error error = MOTE_ERROR_INIT;

	if (round % CHECK_EVERY == 0)
		clean_restore(sandbox, snapshot);
	else
		REQUIRE_OK(mote_sandbox_restore(sandbox, snapshot, &error), &error);
	REQUIRE_EQ(CALL0(sandbox, "count").as.u32, counted);
}

static void revive(const char *name, mote_value first, mote_value second, size_t count)
{
	const struct death death = {name, {first, second}, count};
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	mote_snapshot *snapshot = clean_take(sandbox);
	uint32_t counted = CALL0(sandbox, "count").as.u32;
	uint64_t random = 1, dead = 0;

	for (unsigned i = 0; i < test_scale(KILLS); i++) {
		dead += die(sandbox, &death, &random) != MOTE_OK;
		check_revived(sandbox, snapshot, i, counted);
	}
	CHECK_EQ(dead, test_scale(KILLS));
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

static void while_it_spins(void)
{
	revive("spin", mote_value_u32(0), mote_value_u32(0), 0);
}

static void while_it_dies_of_an_instruction(void)
{
	revive("die_later", mote_value_u32(2000), mote_value_u32(0), 1);
}

static void while_it_dies_of_an_access(void)
{
	revive("fault_later", mote_value_u32(2000), mote_value_u32(0), 1);
}

/* First writes trap: a new sandbox each time, for they do so once. */
static void while_its_first_writes_trap(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *origin = clean_sandbox(engine, NULL), *sandbox;
	mote_snapshot *snapshot = clean_take(origin);
	const struct mote_layout_region *heap = clean_region(origin, MOTE_LAYOUT_HEAP);
	const struct death death = {
		"write_forever", {mote_value_u64(heap->gva), mote_value_u64(heap->bytes)}, 2};
	uint32_t counted = CALL0(origin, "count").as.u32;
	uint64_t random = 7;

	for (unsigned i = 0; i < test_scale(100); i++) {
		sandbox = clean_another(origin);
		clean_restore(sandbox, snapshot);
		CHECK(die(sandbox, &death, &random) != MOTE_OK);
		check_revived(sandbox, snapshot, 0, counted);
		CHECK(die(sandbox, &death, &random) != MOTE_OK);
		check_revived(sandbox, snapshot, 0, counted);
		mote_sandbox_destroy(sandbox);
	}
	mote_snapshot_destroy(snapshot);
	fixture_destroy(origin, engine);
}

static void by_its_handle(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	mote_snapshot *snapshot = clean_take(sandbox);
	uint32_t counted = CALL0(sandbox, "count").as.u32;
	uint64_t random = 3;

	for (unsigned i = 0; i < test_scale(200); i++) {
		be_killed(sandbox, &random);
		check_revived(sandbox, snapshot, i, counted);
	}
	/* Between calls it has no effect, and none on the next one. */
	for (unsigned i = 0; i < 5; i++) {
		CHECK(!mote_interrupt_kill(mote_sandbox_get_interrupt(sandbox)));
		check_revived(sandbox, snapshot, i, counted);
		CHECK(!mote_interrupt_kill(mote_sandbox_get_interrupt(sandbox)));
	}
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

static const struct test_case cases[] = {
	CASE(while_it_spins),
	CASE(while_it_dies_of_an_instruction),
	CASE(while_it_dies_of_an_access),
	CASE(while_its_first_writes_trap),
	CASE(by_its_handle),
};

int main(int argc, char **argv)
{
	return test_main("snapshot_kill", cases, TEST_COUNT(cases), argc, argv);
}

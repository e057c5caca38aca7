/* SPDX-License-Identifier: Apache-2.0
 *
 * What must not repeat: random numbers, the stack's canary, the number of the generation.  Guests
 * learn of a new one before their first call in it, once.
 */
#include <stdlib.h>

#include "clean.h"

enum { ROUNDS = 1000 };

struct news {
	uint64_t random, canary, generation;
};

static struct news read_news(mote_sandbox *sandbox, uint32_t hooks)
{
	struct news news = {.random = CALL0(sandbox, "get_random").as.u64};

	news.canary = CALL0(sandbox, "get_canary").as.u64;
	news.generation = CALL0(sandbox, "get_generation").as.u64;
	CHECK_EQ(CALL0(sandbox, "get_hooks").as.u32, hooks);
	CHECK_EQ(news.generation, sandbox->mailbox.shared->generation);
	CHECK_EQ(news.canary & 0xff, 0);
	return news;
}

static int compare(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void check_distinct(uint64_t *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	for (size_t i = 1; i < count; i++)
		CHECK(values[i - 1] != values[i]);
}

static void check_all(const struct news *news, size_t count)
{
	uint64_t *values = calloc(count, sizeof(*values));

	REQUIRE(values);
	for (size_t i = 0; i < count; i++)
		values[i] = news[i].random;
	check_distinct(values, count);
	for (size_t i = 0; i < count; i++)
		values[i] = news[i].canary;
	check_distinct(values, count);
	for (size_t i = 0; i < count; i++)
		values[i] = news[i].generation;
	check_distinct(values, count);
	free(values);
}

static void restores_repeat_nothing(void)
{
	static struct news news[ROUNDS + 1];
	const size_t rounds = (size_t)test_scale(ROUNDS);
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	mote_snapshot *snapshot = clean_take(sandbox);

	news[0] = read_news(sandbox, 0);
	CHECK_EQ(news[0].generation, 0);
	for (size_t i = 1; i <= rounds; i++) {
		CHECK_OK(mote_sandbox_restore(sandbox, snapshot, NULL), NULL);
		news[i] = read_news(sandbox, 1);
	}
	check_all(news, rounds + 1);
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

static void clones_repeat_nothing(void)
{
	enum { CLONES = 50 };
	static struct news news[CLONES + 1];
	const size_t clones = (size_t)test_scale(CLONES);
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	mote_snapshot *snapshot = clean_take(sandbox);

	options.host_functions = fixture_functions(&options.host_function_count);
	news[0] = read_news(sandbox, 0);
	for (size_t i = 1; i <= clones; i++) {
		mote_sandbox *clone;

		REQUIRE_OK(mote_sandbox_create_from_snapshot(snapshot, &options, &clone, NULL),
			   NULL);
		news[i] = read_news(clone, 1);
		mote_sandbox_destroy(clone);
	}
	check_all(news, clones + 1);
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

/* Of a snapshot that itself is of a later generation. */
static void a_hook_runs_once_in_each_generation(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	mote_snapshot *snapshots[4];

	for (uint32_t i = 0; i < 4; i++) {
		snapshots[i] = clean_take(sandbox);
		CHECK_EQ(CALL0(sandbox, "get_hooks").as.u32, i);
		CHECK_OK(mote_sandbox_restore(sandbox, NULL, NULL), NULL);
		CHECK_EQ(CALL0(sandbox, "get_hooks").as.u32, i + 1);
		CHECK_EQ(CALL0(sandbox, "get_hooks").as.u32, i + 1);
	}
	for (uint32_t i = 0; i < 4; i++) {
		CHECK_OK(mote_sandbox_restore(sandbox, snapshots[i], NULL), NULL);
		CHECK_EQ(CALL0(sandbox, "get_hooks").as.u32, i + 1);
		mote_snapshot_destroy(snapshots[i]);
	}
	fixture_destroy(sandbox, engine);
}

static const struct test_case cases[] = {
	CASE(restores_repeat_nothing),
	CASE(clones_repeat_nothing),
	CASE(a_hook_runs_once_in_each_generation),
};

int main(int argc, char **argv)
{
	return test_main("snapshot_random", cases, TEST_COUNT(cases), argc, argv);
}

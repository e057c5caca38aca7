/* SPDX-License-Identifier: Apache-2.0
 *
 * A sandbox goes back to its pool while something fails: it waits, clean, or it is gone and its
 * place is free.
 */
#include <string.h>

#include "sweep.h"

enum { BUFFER_BYTES = 8192 };

static mote_status echo(void *user, const mote_value *arguments, size_t count, mote_value *result,
			mote_error *error)
{
	(void)user, (void)count, (void)error;
	*result = arguments[0];
	return MOTE_OK;
}

struct pooled {
	mote_engine *engine;
	mote_buffer *buffer;
	mote_pool *pool;
};

/* A pool of one, of whose memory it looks how much there is. */
static void open_pool(struct pooled *pooled)
{
	const mote_host_function function = {"host_string", "string(string)", echo, NULL, NULL};
	mote_engine_options engine = MOTE_ENGINE_OPTIONS_INIT;
	mote_sandbox_options sandbox = MOTE_SANDBOX_OPTIONS_INIT;
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot = NULL;
	mote_sandbox *first = NULL;

	engine.allocator = sweep_allocator;
	sandbox.memory_bytes = 1 << 20;
	sandbox.host_functions = &function;
	sandbox.host_function_count = 1;
	options.sandbox = &sandbox;
	options.most = 1;
	options.trim_bytes = 1 << 20;
	REQUIRE_OK(sweep_create_engine(&engine, &pooled->engine, &error), &error);
	REQUIRE_OK(mote_sandbox_create_from_file(pooled->engine, test_guest("sweep"), &sandbox,
						 &first, &error),
		   &error);
	REQUIRE_OK(mote_snapshot_take(first, NULL, &snapshot, &error), &error);
	REQUIRE_OK(mote_pool_create(snapshot, &options, &pooled->pool, &error), &error);
	REQUIRE_OK(mote_buffer_create(pooled->engine, BUFFER_BYTES, &pooled->buffer, &error),
		   &error);
	mote_snapshot_destroy(snapshot);
	mote_sandbox_destroy(first);
}

static void close_pool(struct pooled *pooled)
{
	mote_pool_destroy(pooled->pool);
	mote_buffer_release(pooled->buffer);
	mote_engine_release(pooled->engine);
}

static mote_sandbox *acquire(struct pooled *pooled)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;

	REQUIRE_OK(mote_pool_acquire(pooled->pool, &sandbox, &error), &error);
	return sandbox;
}

static mote_status call(mote_sandbox *sandbox, const char *name, size_t count)
{
	const mote_value argument = mote_value_u32(7);
	mote_function function;

	REQUIRE_OK(mote_sandbox_find(sandbox, name, NULL, &function, NULL), NULL);
	return mote_sandbox_call(sandbox, function, &argument, count, NULL, NULL, NULL);
}

static mote_sandbox *use(struct pooled *pooled, bool poison)
{
	mote_sandbox *sandbox = acquire(pooled);
	mote_error error = MOTE_ERROR_INIT;

	REQUIRE_OK(mote_sandbox_map_buffer(sandbox, pooled->buffer, true, &error), &error);
	CHECK_OK(call(sandbox, "next", 1), NULL);
	if (poison)
		CHECK(call(sandbox, "null_write", 0) == MOTE_GUEST_FAULT);
	return sandbox;
}

static mote_pool_statistics statistics_of(const struct pooled *pooled)
{
	mote_pool_statistics statistics = MOTE_POOL_STATISTICS_INIT;

	CHECK_OK(mote_pool_get_statistics(pooled->pool, &statistics, NULL), NULL);
	return statistics;
}

void sweep_release(bool poison, struct sweep_point *point)
{
	struct pooled pooled = {0};
	mote_pool_statistics statistics;
	mote_sandbox *sandbox;

	open_pool(&pooled);
	sandbox = use(&pooled, poison);
	sweep_arm(point);
	mote_pool_release(pooled.pool, sandbox);
	sweep_arm(NULL);
	statistics = statistics_of(&pooled);
	CHECK_EQ(statistics.idle + statistics.discarded, 1);
	CHECK_EQ(statistics.in_use, 0);
	CHECK_EQ(statistics.restored, statistics.idle);
	CHECK(statistics.discarded == 0 || point->hit != NULL);
	/* Whichever it is now, it has nothing of the one before. */
	sandbox = acquire(&pooled);
	CHECK(!mote_sandbox_is_poisoned(sandbox));
	CHECK_STATUS(mote_sandbox_unmap_buffer(sandbox, pooled.buffer, NULL), MOTE_NOT_FOUND, NULL);
	CHECK_OK(call(sandbox, "next", 1), NULL);
	mote_pool_release(pooled.pool, sandbox);
	CHECK_EQ(statistics_of(&pooled).created, 1 + statistics.discarded);
	close_pool(&pooled);
}

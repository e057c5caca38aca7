/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of pools share.
 */
#include "pooled.h"

static mote_sandbox *first_sandbox(mote_engine *engine)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;

	/* More than one part of memory that is tracked as a whole. */
	options.memory_bytes = 6 << 20;
	return clean_sandbox(engine, &options);
}

void pooled_open(struct pooled *pooled, const mote_engine_options *engine,
		 const mote_pool_options *options)
{
	mote_sandbox_options sandbox_options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_pool_options own = *options;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;

	*pooled = (struct pooled){0};
	test_need_hypervisor();
	REQUIRE_OK(mote_engine_create(engine, &pooled->engine, &error), &error);
	sandbox = first_sandbox(pooled->engine);
	pooled->snapshot = clean_take(sandbox);
	pooled->counted = CALL0(sandbox, "count").as.u32;
	mote_sandbox_destroy(sandbox);
	sandbox_options.host_functions = fixture_functions(&sandbox_options.host_function_count);
	own.sandbox = &sandbox_options;
	REQUIRE_OK(mote_pool_create(pooled->snapshot, &own, &pooled->pool, &error), &error);
}

void pooled_open_most(struct pooled *pooled, size_t most)
{
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;

	options.most = most;
	pooled_open(pooled, NULL, &options);
}

void pooled_close(struct pooled *pooled)
{
	mote_pool_destroy(pooled->pool);
	mote_snapshot_destroy(pooled->snapshot);
	mote_engine_release(pooled->engine);
}

mote_sandbox *pooled_acquire(struct pooled *pooled)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;

	REQUIRE_OK(mote_pool_acquire(pooled->pool, &sandbox, &error), &error);
	return sandbox;
}

void pooled_check_clean(struct pooled *pooled, mote_sandbox *sandbox)
{
	CHECK(!mote_sandbox_is_poisoned(sandbox));
	CHECK(mote_sandbox_get_fault(sandbox) == NULL);
	CHECK_EQ(sandbox->mailbox.call.buffer_count, 0);
	CHECK(sandbox->core == NULL);
	clean_check_memory(sandbox, pooled->snapshot);
	clean_check_vcpu(sandbox, pooled->snapshot);
	CHECK_EQ(CALL0(sandbox, "count").as.u32, pooled->counted);
}

mote_pool_statistics pooled_statistics(const struct pooled *pooled)
{
	mote_pool_statistics statistics = MOTE_POOL_STATISTICS_INIT;
	mote_error error = MOTE_ERROR_INIT;

	CHECK_OK(mote_pool_get_statistics(pooled->pool, &statistics, &error), &error);
	return statistics;
}

void pooled_die(mote_sandbox *sandbox, unsigned how)
{
	static const char *const names[POOLED_DEATHS] = {"die_later", "fault_later", "spin", "spin",
							 "write_forever"};
	const struct mote_layout_region *heap = clean_region(sandbox, MOTE_LAYOUT_HEAP);
	const mote_value arguments[] = {how < 2 ? mote_value_u32(100) : mote_value_u64(heap->gva),
					mote_value_u64(heap->bytes)};
	static const size_t counts[POOLED_DEATHS] = {1, 1, 0, 0, 2};
	mote_call_options limits = MOTE_CALL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_function function;

	limits.wall_ns = how == 3 ? 0 : test_slow(1) * 1000000;
	limits.cpu_ns = how == 3 ? test_slow(1) * 1000000 : 0;
	if (how < 2)
		limits.wall_ns = test_slow(1) * 60000000000;
	REQUIRE_OK(mote_sandbox_find(sandbox, names[how], NULL, &function, &error), &error);
	CHECK(mote_sandbox_call(sandbox, function, arguments, counts[how], &limits, NULL, &error) !=
	      MOTE_OK);
	CHECK(mote_sandbox_is_poisoned(sandbox));
}

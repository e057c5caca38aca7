/* SPDX-License-Identifier: Apache-2.0
 *
 * What is acquired is clean, whatever its last user did with it.
 */
#include <pthread.h>
#include <string.h>

#include <mote/core.h>

#include "pooled.h"

static void after_calls(void)
{
	struct pooled pooled;
	mote_sandbox *sandbox, *again;

	pooled_open_most(&pooled, 4);
	sandbox = pooled_acquire(&pooled);
	pooled_check_clean(&pooled, sandbox);
	for (unsigned i = 0; i < 3; i++) {
		(void)CALL(sandbox, "echo", mote_value_bytes("of somebody else", 16));
		mote_pool_release(pooled.pool, sandbox);
		again = pooled_acquire(&pooled);
		CHECK(again == sandbox);
		pooled_check_clean(&pooled, again);
	}
	CHECK_EQ(pooled_statistics(&pooled).created, 1);
	CHECK_EQ(pooled_statistics(&pooled).restored, 3);
	mote_pool_release(pooled.pool, sandbox);
	pooled_close(&pooled);
}

static void after_every_kind_of_death(void)
{
	struct pooled pooled;
	mote_sandbox *sandbox;

	pooled_open_most(&pooled, 1);
	for (unsigned i = 0; i < 3 * POOLED_DEATHS; i++) {
		sandbox = pooled_acquire(&pooled);
		pooled_check_clean(&pooled, sandbox);
		pooled_die(sandbox, i % POOLED_DEATHS);
		mote_pool_release(pooled.pool, sandbox);
	}
	CHECK_EQ(pooled_statistics(&pooled).created, 1);
	CHECK_EQ(pooled_statistics(&pooled).restored, 3 * POOLED_DEATHS);
	CHECK_EQ(pooled_statistics(&pooled).failed_restores, 0);
	pooled_close(&pooled);
}

/* All that the guest may write, filled. */
static void after_all_memory_was_written(void)
{
	const enum mote_layout_region_id ids[] = {MOTE_LAYOUT_HEAP, MOTE_LAYOUT_MAILBOX};
	struct pooled pooled;
	mote_sandbox *sandbox;

	pooled_open_most(&pooled, 1);
	for (unsigned i = 0; i < 2; i++) {
		const struct mote_layout_region *region;

		sandbox = pooled_acquire(&pooled);
		region = clean_region(sandbox, ids[i]);
		(void)fixture_try(sandbox, "fill",
				  (const mote_value[]){mote_value_u64(region->gva),
						       mote_value_u64(region->bytes),
						       mote_value_u64(0xabcd)},
				  3, NULL, NULL);
		mote_pool_release(pooled.pool, sandbox);
		sandbox = pooled_acquire(&pooled);
		pooled_check_clean(&pooled, sandbox);
		mote_pool_release(pooled.pool, sandbox);
	}
	CHECK_EQ(pooled_statistics(&pooled).created, 1);
	pooled_close(&pooled);
}

/* A writable buffer that stayed would be a channel to the next user. */
static void buffers_are_unmapped(void)
{
	struct pooled pooled;
	mote_error error = MOTE_ERROR_INIT;
	mote_buffer *buffers[3];
	mote_sandbox *sandbox;
	bool writable;
	uint64_t gva;

	pooled_open_most(&pooled, 1);
	writable = !pooled.engine->hypervisor->capabilities.read_only_slots;
	for (unsigned round = 0; round < 3; round++) {
		sandbox = pooled_acquire(&pooled);
		for (unsigned i = 0; i < 3; i++) {
			REQUIRE_OK(mote_buffer_create(pooled.engine, (i + 1) << 20, &buffers[i],
						      &error),
				   &error);
			REQUIRE_OK(mote_sandbox_map_buffer(sandbox, buffers[i], writable || i > 0,
							   &error),
				   &error);
		}
		gva = sandbox->mailbox.call.buffers[2].gva;
		(void)CALL(sandbox, "fill", mote_value_u64(gva), mote_value_u64(4096),
			   mote_value_u64(5));
		CHECK_EQ(*(uint64_t *)mote_buffer_get_data(buffers[2]), 5);
		if (round == 2)
			pooled_die(sandbox, 0);
		mote_pool_release(pooled.pool, sandbox);
		sandbox = pooled_acquire(&pooled);
		pooled_check_clean(&pooled, sandbox);
		CHECK_STATUS(mote_sandbox_unmap_buffer(sandbox, buffers[1], &error), MOTE_NOT_FOUND,
			     &error);
		CHECK_STATUS(fixture_try(sandbox, "find",
					 (const mote_value[]){mote_value_u64(gva),
							      mote_value_u64(4096),
							      mote_value_u64(5)},
					 3, NULL, &error),
			     MOTE_GUEST_FAULT, &error);
		mote_pool_release(pooled.pool, sandbox);
		for (unsigned i = 0; i < 3; i++)
			mote_buffer_release(buffers[i]);
	}
	CHECK_EQ(pooled_statistics(&pooled).created, 1);
	pooled_close(&pooled);
}

/* Put back to another snapshot in between. */
static void after_a_return_to_another_snapshot(void)
{
	struct pooled pooled;
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *own;
	mote_sandbox *sandbox;

	pooled_open_most(&pooled, 1);
	sandbox = pooled_acquire(&pooled);
	(void)CALL0(sandbox, "count");
	own = clean_take(sandbox);
	(void)CALL0(sandbox, "count");
	for (unsigned i = 0; i < 2; i++) {
		REQUIRE_OK(mote_sandbox_restore(sandbox, own, &error), &error);
		mote_pool_release(pooled.pool, sandbox);
		sandbox = pooled_acquire(&pooled);
		pooled_check_clean(&pooled, sandbox);
	}
	mote_snapshot_destroy(own);
	mote_pool_release(pooled.pool, sandbox);
	CHECK_EQ(pooled_statistics(&pooled).created, 1);
	pooled_close(&pooled);
}

/* Where its last user wanted cores is not where the next one's go. */
static void core_options_are_forgotten(void)
{
	mote_core_options options = MOTE_CORE_OPTIONS_INIT;
	struct pooled pooled;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;

	pooled_open_most(&pooled, 1);
	sandbox = pooled_acquire(&pooled);
	options.directory = "/nowhere";
	if (mote_sandbox_set_core_options(sandbox, &options, &error) == MOTE_OK)
		CHECK(sandbox->core != NULL);
	mote_pool_release(pooled.pool, sandbox);
	sandbox = pooled_acquire(&pooled);
	pooled_check_clean(&pooled, sandbox);
	mote_pool_release(pooled.pool, sandbox);
	CHECK_EQ(pooled_statistics(&pooled).created, 1);
	pooled_close(&pooled);
}

/* A kill of an earlier user's call has no effect on a later one. */
static void kills_that_come_late(void)
{
	struct pooled pooled;
	mote_interrupt_state state;
	mote_interrupt *interrupt;
	mote_sandbox *sandbox;

	pooled_open_most(&pooled, 1);
	sandbox = pooled_acquire(&pooled);
	interrupt = mote_interrupt_retain(mote_sandbox_get_interrupt(sandbox));
	(void)CALL0(sandbox, "count");
	state = test_interrupt_state(interrupt);
	mote_pool_release(pooled.pool, sandbox);
	CHECK(!mote_interrupt_kill(interrupt));
	CHECK(!mote_interrupt_kill_call(interrupt, state.call_id));
	sandbox = pooled_acquire(&pooled);
	CHECK(mote_sandbox_get_interrupt(sandbox) == interrupt);
	CHECK(!mote_interrupt_kill_call(interrupt, state.call_id));
	pooled_check_clean(&pooled, sandbox);
	CHECK(test_interrupt_state(interrupt).call_id > state.call_id);
	mote_interrupt_release(interrupt);
	mote_pool_release(pooled.pool, sandbox);
	pooled_close(&pooled);
}

/* Numbers that must be unique are, also between sandboxes that were made and those put back. */
static void what_must_be_new_is(void)
{
	enum { ROUNDS = 20 };
	uint64_t seen[2 * ROUNDS] = {0};
	struct pooled pooled;

	pooled_open_most(&pooled, 2);
	for (unsigned i = 0; i < ROUNDS; i++) {
		mote_sandbox *pair[2];

		for (unsigned j = 0; j < 2; j++) {
			pair[j] = pooled_acquire(&pooled);
			seen[2 * i + j] = CALL0(pair[j], "get_random").as.u64;
		}
		CHECK(seen[2 * i] != seen[2 * i + 1]);
		for (unsigned j = 0; j < 2 * i; j++)
			CHECK(seen[j] != seen[2 * i] && seen[j] != seen[2 * i + 1]);
		for (unsigned j = 0; j < 2; j++)
			mote_pool_release(pooled.pool, pair[j]);
	}
	pooled_close(&pooled);
}

struct turn {
	struct pooled *pooled;
	mote_sandbox *sandbox;
};

static void *use_and_release(void *user)
{
	struct turn *turn = user;

	pooled_check_clean(turn->pooled, turn->sandbox);
	pooled_die(turn->sandbox, 0);
	mote_pool_release(turn->pooled->pool, turn->sandbox);
	return NULL;
}

/* Acquired on one thread, used and released on another: also where vCPUs belong to threads. */
static void from_thread_to_thread(void)
{
	struct pooled pooled;
	pthread_t thread;

	pooled_open_most(&pooled, 1);
	for (unsigned i = 0; i < 5; i++) {
		struct turn turn = {&pooled, pooled_acquire(&pooled)};

		(void)CALL0(turn.sandbox, "get_hooks");
		REQUIRE_OK(mote_sandbox_restore(turn.sandbox, NULL, NULL), NULL);
		REQUIRE(pthread_create(&thread, NULL, use_and_release, &turn) == 0);
		pthread_join(thread, NULL);
	}
	CHECK_EQ(pooled_statistics(&pooled).created, 1);
	pooled_close(&pooled);
}

static const struct test_case cases[] = {
	CASE(after_calls),
	CASE(after_every_kind_of_death),
	CASE(after_all_memory_was_written),
	CASE(buffers_are_unmapped),
	CASE(after_a_return_to_another_snapshot),
	CASE(core_options_are_forgotten),
	CASE(kills_that_come_late),
	CASE(what_must_be_new_is),
	CASE(from_thread_to_thread),
};

int main(int argc, char **argv)
{
	return test_main("pool_clean", cases, TEST_COUNT(cases), argc, argv);
}

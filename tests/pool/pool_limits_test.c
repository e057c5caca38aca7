/* SPDX-License-Identifier: Apache-2.0
 *
 * How many sandboxes there are at one time, and how many wait.
 */
#include "pooled.h"

enum { MOST = 4 };

static void check_numbers(const struct pooled *pooled, uint64_t idle, uint64_t in_use)
{
	const mote_pool_statistics statistics = pooled_statistics(pooled);

	CHECK_EQ(statistics.idle, idle);
	CHECK_EQ(statistics.in_use, in_use);
}

static void check_full(struct pooled *pooled)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;

	CHECK_STATUS(mote_pool_acquire(pooled->pool, &sandbox, &error), MOTE_LIMIT, &error);
	CHECK_CONTAINS(error.text, "all of its 4 sandboxes are in use; raise most");
	CHECK(sandbox == NULL);
}

static void no_more_than_most(void)
{
	mote_sandbox *sandboxes[MOST];
	struct pooled pooled;

	pooled_open_most(&pooled, MOST);
	check_numbers(&pooled, 0, 0);
	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < MOST; i++)
			sandboxes[i] = pooled_acquire(&pooled);
		check_numbers(&pooled, 0, MOST);
		check_full(&pooled);
		/* A place is free again after a release, and after a destruction. */
		if (round == 1)
			pooled_die(sandboxes[1], 1);
		mote_pool_release(pooled.pool, sandboxes[1]);
		check_numbers(&pooled, 1, MOST - 1);
		sandboxes[1] = pooled_acquire(&pooled);
		check_full(&pooled);
		mote_sandbox_destroy(sandboxes[2]);
		check_numbers(&pooled, 0, MOST - 1);
		sandboxes[2] = pooled_acquire(&pooled);
		check_full(&pooled);
		for (unsigned i = 0; i < MOST; i++)
			mote_pool_release(pooled.pool, sandboxes[i]);
		check_numbers(&pooled, MOST, 0);
	}
	CHECK_EQ(pooled_statistics(&pooled).created, MOST + 3);
	pooled_close(&pooled);
}

/* The one that was released last has what it needs in the processor's caches. */
static void the_last_one_first(void)
{
	mote_sandbox *sandboxes[MOST];
	struct pooled pooled;

	pooled_open_most(&pooled, MOST);
	for (unsigned i = 0; i < MOST; i++)
		sandboxes[i] = pooled_acquire(&pooled);
	for (unsigned i = 0; i < MOST; i++)
		mote_pool_release(pooled.pool, sandboxes[i]);
	for (unsigned i = MOST; i > 0; i--)
		CHECK(pooled_acquire(&pooled) == sandboxes[i - 1]);
	for (unsigned i = 0; i < MOST; i++)
		mote_pool_release(pooled.pool, sandboxes[i]);
	CHECK_EQ(pooled_statistics(&pooled).reused, MOST);
	pooled_close(&pooled);
}

/* A thread that looked at the stack before must see that it is not as it was, although it looks the
 * same. */
static void changes_of_the_stacks_are_counted(void)
{
	struct pooled pooled;
	mote_sandbox *sandbox;
	uint64_t before, now;

	pooled_open_most(&pooled, 2);
	for (unsigned i = 0; i < 3; i++) {
		before = atomic_load(&pooled.pool->vacant.head);
		sandbox = pooled_acquire(&pooled);
		mote_sandbox_destroy(sandbox);
		now = atomic_load(&pooled.pool->vacant.head);
		CHECK(now != before && (uint16_t)now == (uint16_t)before);
	}
	mote_pool_release(pooled.pool, pooled_acquire(&pooled));
	for (unsigned i = 0; i < 3; i++) {
		before = atomic_load(&pooled.pool->idle.head);
		mote_pool_release(pooled.pool, pooled_acquire(&pooled));
		now = atomic_load(&pooled.pool->idle.head);
		CHECK(now != before && (uint16_t)now == (uint16_t)before);
	}
	pooled_close(&pooled);
}

static void no_more_than_most_idle_wait(void)
{
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	mote_sandbox *sandboxes[MOST];
	struct pooled pooled;

	options.most = MOST;
	options.most_idle = 2;
	pooled_open(&pooled, NULL, &options);
	for (unsigned i = 0; i < MOST; i++)
		sandboxes[i] = pooled_acquire(&pooled);
	for (unsigned i = 0; i < MOST; i++)
		mote_pool_release(pooled.pool, sandboxes[i]);
	check_numbers(&pooled, 2, 0);
	CHECK_EQ(pooled_statistics(&pooled).discarded, 2);
	CHECK_EQ(pooled_statistics(&pooled).failed_restores, 0);
	CHECK(pooled_acquire(&pooled) == sandboxes[1]);
	mote_pool_release(pooled.pool, sandboxes[1]);
	check_numbers(&pooled, 2, 0);
	pooled_close(&pooled);
}

static void refill_makes_least_idle(void)
{
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandboxes[MOST];
	struct pooled pooled;

	options.most = MOST;
	options.least_idle = 2;
	options.most_idle = 3;
	pooled_open(&pooled, NULL, &options);
	check_numbers(&pooled, 0, 0);
	for (unsigned i = 0; i < 2; i++) {
		CHECK_OK(mote_pool_refill(pooled.pool, &error), &error);
		check_numbers(&pooled, 2, 0);
	}
	for (unsigned i = 0; i < 3; i++)
		sandboxes[i] = pooled_acquire(&pooled);
	CHECK_EQ(pooled_statistics(&pooled).reused, 2);
	for (unsigned i = 0; i < 3; i++)
		pooled_check_clean(&pooled, sandboxes[i]);
	/* As many as there is room for. */
	CHECK_OK(mote_pool_refill(pooled.pool, &error), &error);
	check_numbers(&pooled, 1, 3);
	sandboxes[3] = pooled_acquire(&pooled);
	CHECK_OK(mote_pool_refill(pooled.pool, &error), &error);
	check_numbers(&pooled, 0, MOST);
	check_full(&pooled);
	for (unsigned i = 0; i < MOST; i++)
		mote_pool_release(pooled.pool, sandboxes[i]);
	check_numbers(&pooled, 3, 0);
	CHECK_EQ(pooled_statistics(&pooled).created, MOST);
	pooled_close(&pooled);
}

static void trim_destroys_idle_ones(void)
{
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	struct pooled pooled;
	mote_sandbox *sandbox;
	size_t fds;

	options.most = options.least_idle = MOST;
	pooled_open(&pooled, NULL, &options);
	fds = test_fd_count();
	mote_pool_trim(pooled.pool, 0);
	mote_pool_trim(NULL, 0);
	CHECK_OK(mote_pool_refill(pooled.pool, NULL), NULL);
	CHECK(test_fd_count() > fds);
	sandbox = pooled_acquire(&pooled);
	mote_pool_trim(pooled.pool, MOST);
	check_numbers(&pooled, MOST - 1, 1);
	mote_pool_trim(pooled.pool, 1);
	check_numbers(&pooled, 1, 1);
	mote_pool_trim(pooled.pool, 0);
	check_numbers(&pooled, 0, 1);
	pooled_check_clean(&pooled, sandbox);
	mote_pool_release(pooled.pool, sandbox);
	check_numbers(&pooled, 1, 0);
	mote_pool_trim(pooled.pool, 0);
	CHECK_EQ(test_fd_count(), fds);
	pooled_close(&pooled);
}

static const struct test_case cases[] = {
	CASE(changes_of_the_stacks_are_counted),
	CASE(no_more_than_most),
	CASE(the_last_one_first),
	CASE(no_more_than_most_idle_wait),
	CASE(refill_makes_least_idle),
	CASE(trim_destroys_idle_ones),
};

int main(int argc, char **argv)
{
	return test_main("pool_limits", cases, TEST_COUNT(cases), argc, argv);
}

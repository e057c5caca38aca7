/* SPDX-License-Identifier: Apache-2.0
 *
 * What an acquired sandbox costs: no system call and no memory when one waits.  To put it back
 * takes no memory either.
 */
#include <stdlib.h>

#include "pooled.h"
#include "system_calls.h"

enum { ROUNDS = 50 };

/* ---- Memory ------------------------------------------------------------------------------- */

/* How often the library asked for memory or gave some back. */
static unsigned asked;

static void *allocate(void *user, size_t bytes)
{
	(void)user;
	asked++;
	return malloc(bytes);
}

static void *reallocate(void *user, void *pointer, size_t bytes)
{
	(void)user;
	asked++;
	return realloc(pointer, bytes);
}

static void release(void *user, void *pointer)
{
	(void)user;
	asked += pointer != NULL;
	free(pointer);
}

/* ---- Cases -------------------------------------------------------------------------------- */

static void acquire_counted(struct system_call_counter *counter, void *user)
{
	struct pooled *pooled = user;

	(void)system_calls_take(counter);
	for (unsigned i = 0; i < ROUNDS; i++) {
		mote_error error = MOTE_ERROR_INIT;
		mote_sandbox *sandbox = NULL;
		unsigned before = asked;
		mote_status status = mote_pool_acquire(pooled->pool, &sandbox, &error);
		struct system_calls made = system_calls_take(counter);

		CHECK_OK(status, &error);
		if (status != MOTE_OK)
			return;
		CHECK_EQ(made.runs + made.cpu_clocks + made.clocks + made.alarms + made.masks +
				 made.others,
			 0);
		CHECK_EQ(asked, before);
		CHECK_EQ(CALL0(sandbox, "count").as.u32, pooled->counted);
		if (i % 10 == 9)
			pooled_die(sandbox, 0);
		before = asked;
		mote_pool_release(pooled->pool, sandbox);
		/* To load the whole state aarch64 asks for a list of registers. */
		if (i % 10 != 9 || MOTE_ARCH_MACHINE != MOTE_MACHINE_AARCH64)
			CHECK_EQ(asked, before);
		(void)system_calls_take(counter);
	}
}

static void acquire_makes_no_system_call(void)
{
	mote_engine_options engine = MOTE_ENGINE_OPTIONS_INIT;
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	mote_sandbox *sandbox;
	struct pooled pooled;

	if (TEST_SANITIZED)
		SKIP("sanitizers make system calls of their own");
	engine.allocator = (mote_allocator){allocate, reallocate, release, NULL};
	options.most = 3;
	options.least_idle = 2;
	pooled_open(&pooled, &engine, &options);
	CHECK_OK(mote_pool_refill(pooled.pool, NULL), NULL);
	sandbox = pooled_acquire(&pooled);
	pooled_die(sandbox, 0); /* from here on there is a thread that watches deadlines */
	mote_pool_release(pooled.pool, sandbox);
	system_calls_of(acquire_counted, &pooled);
	CHECK_EQ(pooled_statistics(&pooled).created, 2);
	CHECK_EQ(pooled_statistics(&pooled).reused, ROUNDS + 1);
	pooled_close(&pooled);
}

static void refuse_counted(struct system_call_counter *counter, void *user)
{
	struct pooled *pooled = user;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;
	struct system_calls made;

	(void)system_calls_take(counter);
	for (unsigned i = 0; i < ROUNDS; i++)
		CHECK_STATUS(mote_pool_acquire(pooled->pool, &sandbox, &error), MOTE_LIMIT, &error);
	made = system_calls_take(counter);
	CHECK_EQ(made.runs + made.others + made.masks, 0);
}

static void a_refusal_makes_no_system_call(void)
{
	struct pooled pooled;
	mote_sandbox *sandbox;

	if (TEST_SANITIZED)
		SKIP("sanitizers make system calls of their own");
	pooled_open_most(&pooled, 1);
	sandbox = pooled_acquire(&pooled);
	system_calls_of(refuse_counted, &pooled);
	mote_pool_release(pooled.pool, sandbox);
	pooled_close(&pooled);
}

static const struct test_case cases[] = {
	CASE(acquire_makes_no_system_call),
	CASE(a_refusal_makes_no_system_call),
};

int main(int argc, char **argv)
{
	return test_main("pool_system_calls", cases, TEST_COUNT(cases), argc, argv);
}

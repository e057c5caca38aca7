/* SPDX-License-Identifier: Apache-2.0
 *
 * The interface: what a pool takes, what it owns and keeps alive, and what becomes of sandboxes
 * that it does not keep.
 */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mote/debug.h>

#include "pooled.h"

/* ---- Options ------------------------------------------------------------------------------ */

static void wrong_arguments(void)
{
	mote_pool_statistics statistics = MOTE_POOL_STATISTICS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	struct pooled pooled;
	mote_sandbox *sandbox = NULL;
	mote_pool *pool = NULL;

	pooled_open_most(&pooled, 1);
	CHECK_STATUS(mote_pool_create(NULL, NULL, &pool, &error), MOTE_INVALID_ARGUMENT, &error);
	CHECK_STATUS(mote_pool_create(pooled.snapshot, NULL, NULL, &error), MOTE_INVALID_ARGUMENT,
		     &error);
	CHECK_STATUS(mote_pool_acquire(NULL, &sandbox, &error), MOTE_INVALID_ARGUMENT, &error);
	CHECK_STATUS(mote_pool_acquire(pooled.pool, NULL, &error), MOTE_INVALID_ARGUMENT, &error);
	CHECK_STATUS(mote_pool_refill(NULL, &error), MOTE_INVALID_ARGUMENT, &error);
	CHECK_STATUS(mote_pool_get_statistics(NULL, &statistics, &error), MOTE_INVALID_ARGUMENT,
		     &error);
	CHECK_STATUS(mote_pool_get_statistics(pooled.pool, NULL, &error), MOTE_INVALID_ARGUMENT,
		     &error);
	statistics.size = 3;
	CHECK_STATUS(mote_pool_get_statistics(pooled.pool, &statistics, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	mote_pool_destroy(NULL);
	mote_pool_release(pooled.pool, NULL);
	mote_pool_release(NULL, NULL);
	CHECK(pool == NULL && sandbox == NULL);
	pooled_close(&pooled);
}

static void check_refused(const struct pooled *pooled, const mote_pool_options *options,
			  mote_status expected, const char *text)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_pool *pool = NULL;

	CHECK_STATUS(mote_pool_create(pooled->snapshot, options, &pool, &error), expected, &error);
	CHECK_CONTAINS(error.text, text);
	CHECK(pool == NULL);
}

static void options_of_the_pool(void)
{
	struct pooled pooled;

	pooled_open_most(&pooled, 1);
	for (unsigned i = 0; i < 5; i++) {
		mote_pool_options options = MOTE_POOL_OPTIONS_INIT;

		options.most = i == 0 ? 65536 : i == 1 ? SIZE_MAX : 10;
		options.least_idle = i == 2 ? 11 : i == 3 ? 5 : 0;
		options.most_idle = i == 3 ? 4 : i == 4 ? 11 : 0;
		check_refused(&pooled, &options, MOTE_INVALID_ARGUMENT,
			      i < 2 ? "it must be at most 65535" : "they must ascend");
	}
	pooled_close(&pooled);
}

static void options_of_its_sandboxes(void)
{
	mote_host_function wrong[] = {{"host_bytes", "bytes(u32)", NULL, NULL, NULL},
				      {"host_u32", "u32(u32)", NULL, NULL, NULL}};
	mote_sandbox_options sandbox = MOTE_SANDBOX_OPTIONS_INIT;
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	struct pooled pooled;

	pooled_open_most(&pooled, 1);
	check_refused(&pooled, NULL, MOTE_MISSING_IMPORT, "needs host function host_");
	options.sandbox = &sandbox;
	check_refused(&pooled, &options, MOTE_MISSING_IMPORT, "needs host function host_");
	sandbox.size = 5;
	check_refused(&pooled, &options, MOTE_INVALID_ARGUMENT, "sandbox options");
	sandbox = (mote_sandbox_options)MOTE_SANDBOX_OPTIONS_INIT;
	sandbox.memory_bytes = 4 << 20;
	check_refused(&pooled, &options, MOTE_WRONG_SNAPSHOT, "memory");
	sandbox.memory_bytes = 0;
	sandbox.host_functions = wrong;
	sandbox.host_function_count = 2;
	check_refused(&pooled, &options, MOTE_INVALID_ARGUMENT, "callback");
	for (unsigned i = 0; i < 2; i++)
		wrong[i].call = fixture_functions(&(size_t){0})->call;
	check_refused(&pooled, &options, MOTE_SIGNATURE, "host_bytes");
	options.size = sizeof(options) + sizeof(size_t);
	check_refused(&pooled, (void *)&(struct {
		mote_pool_options known;
		size_t later;
	}){options, 1},
		      MOTE_INVALID_ARGUMENT, "beyond");
	pooled_close(&pooled);
}

/* ---- What it owns ------------------------------------------------------------------------- */

static void count_end(void *user)
{
	++*(unsigned *)user;
}

/* As callers write them: on the stack, and gone when the pool is used. */
static mote_pool *make_pool(mote_snapshot *snapshot, unsigned *ended)
{
	mote_sandbox_options sandbox = MOTE_SANDBOX_OPTIONS_INIT;
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	const mote_host_function *from = fixture_functions(&sandbox.host_function_count);
	const size_t count = sandbox.host_function_count;
	mote_host_function *functions = calloc(count, sizeof(*functions));
	mote_error error = MOTE_ERROR_INIT;
	mote_pool *pool = NULL;

	REQUIRE(functions != NULL);
	for (size_t i = 0; i < count; i++) {
		functions[i] = from[i];
		functions[i].name = strdup(from[i].name);
		functions[i].signature = strdup(from[i].signature);
		functions[i].user = ended;
		functions[i].destroy = i < 3 ? count_end : NULL;
	}
	sandbox.host_functions = functions;
	options.sandbox = &sandbox;
	REQUIRE_OK(mote_pool_create(snapshot, &options, &pool, &error), &error);
	for (size_t i = 0; i < count; i++) {
		memset((char *)functions[i].name, 'x', strlen(functions[i].name));
		free((char *)functions[i].name);
		free((char *)functions[i].signature);
	}
	free(functions);
	return pool;
}

/* The users of the host functions belong to all sandboxes: they end once. */
static void host_functions_are_the_pools(void)
{
	mote_sandbox *first = NULL, *second = NULL;
	struct pooled pooled;
	unsigned ended = 0;
	mote_pool *pool;

	pooled_open_most(&pooled, 1);
	pool = make_pool(pooled.snapshot, &ended);
	REQUIRE_OK(mote_pool_acquire(pool, &first, NULL), NULL);
	REQUIRE_OK(mote_pool_acquire(pool, &second, NULL), NULL);
	(void)CALL(first, "ask", mote_value_bytes("1234", 4));
	CHECK_EQ(CALL(second, "ask", mote_value_bytes("1234", 4)).as.u64, 4);
	mote_sandbox_destroy(first);
	mote_pool_release(pool, second);
	mote_pool_trim(pool, 0);
	REQUIRE_OK(mote_pool_acquire(pool, &first, NULL), NULL);
	mote_pool_destroy(pool);
	CHECK_EQ(ended, 0);
	CHECK_EQ(CALL(first, "ask", mote_value_bytes("12", 2)).as.u64, 2);
	mote_pool_release(pool, first);
	CHECK_EQ(ended, 3);
	pooled_close(&pooled);
}

/* A creation that fails leaves them to the caller. */
static void host_functions_of_a_pool_that_failed(void)
{
	unsigned ended = 0;
	const mote_host_function function = {
		"other", "void()", fixture_functions(&(size_t){0})->call, &ended, count_end};
	mote_sandbox_options sandbox = MOTE_SANDBOX_OPTIONS_INIT;
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	struct pooled pooled;

	pooled_open_most(&pooled, 1);
	sandbox.host_functions = &function;
	sandbox.host_function_count = 1;
	options.sandbox = &sandbox;
	check_refused(&pooled, &options, MOTE_MISSING_IMPORT, "needs host function host_");
	CHECK_EQ(ended, 0);
	pooled_close(&pooled);
}

/* Sandboxes outlive the pool, and it keeps snapshot and engine alive. */
static void lives_are_independent(void)
{
	struct pooled pooled;
	mote_sandbox *sandboxes[3];
	mote_pool *pool;
	size_t fds;

	pooled_open_most(&pooled, 3);
	mote_snapshot_destroy(pooled.snapshot);
	mote_engine_release(pooled.engine);
	pooled.snapshot = NULL;
	pooled.engine = NULL;
	for (unsigned i = 0; i < 3; i++)
		sandboxes[i] = pooled_acquire(&pooled);
	pool = pooled.pool;
	fds = test_fd_count();
	mote_pool_release(pool, sandboxes[0]);
	CHECK_EQ(test_fd_count(), fds);
	mote_pool_destroy(pool);
	CHECK(test_fd_count() < fds);
	for (unsigned i = 1; i < 3; i++) {
		CHECK_EQ(CALL0(sandboxes[i], "count").as.u32, pooled.counted);
		CHECK_OK(mote_sandbox_restore(sandboxes[i], NULL, NULL), NULL);
		CHECK_EQ(CALL0(sandboxes[i], "count").as.u32, pooled.counted);
	}
	mote_sandbox_destroy(sandboxes[1]);
	fds = test_fd_count();
	mote_pool_release(pool, sandboxes[2]);
	CHECK(test_fd_count() < fds);
}

/* The pool that ends when the library gives memory back; NULL: none. */
static mote_pool *_Atomic ending;

static void *allocate(void *user, size_t bytes)
{
	(void)user;
	return malloc(bytes);
}

static void *reallocate(void *user, void *pointer, size_t bytes)
{
	(void)user;
	return realloc(pointer, bytes);
}

static void release_and_end(void *user, void *pointer)
{
	(void)user;
	mote_pool_destroy(atomic_exchange(&ending, NULL));
	free(pointer);
}

/* The pool ends in the middle of a release, as another thread may do: when the sandbox gives up a
 * buffer.  It does not wait for somebody who never comes. */
static void the_end_in_a_release(void)
{
	mote_engine_options engine = MOTE_ENGINE_OPTIONS_INIT;
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	struct pooled pooled;
	mote_buffer *buffer;
	mote_sandbox *sandbox;
	size_t fds;

	engine.allocator = (mote_allocator){allocate, reallocate, release_and_end, NULL};
	options.most = 2;
	pooled_open(&pooled, &engine, &options);
	fds = test_fd_count();
	sandbox = pooled_acquire(&pooled);
	REQUIRE_OK(mote_buffer_create(pooled.engine, 4096, &buffer, &error), &error);
	REQUIRE_OK(mote_sandbox_map_buffer(sandbox, buffer, true, &error), &error);
	mote_buffer_release(buffer);
	atomic_store(&ending, pooled.pool);
	mote_pool_release(pooled.pool, sandbox);
	CHECK(atomic_load(&ending) == NULL);
	CHECK_EQ(test_fd_count(), fds);
	pooled.pool = NULL;
	pooled_close(&pooled);
}

/* ---- What is not kept --------------------------------------------------------------------- */

static void sandboxes_of_others_are_destroyed(void)
{
	struct pooled pooled, other;
	mote_sandbox *sandbox;
	size_t fds;

	pooled_open_most(&pooled, 1);
	pooled_open_most(&other, 1);
	fds = test_fd_count();
	sandbox = pooled_acquire(&other);
	mote_pool_release(pooled.pool, sandbox);
	CHECK_EQ(test_fd_count(), fds);
	CHECK_EQ(pooled_statistics(&pooled).idle + pooled_statistics(&other).idle, 0);
	CHECK_EQ(pooled_statistics(&other).in_use, 0);
	mote_pool_release(pooled.pool, fixture_sandbox(pooled.engine, "snapshot", NULL));
	mote_pool_release(NULL, fixture_sandbox(pooled.engine, "snapshot", NULL));
	CHECK_EQ(test_fd_count(), fds);
	CHECK_EQ(pooled_statistics(&pooled).discarded, 0);
	pooled_close(&other);
	pooled_close(&pooled);
}

struct inside {
	mote_pool *pool;
	mote_sandbox *sandbox;
};

static mote_status release_inside(void *user, const mote_value *arguments, size_t count,
				  mote_value *result, mote_error *error)
{
	struct inside *inside = user;

	(void)count, (void)error;
	mote_pool_release(inside->pool, inside->sandbox);
	*result = arguments[0];
	return MOTE_OK;
}

/* In a call it cannot be put back: the call ends, and then the sandbox. */
static void released_in_its_call(void)
{
	struct inside inside = {0};
	const mote_host_function functions[] = {
		{"host_tick", "u32(u32)", release_inside, &inside, NULL}};
	mote_sandbox_options sandbox = MOTE_SANDBOX_OPTIONS_INIT;
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	mote_pool_statistics statistics = MOTE_POOL_STATISTICS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine = fixture_engine();
	mote_sandbox *first = fixture_sandbox(engine, "faults", NULL);
	mote_snapshot *snapshot = clean_take(first);

	sandbox.host_functions = functions;
	sandbox.host_function_count = 1;
	options.sandbox = &sandbox;
	options.most = 1;
	REQUIRE_OK(mote_pool_create(snapshot, &options, &inside.pool, &error), &error);
	for (unsigned i = 0; i < 3; i++) {
		REQUIRE_OK(mote_pool_acquire(inside.pool, &inside.sandbox, &error), &error);
		CHECK_STATUS(fixture_try(inside.sandbox, "tick_once", NULL, 0, NULL, &error),
			     MOTE_KILLED, &error);
	}
	CHECK_OK(mote_pool_get_statistics(inside.pool, &statistics, &error), &error);
	CHECK_EQ(statistics.failed_restores, 3);
	CHECK_EQ(statistics.discarded, 3);
	CHECK_EQ(statistics.idle + statistics.in_use, 0);
	mote_pool_destroy(inside.pool);
	mote_snapshot_destroy(snapshot);
	fixture_destroy(first, engine);
}

/* Somebody may come to debug it: it is not handed out to another user. */
static void one_that_listens_for_a_debugger(void)
{
	struct pooled pooled;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;
	size_t fds = 0;

	pooled_open_most(&pooled, 1);
	for (unsigned i = 0; i < 3; i++) {
		mote_status status;

		sandbox = pooled_acquire(&pooled);
		status = mote_sandbox_debug_listen(sandbox, NULL, &error);
		if (status == MOTE_UNSUPPORTED)
			SKIP("built without debugger");
		CHECK_OK(status, &error);
		if (i == 1)
			mote_sandbox_debug_close(sandbox);
		mote_pool_release(pooled.pool, sandbox);
		CHECK_EQ(pooled_statistics(&pooled).idle, 0);
		CHECK_EQ(pooled_statistics(&pooled).discarded, i + 1);
		/* What is loaded for the first one stays. */
		if (i == 0)
			fds = test_fd_count();
		CHECK_EQ(test_fd_count(), fds);
	}
	pooled_close(&pooled);
}

/* ---- fork --------------------------------------------------------------------------------- */

static int use_in_child(struct pooled *pooled, mote_sandbox *acquired)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;
	mote_pool *pool = NULL;

	if (mote_pool_acquire(pooled->pool, &sandbox, &error) != MOTE_FORKED || sandbox != NULL)
		return 1;
	if (mote_pool_refill(pooled->pool, &error) != MOTE_FORKED)
		return 2;
	if (mote_pool_create(pooled->snapshot, NULL, &pool, &error) != MOTE_FORKED || pool != NULL)
		return 3;
	mote_pool_release(pooled->pool, acquired);
	mote_pool_trim(pooled->pool, 1);
	pooled_close(pooled);
	return 0;
}

static void forked_children(void)
{
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	struct pooled pooled;
	mote_sandbox *sandbox;

	test_need_fork();
	options.most = 4;
	options.least_idle = 3;
	pooled_open(&pooled, NULL, &options);
	CHECK_OK(mote_pool_refill(pooled.pool, NULL), NULL);
	for (unsigned i = 0; i < 3; i++) {
		pid_t child;

		sandbox = pooled_acquire(&pooled);
		(void)CALL0(sandbox, "count");
		child = fork();
		if (child == 0) {
			alarm((unsigned)test_slow(60));
			_exit(use_in_child(&pooled, sandbox));
		}
		fixture_check_child(child);
		mote_pool_release(pooled.pool, sandbox);
		CHECK_EQ(pooled_statistics(&pooled).idle, 3);
		sandbox = pooled_acquire(&pooled);
		pooled_check_clean(&pooled, sandbox);
		mote_pool_release(pooled.pool, sandbox);
	}
	CHECK_EQ(pooled_statistics(&pooled).created, 3);
	pooled_close(&pooled);
}

static const struct test_case cases[] = {
	CASE(wrong_arguments),
	CASE(options_of_the_pool),
	CASE(options_of_its_sandboxes),
	CASE(host_functions_are_the_pools),
	CASE(host_functions_of_a_pool_that_failed),
	CASE(lives_are_independent),
	CASE(the_end_in_a_release),
	CASE(sandboxes_of_others_are_destroyed),
	CASE(released_in_its_call),
	CASE(one_that_listens_for_a_debugger),
	CASE(forked_children),
};

int main(int argc, char **argv)
{
	return test_main("pool_life", cases, TEST_COUNT(cases), argc, argv);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What the host pays: the allocator that the caller gave, and nothing left behind
 * after thousands of sandboxes.  Allocations that fail: tests/sweep.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bed_systems.h"
#include "fixture.h"
#include "sandbox/sandbox_internal.h"

/* ---- Allocators -------------------------------------------------------------------------- */

struct account {
	uint64_t allocations; /* and reallocations, so far */
	int64_t live;
};

static void *count_allocate(void *user, size_t bytes)
{
	struct account *account = user;
	void *pointer = malloc(bytes);

	account->allocations++;
	/* Whoever forgets to clear it shall see it. */
	if (pointer)
		memset(pointer, 0xa5, bytes);
	account->live += pointer != NULL;
	return pointer;
}

static void *count_reallocate(void *user, void *old, size_t bytes)
{
	struct account *account = user;
	void *pointer = realloc(old, bytes);

	account->allocations++;
	account->live += pointer != NULL && old == NULL;
	return pointer;
}

static void count_release(void *user, void *pointer)
{
	struct account *account = user;

	account->live -= pointer != NULL;
	free(pointer);
}

static mote_status engine_on(struct account *account, mote_engine **engine, mote_error *error)
{
	mote_engine_options options = MOTE_ENGINE_OPTIONS_INIT;

	options.allocator = (mote_allocator){
		.allocate = count_allocate,
		.reallocate = count_reallocate,
		.release = count_release,
		.user = account,
	};
	return mote_engine_create(&options, engine, error);
}

/* Everything that allocates, once; the first status that is not MOTE_OK. */
static mote_status use_everything(struct account *account, mote_error *error)
{
	static const char *const texts[] = {"short", "a text that is longer than the first was, "
						     "so that buffers have to grow for it"};
	mote_engine *engine = NULL;
	mote_sandbox *sandbox = NULL;
	mote_function string;
	mote_value argument, result;
	mote_status status = engine_on(account, &engine, error);

	if (status == MOTE_OK)
		status = fixture_create(engine, "callbacks", NULL, &sandbox, error);
	if (status == MOTE_OK)
		status = mote_sandbox_find(sandbox, "call_string", NULL, &string, error);
	for (size_t i = 0; status == MOTE_OK && i < TEST_COUNT(texts); i++) {
		argument = mote_value_string(texts[i]);
		status = mote_sandbox_call(sandbox, string, &argument, 1, NULL, &result, error);
	}
	mote_sandbox_destroy(sandbox);
	mote_engine_release(engine);
	return status;
}

static void own_allocator_balances(void)
{
	struct account account = {0};
	mote_error error = MOTE_ERROR_INIT;

	test_need_hypervisor();
	CHECK_OK(use_everything(&account, &error), &error);
	CHECK(account.allocations > 5);
	CHECK_EQ(account.live, 0);
}

/* What was given stays in use for interrupts and images that outlive the engine. */
static void own_allocator_outlives_the_engine(void)
{
	struct account account = {0};
	mote_error error = MOTE_ERROR_INIT;
	mote_interrupt *interrupt;
	mote_sandbox *sandbox;
	mote_engine *engine;
	mote_image *image;

	test_need_hypervisor();
	REQUIRE_OK(engine_on(&account, &engine, &error), &error);
	REQUIRE_OK(mote_image_open(engine, test_guest("echo"), &image, &error), &error);
	REQUIRE_OK(mote_sandbox_create(engine, image, NULL, &sandbox, &error), &error);
	interrupt = mote_interrupt_retain(mote_sandbox_get_interrupt(sandbox));
	mote_engine_release(engine);
	mote_sandbox_destroy(sandbox);
	CHECK(account.live > 0);
	mote_image_release(image);
	CHECK_EQ(account.live, 1);
	mote_interrupt_release(interrupt);
	CHECK_EQ(account.live, 0);
}

/* ---- Copies ------------------------------------------------------------------------------ */

/* Bytes that are allocated; each block has its size before it. */
struct bytes_account {
	size_t live, most;
};

enum { SIZE_BYTES = 16 };

static void *measure_reallocate(void *user, void *old, size_t bytes)
{
	struct bytes_account *account = user;
	unsigned char *block = old != NULL ? (unsigned char *)old - SIZE_BYTES : NULL;
	size_t before = 0;

	if (block != NULL)
		memcpy(&before, block, sizeof(before));
	/* Old and new are there at the same time. */
	if (account->live + bytes > account->most)
		account->most = account->live + bytes;
	block = realloc(block, SIZE_BYTES + bytes);
	if (block == NULL)
		return NULL;
	memcpy(block, &bytes, sizeof(bytes));
	account->live += bytes - before;
	return block + SIZE_BYTES;
}

static void *measure_allocate(void *user, size_t bytes)
{
	return measure_reallocate(user, NULL, bytes);
}

static void measure_release(void *user, void *pointer)
{
	struct bytes_account *account = user;
	size_t bytes;

	if (pointer == NULL)
		return;
	memcpy(&bytes, (unsigned char *)pointer - SIZE_BYTES, sizeof(bytes));
	account->live -= bytes;
	free((unsigned char *)pointer - SIZE_BYTES);
}

static mote_sandbox *measured_sandbox(struct bytes_account *account, uint64_t memory_bytes,
				      uint64_t mailbox_bytes)
{
	mote_engine_options engine_options = MOTE_ENGINE_OPTIONS_INIT;
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;
	mote_engine *engine;

	test_need_hypervisor();
	engine_options.allocator = (mote_allocator){
		.allocate = measure_allocate,
		.reallocate = measure_reallocate,
		.release = measure_release,
		.user = account,
	};
	options.memory_bytes = memory_bytes;
	options.mailbox_bytes = mailbox_bytes;
	REQUIRE_OK(mote_engine_create(&engine_options, &engine, &error), &error);
	sandbox = fixture_sandbox(engine, "callbacks", &options);
	mote_engine_release(engine);
	account->most = account->live;
	return sandbox;
}

/* One copy of what goes to the host function, one of what the call returns. */
static void copies_take_one_mailbox_each_way(void)
{
	enum { MAILBOX = 64 << 10, SLACK = 1024 };
	static char text[MAILBOX];
	struct bytes_account account = {0};
	mote_sandbox *sandbox;
	size_t idle;

	test_need_plain_hypervisor();
	sandbox = measured_sandbox(&account, 16 << 20, MAILBOX);
	idle = account.live;
	for (size_t length = 1; length < MAILBOX; length = length * 3 + 7) {
		memset(text, 'x', length);
		text[length] = '\0';
		CALL(sandbox, "call_string", mote_value_string(text));
		CALL(sandbox, "call_bytes", mote_value_bytes(text, length));
	}
	memset(text, 'y', MAILBOX - 1);
	text[MAILBOX - 1] = '\0';
	CHECK_EQ(CALL(sandbox, "call_string", mote_value_string(text)).as.string.length,
		 MAILBOX - 1);
	CHECK_EQ(CALL(sandbox, "call_bytes", mote_value_bytes(text, MAILBOX)).as.bytes.length,
		 MAILBOX);
	CHECK(account.most >= idle + MAILBOX); /* it was counted */
	CHECK(account.most <= idle + 2 * MAILBOX + SLACK);
	fixture_destroy(sandbox, NULL);
	CHECK_EQ(account.live, 0);
}

static void small_values_in_a_large_mailbox_take_small_copies(void)
{
	struct bytes_account account = {0};
	mote_sandbox *sandbox;
	size_t idle;

	test_need_plain_hypervisor();
	sandbox = measured_sandbox(&account, 4ull << 30, 1 << 30);
	idle = account.live;
	CHECK_EQ(CALL(sandbox, "call_string", mote_value_string("short")).as.string.length, 5);
	CHECK(account.most <= idle + 1024);
	fixture_destroy(sandbox, NULL);
	CHECK_EQ(account.live, 0);
}

/* ---- Guest memory ------------------------------------------------------------------------ */

/* Bytes of guest memory that have been touched. */
static uint64_t touched_bytes(const mote_sandbox *sandbox)
{
	uint64_t begin, end = 0, bytes = 0;

	while (end < sandbox->ram.bytes) {
		REQUIRE_OK(mote_os_memory_next_data(&sandbox->ram, end, &begin, &end, NULL), NULL);
		bytes += end - begin;
	}
	return bytes;
}

/* Tables for 64 GiB of pages would take 128 MiB. */
static void creation_touches_little_of_a_large_memory(void)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;
	mote_status status;

	options.memory_bytes = 64ull << 30;
	status = fixture_create(engine, "echo", &options, &sandbox, &error);
	if (status != MOTE_OK) {
		mote_engine_release(engine);
		SKIP("this machine has no sandbox of 64 GiB: %s", error.text);
	}
	CHECK(touched_bytes(sandbox) > 0);
	CHECK(touched_bytes(sandbox) < 2 << 20);
	CHECK_EQ(CALL(sandbox, "add", mote_value_i64(2), mote_value_i64(3)).as.i64, 5);
	fixture_destroy(sandbox, engine);
}

static void memory_can_be_populated_and_in_huge_pages(void)
{
	enum { BYTES = 8 << 20 };
	mote_engine *engine = fixture_engine();

	for (int way = 1; way < 4; way++) {
		mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
		mote_error error = MOTE_ERROR_INIT;
		mote_snapshot *snapshot;
		mote_sandbox *sandbox, *clone;

		options.memory_bytes = BYTES;
		options.populate = way & 1;
		options.huge_pages = way & 2;
		sandbox = fixture_sandbox(engine, "echo", &options);
		if (options.populate)
			CHECK(touched_bytes(sandbox) >= BYTES);
		CHECK_EQ(CALL(sandbox, "add", mote_value_i64(2), mote_value_i64(3)).as.i64, 5);
		CHECK_STATUS(mote_snapshot_take(sandbox, NULL, &snapshot, &error), MOTE_OK, &error);
		CHECK_STATUS(mote_sandbox_restore(sandbox, snapshot, &error), MOTE_OK, &error);
		CHECK_EQ(CALL(sandbox, "add", mote_value_i64(4), mote_value_i64(3)).as.i64, 7);
		/* It shares the snapshot's pages, as ever. */
		CHECK_STATUS(mote_sandbox_create_from_snapshot(snapshot, &options, &clone, &error),
			     MOTE_OK, &error);
		CHECK_EQ(CALL(clone, "add", mote_value_i64(5), mote_value_i64(3)).as.i64, 8);
		mote_snapshot_destroy(snapshot);
		mote_sandbox_destroy(clone);
		mote_sandbox_destroy(sandbox);
	}
	mote_engine_release(engine);
}

/* ---- Leaks ------------------------------------------------------------------------------- */

struct lives {
	mote_engine *engine;
	mote_image *image;
	uint64_t count;
};

/* One way to end after the other.  False when something was not as it should be. */
static bool one_life(const struct lives *lives, uint64_t number)
{
	static const char *const ends[] = {"null_write", "undefined_instruction", "call_abort",
					   "overflow_stack", "short_doorbell"};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_function function;
	mote_sandbox *sandbox;
	bool right;

	options.host_functions = fixture_functions(&options.host_function_count);
	options.memory_bytes = 1 << 20;
	if (mote_sandbox_create(lives->engine, lives->image, &options, &sandbox, &error) != MOTE_OK)
		return false;
	right = mote_sandbox_find(sandbox, ends[number % TEST_COUNT(ends)], NULL, &function,
				  &error) == MOTE_OK &&
		mote_sandbox_call(sandbox, function, NULL, 0, NULL, NULL, &error) != MOTE_OK &&
		mote_sandbox_is_poisoned(sandbox);
	mote_sandbox_destroy(sandbox);
	return right;
}

static void *live(void *argument)
{
	const struct lives *lives = argument;
	uint64_t wrong = 0;

	for (uint64_t i = 0; i < lives->count; i++)
		wrong += !one_life(lives, i);
	CHECK_EQ(wrong, 0);
	return NULL;
}

/* Side by side: the end of a VM is mostly waiting. */
static void live_in_threads(struct lives lives)
{
	pthread_t threads[8];

	lives.count = (lives.count + TEST_COUNT(threads) - 1) / TEST_COUNT(threads);
	for (size_t i = 0; i < TEST_COUNT(threads); i++)
		REQUIRE(pthread_create(&threads[i], NULL, live, &lives) == 0);
	for (size_t i = 0; i < TEST_COUNT(threads); i++)
		pthread_join(threads[i], NULL);
}

/* VMs, vCPUs and memory are files: their number says whether all are gone. */
static void nothing_left_after_10000_faults(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct lives lives = {.engine = fixture_engine(), .count = 80};
	size_t files, mappings, resident;

	REQUIRE_OK(mote_image_open(lives.engine, test_guest("faults"), &lives.image, &error),
		   &error);
	live_in_threads(lives);
	files = test_fd_count();
	mappings = test_mapping_count();
	resident = test_resident_kib();
	lives.count = test_scale(TEST_SANITIZED ? 800 : 10000);
	live_in_threads(lives);
	CHECK_EQ(test_fd_count(), files);
	if (!TEST_SANITIZED) {
		/* The C library has some of its own. */
		CHECK(test_mapping_count() <= mappings + 32);
		/* A sandbox has more than 100 KiB in use while it lives. */
		CHECK(test_resident_kib() < resident + 2048);
	}
	mote_image_release(lives.image);
	mote_engine_release(lives.engine);
	CHECK(test_fd_count() < files || !test_on_posix());
}

static void nothing_left_after_engines(void)
{
	size_t files, mappings;
	mote_engine *engine = fixture_engine();

	mote_engine_release(engine);
	files = test_fd_count();
	mappings = test_mapping_count();
	for (uint64_t i = test_scale(300); i > 0; i--) {
		engine = fixture_engine();
		fixture_destroy(i % 10 ? NULL : fixture_sandbox(engine, "echo", NULL), engine);
	}
	CHECK_EQ(test_fd_count(), files);
	CHECK(TEST_SANITIZED || test_mapping_count() <= mappings + 4);
}

enum { ALIVE = 64 };

static void many_alive(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandboxes[ALIVE];
	size_t files = test_fd_count();

	for (int i = 0; i < ALIVE; i++)
		sandboxes[i] = fixture_sandbox(engine, "echo", NULL);
	for (int round = 1; round <= 3; round++)
		for (int i = 0; i < ALIVE; i++)
			CHECK_EQ(CALL0(sandboxes[i], "count").as.u32, round);
	for (int i = 0; i < ALIVE; i++)
		fixture_destroy(sandboxes[(i * 37) % ALIVE], NULL);
	CHECK_EQ(test_fd_count(), files);
	mote_engine_release(engine);
}

static const struct test_case cases[] = {
	CASE(own_allocator_balances),
	CASE(own_allocator_outlives_the_engine),
	CASE(copies_take_one_mailbox_each_way),
	CASE(small_values_in_a_large_mailbox_take_small_copies),
	CASE(creation_touches_little_of_a_large_memory),
	CASE(memory_can_be_populated_and_in_huge_pages),
	CASE(nothing_left_after_10000_faults),
	CASE(nothing_left_after_engines),
	CASE(many_alive),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_memory", cases, TEST_COUNT(cases), argc, argv);
}

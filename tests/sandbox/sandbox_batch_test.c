/* SPDX-License-Identifier: Apache-2.0
 *
 * Batches: many calls of one function in few exits, with the results of as many
 * single calls.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

enum { MANY = 5000 };

struct batch {
	mote_engine *engine;
	mote_sandbox *sandbox;
	mote_value *arguments, *results;
};

static void setup(struct batch *batch, const mote_sandbox_options *options)
{
	batch->engine = fixture_engine();
	batch->sandbox = fixture_sandbox(batch->engine, "buffers", options);
	batch->arguments = calloc(2 * MANY, sizeof(mote_value));
	batch->results = calloc(MANY, sizeof(mote_value));
	REQUIRE(batch->arguments != NULL && batch->results != NULL);
}

static void teardown(struct batch *batch)
{
	free(batch->arguments);
	free(batch->results);
	fixture_destroy(batch->sandbox, batch->engine);
}

static mote_status run(struct batch *batch, const char *name, size_t calls, mote_error *error)
{
	mote_function function;

	REQUIRE_EQ(mote_sandbox_find(batch->sandbox, name, NULL, &function, error), MOTE_OK);
	return mote_sandbox_call_batch(batch->sandbox, function, batch->arguments, calls, NULL,
				       batch->results, error);
}

static uint64_t exits(struct batch *batch)
{
	mote_sandbox_statistics statistics = MOTE_SANDBOX_STATISTICS_INIT;

	mote_sandbox_get_statistics(batch->sandbox, &statistics, NULL);
	return statistics.exits;
}

static void calls_happen_once_and_in_order(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct batch batch;
	uint64_t before;

	setup(&batch, NULL);
	for (unsigned int i = 0; i < MANY; i++)
		batch.arguments[i] = mote_value_u64(i);
	CHECK_STATUS(run(&batch, "count_calls", 1000, &error), MOTE_OK, &error);
	before = exits(&batch);
	CHECK_EQ(before, 1);
	for (unsigned int i = 0; i < MANY; i++)
		batch.arguments[i] = mote_value_u64(1000 + i);
	CHECK_STATUS(run(&batch, "count_calls", MANY, &error), MOTE_OK, &error);
	for (unsigned int i = 0; i < MANY; i++)
		REQUIRE_EQ(batch.results[i].as.u64, 1000 + i + 1);
	/* 32 bytes a call in a mailbox of 64 KiB. */
	CHECK_EQ(exits(&batch) - before, (MANY + 2047) / 2048);
	teardown(&batch);
}

static void strings_and_bytes_arrive(void)
{
	mote_error error = MOTE_ERROR_INIT;
	static char text[3000];
	struct batch batch;

	memset(text, 'x', sizeof(text) - 1);
	setup(&batch, NULL);
	for (unsigned int i = 0; i < 1000; i++) {
		batch.arguments[2 * i] = mote_value_bytes(text, i * 7 % 3000);
		batch.arguments[2 * i + 1] = mote_value_string(text + i * 13 % 3000);
	}
	CHECK_STATUS(run(&batch, "lengths", 1000, &error), MOTE_OK, &error);
	for (unsigned int i = 0; i < 1000; i++)
		REQUIRE_EQ(batch.results[i].as.u64,
			   (uint64_t)(i * 7 % 3000) << 32 | (2999 - i * 13 % 3000));
	teardown(&batch);
}

static void what_does_not_fit_is_refused_before_the_guest_runs(void)
{
	mote_error error = MOTE_ERROR_INIT;
	static char large[70000];
	struct batch batch;

	setup(&batch, NULL);
	for (unsigned int i = 0; i < 10; i++) {
		batch.arguments[2 * i] = mote_value_bytes(large, i == 9 ? sizeof(large) : 10);
		batch.arguments[2 * i + 1] = mote_value_string("x");
	}
	CHECK_STATUS(run(&batch, "lengths", 10, &error), MOTE_TOO_LARGE, &error);
	CHECK_EQ(exits(&batch), 0);
	batch.arguments[18] = mote_value_u32(1);
	CHECK_STATUS(run(&batch, "lengths", 10, &error), MOTE_SIGNATURE, &error);
	CHECK_EQ(exits(&batch), 0);
	CHECK_STATUS(run(&batch, "lengths", 9, &error), MOTE_OK, &error);
	CHECK_STATUS(run(&batch, "lengths", 0, &error), MOTE_OK, &error);
	teardown(&batch);
}

/* A string in a shared buffer was one before the first part ran, and is none for the second. */
static void a_string_that_the_guest_destroys_ends_the_batch(void)
{
	enum { LENGTH = 40000 }; /* one call to a part */
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_buffer *buffer;
	struct batch batch;
	char *data;

	options.wall_ns = test_slow(60) * 1000000000; /* were it tried for ever */
	setup(&batch, &options);
	REQUIRE_OK(mote_buffer_create(batch.engine, LENGTH, &buffer, &error), &error);
	REQUIRE_OK(mote_sandbox_map_buffer(batch.sandbox, buffer, true, &error), &error);
	data = mote_buffer_get_data(buffer);
	memset(data, 'x', LENGTH);
	for (unsigned int i = 0; i < 3; i++) {
		batch.arguments[2 * i] = mote_value_bytes(data, 1);
		batch.arguments[2 * i + 1] =
			(mote_value){.type = MOTE_TYPE_STRING, .as.string = {data, LENGTH}};
	}
	CHECK_STATUS(run(&batch, "clear", 3, &error), MOTE_INVALID_ARGUMENT, &error);
	CHECK_CONTAINS(error.text, "NUL");
	CHECK(mote_sandbox_is_poisoned(batch.sandbox));
	mote_buffer_release(buffer);
	teardown(&batch);
}

static void a_fault_ends_the_batch(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct batch batch;

	setup(&batch, NULL);
	for (unsigned int i = 0; i < 100; i++) {
		batch.arguments[2 * i] = mote_value_u32(i);
		batch.arguments[2 * i + 1] = mote_value_u32(57);
	}
	CHECK_STATUS(run(&batch, "fail_at", 57, &error), MOTE_OK, &error);
	CHECK_STATUS(run(&batch, "fail_at", 100, &error), MOTE_GUEST_FAULT, &error);
	CHECK(mote_sandbox_is_poisoned(batch.sandbox));
	CHECK_STATUS(run(&batch, "fail_at", 1, &error), MOTE_POISONED, &error);
	teardown(&batch);
}

static void single_calls_work_between_batches(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct batch batch;

	setup(&batch, NULL);
	for (unsigned int i = 0; i < 10; i++) {
		batch.arguments[0] = mote_value_u64(2 * i);
		CHECK_STATUS(run(&batch, "count_calls", 1, &error), MOTE_OK, &error);
		CHECK_EQ(batch.results[0].as.u64, 2 * i + 1);
		CHECK_EQ(CALL(batch.sandbox, "count_calls", mote_value_u64(2 * i + 1)).as.u64,
			 2 * i + 2);
	}
	teardown(&batch);
}

static void strings_are_no_results_of_a_batch(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "echo", NULL);
	mote_error error = MOTE_ERROR_INIT;
	mote_value argument = mote_value_string("x"), result;
	mote_function function;

	REQUIRE_EQ(mote_sandbox_find(sandbox, "echo_string", NULL, &function, &error), MOTE_OK);
	CHECK_STATUS(mote_sandbox_call_batch(sandbox, function, &argument, 1, NULL, &result,
					     &error),
		     MOTE_SIGNATURE, &error);
	fixture_destroy(sandbox, engine);
}

static const struct test_case cases[] = {
	CASE(calls_happen_once_and_in_order),
	CASE(strings_and_bytes_arrive),
	CASE(what_does_not_fit_is_refused_before_the_guest_runs),
	CASE(a_string_that_the_guest_destroys_ends_the_batch),
	CASE(a_fault_ends_the_batch),
	CASE(single_calls_work_between_batches),
	CASE(strings_are_no_results_of_a_batch),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_batch", cases, TEST_COUNT(cases), argc, argv);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The interface: who may do what with snapshots, what they keep alive, and what is the sandbox's
 * own.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "clean.h"

static void wrong_arguments(void)
{
	mote_snapshot_information information = MOTE_SNAPSHOT_INFORMATION_INIT;
	mote_snapshot_options options = MOTE_SNAPSHOT_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL), *made = NULL;
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot = NULL;

	CHECK_STATUS(mote_snapshot_take(NULL, NULL, &snapshot, &error), MOTE_INVALID_ARGUMENT,
		     &error);
	CHECK_STATUS(mote_snapshot_take(sandbox, NULL, NULL, &error), MOTE_INVALID_ARGUMENT,
		     &error);
	options.size = 3;
	CHECK_STATUS(mote_snapshot_take(sandbox, &options, &snapshot, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	CHECK(snapshot == NULL);
	CHECK_STATUS(mote_sandbox_restore(NULL, NULL, &error), MOTE_INVALID_ARGUMENT, &error);
	CHECK_STATUS(mote_sandbox_restore(sandbox, NULL, &error), MOTE_INVALID_ARGUMENT, &error);
	CHECK_CONTAINS(error.text, "take one first");
	CHECK_STATUS(mote_sandbox_create_from_snapshot(NULL, NULL, &made, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	CHECK_STATUS(mote_snapshot_inspect(NULL, &information, &error), MOTE_INVALID_ARGUMENT,
		     &error);
	mote_snapshot_destroy(NULL);
	snapshot = clean_take(sandbox);
	CHECK_STATUS(mote_sandbox_create_from_snapshot(snapshot, NULL, NULL, &error),
		     MOTE_INVALID_ARGUMENT, &error);
	/* Its imports must be there, as for any creation. */
	CHECK_STATUS(mote_sandbox_create_from_snapshot(snapshot, NULL, &made, &error),
		     MOTE_MISSING_IMPORT, &error);
	CHECK_STATUS(mote_snapshot_inspect(snapshot, NULL, &error), MOTE_INVALID_ARGUMENT, &error);
	CHECK_OK(mote_snapshot_inspect(snapshot, &information, &error), &error);
	CHECK(information.image == mote_sandbox_get_image(sandbox));
	CHECK_EQ(information.memory_bytes, 16 << 20);
	CHECK(information.pages > 5 && information.pages < 100);
	CHECK(information.vcpu_bytes > 500);
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

static void options_that_are_not_the_snapshots(void)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT, same;
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox, *made = NULL;
	mote_snapshot *snapshot;

	options.memory_bytes = 8 << 20;
	options.stack_bytes = 128 << 10;
	options.mailbox_bytes = 32 << 10;
	options.buffer_space_bytes = 1 << 30;
	options.host_functions = fixture_functions(&options.host_function_count);
	sandbox = clean_sandbox(engine, &options);
	snapshot = clean_take(sandbox);
	REQUIRE_OK(mote_sandbox_create_from_snapshot(snapshot, &options, &made, &error), &error);
	mote_sandbox_destroy(made);
	for (unsigned i = 0; i < 6; i++) {
		uint64_t *const sizes[] = {&same.memory_bytes, &same.heap_bytes, &same.stack_bytes,
					   &same.mailbox_bytes, &same.buffer_space_bytes};

		same = options;
		made = NULL;
		if (i < 5)
			*sizes[i] = 4 << 20;
		else
			same.forbid_timestamp = true;
		CHECK_STATUS(mote_sandbox_create_from_snapshot(snapshot, &same, &made, &error),
			     MOTE_WRONG_SNAPSHOT, &error);
		CHECK(made == NULL);
	}
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

static void snapshots_of_something_else_change_nothing(void)
{
	mote_engine *engine = fixture_engine(), *other_engine = fixture_engine();
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = clean_sandbox(engine, NULL), *others[4];
	mote_snapshot *snapshot = clean_take(sandbox);
	uint32_t counted = CALL0(sandbox, "count").as.u32;

	options.host_functions = fixture_functions(&options.host_function_count);
	others[0] = clean_sandbox(other_engine, NULL);
	others[1] = fixture_sandbox(engine, "faults", NULL);
	options.memory_bytes = 4 << 20;
	REQUIRE_OK(mote_sandbox_create(engine, mote_sandbox_get_image(sandbox), &options,
				       &others[2], &error),
		   &error);
	options.memory_bytes = 0;
	options.forbid_timestamp = true;
	REQUIRE_OK(mote_sandbox_create(engine, mote_sandbox_get_image(sandbox), &options,
				       &others[3], &error),
		   &error);
	for (unsigned i = 0; i < 4; i++) {
		mote_snapshot *wrong = clean_take(others[i]);

		CHECK_STATUS(mote_sandbox_restore(sandbox, wrong, &error), MOTE_WRONG_SNAPSHOT,
			     &error);
		CHECK(!mote_sandbox_is_poisoned(sandbox));
		counted += 3;
		CHECK_EQ(CALL0(sandbox, "count").as.u32, counted);
		mote_snapshot_destroy(wrong);
		mote_sandbox_destroy(others[i]);
	}
	CHECK_EQ(clean_statistics(sandbox).restores, 0);
	clean_restore(sandbox, snapshot);
	mote_snapshot_destroy(snapshot);
	mote_sandbox_destroy(sandbox);
	mote_engine_release(other_engine);
	mote_engine_release(engine);
}

/* Snapshots keep what they need, and sandboxes keep their snapshots. */
static void lives_are_independent(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL), *clone;
	mote_snapshot *snapshot = clean_take(sandbox);
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	uint32_t counted = CALL0(sandbox, "count").as.u32;

	options.host_functions = fixture_functions(&options.host_function_count);
	mote_engine_release(engine);
	mote_sandbox_destroy(sandbox);
	REQUIRE_OK(mote_sandbox_create_from_snapshot(snapshot, &options, &clone, NULL), NULL);
	mote_snapshot_destroy(snapshot);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(CALL0(clone, "count").as.u32, counted);
		CHECK_OK(mote_sandbox_restore(clone, NULL, NULL), NULL);
	}
	mote_sandbox_destroy(clone);
}

static void poisoned_and_unstarted_sandboxes(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);
	mote_snapshot_options options = MOTE_SNAPSHOT_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot = NULL;

	options.wall_ns = 60000000000;
	CHECK_OK(mote_snapshot_take(sandbox, &options, &snapshot, &error), &error);
	CHECK_STATUS(fixture_try(sandbox, "null_write", NULL, 0, NULL, &error), MOTE_GUEST_FAULT,
		     &error);
	mote_snapshot_destroy(snapshot);
	snapshot = NULL;
	CHECK_STATUS(mote_snapshot_take(sandbox, NULL, &snapshot, &error), MOTE_POISONED, &error);
	CHECK(snapshot == NULL);
	CHECK_OK(mote_sandbox_restore(sandbox, NULL, &error), &error);
	CHECK_EQ(CALL0(sandbox, "still_alive").as.u32, 1);
	fixture_destroy(sandbox, engine);
}

/* ---- From host functions ------------------------------------------------------------------ */

struct inside {
	mote_sandbox *sandbox;
	mote_snapshot *snapshot;
	bool destroy;
};

static mote_status use_inside(void *user, const mote_value *arguments, size_t count,
			      mote_value *result, mote_error *error)
{
	struct inside *inside = user;
	mote_snapshot *snapshot = NULL;

	(void)count;
	CHECK_STATUS(mote_sandbox_restore(inside->sandbox, NULL, error), MOTE_BUSY, error);
	CHECK_STATUS(mote_snapshot_take(inside->sandbox, NULL, &snapshot, error), MOTE_BUSY, error);
	*result = arguments[0];
	return MOTE_OK;
}

static void busy_in_a_call(void)
{
	struct inside inside = {0};
	const mote_host_function functions[] = {
		{"host_tick", "u32(u32)", use_inside, &inside, NULL}};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();

	options.host_functions = functions;
	options.host_function_count = 1;
	inside.sandbox = fixture_sandbox(engine, "faults", &options);
	inside.snapshot = clean_take(inside.sandbox);
	CALL0(inside.sandbox, "tick_once");
	clean_restore(inside.sandbox, inside.snapshot);
	mote_snapshot_destroy(inside.snapshot);
	fixture_destroy(inside.sandbox, engine);
}

/* ---- Buffers ------------------------------------------------------------------------------ */

static void buffers_are_not_restored(void)
{
	const uint64_t bytes = 3 << 20;
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot;
	mote_buffer *before, *after;
	volatile uint64_t *data;

	REQUIRE_OK(mote_buffer_create(engine, bytes, &before, &error), &error);
	REQUIRE_OK(mote_buffer_create(engine, bytes, &after, &error), &error);
	REQUIRE_OK(mote_sandbox_map_buffer(sandbox, before, true, &error), &error);
	snapshot = clean_take(sandbox);
	REQUIRE_OK(mote_sandbox_map_buffer(sandbox, after, true, &error), &error);
	for (unsigned i = 0; i < 2; i++) {
		const struct mote_mapped_buffer *mapped = &sandbox->mailbox.call.buffers[i];

		data = mote_buffer_get_data(mapped->buffer);
		CALL(sandbox, "fill", mote_value_u64(mapped->gva), mote_value_u64(bytes),
		     mote_value_u64(9 + i));
		clean_restore(sandbox, snapshot);
		CHECK_EQ(data[0], 9 + i);
		CHECK_EQ(data[bytes / 8 - 1], 9 + i);
		CHECK_EQ(CALL(sandbox, "find", mote_value_u64(mapped->gva), mote_value_u64(bytes),
			      mote_value_u64(9 + i))
				 .as.u64,
			 bytes / 8);
	}
	/* They are the application's, also to unmap. */
	CHECK_OK(mote_sandbox_unmap_buffer(sandbox, before, &error), &error);
	clean_restore(sandbox, snapshot);
	CHECK_OK(mote_sandbox_unmap_buffer(sandbox, after, &error), &error);
	clean_restore(sandbox, snapshot);
	mote_buffer_release(before);
	mote_buffer_release(after);
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

/* The data of a result that the sandbox holds outlives the restore. */
static void results_stay_valid(void)
{
	static uint8_t data[1000];
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	mote_snapshot *snapshot = clean_take(sandbox);
	mote_value result;

	memset(data, 0x42, sizeof(data));
	result = CALL(sandbox, "echo", mote_value_bytes(data, sizeof(data)));
	clean_restore(sandbox, snapshot);
	CHECK_MEM(result.as.bytes.data, data, sizeof(data));
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

/* ---- Processes and threads ---------------------------------------------------------------- */

static int use_in_child(mote_sandbox *sandbox, mote_snapshot *snapshot)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *taken = NULL;
	mote_sandbox *clone = NULL;

	if (mote_sandbox_restore(sandbox, snapshot, &error) != MOTE_FORKED)
		return 1;
	if (mote_snapshot_take(sandbox, NULL, &taken, &error) != MOTE_FORKED || taken != NULL)
		return 2;
	if (mote_sandbox_create_from_snapshot(snapshot, NULL, &clone, &error) != MOTE_FORKED)
		return 3;
	mote_snapshot_destroy(snapshot);
	mote_sandbox_destroy(sandbox);
	return 0;
}

static void forked_children(void)
{
	mote_engine *engine;
	mote_sandbox *sandbox;
	mote_snapshot *snapshot;
	uint32_t counted;
	pid_t child;

	test_need_fork();
	engine = fixture_engine();
	sandbox = clean_sandbox(engine, NULL);
	snapshot = clean_take(sandbox);
	counted = CALL0(sandbox, "count").as.u32;
	child = fork();
	if (child == 0)
		_exit(use_in_child(sandbox, snapshot));
	fixture_check_child(child);
	clean_restore(sandbox, snapshot);
	CHECK_EQ(CALL0(sandbox, "count").as.u32, counted);
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

struct user {
	pthread_t thread;
	mote_snapshot *snapshot;
	uint32_t counted;
};

static void *use_a_clone(void *argument)
{
	const struct user *user = argument;
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;
	mote_function count;
	mote_value result;

	options.host_functions = fixture_functions(&options.host_function_count);
	if (!CHECK(mote_sandbox_create_from_snapshot(user->snapshot, &options, &sandbox, &error) ==
		   MOTE_OK))
		return NULL;
	CHECK_OK(mote_sandbox_find(sandbox, "count", NULL, &count, &error), &error);
	for (uint64_t i = 0; i < test_scale(300); i++) {
		CHECK_OK(mote_sandbox_call(sandbox, count, NULL, 0, NULL, &result, &error), &error);
		CHECK_EQ(result.as.u32, user->counted);
		CHECK_OK(mote_sandbox_restore(sandbox, user->snapshot, &error), &error);
	}
	mote_sandbox_destroy(sandbox);
	mote_snapshot_destroy(user->snapshot);
	return NULL;
}

static void two_threads_with_one_snapshot(void)
{
	struct user users[2];
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	mote_snapshot *snapshot = clean_take(sandbox);
	uint32_t counted = CALL0(sandbox, "count").as.u32;

	for (unsigned i = 0; i < 2; i++) {
		users[i].snapshot = mote_snapshot_retain(snapshot);
		users[i].counted = counted;
		REQUIRE(pthread_create(&users[i].thread, NULL, use_a_clone, &users[i]) == 0);
	}
	mote_snapshot_destroy(snapshot);
	mote_sandbox_destroy(sandbox);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(users[i].thread, NULL);
	mote_engine_release(engine);
}

static void descriptors_and_mappings_stay(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	mote_snapshot *snapshot = clean_take(sandbox);
	size_t fds = test_fd_count(), mappings = test_mapping_count();

	for (uint64_t i = 0; i < test_scale(2000); i++) {
		(void)CALL0(sandbox, "count");
		CHECK_OK(mote_sandbox_restore(sandbox, snapshot, NULL), NULL);
	}
	CHECK_EQ(test_fd_count(), fds);
	CHECK_EQ(test_mapping_count(), mappings);
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

static const struct test_case cases[] = {
	CASE(wrong_arguments),
	CASE(options_that_are_not_the_snapshots),
	CASE(snapshots_of_something_else_change_nothing),
	CASE(lives_are_independent),
	CASE(poisoned_and_unstarted_sandboxes),
	CASE(busy_in_a_call),
	CASE(buffers_are_not_restored),
	CASE(results_stay_valid),
	CASE(forked_children),
	CASE(two_threads_with_one_snapshot),
	CASE(descriptors_and_mappings_stay),
};

int main(int argc, char **argv)
{
	return test_main("snapshot_life", cases, TEST_COUNT(cases), argc, argv);
}

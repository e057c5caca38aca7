/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory: whatever a guest or the host wrote, and wherever, is as it was.
 */
#include <stdlib.h>
#include <string.h>

#include "clean.h"

#define PATTERN 0xfeedfacecafe1234ull

/* Parts of memory that a guest may fill without losing itself. */
struct part {
	uint64_t gva, bytes;
};

static size_t find_parts(mote_sandbox *sandbox, struct part parts[4])
{
	const struct mote_layout_region *stack = clean_region(sandbox, MOTE_LAYOUT_STACK);
	const struct mote_layout_region *heap = clean_region(sandbox, MOTE_LAYOUT_HEAP);
	const struct mote_layout_region *mailbox = clean_region(sandbox, MOTE_LAYOUT_MAILBOX);
	const uint64_t frame = CALL0(sandbox, "stack_pointer").as.u64;

	parts[0] = (struct part){stack->gva, ((frame - stack->gva) & MOTE_PAGE_MASK) - 4096};
	parts[1] = (struct part){heap->gva, heap->bytes};
	parts[2] = (struct part){mailbox->gva + 4096, mailbox->bytes - 4096};
	return 3;
}

/* Each page may cost an exit, each time. */
static mote_sandbox *small_sandbox(mote_engine *engine)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;

	options.memory_bytes = 6 << 20;
	return clean_sandbox(engine, &options);
}

static void everything_that_was_filled_is_as_it_was(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = small_sandbox(engine);
	mote_snapshot *snapshot;
	struct part parts[4];
	size_t count = find_parts(sandbox, parts);

	snapshot = clean_take(sandbox);
	for (unsigned round = 0; round < 3; round++) {
		for (size_t i = 0; i < count; i++)
			CALL(sandbox, "fill", mote_value_u64(parts[i].gva),
			     mote_value_u64(parts[i].bytes), mote_value_u64(PATTERN));
		clean_restore(sandbox, snapshot);
		for (size_t i = 0; i < count; i++)
			CHECK_EQ(CALL(sandbox, "find", mote_value_u64(parts[i].gva),
				      mote_value_u64(parts[i].bytes), mote_value_u64(PATTERN))
					 .as.u64,
				 0);
		clean_restore(sandbox, snapshot);
	}
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

/* Data, thread-local variables and the stack of the call itself: the guest dies of it. */
static void a_guest_that_overwrote_itself_is_as_it_was(void)
{
	static const enum mote_layout_region_id ids[] = {MOTE_LAYOUT_STACK, MOTE_LAYOUT_MAILBOX,
							 MOTE_LAYOUT_THREAD, MOTE_LAYOUT_HEAP};
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = small_sandbox(engine);
	mote_snapshot *snapshot = clean_take(sandbox);
	const struct mote_layout_region *image = clean_region(sandbox, MOTE_LAYOUT_IMAGE);
	mote_error error = MOTE_ERROR_INIT;
	uint32_t counted = CALL0(sandbox, "count").as.u32;

	for (size_t i = 0; i < TEST_COUNT(ids); i++) {
		const mote_value arguments[] = {
			mote_value_u64(clean_region(sandbox, ids[i])->gva),
			mote_value_u64(clean_region(sandbox, ids[i])->bytes),
			mote_value_u64(PATTERN)};

		(void)fixture_try(sandbox, "fill", arguments, 3, NULL, &error);
		clean_restore(sandbox, snapshot);
		CHECK_EQ(CALL0(sandbox, "count").as.u32, counted);
	}
	/* Each page of the image, of which some may be written. */
	for (uint64_t at = 0; at < image->bytes; at += MOTE_PAGE_BYTES) {
		const mote_value arguments[] = {mote_value_u64(image->gva + at),
						mote_value_u64(4096), mote_value_u64(PATTERN)};

		(void)fixture_try(sandbox, "fill", arguments, 3, NULL, &error);
		clean_restore(sandbox, snapshot);
		CHECK_EQ(CALL0(sandbox, "count").as.u32, counted);
	}
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

/* Arguments and results lie where the host put them, and the guest may never have written there. */
static void what_the_host_wrote_is_as_it_was(void)
{
	static uint8_t secret[40000];
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	mote_snapshot *snapshot = clean_take(sandbox);

	memset(secret, 0x5e, sizeof(secret));
	for (size_t length = 1; length <= sizeof(secret); length = 3 * length + 100) {
		CALL(sandbox, "echo", mote_value_bytes(secret, length));
		clean_restore(sandbox, snapshot);
		CALL(sandbox, "echo", mote_value_bytes(secret, length));
		CALL(sandbox, "echo", mote_value_bytes(secret, 1));
		clean_restore(sandbox, snapshot);
	}
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

static mote_status answer_much(void *user, const mote_value *arguments, size_t count,
			       mote_value *result, mote_error *error)
{
	static uint8_t secret[40000];

	(void)count, (void)error;
	memset(secret, 0x5e, sizeof(secret));
	*result = user ? arguments[0] : mote_value_bytes(secret, sizeof(secret));
	return MOTE_OK;
}

/* The guest wrote a byte there. */
static void results_of_host_functions_are_as_they_were(void)
{
	static int echo;
	const mote_host_function functions[] = {{"host_u32", "u32(u32)", answer_much, &echo, NULL},
						{"host_bytes", "bytes(bytes)", answer_much, NULL,
						 NULL}};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_snapshot *snapshot;
	mote_sandbox *sandbox;

	options.host_functions = functions;
	options.host_function_count = TEST_COUNT(functions);
	sandbox = clean_sandbox(engine, &options);
	snapshot = clean_take(sandbox);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(CALL(sandbox, "ask", mote_value_bytes("?", 1)).as.u64, 40000);
		clean_restore(sandbox, snapshot);
	}
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

static void batches_and_refused_arguments_are_forgotten(void)
{
	static mote_value arguments[3 * 1000];
	static uint8_t data[40000];
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	mote_snapshot *snapshot = clean_take(sandbox);
	const uint64_t heap = clean_region(sandbox, MOTE_LAYOUT_HEAP)->gva;
	const mote_value refused = mote_value_bytes(data, 10 << 20);
	mote_error error = MOTE_ERROR_INIT;
	mote_function touch;

	memset(data, 0x77, sizeof(data));
	for (size_t i = 0; i < TEST_COUNT(arguments); i += 3) {
		arguments[i] = mote_value_u64(heap + i / 3 * 4096 % (4 << 20));
		arguments[i + 1] = mote_value_u32(1);
		arguments[i + 2] = mote_value_u32(1);
	}
	REQUIRE_OK(mote_sandbox_find(sandbox, "touch", NULL, &touch, &error), &error);
	CHECK_OK(mote_sandbox_call_batch(sandbox, touch, arguments, TEST_COUNT(arguments) / 3, NULL,
					 NULL, &error),
		 &error);
	clean_restore(sandbox, snapshot);
	CHECK_STATUS(fixture_try(sandbox, "echo", &refused, 1, NULL, &error), MOTE_TOO_LARGE,
		     &error);
	clean_restore(sandbox, snapshot);
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

/* Much memory of which little is used: neither copied, nor looked at. */
static void only_what_was_written_costs(void)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_sandbox_statistics before, after;
	mote_sandbox *sandbox;
	mote_snapshot *snapshot;
	uint64_t heap;

	options.memory_bytes = 256ull << 20;
	sandbox = clean_sandbox(engine, &options);
	snapshot = clean_take(sandbox);
	heap = clean_region(sandbox, MOTE_LAYOUT_HEAP)->gva;
	for (unsigned i = 0; i < 2; i++) {
		clean_restore(sandbox, snapshot);
		CALL(sandbox, "touch", mote_value_u64(heap + (100 << 20)), mote_value_u32(5),
		     mote_value_u32(3));
	}
	before = clean_statistics(sandbox);
	CHECK_OK(mote_sandbox_restore(sandbox, snapshot, NULL), NULL);
	after = clean_statistics(sandbox);
	CHECK_EQ(after.restores, before.restores + 1);
	CHECK(after.pages_restored - before.pages_restored >= 5);
	CHECK(after.pages_restored - before.pages_restored < 20);
	clean_check_memory(sandbox, snapshot);
	/* The traps are over. */
	CALL(sandbox, "touch", mote_value_u64(heap + (100 << 20)), mote_value_u32(5),
	     mote_value_u32(3));
	CHECK_EQ(clean_statistics(sandbox).traps, before.traps);
	clean_restore(sandbox, snapshot);
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

/* Pages that only were read, at the time of the snapshot and later, then are written. */
static void first_writes_of_any_kind_are_noticed(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	const struct mote_layout_region *heap = clean_region(sandbox, MOTE_LAYOUT_HEAP);
	mote_snapshot *snapshot;

	/* All of it is dirty, then all is read. */
	CALL(sandbox, "touch", mote_value_u64(heap->gva),
	     mote_value_u32((uint32_t)(heap->bytes / 4096)), mote_value_u32(1));
	snapshot = clean_take(sandbox);
	CALL(sandbox, "find", mote_value_u64(heap->gva), mote_value_u64(heap->bytes),
	     mote_value_u64(PATTERN));
	for (unsigned i = 0; i < 20; i++) {
		const uint64_t at = heap->gva + (i * 37 * 4096ull) % (heap->bytes - 4096);

		CALL(sandbox, "add_atomically", mote_value_u64(at), mote_value_u64(5));
		CALL(sandbox, "touch", mote_value_u64((at + 4096) & ~7ull), mote_value_u32(1),
		     mote_value_u32(1));
		clean_restore(sandbox, snapshot);
	}
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

/* Only the canary of the thread block is new: a guest may have its own use for the word before. */
static void a_changed_thread_block_comes_back(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL), *clone;
	const uint64_t thread =
		clean_region(sandbox, MOTE_LAYOUT_THREAD)->gva + sandbox->layout.thread.pointer;
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_snapshot *snapshot;

	options.host_functions = fixture_functions(&options.host_function_count);
	CALL(sandbox, "fill", mote_value_u64(thread), mote_value_u64(8), mote_value_u64(PATTERN));
	snapshot = clean_take(sandbox);
	clean_restore(sandbox, snapshot);
	CHECK_EQ(CALL(sandbox, "find", mote_value_u64(thread), mote_value_u64(8),
		      mote_value_u64(PATTERN))
			 .as.u64,
		 1);
	REQUIRE_OK(mote_sandbox_create_from_snapshot(snapshot, &options, &clone, NULL), NULL);
	clean_check_memory(clone, snapshot);
	mote_sandbox_destroy(clone);
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

/* Sandboxes that were put back to one snapshot can go to any other, forwards and backwards. */
static void other_snapshots_of_the_same_image(void)
{
	enum { SNAPSHOTS = 3 };
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	mote_sandbox *other = clean_another(sandbox);
	const uint64_t heap = clean_region(sandbox, MOTE_LAYOUT_HEAP)->gva;
	mote_snapshot *snapshots[SNAPSHOTS];
	uint32_t counted[SNAPSHOTS];

	for (unsigned i = 0; i < SNAPSHOTS; i++) {
		CALL(i == 2 ? other : sandbox, "fill", mote_value_u64(heap + i * 40960),
		     mote_value_u64(40960), mote_value_u64(PATTERN + i));
		snapshots[i] = clean_take(i == 2 ? other : sandbox);
		counted[i] = CALL0(i == 2 ? other : sandbox, "count").as.u32;
	}
	for (unsigned i = 0; i < 20; i++) {
		const unsigned at = i * 7 % 5 % SNAPSHOTS;

		clean_restore(sandbox, snapshots[at]);
		CHECK_EQ(CALL0(sandbox, "count").as.u32, counted[at]);
		CALL(sandbox, "touch", mote_value_u64(heap + i * 4096), mote_value_u32(10),
		     mote_value_u32(3));
		clean_restore(other, snapshots[at]);
		CHECK_EQ(CALL0(other, "count").as.u32, counted[at]);
		if (i % 4 == 0)
			clean_restore(sandbox, snapshots[at]);
	}
	for (unsigned i = 0; i < SNAPSHOTS; i++)
		mote_snapshot_destroy(snapshots[i]);
	clean_restore(sandbox, sandbox->origin->snapshot);
	mote_sandbox_destroy(other);
	fixture_destroy(sandbox, engine);
}

/* One that has never run is put into a state, too. */
static void a_sandbox_that_never_ran(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	mote_sandbox *fresh = clean_another(sandbox);
	mote_snapshot *snapshot = clean_take(sandbox);
	uint32_t counted = CALL0(sandbox, "count").as.u32;

	clean_restore(fresh, snapshot);
	CHECK_EQ(CALL0(fresh, "count").as.u32, counted);
	CALL(fresh, "touch", mote_value_u64(clean_region(fresh, MOTE_LAYOUT_HEAP)->gva),
	     mote_value_u32(100), mote_value_u32(1));
	clean_restore(fresh, snapshot);
	CHECK_EQ(CALL0(fresh, "count").as.u32, counted);
	mote_snapshot_destroy(snapshot);
	mote_sandbox_destroy(fresh);
	fixture_destroy(sandbox, engine);
}

static void clones_are_as_their_snapshot(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_sandbox *sandbox, *clones[3];
	mote_snapshot *snapshot, *own;
	mote_error error = MOTE_ERROR_INIT;
	struct part parts[4];
	uint32_t counted;

	sandbox = small_sandbox(engine);
	snapshot = clean_take(sandbox);
	counted = CALL0(sandbox, "count").as.u32;
	options.host_functions = fixture_functions(&options.host_function_count);
	options.log_level = MOTE_LOG_TRACE;
	mote_sandbox_destroy(sandbox);
	for (unsigned i = 0; i < 3; i++) {
		REQUIRE_OK(mote_sandbox_create_from_snapshot(snapshot, &options, &clones[i],
							     &error),
			   &error);
		clean_check_memory(clones[i], snapshot);
		clean_check_vcpu(clones[i], snapshot);
		CHECK_OK(mote_sandbox_start(clones[i], NULL, &error), &error);
		CHECK_EQ(clean_statistics(clones[i]).exits, 0);
		CHECK_EQ(CALL0(clones[i], "count").as.u32, counted);
	}
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(CALL0(clones[i], "count").as.u32, counted + 3);
		for (size_t j = find_parts(clones[i], parts); j-- > 0;)
			CALL(clones[i], "fill", mote_value_u64(parts[j].gva),
			     mote_value_u64(parts[j].bytes), mote_value_u64(PATTERN));
		clean_restore(clones[i], snapshot);
		CHECK_EQ(CALL0(clones[i], "count").as.u32, counted);
	}
	/* A snapshot of a clone, and a clone of that. */
	own = clean_take(clones[0]);
	mote_sandbox_destroy(clones[2]);
	REQUIRE_OK(mote_sandbox_create_from_snapshot(own, &options, &clones[2], &error), &error);
	CHECK_EQ(CALL0(clones[2], "count").as.u32, counted + 3);
	clean_restore(clones[2], own);
	clean_restore(clones[2], snapshot);
	for (unsigned i = 0; i < 3; i++)
		mote_sandbox_destroy(clones[i]);
	mote_snapshot_destroy(own);
	mote_snapshot_destroy(snapshot);
	mote_engine_release(engine);
}

static const struct test_case cases[] = {
	CASE(everything_that_was_filled_is_as_it_was),
	CASE(a_guest_that_overwrote_itself_is_as_it_was),
	CASE(what_the_host_wrote_is_as_it_was),
	CASE(results_of_host_functions_are_as_they_were),
	CASE(batches_and_refused_arguments_are_forgotten),
	CASE(only_what_was_written_costs),
	CASE(first_writes_of_any_kind_are_noticed),
	CASE(a_changed_thread_block_comes_back),
	CASE(other_snapshots_of_the_same_image),
	CASE(a_sandbox_that_never_ran),
	CASE(clones_are_as_their_snapshot),
};

int main(int argc, char **argv)
{
	return test_main("snapshot_memory", cases, TEST_COUNT(cases), argc, argv);
}

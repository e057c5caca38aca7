/* SPDX-License-Identifier: Apache-2.0
 *
 * Many sandboxes and many threads: each keeps its own registers and memory, whichever threads run
 * it, and nobody sees what was at its addresses before.  What a hypervisor shares between the
 * sandboxes of a process, which may be the addresses, the ASIDs and a thread's vCPU, must not show.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "sandbox/sandbox_internal.h"

static mote_image *open_guest(mote_engine *engine, const char *guest)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_image *image;

	REQUIRE_OK(mote_image_open(engine, test_guest(guest), &image, &error), &error);
	return image;
}

static mote_sandbox *create(mote_engine *engine, mote_image *image)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;

	options.host_functions = fixture_functions(&options.host_function_count);
	CHECK_OK(mote_sandbox_create(engine, image, &options, &sandbox, &error), &error);
	return sandbox;
}

/* A call without arguments; on any thread.  UINT32_MAX: it failed. */
static uint32_t call(mote_sandbox *sandbox, const char *name)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_function function;
	mote_value result = {0};
	mote_status status = mote_sandbox_find(sandbox, name, NULL, &function, &error);

	if (status == MOTE_OK)
		status = mote_sandbox_call(sandbox, function, NULL, 0, NULL, &result, &error);
	CHECK_OK(status, &error);
	return status == MOTE_OK ? result.as.u32 : UINT32_MAX;
}

/* ---- Threads ----------------------------------------------------------------------------- */

enum { THREADS = 8, EACH = 2 };

struct worker {
	pthread_t thread;
	mote_sandbox *sandboxes[EACH];
	uint32_t rounds;
};

static void *alternate(void *argument)
{
	struct worker *worker = argument;

	for (uint32_t round = 1; round <= worker->rounds; round++)
		for (uint32_t i = 0; i < EACH; i++)
			CHECK_EQ(call(worker->sandboxes[i], "count"), round);
	return NULL;
}

static void sixteen_sandboxes_in_eight_threads(void)
{
	mote_engine *engine = fixture_engine();
	mote_image *image = open_guest(engine, "echo");
	struct worker workers[THREADS];

	for (size_t i = 0; i < THREADS; i++) {
		workers[i].rounds = (uint32_t)test_scale(2500);
		for (size_t k = 0; k < EACH; k++)
			REQUIRE((workers[i].sandboxes[k] = create(engine, image)) != NULL);
	}
	for (size_t i = 0; i < THREADS; i++)
		REQUIRE(pthread_create(&workers[i].thread, NULL, alternate, &workers[i]) == 0);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(workers[i].thread, NULL);
		for (size_t k = 0; k < EACH; k++)
			mote_sandbox_destroy(workers[i].sandboxes[k]);
	}
	mote_image_release(image);
	mote_engine_release(engine);
}

/* Threads that take turns. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	uint32_t turn, turns; /* the one, and how many there are */
	mote_sandbox *sandbox;
} ring = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, NULL};

static void *take_turns(void *argument)
{
	const uint32_t own = *(const uint32_t *)argument;

	pthread_mutex_lock(&ring.lock);
	while (ring.turn < ring.turns) {
		if (ring.turn % THREADS != own) {
			pthread_cond_wait(&ring.changed, &ring.lock);
			continue;
		}
		CHECK_EQ(call(ring.sandbox, "count"), ring.turn + 1);
		ring.turn++;
		pthread_cond_broadcast(&ring.changed);
	}
	pthread_mutex_unlock(&ring.lock);
	return NULL;
}

static void one_sandbox_through_eight_threads(void)
{
	mote_engine *engine = fixture_engine();
	pthread_t threads[THREADS];
	uint32_t numbers[THREADS];

	ring.sandbox = fixture_sandbox(engine, "echo", NULL);
	ring.turn = 0;
	ring.turns = 161;
	for (uint32_t i = 0; i < THREADS; i++) {
		numbers[i] = i;
		REQUIRE(pthread_create(&threads[i], NULL, take_turns, &numbers[i]) == 0);
	}
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	CHECK_EQ(CALL0(ring.sandbox, "count").as.u32, ring.turns + 1);
	fixture_destroy(ring.sandbox, engine);
}

/* ---- Threads and the ends of things ------------------------------------------------------ */

/* A thread that calls when it is told to, and lives until it is told to end. */
struct servant {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	mote_sandbox *sandbox; /* to be called; NULL: nothing is to be done */
	bool ends;
	uint32_t result;
};

static void *serve(void *argument)
{
	struct servant *servant = argument;

	pthread_mutex_lock(&servant->lock);
	while (!servant->ends) {
		if (servant->sandbox != NULL) {
			servant->result = call(servant->sandbox, "count");
			servant->sandbox = NULL;
			pthread_cond_signal(&servant->changed);
		}
		pthread_cond_wait(&servant->changed, &servant->lock);
	}
	pthread_mutex_unlock(&servant->lock);
	return NULL;
}

static void start(struct servant *servant)
{
	*servant = (struct servant){.sandbox = NULL};
	pthread_mutex_init(&servant->lock, NULL);
	pthread_cond_init(&servant->changed, NULL);
	REQUIRE(pthread_create(&servant->thread, NULL, serve, servant) == 0);
}

static uint32_t call_there(struct servant *servant, mote_sandbox *sandbox)
{
	pthread_mutex_lock(&servant->lock);
	servant->sandbox = sandbox;
	pthread_cond_signal(&servant->changed);
	while (servant->sandbox != NULL)
		pthread_cond_wait(&servant->changed, &servant->lock);
	pthread_mutex_unlock(&servant->lock);
	return servant->result;
}

static void end(struct servant *servant)
{
	pthread_mutex_lock(&servant->lock);
	servant->ends = true;
	pthread_cond_signal(&servant->changed);
	pthread_mutex_unlock(&servant->lock);
	pthread_join(servant->thread, NULL);
	pthread_cond_destroy(&servant->changed);
	pthread_mutex_destroy(&servant->lock);
}

/* What the thread's vCPU had of the sandbox outlives the thread. */
static void a_thread_ends_with_a_loaded_sandbox(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "echo", NULL);
	uint32_t calls = 0;

	for (uint64_t i = test_scale(500); i > 0; i--) {
		struct servant servant;

		start(&servant);
		CHECK_EQ(call_there(&servant, sandbox), ++calls);
		end(&servant);
		if (i % 2)
			CHECK_EQ(CALL0(sandbox, "count").as.u32, ++calls);
	}
	fixture_destroy(sandbox, engine);
}

static void destroyed_by_another_thread_than_ran_it(void)
{
	mote_engine *engine = fixture_engine();
	mote_image *image = open_guest(engine, "echo");
	struct servant servant;
	size_t files = 0;

	start(&servant);
	for (uint64_t i = 0; i <= test_scale(500); i++) {
		mote_sandbox *sandbox;

		if (i == 1)
			files = test_fd_count();
		sandbox = create(engine, image);
		REQUIRE(sandbox != NULL);
		CHECK_EQ(call_there(&servant, sandbox), 1);
		mote_sandbox_destroy(sandbox);
		sandbox = create(engine, image);
		REQUIRE(sandbox != NULL);
		CHECK_EQ(call(sandbox, "count"), 1);
		CHECK_EQ(call_there(&servant, sandbox), 2);
		mote_sandbox_destroy(sandbox);
	}
	CHECK_EQ(test_fd_count(), files);
	end(&servant);
	mote_image_release(image);
	mote_engine_release(engine);
}

/* What the hypervisor has of the process may stay for the sake of that thread; the next engine
 * works with it, on both threads. */
static void an_engine_ends_while_a_thread_still_lives_that_ran_a_guest(void)
{
	struct servant servant;

	test_need_hypervisor();
	start(&servant);
	for (uint64_t i = test_scale(200); i > 0; i--) {
		mote_engine *engine = fixture_engine();
		mote_sandbox *sandbox = fixture_sandbox(engine, "echo", NULL);

		CHECK_EQ(call_there(&servant, sandbox), 1);
		CHECK_EQ(CALL0(sandbox, "count").as.u32, 2);
		if (i % 2)
			CHECK_EQ(call_there(&servant, sandbox), 3);
		fixture_destroy(sandbox, engine);
	}
	end(&servant);
}

/* ---- The same addresses ------------------------------------------------------------------ */

static uint64_t address_of(const mote_sandbox *sandbox)
{
	return sandbox->vm.vm->address_base;
}

/* Another image, so other translations of the same addresses; at once, on the same thread. */
static void the_next_one_at_the_same_addresses(void)
{
	static const char *const guests[] = {"echo", "faults", "callbacks", "snapshot"};
	static const char *const calls[] = {"count", "still_alive", "call_empty", "count"};
	mote_engine *engine = fixture_engine();
	mote_image *images[TEST_COUNT(guests)];
	uint64_t address = 0;

	for (size_t i = 0; i < TEST_COUNT(guests); i++)
		images[i] = open_guest(engine, guests[i]);
	for (uint64_t i = 0; i < 10 * TEST_COUNT(guests); i++) {
		mote_sandbox *sandbox = create(engine, images[i % TEST_COUNT(guests)]);

		REQUIRE(sandbox != NULL);
		if (i == 0)
			address = address_of(sandbox);
		CHECK_EQ(address_of(sandbox), address);
		(void)call(sandbox, calls[i % TEST_COUNT(guests)]);
		mote_sandbox_destroy(sandbox);
	}
	for (size_t i = 0; i < TEST_COUNT(guests); i++)
		mote_image_release(images[i]);
	mote_engine_release(engine);
}

#define MARKER 0x6d61726b65722041ull

static const struct mote_layout_region *region(const mote_sandbox *sandbox,
					       enum mote_layout_region_id id)
{
	return &sandbox->layout.regions[id];
}

/* All of the heap, and what is free of the stack, as the guest sees them. */
static uint64_t visit(mote_sandbox *sandbox, const char *function)
{
	static const enum mote_layout_region_id ids[] = {MOTE_LAYOUT_HEAP, MOTE_LAYOUT_STACK};
	uint64_t found = 0;

	for (size_t i = 0; i < TEST_COUNT(ids); i++) {
		const struct mote_layout_region *at = region(sandbox, ids[i]);
		/* The stack is in use from its upper end. */
		const uint64_t bytes = ids[i] == MOTE_LAYOUT_STACK ? at->bytes / 2 : at->bytes;

		found += CALL(sandbox, function, mote_value_u64(at->gva), mote_value_u64(bytes),
			      mote_value_u64(MARKER))
				 .as.u64;
	}
	return found;
}

/* Words with the marker in all of the memory, as the host sees it. */
static uint64_t count_markers(const mote_sandbox *sandbox)
{
	const uint64_t *words = sandbox->ram.hva;
	uint64_t found = 0;

	for (size_t i = 0; i < sandbox->ram.bytes / sizeof(*words); i++)
		found += words[i] == MARKER;
	return found;
}

static void nothing_of_a_predecessor_is_left_at_its_addresses(void)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_sandbox *a, *b;

	options.memory_bytes = 4 << 20;
	for (int round = 0; round < 3; round++) {
		uint64_t address;

		a = fixture_sandbox(engine, "snapshot", &options);
		address = address_of(a);
		visit(a, "fill");
		CHECK(visit(a, "find") > (2 << 20) / 8);
		CHECK(count_markers(a) > (2 << 20) / 8);
		mote_sandbox_destroy(a);
		b = fixture_sandbox(engine, "snapshot", &options);
		CHECK_EQ(address_of(b), address);
		CALL0(b, "count");
		CHECK_EQ(count_markers(b), 0);
		CHECK_EQ(visit(b, "find"), 0); /* for which it is told the marker */
		mote_sandbox_destroy(b);
	}
	mote_engine_release(engine);
}

/* ---- As many as there are ASIDs, and more ------------------------------------------------- */

/* Some stay alive meanwhile, and keep what is theirs. */
static void six_hundred_sandboxes(void)
{
	enum { ALIVE = 16 };
	mote_engine *engine = fixture_engine();
	/* Where each has a virtual machine, that takes long, and none has what another one had. */
	const uint32_t sandboxes = mote_engine_get_backend(engine) == MOTE_BACKEND_HVF ? 600 : 60;
	mote_image *echo = open_guest(engine, "echo"), *faults = open_guest(engine, "faults");
	mote_sandbox *alive[ALIVE] = {NULL};
	uint32_t calls[ALIVE] = {0};
	size_t files = test_fd_count();

	for (uint32_t i = 0; i < sandboxes; i++) {
		mote_sandbox *sandbox = create(engine, i % 3 ? echo : faults);
		const uint32_t at = i * 7 % ALIVE;

		REQUIRE(sandbox != NULL);
		(void)call(sandbox, i % 3 ? "count" : "still_alive");
		if (alive[at] != NULL)
			CHECK_EQ(call(alive[at], "count"), ++calls[at]);
		if (i % 3 == 0) {
			mote_sandbox_destroy(sandbox);
			continue;
		}
		mote_sandbox_destroy(alive[at]);
		alive[at] = sandbox;
		calls[at] = 1;
	}
	for (size_t i = 0; i < ALIVE; i++)
		mote_sandbox_destroy(alive[i]);
	CHECK_EQ(test_fd_count(), files);
	mote_image_release(echo);
	mote_image_release(faults);
	mote_engine_release(engine);
}

static const struct test_case cases[] = {
	CASE(sixteen_sandboxes_in_eight_threads),
	CASE(one_sandbox_through_eight_threads),
	CASE(a_thread_ends_with_a_loaded_sandbox),
	CASE(destroyed_by_another_thread_than_ran_it),
	CASE(an_engine_ends_while_a_thread_still_lives_that_ran_a_guest),
	CASE(the_next_one_at_the_same_addresses),
	CASE(nothing_of_a_predecessor_is_left_at_its_addresses),
	CASE(six_hundred_sandboxes),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_parallel", cases, TEST_COUNT(cases), argc, argv);
}

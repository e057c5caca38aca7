/* SPDX-License-Identifier: Apache-2.0
 *
 * What is done while something fails: whole lives through the public API.
 */
#define _GNU_SOURCE
#include "engine_internal.h"
#include "sweep.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { BUFFER_BYTES = 8192, BATCH = 20 };

static const uint64_t LONG_NS = 3600000000000;

struct life {
	mote_engine *engine;
	mote_image *image;
	mote_sandbox *sandbox, *second;
	unsigned int created, given_back; /* sandboxes, and the users of their host functions */
	mote_sandbox *clone, *pooled;
	mote_snapshot *snapshot, *loaded;
	mote_pool *pool;
	char folder[64], path[80];
	mote_buffer *made, *imported;
	mote_function ask, sum, next, spin, null_write;
	unsigned int logged;
	int memfd;
	bool recover;
};

/* A step gives a status other than MOTE_OK when what it is for did not happen. */
struct step {
	const char *name;
	mote_status (*take)(struct life *life, mote_error *error);
};

/* ---- The engine and its sandboxes --------------------------------------------------------- */

static void count_log(void *user, mote_log_level level, const char *text, size_t length)
{
	struct life *life = user;

	(void)level, (void)text, (void)length;
	life->logged++;
}

static mote_status create_engine(struct life *life, mote_error *error)
{
	mote_engine_options options = MOTE_ENGINE_OPTIONS_INIT;
	mote_status status;

	options.log = count_log;
	options.log_user = life;
	options.allocator = sweep_allocator;
	status = sweep_create_engine(&options, &life->engine, error);
	CHECK((status == MOTE_OK) == (life->engine != NULL));
	return status;
}

static mote_status open_image(struct life *life, mote_error *error)
{
	mote_status status =
		mote_image_open(life->engine, test_guest("sweep"), &life->image, error);

	CHECK((status == MOTE_OK) == (life->image != NULL));
	return status;
}

static mote_status echo(void *user, const mote_value *arguments, size_t count, mote_value *result,
			mote_error *error)
{
	(void)user, (void)count, (void)error;
	*result = arguments[0];
	return MOTE_OK;
}

static void give_back(void *user)
{
	((struct life *)user)->given_back++;
}

static mote_status new_sandbox(struct life *life, mote_sandbox **sandbox, mote_error *error)
{
	const mote_host_function functions[] = {
		{"host_string", "string(string)", echo, life, give_back},
	};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_status status;

	options.memory_bytes = 1 << 20;
	options.host_functions = functions;
	options.host_function_count = TEST_COUNT(functions);
	status = mote_sandbox_create(life->engine, life->image, &options, sandbox, error);
	CHECK((status == MOTE_OK) == (*sandbox != NULL));
	life->created += status == MOTE_OK;
	return status;
}

static mote_status create_sandbox(struct life *life, mote_error *error)
{
	return new_sandbox(life, &life->sandbox, error);
}

static mote_status create_second(struct life *life, mote_error *error)
{
	return new_sandbox(life, &life->second, error);
}

static mote_status find_functions(struct life *life, mote_error *error)
{
	const struct {
		const char *name, *signature;
		mote_function *function;
	} wanted[] = {
		{"ask", "string(string)", &life->ask},	 {"sum", "u64(bytes)", &life->sum},
		{"next", "u32(u32)", &life->next},	 {"spin", "void()", &life->spin},
		{"null_write", NULL, &life->null_write},
	};
	mote_status status = MOTE_OK;

	for (size_t i = 0; status == MOTE_OK && i < TEST_COUNT(wanted); i++)
		status = mote_sandbox_find(life->sandbox, wanted[i].name, wanted[i].signature,
					   wanted[i].function, error);
	return status;
}

/* ---- Buffers ------------------------------------------------------------------------------ */

static mote_status make_buffer(struct life *life, mote_error *error)
{
	mote_status status = mote_buffer_create(life->engine, BUFFER_BYTES, &life->made, error);

	CHECK((status == MOTE_OK) == (life->made != NULL));
	if (status == MOTE_OK)
		memset(mote_buffer_get_data(life->made), 1, BUFFER_BYTES);
	return status;
}

static mote_status import_buffer(struct life *life, mote_error *error)
{
	mote_status status = mote_buffer_import(life->engine, life->memfd, 0, BUFFER_BYTES,
						&life->imported, error);

	CHECK((status == MOTE_OK) == (life->imported != NULL));
	return status;
}

static mote_status map_made(struct life *life, mote_error *error)
{
	return mote_sandbox_map_buffer(life->sandbox, life->made, true, error);
}

static mote_status map_imported(struct life *life, mote_error *error)
{
	const bool writable = !life->engine->hypervisor->capabilities.read_only_slots;

	return mote_sandbox_map_buffer(life->sandbox, life->imported, writable, error);
}

static mote_status sum_buffer(struct life *life, const mote_buffer *buffer, mote_error *error)
{
	const mote_value argument = mote_value_bytes(mote_buffer_get_data(buffer), BUFFER_BYTES);
	mote_value result = {0};
	mote_status status =
		mote_sandbox_call(life->sandbox, life->sum, &argument, 1, NULL, &result, error);

	CHECK(status != MOTE_OK || result.as.u64 == (buffer == life->made ? BUFFER_BYTES : 0));
	return status;
}

static mote_status sum_made(struct life *life, mote_error *error)
{
	return sum_buffer(life, life->made, error);
}

static mote_status unmap_imported(struct life *life, mote_error *error)
{
	mote_status status = mote_sandbox_unmap_buffer(life->sandbox, life->imported, error);
	mote_error other = MOTE_ERROR_INIT;

	/* What could not be unmapped is mapped, in every respect; if it was unmapped, and the vCPU
	 * may still know it, the sandbox is of no use. */
	if (status != MOTE_OK && life->recover && !mote_sandbox_is_poisoned(life->sandbox))
		CHECK_OK(sum_buffer(life, life->imported, &other), &other);
	return status;
}

/* ---- Calls -------------------------------------------------------------------------------- */

static mote_status call_ask(struct life *life, const mote_call_options *options, mote_error *error)
{
	const mote_value argument = mote_value_string("what is said comes back");
	unsigned int logged = life->logged;
	mote_value result = {0};
	mote_status status =
		mote_sandbox_call(life->sandbox, life->ask, &argument, 1, options, &result, error);

	if (status != MOTE_OK)
		return status;
	CHECK_STR(result.as.string.data, "what is said comes back");
	CHECK_EQ(life->logged, logged + 1);
	return MOTE_OK;
}

static mote_status call(struct life *life, mote_error *error)
{
	return call_ask(life, NULL, error);
}

static mote_status call_within(struct life *life, mote_error *error)
{
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;

	options.wall_ns = LONG_NS;
	options.cpu_ns = LONG_NS;
	return call_ask(life, &options, error);
}

static mote_status call_batch(struct life *life, mote_error *error)
{
	mote_value arguments[BATCH], results[BATCH] = {{0}};
	mote_status status;

	for (uint32_t i = 0; i < BATCH; i++)
		arguments[i] = mote_value_u32(i);
	status = mote_sandbox_call_batch(life->sandbox, life->next, arguments, BATCH, NULL, results,
					 error);
	for (uint32_t i = 0; status == MOTE_OK && i < BATCH; i++)
		CHECK_EQ(results[i].as.u32, i + 1);
	return status;
}

/* ---- Snapshots ---------------------------------------------------------------------------- */

static mote_status take_snapshot(struct life *life, mote_error *error)
{
	mote_status status = mote_snapshot_take(life->sandbox, NULL, &life->snapshot, error);

	CHECK((status == MOTE_OK) == (life->snapshot != NULL));
	return status;
}

static mote_status restore(struct life *life, mote_error *error)
{
	mote_status status = mote_sandbox_restore(life->sandbox, life->snapshot, error);

	CHECK(status != MOTE_OK || !mote_sandbox_is_poisoned(life->sandbox));
	return status;
}

/* A sandbox that was not made from it, nor has run. */
static mote_status restore_second(struct life *life, mote_error *error)
{
	return mote_sandbox_restore(life->second, life->snapshot, error);
}

static mote_status create_clone(struct life *life, mote_error *error)
{
	const mote_host_function functions[] = {
		{"host_string", "string(string)", echo, life, give_back},
	};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_status status;

	options.host_functions = functions;
	options.host_function_count = TEST_COUNT(functions);
	status = mote_sandbox_create_from_snapshot(life->snapshot, &options, &life->clone, error);
	CHECK((status == MOTE_OK) == (life->clone != NULL));
	life->created += status == MOTE_OK;
	return status;
}

static mote_status create_pool(struct life *life, mote_error *error)
{
	const mote_host_function functions[] = {
		{"host_string", "string(string)", echo, life, give_back},
	};
	mote_sandbox_options sandbox = MOTE_SANDBOX_OPTIONS_INIT;
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	mote_status status;

	sandbox.host_functions = functions;
	sandbox.host_function_count = TEST_COUNT(functions);
	options.sandbox = &sandbox;
	options.most = options.least_idle = 1;
	status = mote_pool_create(life->snapshot, &options, &life->pool, error);
	CHECK((status == MOTE_OK) == (life->pool != NULL));
	life->created += status == MOTE_OK;
	return status;
}

static mote_pool_statistics pool_statistics(const struct life *life)
{
	mote_pool_statistics statistics = MOTE_POOL_STATISTICS_INIT;

	CHECK_OK(mote_pool_get_statistics(life->pool, &statistics, NULL), NULL);
	return statistics;
}

static mote_status refill_pool(struct life *life, mote_error *error)
{
	mote_status status = mote_pool_refill(life->pool, error);

	CHECK_EQ(pool_statistics(life).idle, status == MOTE_OK);
	CHECK_EQ(pool_statistics(life).in_use, 0);
	return status;
}

/* Of an empty pool. */
static mote_status acquire(struct life *life, mote_error *error)
{
	mote_status status;

	mote_pool_trim(life->pool, 0);
	status = mote_pool_acquire(life->pool, &life->pooled, error);
	CHECK((status == MOTE_OK) == (life->pooled != NULL));
	CHECK_EQ(pool_statistics(life).in_use, status == MOTE_OK);
	return status;
}

static mote_status call_next(struct life *life, mote_sandbox *sandbox, mote_error *error)
{
	const mote_value argument = mote_value_u32(7);
	mote_value result = {0};
	mote_status status =
		mote_sandbox_call(sandbox, life->next, &argument, 1, NULL, &result, error);

	CHECK(status != MOTE_OK || result.as.u32 == 8);
	return status;
}

static mote_status call_restored(struct life *life, mote_error *error)
{
	return call_next(life, life->sandbox, error);
}

static mote_status call_clone(struct life *life, mote_error *error)
{
	return call_next(life, life->clone, error);
}

static mote_status call_pooled(struct life *life, mote_error *error)
{
	return call_next(life, life->pooled, error);
}

static mote_status save_snapshot(struct life *life, mote_error *error)
{
	return mote_snapshot_save(life->snapshot, life->path, error);
}

static mote_status load_snapshot(struct life *life, mote_error *error)
{
	mote_status status =
		mote_snapshot_load(life->engine, life->image, life->path, &life->loaded, error);

	CHECK((status == MOTE_OK) == (life->loaded != NULL));
	return status;
}

static mote_status inspect_file(struct life *life, mote_error *error)
{
	mote_snapshot_file_information information = MOTE_SNAPSHOT_FILE_INFORMATION_INIT;

	return mote_snapshot_inspect_file(life->path, &information, error);
}

static mote_status restore_loaded(struct life *life, mote_error *error)
{
	return mote_sandbox_restore(life->sandbox, life->loaded, error);
}

/* ---- Ends --------------------------------------------------------------------------------- */

struct killer {
	mote_interrupt *interrupt;
	uint64_t call_id; /* of the last call before */
	atomic_bool stop; /* the call is over */
};

static void *kill_when_running(void *user)
{
	struct killer *killer = user;
	mote_interrupt_state state;

	do {
		sched_yield();
		state = test_interrupt_state(killer->interrupt);
	} while (!atomic_load(&killer->stop) &&
		 !(state.running && state.call_id != killer->call_id));
	(void)mote_interrupt_kill(killer->interrupt);
	return NULL;
}

/* A call that another thread kills as soon as guest code runs. */
static mote_status call_and_kill(mote_sandbox *sandbox, mote_function function, mote_error *error)
{
	struct killer killer = {.interrupt = mote_sandbox_get_interrupt(sandbox)};
	bool before = sweep_exempt(true);
	mote_status status;
	pthread_t thread;

	killer.call_id = test_interrupt_state(killer.interrupt).call_id;
	if (!CHECK(pthread_create(&thread, NULL, kill_when_running, &killer) == 0))
		return MOTE_OS;
	(void)sweep_exempt(before);
	status = mote_sandbox_call(sandbox, function, NULL, 0, NULL, NULL, error);
	(void)sweep_exempt(true);
	atomic_store(&killer.stop, true);
	pthread_join(thread, NULL);
	(void)sweep_exempt(before);
	return status;
}

/* The wanted end is what a step is for. */
static mote_status wanted(mote_sandbox *sandbox, mote_status status, mote_status end,
			  const mote_error *error)
{
	if (status != end) {
		CHECK(status != MOTE_OK);
		return status;
	}
	CHECK(mote_sandbox_is_poisoned(sandbox));
	CHECK(error->text[0] != '\0');
	return MOTE_OK;
}

static mote_status be_killed(struct life *life, mote_error *error)
{
	mote_status status = call_and_kill(life->sandbox, life->spin, error);

	return wanted(life->sandbox, status, MOTE_KILLED, error);
}

static mote_status fault(struct life *life, mote_error *error)
{
	mote_status status =
		mote_sandbox_call(life->second, life->null_write, NULL, 0, NULL, NULL, error);
	/* Registers that cannot be read are zeros, and no error. */
	const bool before = sweep_exempt(true);
	const mote_fault *fault = mote_sandbox_get_fault(life->second);

	(void)sweep_exempt(before);
	CHECK((status == MOTE_GUEST_FAULT) == (fault != NULL));
	if (status == MOTE_GUEST_FAULT && fault != NULL) {
		CHECK_EQ(fault->kind, MOTE_FAULT_MEMORY);
		CHECK_STR(fault->symbol, "null_write");
	}
	return wanted(life->second, status, MOTE_GUEST_FAULT, error);
}

/* ---- A whole life ------------------------------------------------------------------------- */

static const struct step steps[] = {
	{"create engine", create_engine},
	{"open image", open_image},
	{"create sandbox", create_sandbox},
	{"find functions", find_functions},
	{"make a buffer", make_buffer},
	{"import a buffer", import_buffer},
	{"map a writable buffer", map_made},
	{"map a read-only buffer", map_imported},
	{"call with a string and a host function", call},
	{"call with a buffer", sum_made},
	{"unmap a buffer", unmap_imported},
	{"call a batch", call_batch},
	{"call within deadlines", call_within},
	{"take a snapshot", take_snapshot},
	{"go back to it", restore},
	{"call what went back", call_restored},
	{"kill a call", be_killed},
	{"go back from a kill", restore},
	{"call what was killed", call_restored},
	{"create a sandbox from it", create_clone},
	{"call that sandbox", call_clone},
	{"create a pool", create_pool},
	{"refill it", refill_pool},
	{"acquire a sandbox of it", acquire},
	{"call that sandbox, too", call_pooled},
	{"save the snapshot", save_snapshot},
	{"inspect the file", inspect_file},
	{"load the file", load_snapshot},
	{"go to what was loaded", restore_loaded},
	{"call what went there", call_restored},
	{"create a second sandbox", create_second},
	{"put it into that state", restore_second},
	{"guest fault", fault},
};

static void end_life(struct life *life)
{
	bool before;

	mote_snapshot_destroy(life->loaded);
	mote_snapshot_destroy(life->snapshot);
	mote_pool_destroy(life->pool);
	mote_sandbox_destroy(life->pooled);
	mote_sandbox_destroy(life->clone);
	mote_sandbox_destroy(life->second);
	mote_sandbox_destroy(life->sandbox);
	mote_buffer_release(life->imported);
	mote_buffer_release(life->made);
	mote_image_release(life->image);
	mote_engine_release(life->engine);
	CHECK_EQ(life->given_back, life->created);
	before = sweep_exempt(true);
	close(life->memfd);
	(void)unlink(life->path);
	CHECK_EQ(rmdir(life->folder), 0); /* nothing else was left in it */
	(void)sweep_exempt(before);
}

static bool begin_life(struct life *life)
{
	bool before = sweep_exempt(true);
	bool right;

	*life = (struct life){.memfd = memfd_create("sweep", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
	right = CHECK(life->memfd >= 0 && ftruncate(life->memfd, BUFFER_BYTES) == 0 &&
		      fcntl(life->memfd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
	snprintf(life->folder, sizeof(life->folder), "/tmp/mote-sweep-XXXXXX");
	right = right && CHECK(mkdtemp(life->folder) != NULL);
	snprintf(life->path, sizeof(life->path), "%s/sweep", life->folder);
	(void)sweep_exempt(before);
	return right;
}

/* The sandbox that a step uses, if any. */
static mote_sandbox *used_by(const struct life *life, const struct step *step)
{
	if (step->take == create_second || step->take == create_clone ||
	    step->take == create_pool || step->take == refill_pool || step->take == acquire ||
	    step->take == save_snapshot || step->take == load_snapshot ||
	    step->take == inspect_file)
		return NULL;
	if (step->take == call_pooled)
		return life->pooled;
	if (step->take == call_clone)
		return life->clone;
	return step->take == fault || step->take == restore_second ? life->second : life->sandbox;
}

/* Whether a step is one that undoes what its own failure leaves. */
static bool is_restore(const struct step *step)
{
	return step->take == restore || step->take == restore_second ||
	       step->take == restore_loaded;
}

/* How often guest code was entered, or was to be. */
static uint64_t exits(const mote_sandbox *sandbox)
{
	mote_sandbox_statistics statistics = MOTE_SANDBOX_STATISTICS_INIT;

	if (sandbox != NULL)
		mote_sandbox_get_statistics(sandbox, &statistics, NULL);
	return statistics.exits;
}

/* After a failure: a sandbox whose guest code did not end as it should is poisoned and says so; all
 * else works when it is done again. */
static void check_recovery(struct life *life, const struct step *step, uint64_t exits_before,
			   const mote_error *first)
{
	mote_sandbox *sandbox = used_by(life, step);
	mote_error error = MOTE_ERROR_INIT;

	if (sandbox == NULL || !mote_sandbox_is_poisoned(sandbox) || is_restore(step)) {
		CHECK_OK(step->take(life, &error), &error);
		return;
	}
	CHECK(exits(sandbox) > exits_before || step->take == take_snapshot ||
	      step->take == unmap_imported);
	CHECK_STATUS(mote_sandbox_call(sandbox, life->next, NULL, 0, NULL, NULL, &error),
		     MOTE_POISONED, &error);
	CHECK_CONTAINS(error.text, first->text);
}

static void live(bool recover, struct sweep_result *result)
{
	struct life life;

	if (!begin_life(&life))
		return;
	life.recover = recover;
	for (size_t i = 0; result->status == MOTE_OK && i < TEST_COUNT(steps); i++) {
		mote_error error = MOTE_ERROR_INIT;
		uint64_t exits_before = exits(used_by(&life, &steps[i]));

		result->step = steps[i].name;
		result->status = steps[i].take(&life, &error);
		if (result->status == MOTE_OK)
			continue;
		result->error = error;
		if (recover)
			check_recovery(&life, &steps[i], exits_before, &error);
	}
	end_life(&life);
}

struct task {
	bool recover;
	struct sweep_result *result;
};

static void *live_in_thread(void *user)
{
	const struct task *task = user;

	live(task->recover, task->result);
	return NULL;
}

/* In a thread of its own, for what is asked once per thread. */
void sweep_live(bool recover, struct sweep_result *result)
{
	struct task task = {recover, result};
	bool before = sweep_exempt(true);
	pthread_t thread;

	*result = (struct sweep_result){.error = MOTE_ERROR_INIT};
	if (CHECK(pthread_create(&thread, NULL, live_in_thread, &task) == 0))
		pthread_join(thread, NULL);
	(void)sweep_exempt(before);
}

/* ---- Other ends --------------------------------------------------------------------------- */

const struct sweep_end sweep_ends[] = {
	{"kill", MOTE_KILLED, "spin", 0, 0, true},
	{"wall-clock deadline", MOTE_WALL_DEADLINE, "spin", 2000000, 0, false},
	{"CPU-time deadline", MOTE_CPU_DEADLINE, "spin", 0, 2000000, false},
	{"doorbell", MOTE_GUEST_FAULT, "short_doorbell", 0, 0, false},
	{"abort", MOTE_GUEST_ABORT, "call_abort", 0, 0, false},
};

const size_t sweep_end_count = TEST_COUNT(sweep_ends);

static mote_status tick(void *user, const mote_value *arguments, size_t count, mote_value *result,
			mote_error *error)
{
	(void)user, (void)count, (void)error;
	*result = arguments[0];
	return MOTE_OK;
}

static mote_sandbox *sandbox_to_die(mote_engine **engine)
{
	const mote_host_function functions[] = {{"host_tick", "u32(u32)", tick, NULL, NULL}};
	mote_engine_options engine_options = MOTE_ENGINE_OPTIONS_INIT;
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox = NULL;

	engine_options.allocator = sweep_allocator;
	options.memory_bytes = 1 << 20;
	options.host_functions = functions;
	options.host_function_count = TEST_COUNT(functions);
	REQUIRE_OK(sweep_create_engine(&engine_options, engine, &error), &error);
	REQUIRE_OK(mote_sandbox_create_from_file(*engine, test_guest("faults"), &options, &sandbox,
						 &error),
		   &error);
	REQUIRE_OK(mote_sandbox_start(sandbox, NULL, &error), &error);
	return sandbox;
}

void sweep_die(const struct sweep_end *end, struct sweep_point *point, struct sweep_result *result)
{
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	mote_function function;
	mote_engine *engine;
	mote_sandbox *sandbox = sandbox_to_die(&engine);

	*result = (struct sweep_result){.error = MOTE_ERROR_INIT, .step = end->name};
	REQUIRE_OK(mote_sandbox_find(sandbox, end->function, NULL, &function, NULL), NULL);
	options.wall_ns = end->wall_ns;
	options.cpu_ns = end->cpu_ns;
	sweep_arm(point);
	result->status = end->kill ? call_and_kill(sandbox, function, &result->error)
				   : mote_sandbox_call(sandbox, function, NULL, 0, &options, NULL,
						       &result->error);
	sweep_arm(NULL);
	CHECK(result->status != MOTE_OK);
	CHECK((mote_sandbox_get_fault(sandbox) != NULL) == (result->status == MOTE_GUEST_FAULT));
	mote_sandbox_destroy(sandbox);
	mote_engine_release(engine);
}

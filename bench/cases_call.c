/* SPDX-License-Identifier: Apache-2.0
 *
 * Warm calls: empty, with host calls inside, with deadlines, with 64 KiB of bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "floor.h"

enum { MANY_HOST_CALLS = 32 };

struct calls {
	struct floor_host *host;
	struct floor_vm vm;
	struct bench_guest guest;
	mote_call_options options; /* of calls with a deadline */
	void *block, *back;
};

static void close_calls(struct calls *calls)
{
	bench_guest_close(&calls->guest);
	if (calls->host)
		floor_destroy(calls->host, &calls->vm);
	floor_close(calls->host);
	free(calls->block);
	free(calls->back);
}

/* A bare VM and a sandbox with this function. */
static bool open_calls(struct bench *bench, struct calls *calls, const char *name,
		       const char *signature)
{
	static const mote_host_function functions[] = {
		{"host_nothing", "void()", bench_host_nothing, NULL, NULL},
	};
	const mote_call_options options = MOTE_CALL_OPTIONS_INIT;

	memset(calls, 0, sizeof(*calls));
	calls->options = options;
	calls->block = malloc(BENCH_BLOCK);
	calls->back = malloc(BENCH_BLOCK);
	if (!calls->block || !calls->back)
		return bench_fail(bench, "no memory");
	memset(calls->block, 1, BENCH_BLOCK);
	memset(calls->back, 2, BENCH_BLOCK);
	if (!bench_guest_open(bench, &calls->guest, "bench_calls", name, signature))
		return false;
	calls->guest.options.host_functions = functions;
	calls->guest.options.host_function_count = 1;
	return bench_guest_create(&calls->guest) && floor_open(bench, &calls->host) &&
	       floor_create(calls->host, FLOOR_RING, &calls->vm);
}

static bool exit_once(void *user)
{
	struct calls *calls = user;

	return floor_ring(calls->host, &calls->vm);
}

static bool exit_twice(void *user)
{
	return exit_once(user) && exit_once(user);
}

static bool exit_many_times(void *user)
{
	for (unsigned i = 0; i < MANY_HOST_CALLS; i++)
		if (!exit_once(user))
			return false;
	return true;
}

static bool call_nothing(void *user)
{
	struct calls *calls = user;

	return bench_guest_call(&calls->guest, NULL, 0, NULL, NULL);
}

static bool call_with_options(void *user)
{
	struct calls *calls = user;

	return bench_guest_call(&calls->guest, NULL, 0, &calls->options, NULL);
}

static bool call_host(struct calls *calls, uint32_t times)
{
	const mote_value argument = mote_value_u32(times);

	return bench_guest_call(&calls->guest, &argument, 1, NULL, NULL);
}

static bool call_without_host_call(void *user)
{
	return call_host(user, 0);
}

static bool call_with_one_host_call(void *user)
{
	return call_host(user, 1);
}

static bool call_with_many_host_calls(void *user)
{
	return call_host(user, MANY_HOST_CALLS);
}

static bool call_case(struct bench *bench, const char *function, const char *signature,
		      const struct bench_pair *pairs, size_t count)
{
	struct calls calls;
	bool good = open_calls(bench, &calls, function, signature);

	for (size_t i = 0; good && i < count; i++) {
		struct bench_pair pair = pairs[i];

		pair.user = &calls;
		good = bench_compare(bench, &pair);
	}
	close_calls(&calls);
	return good;
}

bool bench_case_call(struct bench *bench)
{
	const struct bench_pair plain = {
		.name = "warm-call",
		.reference = "bare exit",
		.floor = {.once = exit_once},
		.mote = {.once = call_nothing},
		.target = 1.10,
		.counted_target = 1.15,
		.counted = 1000,
	};
	const struct bench_pair host_calls[] = {
		{
			.name = "call+host-call",
			.reference = "2 bare exits",
			.floor = {.once = exit_twice},
			.mote = {.once = call_with_one_host_call},
			.target = 1.15,
			.counted = 1000,
		},
		{
			.name = "each-host-call",
			.reference = "bare exit",
			.floor = {.once = exit_many_times, .per_once = MANY_HOST_CALLS},
			.mote = {.once = call_with_many_host_calls,
				 .without = call_without_host_call,
				 .per_once = MANY_HOST_CALLS},
			.counted_target = 1.30,
			.counted = 100,
		},
	};

	return call_case(bench, "nothing", "void()", &plain, 1) &&
	       call_case(bench, "call_host", "void(u32)", host_calls, 2);
}

/* ---- Deadlines --------------------------------------------------------------------------- */

static bool deadline(struct bench *bench, struct calls *calls, const char *name, uint64_t wall_ns,
		     uint64_t cpu_ns)
{
	const struct bench_pair pair = {
		.name = name,
		.reference = "bare exit",
		.floor = {.once = exit_once},
		.mote = {.once = call_with_options},
		.user = calls,
		.counted = 1000,
	};

	calls->options.wall_ns = wall_ns;
	calls->options.cpu_ns = cpu_ns;
	return bench_compare(bench, &pair);
}

bool bench_case_deadline(struct bench *bench)
{
	const uint64_t second = 1000000000;
	struct calls calls;
	bool good = open_calls(bench, &calls, "nothing", "void()") &&
		    deadline(bench, &calls, "call+no-deadline", 0, 0) &&
		    deadline(bench, &calls, "call+wall-deadline", second, 0) &&
		    deadline(bench, &calls, "call+cpu-deadline", 0, second) &&
		    deadline(bench, &calls, "call+both-deadlines", second, second);

	close_calls(&calls);
	return good;
}

/* ---- Bytes ------------------------------------------------------------------------------- */

static bool copy_and_exit(void *user)
{
	struct calls *calls = user;

	memcpy(floor_block(&calls->vm), calls->block, BENCH_BLOCK);
	if (!floor_ring(calls->host, &calls->vm))
		return false;
	memcpy(calls->back, floor_block(&calls->vm), BENCH_BLOCK);
	return true;
}

static bool echo(void *user)
{
	struct calls *calls = user;
	const mote_value argument = mote_value_bytes(calls->block, BENCH_BLOCK);
	mote_value result;

	return bench_guest_call(&calls->guest, &argument, 1, &calls->options, &result);
}

bool bench_case_bytes(struct bench *bench)
{
	struct calls calls;
	const struct bench_pair pair = {
		.name = "bytes-64KiB",
		.reference = "2 memcpy + bare exit",
		.floor = {.once = copy_and_exit},
		.mote = {.once = echo},
		.user = &calls,
		.counted = 100,
	};
	bool good = open_calls(bench, &calls, "echo", "bytes(bytes)");

	calls.options.result_buffer = calls.back;
	calls.options.result_capacity = BENCH_BLOCK;
	good = good && bench_compare(bench, &pair);
	if (good && memcmp(calls.block, calls.back, BENCH_BLOCK) != 0)
		good = bench_fail(bench, "bytes came back changed");
	close_calls(&calls);
	return good;
}

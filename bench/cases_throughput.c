/* SPDX-License-Identifier: Apache-2.0
 *
 * Many calls in one exit, and large data without a copy.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "floor.h"
#include "guests/sum.h"

enum { BATCH = 1000, BUFFER_BYTES = 64 << 20 };

struct throughput {
	struct bench *bench;
	struct floor_host *host;
	struct floor_vm vm;
	struct bench_guest guest;
	mote_value *arguments, *results;
	mote_buffer *buffer;
	uint64_t sum;
};

static bool open_guest(struct throughput *t, const char *name, const char *signature)
{
	static const mote_host_function functions[] = {
		{"host_nothing", "void()", bench_host_nothing, NULL, NULL},
	};

	if (!bench_guest_open(t->bench, &t->guest, "bench_calls", name, signature))
		return false;
	t->guest.options.host_functions = functions;
	t->guest.options.host_function_count = 1;
	return bench_guest_create(&t->guest);
}

/* ---- Batches ----------------------------------------------------------------------------- */

static bool exit_once(void *user)
{
	struct throughput *t = user;

	return floor_ring(t->host, &t->vm);
}

static bool call_batch(void *user)
{
	struct throughput *t = user;

	if (mote_sandbox_call_batch(t->guest.sandbox, t->guest.function, t->arguments, BATCH, NULL,
				    t->results, &t->guest.error) != MOTE_OK)
		return bench_fail(t->bench, "batch: %s", t->guest.error.text);
	return t->results[BATCH - 1].as.u64 == 2 * (BATCH - 1) ||
	       bench_fail(t->bench, "a batch gave a wrong result");
}

bool bench_case_batch(struct bench *bench)
{
	struct throughput t = {.bench = bench};
	const struct bench_pair pair = {
		.name = "call-in-batch-of-1000",
		.reference = "bare exit",
		.floor = {.once = exit_once},
		.mote = {.once = call_batch, .per_once = BATCH},
		.user = &t,
		.counted = 20,
	};
	bool good;

	t.arguments = calloc(BATCH, sizeof(*t.arguments));
	t.results = calloc(BATCH, sizeof(*t.results));
	good = t.arguments && t.results;
	for (size_t i = 0; good && i < BATCH; i++)
		t.arguments[i] = mote_value_u64(i);
	if (good && open_guest(&t, "twice", "u64(u64)") && floor_open(bench, &t.host) &&
	    floor_create(t.host, FLOOR_RING, &t.vm)) {
		good = bench_compare(bench, &pair);
		floor_destroy(t.host, &t.vm);
	} else {
		good = false;
	}
	floor_close(t.host);
	bench_guest_close(&t.guest);
	free(t.arguments);
	free(t.results);
	return good;
}

/* ---- A shared buffer --------------------------------------------------------------------- */

static bool sum_natively(void *user)
{
	struct throughput *t = user;

	/* The compiler must not know the size, or it would compile another loop than the
	 * guest's. */
	return sum_words(mote_buffer_get_data(t->buffer), mote_buffer_get_bytes(t->buffer)) ==
		       t->sum ||
	       bench_fail(t->bench, "a sum is wrong");
}

static bool sum_in_guest(void *user)
{
	struct throughput *t = user;
	const mote_value argument = mote_value_bytes(mote_buffer_get_data(t->buffer), BUFFER_BYTES);
	mote_value result;

	if (!bench_guest_call(&t->guest, &argument, 1, NULL, &result))
		return false;
	return result.as.u64 == t->sum || bench_fail(t->bench, "a guest's sum is wrong");
}

static void fill(struct throughput *t)
{
	uint64_t *words = mote_buffer_get_data(t->buffer);

	for (uint64_t i = 0; i < BUFFER_BYTES / sizeof(*words); i++)
		words[i] = i * i;
	t->sum = sum_words(words, BUFFER_BYTES);
}

bool bench_case_buffer(struct bench *bench)
{
	struct throughput t = {.bench = bench};
	const struct bench_pair pair = {
		.name = "sum-64MiB-buffer",
		.reference = "the same loop, native",
		.floor = {.once = sum_natively},
		.mote = {.once = sum_in_guest},
		.user = &t,
		.target = 1.10,
		.counted_target = 1.10,
		.counted = 2,
	};
	mote_error error = MOTE_ERROR_INIT;
	bool good = open_guest(&t, "sum", "u64(bytes)");

	if (good && (mote_buffer_create(bench->engine, BUFFER_BYTES, &t.buffer, &error) ||
		     mote_sandbox_map_buffer(t.guest.sandbox, t.buffer, false, &error)))
		good = bench_fail(bench, "buffer: %s", error.text);
	if (good)
		fill(&t);
	good = good && bench_compare(bench, &pair);
	bench_guest_close(&t.guest);
	mote_buffer_release(t.buffer);
	return good;
}

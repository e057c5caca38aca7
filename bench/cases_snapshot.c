/* SPDX-License-Identifier: Apache-2.0
 *
 * Snapshots: putting a sandbox back after it wrote to 1, 10 and 100 pages, taking one, a life that
 * begins with one, and a request that is served by a pool.
 */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "floor.h"

enum { PAGE = 4096, MOST_PAGES = 100 };

struct snapshots {
	struct floor_host *host;
	struct floor_vm vm;
	struct bench_guest guest;
	mote_snapshot *snapshot;
	mote_pool *pool;
	uint32_t pages;
	uint8_t *from, *to;
};

static bool failed(struct snapshots *s, const char *what, const mote_error *error)
{
	return bench_fail(s->guest.bench, "%s: %s", what, error->text);
}

static bool take(struct snapshots *s)
{
	mote_error error = MOTE_ERROR_INIT;

	return mote_snapshot_take(s->guest.sandbox, NULL, &s->snapshot, &error) == MOTE_OK ||
	       failed(s, "take", &error);
}

static bool call(void *user)
{
	struct snapshots *s = user;
	const mote_value argument = mote_u32(s->pages);

	return bench_guest_call(&s->guest, &argument, 1, NULL, NULL);
}

static bool call_and_restore(void *user)
{
	struct snapshots *s = user;
	mote_error error = MOTE_ERROR_INIT;

	return call(user) &&
	       (mote_sandbox_restore(s->guest.sandbox, s->snapshot, &error) == MOTE_OK ||
		failed(s, "restore", &error));
}

/* As much memory, and one exit. */
static bool copy_and_ring(void *user)
{
	struct snapshots *s = user;

	for (uint32_t i = 0; i < s->pages; i++)
		memcpy(s->to + (size_t)i * PAGE, s->from + (size_t)i * PAGE, PAGE);
	return floor_ring(s->host, &s->vm);
}

static bool take_again(void *user)
{
	struct snapshots *s = user;

	mote_snapshot_destroy(s->snapshot);
	s->snapshot = NULL;
	return take(s);
}

static bool bare_life(void *user)
{
	struct snapshots *s = user;
	struct floor_vm vm;
	bool good;

	if (!floor_create(s->host, FLOOR_RING, &vm))
		return false;
	good = floor_ring(s->host, &vm);
	floor_destroy(s->host, &vm);
	return good;
}

static bool clone_life(void *user)
{
	struct snapshots *s = user;
	mote_sandbox *before = s->guest.sandbox;
	mote_error error = MOTE_ERROR_INIT;
	bool good;

	if (mote_sandbox_create_from_snapshot(s->snapshot, &s->guest.options, &s->guest.sandbox,
					      &error) != MOTE_OK)
		return failed(s, "create from a snapshot", &error);
	good = call(user);
	bench_guest_destroy(&s->guest);
	s->guest.sandbox = before;
	return good;
}

/* A request: from the pool and back. */
static bool serve(void *user)
{
	struct snapshots *s = user;
	mote_error error = MOTE_ERROR_INIT;
	bool good;

	if (mote_pool_acquire(s->pool, &s->guest.sandbox, &error) != MOTE_OK)
		return failed(s, "acquire", &error);
	good = call(user);
	mote_pool_release(s->pool, s->guest.sandbox);
	s->guest.sandbox = NULL;
	return good;
}

static bool open_pool(struct snapshots *s)
{
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;

	options.sandbox = &s->guest.options;
	return mote_pool_create(s->snapshot, &options, &s->pool, &error) == MOTE_OK ||
	       failed(s, "create a pool", &error);
}

static bool open_snapshots(struct bench *bench, struct snapshots *s)
{
	memset(s, 0, sizeof(*s));
	if (!bench_guest_open(bench, &s->guest, "bench_pages", "touch", "void(u32)"))
		return false;
	s->guest.options.memory_bytes = 2 << 20;
	s->pages = MOST_PAGES;
	s->from = calloc(MOST_PAGES, PAGE);
	s->to = calloc(MOST_PAGES, PAGE);
	if (!s->from || !s->to)
		return bench_fail(bench, "no memory");
	memset(s->from, 1, MOST_PAGES * PAGE);
	return floor_open(bench, &s->host) && floor_create(s->host, FLOOR_RING, &s->vm) &&
	       floor_ring(s->host, &s->vm);
}

static void close_snapshots(struct snapshots *s)
{
	mote_snapshot_destroy(s->snapshot);
	bench_guest_close(&s->guest);
	if (s->host)
		floor_destroy(s->host, &s->vm);
	floor_close(s->host);
	free(s->from);
	free(s->to);
}

/* What was written once is copied from then on, so each number of pages has its own sandbox. */
static bool measure_restore(struct bench *bench, struct snapshots *s, const char *name,
			    uint32_t pages)
{
	const struct bench_pair pair = {
		.name = name,
		.reference = "copy of the pages and a bare exit",
		.floor = {.once = copy_and_ring},
		.mote = {.once = call_and_restore, .without = call},
		.user = s,
		.target = 1.2,
		.counted_target = 2.2,
		.counted = 100,
	};
	bool good;

	s->pages = pages;
	good = bench_guest_create(&s->guest) && call(s) && take(s) && call_and_restore(s) &&
	       bench_compare(bench, &pair);
	mote_snapshot_destroy(s->snapshot);
	s->snapshot = NULL;
	bench_guest_destroy(&s->guest);
	return good;
}

/* Each begins with a sandbox that wrote to so many pages. */
static bool measure_once(struct bench *bench, struct snapshots *s, const struct bench_pair *pair,
			 uint32_t pages)
{
	bool good;

	s->pages = pages;
	good = bench_guest_create(&s->guest) && call(s) && take(s) && bench_compare(bench, pair);
	mote_snapshot_destroy(s->snapshot);
	s->snapshot = NULL;
	bench_guest_destroy(&s->guest);
	return good;
}

static bool measure_lives(struct bench *bench, struct snapshots *s)
{
	const struct bench_pair take_pair = {
		.name = "snapshot-take",
		.reference = "copy of 100 pages and a bare exit",
		.floor = {.once = copy_and_ring},
		.mote = {.once = take_again},
		.user = s,
		.counted = 20,
	};
	const struct bench_pair clone_pair = {
		.name = "clone-call-destroy",
		.reference = "create, ring, destroy, bare",
		.floor = {.once = bare_life},
		.mote = {.once = clone_life},
		.user = s,
		.target = 1.3,
		.counted_target = 1.3,
		.counted = 100,
		.cpu_time = true,
	};

	return measure_once(bench, s, &take_pair, MOST_PAGES) &&
	       measure_once(bench, s, &clone_pair, 1);
}

static bool measure_pool(struct bench *bench, struct snapshots *s)
{
	const struct bench_pair pair = {
		.name = "pool",
		.reference = "copy of 1 page and a bare exit",
		.floor = {.once = copy_and_ring},
		.mote = {.once = serve},
		.user = s,
		.counted = 100,
	};
	bool good;

	s->pages = 1;
	good = bench_guest_create(&s->guest) && call(s) && take(s) && open_pool(s);
	bench_guest_destroy(&s->guest);
	good = good && serve(s) && bench_compare(bench, &pair);
	mote_pool_destroy(s->pool);
	s->pool = NULL;
	mote_snapshot_destroy(s->snapshot);
	s->snapshot = NULL;
	return good;
}

bool bench_case_snapshot(struct bench *bench)
{
	struct snapshots s;
	bool good = open_snapshots(bench, &s) && measure_restore(bench, &s, "restore-1-page", 1) &&
		    measure_restore(bench, &s, "restore-10-pages", 10) &&
		    measure_restore(bench, &s, "restore-100-pages", MOST_PAGES) &&
		    measure_lives(bench, &s) && measure_pool(bench, &s);

	close_snapshots(&s);
	return good;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Snapshots: putting a sandbox back after it wrote to 1, 10, 100 and 1000 pages, taking one, a life
 * that begins with one, and a request that is served by a pool.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"
#include "floor.h"

enum { PAGE = 4096, MOST_PAGES = 1000, TAKEN_PAGES = 100, ACQUIRED = 2000 };

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
	const mote_value argument = mote_value_u32(s->pages);

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

static void copy_pages(struct snapshots *s, uint8_t *to)
{
	for (uint32_t i = 0; i < s->pages; i++)
		memcpy(to + (size_t)i * PAGE, s->from + (size_t)i * PAGE, PAGE);
}

static bool copy(void *user)
{
	struct snapshots *s = user;

	copy_pages(s, s->to);
	return true;
}

static bool ring(void *user)
{
	struct snapshots *s = user;

	return floor_ring(s->host, &s->vm);
}

/* As much memory, and one exit. */
static bool copy_and_ring(void *user)
{
	return copy(user) && ring(user);
}

static bool copy_to_new_memory(void *user)
{
	struct snapshots *s = user;
	const size_t bytes = (size_t)s->pages * PAGE;
	void *to = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (to == MAP_FAILED)
		return bench_fail(s->guest.bench, "no memory");
	copy_pages(s, to);
	munmap(to, bytes);
	return true;
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

/* Whatever the snapshot has, its call writes to one page. */
static bool clone_life(void *user)
{
	struct snapshots *s = user;
	mote_sandbox *before = s->guest.sandbox;
	mote_error error = MOTE_ERROR_INIT;
	bool good;

	if (mote_sandbox_create_from_snapshot(s->snapshot, &s->guest.options, &s->guest.sandbox,
					      &error) != MOTE_OK)
		return failed(s, "create from a snapshot", &error);
	s->pages = 1;
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

static bool open_pool(struct snapshots *s, bool strict)
{
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;

	options.sandbox = &s->guest.options;
	options.strict = strict;
	return mote_pool_create(s->snapshot, &options, &s->pool, &error) == MOTE_OK ||
	       failed(s, "create a pool", &error);
}

/* ---- Targets ----------------------------------------------------------------------------- */

static bool time_of(bool (*once)(void *user), struct snapshots *s, double *ns)
{
	enum { ROUNDS = 9, TIMES = 100 };
	double rounds[ROUNDS];

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint64_t begin = bench_now_ns();

		for (unsigned j = 0; j < TIMES; j++)
			if (!once(s))
				return false;
		rounds[i] = (double)(bench_now_ns() - begin) / TIMES;
	}
	*ns = bench_quantile(rounds, ROUNDS, 0.5);
	return true;
}

/* The target of what may cost so many copies of the pages and so many exits, as a ratio to one of
 * each.  By the clock: the counting machine has targets of its own. */
static bool allow(struct snapshots *s, double copies, double exits, double *target)
{
	double copying, exiting;

	if (s->guest.bench->options.counted)
		return true;
	if (!time_of(copy, s, &copying) || !time_of(ring, s, &exiting))
		return false;
	*target = (copies * copying + exits * exiting) / (copying + exiting);
	return true;
}

/* ---- Rows -------------------------------------------------------------------------------- */

static bool open_guest(struct bench *bench, struct snapshots *s, const char *image,
		       uint64_t memory_bytes)
{
	bench_guest_close(&s->guest);
	if (!bench_guest_open(bench, &s->guest, image, "touch", "void(u32)"))
		return false;
	s->guest.options.memory_bytes = memory_bytes;
	return true;
}

static bool open_snapshots(struct bench *bench, struct snapshots *s)
{
	memset(s, 0, sizeof(*s));
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
	struct bench_pair pair = {
		.name = name,
		.reference = "copy of the pages and a bare exit",
		.floor = {.once = copy_and_ring},
		.mote = {.once = call_and_restore, .without = call},
		.user = s,
		.counted_target = 2.2,
		.counted = pages < MOST_PAGES ? 100 : 10,
	};
	bool good;

	s->pages = pages;
	good = allow(s, 1.2, 0.3, &pair.target) && bench_guest_create(&s->guest) && call(s) &&
	       take(s) && call_and_restore(s) && bench_compare(bench, &pair);
	mote_snapshot_destroy(s->snapshot);
	s->snapshot = NULL;
	bench_guest_destroy(&s->guest);
	return good;
}

/* What a page more costs, from the figures of 100 and of 1000. */
static void add_slope(struct bench *bench, const struct bench_figure *few,
		      const struct bench_figure *many)
{
	struct bench_figure *each = bench_add(bench, "restore-each-page", many->unit,
					      "copy of a page", BENCH_RATIO_AT_MOST, 1.15);

	each->floor = (many->floor - few->floor) / 900;
	each->mote = (many->mote - few->mote) / 900;
	each->ratio = each->mote / each->floor;
}

static bool measure_restores(struct bench *bench, struct snapshots *s)
{
	const size_t first = bench->count;

	if (!open_guest(bench, s, "bench_pages", 2 << 20) ||
	    !measure_restore(bench, s, "restore-1-page", 1) ||
	    !measure_restore(bench, s, "restore-10-pages", 10) ||
	    !measure_restore(bench, s, "restore-100-pages", 100) ||
	    !open_guest(bench, s, "bench_many_pages", 8 << 20) ||
	    !measure_restore(bench, s, "restore-1000-pages", MOST_PAGES))
		return false;
	add_slope(bench, &bench->figures[first + 2], &bench->figures[first + 3]);
	return open_guest(bench, s, "bench_pages", 2 << 20);
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
		.reference = "copy of 100 pages to new memory",
		.floor = {.once = copy_to_new_memory},
		.mote = {.once = take_again},
		.user = s,
		.target = 1.3,
		.counted_target = 1.3,
		.counted = 20,
	};
	struct bench_pair clone_pair = {
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

	if (!measure_once(bench, s, &take_pair, TAKEN_PAGES) ||
	    !measure_once(bench, s, &clone_pair, 1))
		return false;
	clone_pair.name = "clone-call-destroy+100";
	clone_pair.reference = "the same, bare";
	return measure_once(bench, s, &clone_pair, TAKEN_PAGES);
}

/* Only taking one out, one that waits there. */
static bool measure_acquire(struct bench *bench, struct snapshots *s)
{
	static double ns[ACQUIRED];
	mote_error error = MOTE_ERROR_INIT;
	struct bench_figure *figure;

	if (bench->options.counted)
		return true;
	for (unsigned i = 0; i < ACQUIRED; i++) {
		uint64_t begin = bench_now_ns();
		mote_status status = mote_pool_acquire(s->pool, &s->guest.sandbox, &error);

		ns[i] = (double)(bench_now_ns() - begin);
		if (status != MOTE_OK)
			return failed(s, "acquire", &error);
		mote_pool_release(s->pool, s->guest.sandbox);
	}
	s->guest.sandbox = NULL;
	figure = bench_add(bench, "pool-acquire", "us", "", BENCH_AT_MOST, 1);
	figure->mote = bench_quantile(ns, ACQUIRED, 0.5) / 1000;
	figure->mote_min = ns[0] / 1000;
	return true;
}

static bool measure_pool(struct bench *bench, struct snapshots *s, const char *name, bool strict)
{
	struct bench_pair pair = {
		.name = name,
		.reference = "copy of 1 page and a bare exit",
		.floor = {.once = copy_and_ring},
		.mote = {.once = serve},
		.user = s,
		.counted = 100,
	};
	bool good;

	s->pages = 1;
	good = bench_guest_create(&s->guest) && call(s) && take(s) && open_pool(s, strict);
	bench_guest_destroy(&s->guest);
	good = good && (strict || allow(s, 1.2, 1.4, &pair.target)) && serve(s) &&
	       bench_compare(bench, &pair) && (strict || measure_acquire(bench, s));
	mote_pool_destroy(s->pool);
	s->pool = NULL;
	mote_snapshot_destroy(s->snapshot);
	s->snapshot = NULL;
	return good;
}

bool bench_case_snapshot(struct bench *bench)
{
	struct snapshots s;
	bool good = open_snapshots(bench, &s) && measure_restores(bench, &s) &&
		    measure_lives(bench, &s) && measure_pool(bench, &s, "pool", false) &&
		    measure_pool(bench, &s, "pool-strict", true);

	close_snapshots(&s);
	return good;
}

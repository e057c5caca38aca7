/* SPDX-License-Identifier: Apache-2.0
 *
 * What `mote bench` measures of snapshots: the ways to a clean sandbox for a call.
 */
#include "bench_parts.h"

#include <stddef.h>

static bool take(struct bench *bench, mote_snapshot **snapshot)
{
	mote_error error = MOTE_ERROR_INIT;

	return bench_succeeded(bench, mote_snapshot_take(bench->restored, NULL, snapshot, &error),
			       &error);
}

static bool create_clone(struct bench *bench, mote_sandbox **clone)
{
	const mote_sandbox_options options = bench_sandbox_options();
	mote_error error = MOTE_ERROR_INIT;

	return bench_succeeded(
		bench, mote_sandbox_create_from_snapshot(bench->snapshot, &options, clone, &error),
		&error);
}

bool bench_open_snapshots(struct bench *bench)
{
	const mote_sandbox_options sandbox = bench_sandbox_options();
	mote_pool_options options = MOTE_POOL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;

	options.sandbox = &sandbox;
	return bench_succeeded(bench,
			       mote_sandbox_create(bench->engine, bench->image, &sandbox,
						   &bench->restored, &error),
			       &error) &&
	       take(bench, &bench->snapshot) &&
	       bench_succeeded(bench,
			       mote_pool_create(bench->snapshot, &options, &bench->pool, &error),
			       &error);
}

void bench_close_snapshots(struct bench *bench)
{
	mote_pool_destroy(bench->pool);
	mote_snapshot_destroy(bench->snapshot);
	mote_sandbox_destroy(bench->restored);
}

bool bench_call_and_restore(struct bench *bench)
{
	mote_error error = MOTE_ERROR_INIT;

	return bench_call(bench, bench->restored, bench->nothing, NULL, NULL) &&
	       bench_succeeded(bench,
			       mote_sandbox_restore(bench->restored, bench->snapshot, &error),
			       &error);
}

bool bench_serve(struct bench *bench)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;
	bool good;

	if (!bench_succeeded(bench, mote_pool_acquire(bench->pool, &sandbox, &error), &error))
		return false;
	good = bench_call(bench, sandbox, bench->nothing, NULL, NULL);
	mote_pool_release(bench->pool, sandbox);
	return good;
}

bool bench_live_as_clone(struct bench *bench)
{
	mote_sandbox *clone;
	bool good;

	if (!create_clone(bench, &clone))
		return false;
	good = bench_call(bench, clone, bench->nothing, NULL, NULL);
	mote_sandbox_destroy(clone);
	return good;
}

bool bench_take_again(struct bench *bench)
{
	mote_snapshot *snapshot;

	if (!take(bench, &snapshot))
		return false;
	mote_snapshot_destroy(snapshot);
	return true;
}

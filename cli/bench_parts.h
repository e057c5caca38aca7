/* SPDX-License-Identifier: Apache-2.0
 *
 * What the measurements of `mote bench` share: bench_measure.c has all but those of snapshots,
 * which are in bench_snapshot.c.
 */
#ifndef BENCH_PARTS_H
#define BENCH_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include <mote/mote.h>

#include "problem.h"

struct bench {
	mote_engine *engine;
	mote_image *image;
	mote_sandbox *sandbox;	/* for the calls */
	mote_sandbox *restored; /* for the calls that are followed by a return to the snapshot */
	mote_snapshot *snapshot;
	mote_pool *pool;
	mote_function nothing, call_host, take, give, spin;
	uint64_t figure_ns; /* for one figure */
	double *samples, *reference_samples;
	char *block, *copy;
	uint64_t kills;
	struct problem *problem;
};

/* Whether a function of the library succeeded, or else a problem. */
bool bench_succeeded(struct bench *bench, mote_status status, const mote_error *error);
mote_sandbox_options bench_sandbox_options(void);
/* argument, options: may be NULL. */
bool bench_call(struct bench *bench, mote_sandbox *sandbox, mote_function function,
		const mote_value *argument, const mote_call_options *options);

/* Of bench->image. */
bool bench_open_snapshots(struct bench *bench);
void bench_close_snapshots(struct bench *bench);

bool bench_call_and_restore(struct bench *bench);
bool bench_serve(struct bench *bench);
bool bench_live_as_clone(struct bench *bench);
bool bench_take_again(struct bench *bench);

#endif

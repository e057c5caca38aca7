/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of pools share: a pool of the guest "snapshot", and the proof that what it hands
 * out is clean.
 */
#ifndef MOTE_TEST_POOLED_H
#define MOTE_TEST_POOLED_H

#include "clean.h"
#include "sandbox/pool_internal.h"

struct pooled {
	mote_engine *engine;
	mote_snapshot *snapshot;
	mote_pool *pool;
	uint32_t counted; /* what "count" says in a clean sandbox */
};

/* options: its sandbox options are set to those with the host functions that echo. */
void pooled_open(struct pooled *pooled, const mote_engine_options *engine,
		 const mote_pool_options *options);
/* A pool of at most so many. */
void pooled_open_most(struct pooled *pooled, size_t most);
void pooled_close(struct pooled *pooled);

mote_sandbox *pooled_acquire(struct pooled *pooled);
/* Every byte and register, and what a call says. */
void pooled_check_clean(struct pooled *pooled, mote_sandbox *sandbox);
mote_pool_statistics pooled_statistics(const struct pooled *pooled);

/* Poisons it in one of so many ways. */
enum { POOLED_DEATHS = 5 };
void pooled_die(mote_sandbox *sandbox, unsigned how);

#endif

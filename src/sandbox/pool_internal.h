/* SPDX-License-Identifier: Apache-2.0
 *
 * A pool of sandboxes, and the places in it.
 *
 * There are as many places as there may be sandboxes at one time.  A place is vacant, idle (its
 * sandbox waits) or somebody's: of whoever acquired its sandbox, makes or destroys it.  The vacant
 * and the idle ones are two stacks without a lock: nobody waits, and fork() finds nothing held.
 */
#ifndef MOTE_SANDBOX_POOL_INTERNAL_H
#define MOTE_SANDBOX_POOL_INTERNAL_H

#include <mote/pool.h>

#include "sandbox/snapshot_internal.h"

struct mote_pool_place {
	mote_pool *pool;
	mote_sandbox *sandbox;	    /* of an idle place */
	_Atomic uint32_t next_link; /* in a stack: the link to the place below it */
};

/* A link names a place, or 0 for none.  The word above it counts changes of the stack, so that a
 * place that was taken and put back meanwhile is not mistaken for one that stayed. */
enum { MOTE_POOL_LINK_BITS = 16 };

struct mote_pool_stack {
	_Atomic uint64_t head; /* changes << MOTE_POOL_LINK_BITS | link */
};

struct mote_pool {
	/* The handle, each place that is not vacant, and each release in progress. */
	_Atomic uint64_t references;
	_Atomic bool closed; /* the handle was given up: nobody waits any more */
	mote_snapshot *snapshot;
	mote_sandbox_options options;  /* of its sandboxes */
	mote_host_function *functions; /* those of options: a copy, in one block with its texts */
	size_t most, least_idle, most_idle;
	uint64_t trim_bytes;
	bool strict;
	struct mote_pool_stack vacant, idle;
	/* How many wait, and how many are about to. */
	_Atomic size_t idle_count;
	_Atomic size_t taken; /* places that are not vacant */
	_Atomic uint64_t created, failed_creations, reused, restored, trimmed, failed_restores,
		discarded;
	struct mote_pool_place places[];
};

/* The sandbox of a place is gone. */
void mote_pool_vacate(struct mote_pool_place *place);

/* pool_options.c: copies and checks the options of a new pool's sandboxes; what was copied is given
 * up by mote_pool_free_options. */
mote_status mote_pool_take_options(mote_pool *pool, const mote_sandbox_options *options,
				   mote_error *error);
void mote_pool_free_options(mote_pool *pool);

#endif

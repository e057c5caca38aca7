/* SPDX-License-Identifier: Apache-2.0
 *
 * Pools: clean sandboxes of one snapshot, for the requests of many threads.
 *
 * Each request acquires a sandbox that is as the snapshot says, makes its calls, and releases it,
 * poisoned or not.  Releasing puts the sandbox back to the snapshot, on the thread that releases;
 * so acquiring one that waits takes no system call, no lock and no memory.
 *
 * The library starts no threads for this: pools are filled by mote_pool_refill, on a thread of the
 * application's, or as they are used.
 */
#ifndef MOTE_POOL_H
#define MOTE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/error.h>
#include <mote/sandbox.h>
#include <mote/snapshot.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mote_pool mote_pool;

typedef struct mote_pool_options {
	size_t size; /* sizeof(mote_pool_options) of the caller */
	/* Of every sandbox in the pool, as for mote_sandbox_create_from_snapshot; may be NULL.
	 * Copied, but for what the user pointers of its host functions point to: those are called
	 * by as many threads as there are sandboxes in calls. */
	const mote_sandbox_options *sandbox;
	size_t most;	   /* sandboxes at one time, idle or not; 0: 256; at most 65,535 */
	size_t least_idle; /* mote_pool_refill makes as many; at most most_idle */
	/* One that is released when as many wait is destroyed; 0: no limit but most. */
	size_t most_idle;
	/* Host memory of its guest, in bytes, with which a sandbox may wait: pages that its calls
	 * have written, and its page tables.  One that holds more when it is released gives all of
	 * it up.  0: no limit. */
	uint64_t trim_bytes;
	/* Each one that is released gives up its guest's memory, so that not even the time of a
	 * first access tells a later call what an earlier one wrote or read. */
	bool strict;
} mote_pool_options;

/* clang-format off */
#define MOTE_POOL_OPTIONS_INIT {sizeof(mote_pool_options), NULL, 0, 0, 0, 0, false}
/* clang-format on */

/* MOTE_POOL_OPTIONS_INIT as a function.  As mote_sandbox_options_init. */
MOTE_API void mote_pool_options_init(mote_pool_options *options, size_t size);

/*
 * Creates a pool, which is empty: see mote_pool_refill.
 *
 * snapshot   not NULL; the pool keeps it alive
 * options    may be NULL for the defaults
 * pool       written on success; end it with mote_pool_destroy.  From then on it owns the user
 *            pointers of the host functions: their destroy is called once, when the pool and all
 *            of its sandboxes are gone.  A creation that fails leaves them to the caller
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_INVALID_ARGUMENT, MOTE_WRONG_SNAPSHOT, MOTE_MISSING_IMPORT,
 *            MOTE_SIGNATURE, MOTE_NO_MEMORY, MOTE_FORKED
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_status mote_pool_create(mote_snapshot *snapshot, const mote_pool_options *options,
				      mote_pool **pool, mote_error *error);

/*
 * Gives a clean sandbox: the one that was released last of those that wait, else a new one.
 *
 * sandbox    written on success; the caller's until mote_pool_release or mote_sandbox_destroy,
 *            which gives its place in the pool to another one
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_INVALID_ARGUMENT, MOTE_FORKED; MOTE_LIMIT when there are `most`
 *            sandboxes and none waits; when a new one is made, what
 *            mote_sandbox_create_from_snapshot returns
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_status mote_pool_acquire(mote_pool *pool, mote_sandbox **sandbox, mote_error *error);

/*
 * Puts a sandbox back to the pool's snapshot, poisoned or not, and keeps it for another request.
 * Shared buffers that are mapped into it are unmapped, and its core options are as in a new one.
 * Its interrupt handle stays the same: end calls by mote_interrupt_kill_call, which cannot meet
 * somebody else's.
 *
 * With strict, or if it holds more than trim_bytes, its memory is made anew, as that of a new one;
 * that costs a part of what a new one costs, and its next call more than others.
 *
 * It is destroyed instead, as by mote_sandbox_destroy, and its place is free again, if enough of
 * them wait; if its memory is to be made anew, and the hypervisor or the system does not allow it;
 * if it cannot be put back (one that is in a call, too); if it listens for a debugger or ever had
 * one, also one that is attached, for which nobody waits; if it is not of this pool; after
 * mote_pool_destroy and fork().
 *
 * pool       may be one that was destroyed, if sandbox was acquired from it
 * sandbox    may be NULL; invalid from here on, as are its last results
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API void mote_pool_release(mote_pool *pool, mote_sandbox *sandbox);

/*
 * Makes sandboxes until least_idle of them wait, or there are `most`.
 *
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_INVALID_ARGUMENT, MOTE_FORKED; what mote_sandbox_create_from_snapshot
 *            returns: those that were made wait all the same
 * Threads    any, also several at a time
 * Since      0.1
 */
MOTE_API mote_status mote_pool_refill(mote_pool *pool, mote_error *error);

/*
 * Destroys idle sandboxes until no more than so many wait.
 *
 * idle       how many may go on waiting
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API void mote_pool_trim(mote_pool *pool, size_t idle);

/*
 * Destroys a pool and the sandboxes that wait in it.  Those that are acquired stay their callers':
 * mote_pool_release and mote_sandbox_destroy destroy them, at any time.
 *
 * pool       may be NULL
 *
 * Threads    any, also while others release
 * Since      0.1
 */
MOTE_API void mote_pool_destroy(mote_pool *pool);

/* What a pool has done; of one that other threads use meanwhile, approximately. */
typedef struct mote_pool_statistics {
	size_t size;	  /* sizeof(mote_pool_statistics) of the caller */
	uint64_t idle;	  /* that wait now, or are about to */
	uint64_t in_use;  /* that are acquired now, or being made */
	uint64_t created; /* sandboxes, since the pool was created, as all that follows */
	uint64_t failed_creations;
	uint64_t reused;	  /* acquired of those that waited */
	uint64_t restored;	  /* put back, to wait for the next request */
	uint64_t trimmed;	  /* of these, with memory that was made anew */
	uint64_t failed_restores; /* that could not be put back */
	uint64_t discarded; /* released and destroyed, those that could not be put back included */
} mote_pool_statistics;

/* clang-format off */
#define MOTE_POOL_STATISTICS_INIT {sizeof(mote_pool_statistics), 0, 0, 0, 0, 0, 0, 0, 0, 0}
/* clang-format on */

/* MOTE_POOL_STATISTICS_INIT as a function.  As mote_sandbox_options_init. */
MOTE_API void mote_pool_statistics_init(mote_pool_statistics *statistics, size_t size);

/*
 * Describes what a pool has done.
 *
 * statistics  its size is set; written on success
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_INVALID_ARGUMENT
 * Threads    any
 * Since      0.1
 */
MOTE_API mote_status mote_pool_get_statistics(const mote_pool *pool,
					      mote_pool_statistics *statistics, mote_error *error);

#ifdef __cplusplus
}
#endif
#endif

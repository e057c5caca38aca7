/* SPDX-License-Identifier: Apache-2.0
 *
 * A snapshot, and what a sandbox knows of the one that it is put back to.  snapshot.c takes it,
 * restore.c copies it back, snapshot_file.c and snapshot_load.c have it in files.
 */
#ifndef MOTE_SANDBOX_SNAPSHOT_INTERNAL_H
#define MOTE_SANDBOX_SNAPSHOT_INTERNAL_H

#include <mote/snapshot.h>

#include "sandbox/sandbox_internal.h"

struct mote_snapshot {
	_Atomic uint32_t references;
	mote_engine *engine;
	mote_image *image;
	struct mote_layout layout;
	/* RAM without the page tables, read-only, at the offsets of RAM.  Where the hypervisor
	 * allows it, the beginning is a base of the memory of sandboxes. */
	struct mote_os_memory memory;
	struct mote_os_run *runs; /* its pages that are not all zeros, in ascending order */
	size_t run_count, run_capacity;
	size_t based_count; /* the first runs, which memory is a base of */
	struct mote_vcpu_state vcpu;
	bool forbid_timestamp;
};

/* Of a sandbox whose vCPU waits in user code; leaves it as it is. */
mote_status mote_snapshot_make(mote_sandbox *sandbox, mote_snapshot **made, mote_error *error);

mote_snapshot *mote_snapshot_retain(mote_snapshot *snapshot);

/* RAM without the page tables, which belong to the host. */
static inline uint64_t mote_snapshot_bytes(const struct mote_layout *layout)
{
	return layout->regions[MOTE_LAYOUT_TABLES].gva - MOTE_RAM_GVA;
}

/* Pages that neither the guest nor the host has written, as tracking and the mailbox's marks tell,
 * are as in the snapshot. */
struct mote_origin {
	mote_snapshot *snapshot; /* NULL: the first one was not taken after all */
	struct mote_tracking *tracking;
	bool stale; /* the invalidation that tracking begins with has not succeeded yet */
	bool mixed; /* a whole copy was not completed: pages may be anything */
};

/* The sandbox's memory is as in the snapshot: tracks its writes from here on, where they are not
 * tracked yet.  A failure may poison it. */
mote_status mote_origin_set(mote_sandbox *sandbox, mote_snapshot *snapshot, mote_error *error);
/* For an origin that is there, whose sandbox has new tables. */
mote_status mote_origin_begin_again(mote_sandbox *sandbox, mote_error *error);
void mote_origin_free(mote_sandbox *sandbox);

/* Whether its memory has been as in a snapshot. */
static inline bool mote_origin_is_set(const mote_sandbox *sandbox)
{
	return sandbox->origin != NULL && sandbox->origin->snapshot != NULL;
}

/* MOTE_FORKED, or MOTE_BUSY under a debugger. */
mote_status mote_snapshot_check_sandbox(const mote_sandbox *sandbox, mote_error *error);

/* The guest learns that it was put back, or made from a snapshot. */
mote_status mote_origin_renew(mote_sandbox *sandbox, mote_error *error);

/* MOTE_WRONG_SNAPSHOT: options ask for something else. */
mote_status mote_snapshot_check_options(const mote_snapshot *snapshot,
					const mote_sandbox_options *options, mote_error *error);
/* Drops the private memory of a sandbox that was made from this snapshot, is as in it, and maps no
 * buffers; page tables too.  From then on the memory is as that of a new one, and of what calls did
 * before there is no trace in it.  When it fails the sandbox can only be destroyed. */
mote_status mote_sandbox_make_anew(mote_sandbox *sandbox, mote_snapshot *snapshot,
				   mote_error *error);

/* What was copied to RAM is to be run. */
void mote_snapshot_publish_code(const mote_snapshot *snapshot, void *ram);
/* Copies a snapshot's memory, but for its base, to RAM that is all zeros but for page tables. */
void mote_snapshot_fill(const mote_snapshot *snapshot, void *ram);

#endif

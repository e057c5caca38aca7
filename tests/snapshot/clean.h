/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of snapshots share: the proof that a sandbox is as its snapshot says, seen from
 * the host's side.
 */
#ifndef MOTE_TEST_CLEAN_H
#define MOTE_TEST_CLEAN_H

#include "fixture.h"
#include "sandbox/snapshot_internal.h"

/* A sandbox of the guest "snapshot" that was called once. */
mote_sandbox *clean_sandbox(mote_engine *engine, const mote_sandbox_options *options);

/* Another one of the same image, that has not run. */
mote_sandbox *clean_another(mote_sandbox *sandbox);

mote_snapshot *clean_take(mote_sandbox *sandbox);
/* Puts it back, and checks memory and vCPU. */
void clean_restore(mote_sandbox *sandbox, mote_snapshot *snapshot);
/* Puts it back, and looks at nothing: the vCPU may still have to come to that state by itself. */
void clean_restore_unseen(mote_sandbox *sandbox, mote_snapshot *snapshot);

/* Every byte of memory but the page tables, and what is new in each generation. */
void clean_check_memory(mote_sandbox *sandbox, const mote_snapshot *snapshot);
/* Every register. */
void clean_check_vcpu(mote_sandbox *sandbox, const mote_snapshot *snapshot);

/* A region, as the guest sees it. */
const struct mote_layout_region *clean_region(const mote_sandbox *sandbox,
					      enum mote_layout_region_id id);

mote_sandbox_statistics clean_statistics(const mote_sandbox *sandbox);

#endif

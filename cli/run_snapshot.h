/* SPDX-License-Identifier: Apache-2.0
 *
 * Snapshot files: what `mote snapshot` saves and `mote run --snapshot` begins with.
 */
#ifndef RUN_SNAPSHOT_H
#define RUN_SNAPSHOT_H

#include "run_setup.h"

/* Creates the sandbox of the file that --snapshot names.  sandbox: options as for a new one, of
 * which sizes that were not given are left out.  Returns EXIT_FINE, or another code with a problem.
 */
int run_load_snapshot(const struct run_options *options, mote_engine *engine, mote_image *image,
		      const mote_sandbox_options *sandbox, mote_sandbox **created,
		      struct problem *problem);

/* Saves a snapshot of a sandbox into the file that is wanted. */
int run_save_snapshot(const struct run_options *options, mote_sandbox *sandbox,
		      struct problem *problem);

#endif

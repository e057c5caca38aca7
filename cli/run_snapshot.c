/* SPDX-License-Identifier: Apache-2.0
 *
 * Loads and saves snapshots for mote run and mote snapshot.
 */
#include "run_snapshot.h"

#include <inttypes.h>

#include "tool.h"

/* What a file, which nobody needs to trust, may ask for by itself. */
static const uint64_t MAXIMUM_DEMAND = 1ull << 30;

static int check_demand(const struct run_options *options, struct problem *problem)
{
	mote_snapshot_file_information file = MOTE_SNAPSHOT_FILE_INFORMATION_INIT;
	mote_error error = MOTE_ERROR_INIT;

	if (mote_snapshot_inspect_file(options->snapshot, &file, &error) != MOTE_OK)
		return problem_from_error(problem, &error);
	if (options->memory_bytes != 0 || file.memory_bytes <= MAXIMUM_DEMAND)
		return EXIT_FINE;
	return problem_set(problem, EXIT_PROBLEM, "no_guest_memory",
			   "snapshot file %s asks for %" PRIu64
			   " MiB of memory, more than the 1 GiB that mote run gives without being "
			   "told; if you trust it with more, set --memory",
			   options->snapshot, file.memory_bytes >> 20);
}

int run_load_snapshot(const struct run_options *options, mote_engine *engine, mote_image *image,
		      const mote_sandbox_options *sandbox, mote_sandbox **created,
		      struct problem *problem)
{
	mote_sandbox_options given = *sandbox;
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot = NULL;
	int code = check_demand(options, problem);

	if (code != EXIT_FINE)
		return code;
	given.memory_bytes = options->memory_bytes;
	given.mailbox_bytes = options->mailbox_bytes;
	if (mote_snapshot_load(engine, image, options->snapshot, &snapshot, &error) != MOTE_OK ||
	    mote_sandbox_create_from_snapshot(snapshot, &given, created, &error) != MOTE_OK)
		code = problem_from_error(problem, &error);
	mote_snapshot_destroy(snapshot);
	return code;
}

int run_save_snapshot(const struct run_options *options, mote_sandbox *sandbox,
		      struct problem *problem)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot = NULL;
	int code = EXIT_FINE;

	if (mote_snapshot_take(sandbox, NULL, &snapshot, &error) != MOTE_OK ||
	    mote_snapshot_save(snapshot, options->save, &error) != MOTE_OK)
		code = problem_from_error(problem, &error);
	mote_snapshot_destroy(snapshot);
	return code;
}

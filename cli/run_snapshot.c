/* SPDX-License-Identifier: Apache-2.0
 *
 * Loads and saves snapshots for mote run and mote snapshot.
 */
#include "run_snapshot.h"

#include <inttypes.h>

#include "tool.h"

/* What a file, which nobody needs to trust, may ask for by itself. */
static const uint64_t MAXIMUM_DEMAND = 1ull << 30;

static int check_demand(const struct run_options *options, uint64_t memory_bytes,
			struct problem *problem)
{
	if (options->memory_bytes != 0 || memory_bytes <= MAXIMUM_DEMAND)
		return EXIT_FINE;
	return problem_set(problem, EXIT_PROBLEM, "no_guest_memory",
			   "snapshot file %s asks for %" PRIu64
			   " MiB of memory, more than the 1 GiB that mote run gives without being "
			   "told; if you trust it with more, set --memory",
			   options->snapshot, memory_bytes >> 20);
}

/* Before anything is made for it. */
static int check_file(const struct run_options *options, struct problem *problem)
{
	mote_snapshot_file_information file = MOTE_SNAPSHOT_FILE_INFORMATION_INIT;
	mote_error error = MOTE_ERROR_INIT;

	if (mote_snapshot_inspect_file(options->snapshot, &file, &error) != MOTE_OK)
		return problem_from_error(problem, &error);
	return check_demand(options, file.memory_bytes, problem);
}

/* The file may be another one than that which was checked. */
static int check_loaded(const struct run_options *options, const mote_snapshot *snapshot,
			struct problem *problem)
{
	mote_snapshot_information loaded = MOTE_SNAPSHOT_INFORMATION_INIT;

	mote_snapshot_inspect(snapshot, &loaded, NULL);
	return check_demand(options, loaded.memory_bytes, problem);
}

int run_load_snapshot(const struct run_options *options, mote_engine *engine, mote_image *image,
		      const mote_sandbox_options *sandbox, mote_sandbox **created,
		      struct problem *problem)
{
	mote_sandbox_options given = *sandbox;
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot = NULL;
	int code = check_file(options, problem);

	if (code != EXIT_FINE)
		return code;
	if (mote_snapshot_load(engine, image, options->snapshot, &snapshot, &error) != MOTE_OK)
		return problem_from_error(problem, &error);
	given.memory_bytes = options->memory_bytes;
	given.mailbox_bytes = options->mailbox_bytes;
	code = check_loaded(options, snapshot, problem);
	if (code == EXIT_FINE &&
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

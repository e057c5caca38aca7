/* SPDX-License-Identifier: Apache-2.0
 *
 * --timeout for what cannot be interrupted: opening a file on a slow file system,
 * creating a sandbox.  When it takes too long, the tool says so and ends.
 */
#ifndef LIMIT_H
#define LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "cli_os.h"
#include "problem.h"

struct limit {
	bool limited;	  /* a limit was given */
	uint64_t left_ns; /* of it */
	bool as_json;	  /* how a problem is reported */

	/* Of the step that is being watched. */
	const char *what, *guest;
	uint64_t begin_ns;
	struct cli_os_timer *timer;
};

/*
 * Begins to watch a step: if limit_end has not been called within left_ns, the process reports a
 * passed deadline and exits.
 *
 * what      "opening", "creating a sandbox for"
 *
 * Returns   EXIT_FINE, or EXIT_PROBLEM with a problem
 */
int limit_begin(struct limit *limit, const char *what, const char *guest, struct problem *problem);

/* The step is over.  Returns what is left: EXIT_FINE, or EXIT_DEADLINE with a problem when it is
 * nothing.  The problem of a step that `failed` is kept, and its exit code returned. */
int limit_end(struct limit *limit, int failed, struct problem *problem);

#endif

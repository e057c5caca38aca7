/* SPDX-License-Identifier: Apache-2.0
 *
 * Guests that are programs: their arguments, environment and files, as the command line gives them.
 */
#ifndef RUN_PROGRAM_H
#define RUN_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

#include <mote/mote.h>

#include "problem.h"

struct run_options;

/* A file of a program: what it calls it, and where it is here. */
struct program_path {
	char *name; /* owned */
	const char *path;
};

/* What is for programs alone.  All zeros: nothing was given. */
struct program_options {
	struct program_path *files, *wanted;
	size_t file_count, wanted_count;
	const char **environment; /* owned, of words of the command line */
	size_t environment_count;
};

/* Readers of options (options.h) of these; to: struct program_options. */
const char *read_program_file(const char *text, void *to);     /* NAME=PATH */
const char *read_program_wanted(const char *text, void *to);   /* NAME=PATH */
const char *read_program_variable(const char *text, void *to); /* NAME=VALUE */
/* Accepts a zeroed structure. */
void program_options_release(struct program_options *options);

bool is_program(const mote_image *image);

/*
 * Runs it: the words of the options are its arguments.
 *
 * status    written if MOTE_OK
 * ended     what mote_program_run returned, with error
 *
 * Returns EXIT_FINE, or another code with a problem of the files alone.
 */
int run_program(const struct run_options *options, mote_sandbox *sandbox, uint64_t wall_ns,
		int *status, mote_status *ended, mote_error *error, struct problem *problem);

#endif

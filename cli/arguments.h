/* SPDX-License-Identifier: Apache-2.0
 *
 * Words of a command line as the arguments of a guest function.
 */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <mote/mote.h>

#include "problem.h"

struct arguments {
	mote_value values[MOTE_MAXIMUM_ARGUMENTS];
	void *owned[MOTE_MAXIMUM_ARGUMENTS]; /* contents of files */
	size_t count;
	uint64_t mailbox_bytes; /* that their strings and bytes take */
};

/*
 * Reads count words by a function's signature.  The values borrow the words.
 * mailbox_limit: the most that strings and bytes may take.
 * arguments: to be released also after a failure.
 * Returns EXIT_FINE; EXIT_USAGE or EXIT_PROBLEM with a problem.
 */
int arguments_read(const mote_image_function *function, char **words, int count,
		   uint64_t mailbox_limit, struct arguments *arguments, struct problem *problem);

/* Frees what the arguments own. */
void arguments_release(struct arguments *arguments);

#endif

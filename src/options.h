/* SPDX-License-Identifier: Apache-2.0
 *
 * Structures that begin with their size, across versions of the library and its
 * callers: what one side does not know has its default, or must be zero.
 */
#ifndef MOTE_OPTIONS_H
#define MOTE_OPTIONS_H

#include <stddef.h>

#include <mote/error.h>

/* Names a structure type and its initializer, for messages. */
struct mote_structure {
	const char *name;	 /* "sandbox options" */
	const char *initializer; /* "MOTE_SANDBOX_OPTIONS_INIT" */
	size_t bytes;		 /* this library's */
};

/*
 * Reads a caller's structure into ours, which holds the defaults.  A shorter one keeps the defaults
 * of the rest; in a longer one, the part that is unknown here must be zero.
 */
mote_status mote_structure_take(const struct mote_structure *structure, void *ours,
				const void *theirs, mote_error *error);

/* Writes our structure into a caller's, as much as fits; zeros what exceeds ours. */
mote_status mote_structure_give(const struct mote_structure *structure, const void *ours,
				void *theirs, mote_error *error);

/* Initializes a caller's structure of the given size with ours, for the mote_..._init functions. */
void mote_structure_init(const struct mote_structure *structure, const void *ours, void *theirs,
			 size_t bytes);

#endif

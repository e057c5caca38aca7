/* SPDX-License-Identifier: Apache-2.0
 *
 * A run of a program in progress, and the host functions that serve its streams.
 */
#ifndef MOTE_PROGRAM_INTERNAL_H
#define MOTE_PROGRAM_INTERNAL_H

#include <mote/program.h>

#include "sandbox/sandbox_internal.h"

struct mote_program {
	const mote_program_options *options; /* taken */
	uint8_t *block;	    /* what was read last, of the engine's allocator, or NULL */
	mote_error failure; /* of a stream; its status is MOTE_OK if there was none */
};

/* All elements of an array have the same size, that of the caller's version. */
const mote_program_file *mote_program_file_at(const mote_program_options *options,
					      const mote_program_file *files, size_t index);
mote_program_file *mote_program_wanted_at(const mote_program_options *options, size_t index);

/* The library's own host functions: user is the sandbox. */
enum { MOTE_PROGRAM_FUNCTIONS = 2 };
void mote_program_functions(mote_sandbox *sandbox,
			    struct mote_registered_function functions[MOTE_PROGRAM_FUNCTIONS]);

/* A call with one argument, during which they serve `program`. */
mote_status mote_sandbox_call_program(mote_sandbox *sandbox, struct mote_program *program,
				      mote_function function, const mote_value *argument,
				      const mote_call_options *options, mote_value *result,
				      mote_error *error);

#endif

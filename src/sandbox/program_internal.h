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
	uint8_t *block; /* what was read last, of the engine's allocator, or NULL */
};

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

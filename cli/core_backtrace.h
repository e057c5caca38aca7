/* SPDX-License-Identifier: Apache-2.0
 *
 * Who called whom, by frame pointers: code that keeps none ends the backtrace early.
 */
#ifndef CORE_BACKTRACE_H
#define CORE_BACKTRACE_H

#include "core_file.h"
#include "core_guest.h"

enum { CORE_MAXIMUM_FRAMES = 64 };

struct core_frame {
	uint64_t pc;
	char symbol[CORE_NAME_BYTES]; /* empty: unknown */
	uint64_t symbol_offset;	      /* pc minus that function's address */
};

struct core_backtrace {
	struct core_frame frames[CORE_MAXIMUM_FRAMES]; /* the first is where the guest stopped */
	size_t count;
	bool complete; /* up to the beginning of the stack */
};

/* guest: for the names; may be NULL. */
void core_backtrace_read(const struct core_file *core, const struct core_guest *guest,
			 struct core_backtrace *backtrace);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * A sandbox that gdb can attach to, at any time and in every build: the library speaks gdb's remote
 * protocol.  Its thread does all input and output; calls stop on the threads that make them.
 *
 * A debugger can do with the guest what the guest can do, and no more. The protocol knows no
 * passwords: whoever reaches the address controls the guest.
 */
#ifndef MOTE_DEBUG_H
#define MOTE_DEBUG_H

#include <stdbool.h>
#include <stddef.h>

#include <mote/error.h>
#include <mote/sandbox.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mote_debug_options {
	size_t size; /* sizeof(mote_debug_options) of the caller */
	/* "127.0.0.1:PORT" or "[::1]:PORT" (port 0: any free one), "unix:/PATH", or "fd:IN,OUT":
	 * two open files, which are duplicated, and whose client is there already. NULL:
	 * "127.0.0.1:0".  Windows: no "unix:"; IN and OUT are HANDLEs, or 0, 1 and 2 for the
	 * standard ones. */
	const char *address;
	/* Allows an address that other machines reach. */
	bool allow_remote;
	/* The next call waits for a debugger before the guest's next instruction. */
	bool wait;
	/* A call that faults or aborts waits for a debugger, if none is there.  A kill ends the
	 * waiting, as the debugger does. */
	bool wait_on_fault;
} mote_debug_options;

/* clang-format off */
#define MOTE_DEBUG_OPTIONS_INIT {sizeof(mote_debug_options), NULL, false, false, false}
/* clang-format on */

/*
 * MOTE_DEBUG_OPTIONS_INIT as a function.
 *
 * options    not NULL
 * size       the caller's sizeof(mote_debug_options)
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API void mote_debug_options_init(mote_debug_options *options, size_t size);

/*
 * Makes a sandbox listen for a debugger, one at a time, until it is destroyed. While a debugger
 * holds a sandbox that is not in a call, calls of it wait; while it has stopped a call, deadlines
 * stand still, and a kill ends the call as ever. A fault stops before the sandbox is poisoned:
 * the debugger may repair what is wrong, and go on. mote_sandbox_dump_core writes a core while the
 * debugger has stopped the guest.
 *
 * sandbox    not NULL; not in a call
 * options    NULL: the defaults
 * error      may be NULL
 *
 * Returns MOTE_OK, MOTE_INVALID_ARGUMENT (an address), MOTE_BUSY (it listens already, or is in a
 * call),
 * MOTE_FORKED, MOTE_NO_MEMORY, MOTE_LIMIT, MOTE_OS, MOTE_UNSUPPORTED (a library built without
 *            debugging; Windows: "unix:")
 * Threads    one at a time per sandbox
 * Since      0.1
 */
MOTE_API mote_status mote_sandbox_debug_listen(mote_sandbox *sandbox,
					       const mote_debug_options *options,
					       mote_error *error);

/*
 * Where it listens, with the port that was chosen: what follows gdb's `target remote`.
 *
 * sandbox    not NULL
 *
 * Returns    NULL when it never did; lives as long as the sandbox
 * Threads    any, while the sandbox lives
 * Since      0.1
 */
MOTE_API const char *mote_sandbox_get_debug_address(const mote_sandbox *sandbox);

/*
 * Ends the listening, for good. For a debugger that is connected this is as if it had detached: a
 * call that it has stopped goes on. A call that waits for a debugger, or that would (wait), ends
 * with MOTE_KILLED.
 *
 * sandbox    may be NULL; without a debugger nothing happens
 *
 * Threads    any, while the sandbox lives
 * Since      0.1
 */
MOTE_API void mote_sandbox_debug_close(mote_sandbox *sandbox);

#ifdef __cplusplus
}
#endif
#endif

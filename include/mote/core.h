/* SPDX-License-Identifier: Apache-2.0
 *
 * Cores: the memory and registers of a guest in a file that debuggers and `mote core` read.
 * A core contains the guest's secrets; only its owner can read the file.
 */
#ifndef MOTE_CORE_H
#define MOTE_CORE_H

#include <stddef.h>
#include <stdint.h>

#include <mote/error.h>
#include <mote/sandbox.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Ends of a call that write a core; a set. */
typedef enum mote_core_cause {
	MOTE_CORE_FAULT = 1 << 0, /* any but those of the mailbox */
	MOTE_CORE_ABORT = 1 << 1,
	MOTE_CORE_DEADLINE = 1 << 2, /* either */
	MOTE_CORE_KILL = 1 << 3,
	MOTE_CORE_MAILBOX = 1 << 4, /* invalid mailbox contents */
	MOTE_CORE_ALL = 0x1f,
} mote_core_cause;

typedef struct mote_core_options {
	size_t size; /* sizeof(mote_core_options) of the caller */
	/* Where cores go.  Not NULL; the folder exists. */
	const char *directory;
	/* Their names.  %n: the guest's file name; %p: the process; %i: a number that each core of
	 * the engine increases; %t: the time, 20260131T235959Z; %%.  NULL: "core.%n.%p.%i".  No
	 * slashes. A file that has the name is replaced. */
	const char *pattern;
	uint32_t causes; /* a set of enum mote_core_cause */
	/* The most that a core may take on disk; a larger one is not written.  0: no limit. */
	uint64_t maximum_bytes;
} mote_core_options;

/* clang-format off */
#define MOTE_CORE_OPTIONS_INIT {sizeof(mote_core_options), NULL, NULL, MOTE_CORE_ALL, 0}
/* clang-format on */

/*
 * MOTE_CORE_OPTIONS_INIT as a function.
 *
 * options    not NULL
 * size       the caller's sizeof(mote_core_options)
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API void mote_core_options_init(mote_core_options *options, size_t size);

/*
 * Makes calls that end in one of these ways write a core first.  That never changes what the call
 * returns; mote_sandbox_get_core_error tells whether it failed.
 *
 * sandbox    not NULL
 * options    copied, with its texts; NULL: no cores any more
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_INVALID_ARGUMENT, MOTE_NO_MEMORY, MOTE_BUSY; MOTE_UNSUPPORTED in a
 *            library built without cores
 * Threads    one at a time per sandbox
 * Since      0.1
 */
MOTE_API mote_status mote_sandbox_set_core_options(mote_sandbox *sandbox,
						   const mote_core_options *options,
						   mote_error *error);

/*
 * Writes a core now: between calls, after the last one, from a host function of the call in
 * progress, on its thread; or, on any other thread, while a debugger (mote/debug.h) has stopped the
 * call or holds the sandbox: what the debugger sees. The guest does not notice.
 *
 * sandbox, path  not NULL; a file that has the name is replaced
 * error      may be NULL
 *
 * Returns    MOTE_OK, MOTE_INVALID_ARGUMENT, MOTE_BUSY, MOTE_FORKED, MOTE_NO_MEMORY, MOTE_FILE,
 *            MOTE_LIMIT, MOTE_OS, MOTE_HYPERVISOR, MOTE_UNSUPPORTED; no file is left then
 * Threads    one at a time per sandbox
 * Since      0.1
 */
MOTE_API mote_status mote_sandbox_dump_core(mote_sandbox *sandbox, const char *path,
					    mote_error *error);

/*
 * The core that the last call wrote when it ended.
 *
 * Returns    its path; NULL: none.  Lives until the next mote_sandbox_set_core_options
 * Threads    one at a time per sandbox
 * Since      0.1
 */
MOTE_API const char *mote_sandbox_get_core_path(const mote_sandbox *sandbox);

/*
 * Why the last call, which should have written a core, wrote none.
 *
 * Returns    NULL: it wrote one, or should not.  Lives as the path does
 * Threads    one at a time per sandbox
 * Since      0.1
 */
MOTE_API const mote_error *mote_sandbox_get_core_error(const mote_sandbox *sandbox);

#ifdef __cplusplus
}
#endif
#endif

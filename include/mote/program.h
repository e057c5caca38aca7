/* SPDX-License-Identifier: Apache-2.0
 *
 * Programs: guests with `int main(int argc, char **argv)` instead of exported functions.  A program
 * has arguments, an environment, three standard streams, and files in its own memory; what of the
 * host it reads and writes is what a run gives it, and nothing else.
 *
 * A sandbox is created from a program as from any guest (mote/sandbox.h): the library has the host
 * functions that it imports.  A program runs once.  To run it again, put the sandbox back to a
 * snapshot that was taken after mote_sandbox_start, or take one of a pool of that snapshot.
 */
#ifndef MOTE_PROGRAM_H
#define MOTE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mote/error.h>
#include <mote/sandbox.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum mote_stream_kind {
	MOTE_STREAM_NONE = 0, /* input: empty; output: dropped */
	MOTE_STREAM_HANDLE,   /* a descriptor of the application's */
	MOTE_STREAM_CALLBACK,
} mote_stream_kind;

/*
 * Where a program reads from, or writes to.  Callbacks run on the thread that runs the program, and
 * under the rules of mote_host_callback: a status other than MOTE_OK ends the run with
 * MOTE_HOST_FUNCTION.
 */
typedef struct mote_stream {
	mote_stream_kind kind;
	/* HANDLE: open for reading or writing during the run; stays the application's, and may be
	 * non-blocking.  Waiting for it ends with the run's deadlines and with a kill.  Windows: a
	 * HANDLE of a file that is not for overlapped use, a pipe or a console, and no socket; a
	 * read of a console that has begun ends with its line, or with Ctrl-C. */
	intptr_t handle;
	/* CALLBACK.  Reads up to capacity bytes (not 0) of data; *length is 0 at the end. */
	mote_status (*read)(void *user, void *data, size_t capacity, size_t *length,
			    mote_error *error);
	/* CALLBACK.  Takes all of data. length may be 0: for a file that is taken out, to say that
	 * it exists. */
	mote_status (*write)(void *user, const void *data, size_t length, mote_error *error);
	void *user;
} mote_stream;

/* A file of the program: its own copy, in guest memory. */
typedef struct mote_program_file {
	const char *name; /* as the program opens it: "data.txt", "/etc/rules"; NUL-terminated */
	mote_stream stream;
	bool written; /* of `wanted`: set by the run, when the program has left such a file */
} mote_program_file;

/* One run of a program. */
typedef struct mote_program_options {
	size_t size; /* sizeof(mote_program_options) of the caller */
	/* Each a list of strings that ends with NULL, borrowed for the run.  NULL: the image's name
	 * is the only argument; the environment ("NAME=VALUE") is empty. */
	const char *const *arguments;
	const char *const *environment;
	mote_stream input, output, errors;
	/* What the program finds when it opens them. */
	const mote_program_file *files;
	size_t file_count;
	/* What is taken out of its memory after it has ended. */
	mote_program_file *wanted;
	size_t wanted_count;
	size_t file_size; /* sizeof(mote_program_file) of the caller */
	/* As in mote_call_options.  Waiting for a handle is part of wall_ns. */
	uint64_t wall_ns;
	uint64_t cpu_ns;
} mote_program_options;

/* clang-format off */
#define MOTE_PROGRAM_OPTIONS_INIT                                                                  \
	{sizeof(mote_program_options), NULL, NULL,                                                 \
	 {MOTE_STREAM_NONE, 0, NULL, NULL, NULL}, {MOTE_STREAM_NONE, 0, NULL, NULL, NULL},         \
	 {MOTE_STREAM_NONE, 0, NULL, NULL, NULL}, NULL, 0, NULL, 0, sizeof(mote_program_file),     \
	 0, 0}
/* clang-format on */

/*
 * MOTE_PROGRAM_OPTIONS_INIT as a function, except that file_size is 0: a caller with files sets it
 * to its own sizeof(mote_program_file).
 *
 * options    not NULL
 * size       the caller's sizeof(mote_program_options)
 *
 * Threads    any
 * Since      0.1
 */
MOTE_API void mote_program_options_init(mote_program_options *options, size_t size);

/*
 * Runs a program to its end: main returned, or it called exit.
 *
 * sandbox    of an image with main
 * options    may be NULL
 * status     written on success: what main returned, or exit was called with, from 0 to 255; not
 *            NULL
 * error      may be NULL
 *
 * Returns    MOTE_NOT_FOUND when the image is no program; MOTE_TOO_LARGE when arguments,
 *            environment and names together are larger than the mailbox; else as
 *            mote_sandbox_call: abort() is MOTE_GUEST_ABORT, as is a second run without a restore
 * Threads    one at a time per sandbox
 * Since      0.1
 */
MOTE_API mote_status mote_program_run(mote_sandbox *sandbox, const mote_program_options *options,
				      int *status, mote_error *error);

#ifdef __cplusplus
}
#endif
#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What `mote run` is told, and what follows for the sandbox.
 */
#ifndef RUN_SETUP_H
#define RUN_SETUP_H

#include <mote/mote.h>

#include "arguments.h"
#include "problem.h"
#include "run_program.h"

struct run_options {
	const char *guest, *function; /* function: NULL if not given */
	char **words;		      /* its arguments; at first with its name */
	int word_count;
	uint64_t memory_bytes, heap_bytes, stack_bytes, mailbox_bytes; /* 0 if not given */
	uint64_t wall_ns, cpu_ns;				       /* 0 if not given */
	mote_backend_kind backend;
	mote_log_level log_level;
	const char *output;
	const char *core_folder; /* NULL: no cores */
	const char *debug;	 /* where to wait for a debugger; NULL: nowhere */
	const char *snapshot;	 /* file to begin with; NULL: the guest's beginning */
	const char *save;	 /* `mote snapshot`: file to write; NULL: none */
	struct program_options program;
	bool is_program;       /* which is to be run: words are its arguments */
	bool gdb, lldb, stdio; /* `mote debug`: how it comes */
	bool starts;	       /* a guest without main is started, and that is all */
	bool clock;	       /* the guest is told the time */
	bool huge_pages;       /* guest memory is in such */
	bool json, quiet, help;
};

/* Those of `mote run`, `mote debug` or `mote snapshot`: argv[0].  Returns EXIT_FINE, or EXIT_USAGE
 * after a complaint. */
int run_options_read(int argc, char **argv, struct run_options *options);
void run_options_release(struct run_options *options);

/* What depends on the kind of guest: is_program, function.  Returns EXIT_FINE, or EXIT_USAGE with a
 * problem. */
int run_take_guest(struct run_options *options, const mote_image *image, struct problem *problem);

/* The most that the strings and bytes of the call may take. */
uint64_t run_mailbox_limit(const struct run_options *options);

/*
 * What was not given is made large enough for the image and the arguments; but an image, which
 * nobody needs to trust, gets no more than 1 GiB unless --memory says so. Returns EXIT_FINE, or
 * EXIT_PROBLEM with a problem.
 */
int run_sandbox_options(const struct run_options *options, const mote_image *image,
			const struct arguments *arguments, mote_sandbox_options *sandbox,
			struct problem *problem);

/* An image for another architecture runs nowhere here.  Returns EXIT_FINE, or EXIT_PROBLEM with a
 * problem. */
int run_check_machine(const mote_image *image, struct problem *problem);

/*
 * Finds the function that is to be called: the one that was named, or main; its name is NULL for
 * none, when the guest is to be started only.
 * list: set when the guest's functions should be listed after the problem.
 * Returns EXIT_FINE, or EXIT_USAGE with a problem.
 */
int run_choose_function(const struct run_options *options, const mote_image *image,
			mote_image_function *function, bool *list, struct problem *problem);

#endif

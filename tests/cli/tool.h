/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the tool as a user does and keeps what it prints.
 */
#ifndef TOOL_TEST_H
#define TOOL_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hold.h"

/* Windows has no signals, no modes of files, and other names for devices. */
#ifdef _WIN32
#define TOOL_ON_WINDOWS true
#define NOTHING_PATH "NUL"
#define OWN_BACKEND "whp" /* as far as there is a choice */
/* What the library says of files is in Windows's own words, which differ from those of Wine. */
#define NO_SUCH_FILE ""
#define IS_A_FOLDER "is a folder"
#else
#define TOOL_ON_WINDOWS false
#define NOTHING_PATH "/dev/null"
#define OWN_BACKEND "kvm"
#define NO_SUCH_FILE "No such file or directory"
#define IS_A_FOLDER "Is a directory"
#endif

/* Start it with TOOL_INIT; set the first part before tool_start. */
struct tool {
	const char *input; /* comes in through a pipe; NULL: standard input is /dev/null */
	size_t input_length;
	int in, out, err;     /* instead of the above and of the files below; -1: those */
	bool closes[3];	      /* this standard descriptor is closed */
	int ignored;	      /* a signal that is ignored from the beginning, or 0 */
	int pending;	      /* a signal that is blocked and pending from the beginning, or 0 */
	bool hostile_signals; /* all are blocked, and ignored those that no job control uses */
	struct hold hold;     /* a system call at which it stops */
	const char *folder;   /* where it runs, or NULL */
	const char *variable; /* "NAME=value" for its environment, or NULL */
	unsigned patience;    /* seconds that it may take; 0: the usual ones */

	intptr_t process, feeder; /* a process's number; on Windows, handles */
	int out_file, err_file;

	int code;	       /* exit code; 1000 + n: died of signal n; -1: hung and was killed */
	char *output, *errors; /* NUL-terminated */
	size_t output_length, errors_length;
};

#define TOOL_INIT                                                                                  \
	{                                                                                          \
		.in = -1, .out = -1, .err = -1                                                     \
	}

enum { TOOL_DIED = 1000 };

/* Arguments after the program's name, ended by NULL. */
void tool_start(struct tool *tool, const char *const *arguments);

/* Waits until it ends, but not for ever. */
void tool_finish(struct tool *tool);

/* Waits until it stops at the held system call; fails when it does not. */
void tool_await_hold(struct tool *tool);

/* Waits until it has written `part` to standard error; fails when it does not. */
void tool_await(struct tool *tool, const char *part);

/* Leaves the case unless the tool can run guests here: skipped, or failed under
 * MOTE_REQUIRE_BEDS=all. */
void tool_need_vm(void);

/* Frees what it printed. */
void tool_clear(struct tool *tool);

/* Start and finish, with a tool that was prepared, and with a fresh one. */
void tool_run_prepared(struct tool *tool, const char *const *arguments);
void tool_run(struct tool *tool, const char *const *arguments);

#define TOOL_RUN(tool, ...) tool_run((tool), (const char *const[]){__VA_ARGS__, NULL})
#define TOOL_RUN_PREPARED(tool, ...)                                                               \
	tool_run_prepared((tool), (const char *const[]){__VA_ARGS__, NULL})
#define TOOL_START(tool, ...) tool_start((tool), (const char *const[]){__VA_ARGS__, NULL})

/* Checks that it ended with `code`, printed exactly `output`, and nothing on standard error. */
void tool_expect(const struct tool *tool, const char *what, int code, const char *output);

/* Checks that it ended with `code` and said so in one line that contains `part`; printed nothing.
 */
void tool_expect_error(const struct tool *tool, const char *what, int code, const char *part);

/* Whether text is one line, "mote: ...", free of control characters. */
bool is_error_line(const char *text);

/* An empty folder for this process's files, and the path of a file in it (four at a time). */
const char *test_folder(void);
const char *test_file(const char *name);
void test_write_file(const char *path, const void *data, size_t length);

/* Turns a guest in memory into one for the other architecture: another machine number, other
 * relocations. */
void test_make_other_machine(char *image);

/* Removes the folder. */
void test_remove_folder(void);

#endif

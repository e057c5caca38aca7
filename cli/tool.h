/* SPDX-License-Identifier: Apache-2.0
 *
 * What all commands of the tool share: exit codes and complaints.
 */
#ifndef TOOL_H
#define TOOL_H

#include <mote/mote.h>
#include <stdbool.h>

#include "text/format.h"

/* Documented in help.c.  A call that a signal ended gives EXIT_SIGNAL + its number. */
enum tool_exit {
	EXIT_FINE = 0,
	EXIT_PROBLEM = 1, /* a file, the host, the output */
	EXIT_USAGE = 2,
	EXIT_GUEST_FAULT = 3,
	EXIT_GUEST_ABORT = 4,
	EXIT_DEADLINE = 5,
	EXIT_SIGNAL = 128,
};

/* Writes one line, "mote: ...", to standard error; control characters are escaped. */
void complain(const char *format, ...) MOTE_PRINTF(1, 2);

/* The same with a hint to the help of a command (NULL: of the tool).  Returns EXIT_USAGE. */
int complain_usage(const char *command, const char *format, ...) MOTE_PRINTF(2, 3);

/* The commands; argv[0] is the command's name.  They return the exit code. */
int command_run(int argc, char **argv);
int command_inspect(int argc, char **argv);
int command_core(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_bench(int argc, char **argv);
int command_new(int argc, char **argv);

/* Prints the help of a command (NULL: of the tool) to standard output. */
int print_help(const char *command);

#endif

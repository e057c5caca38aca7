/* SPDX-License-Identifier: Apache-2.0
 *
 * What went wrong with a command: carried to where it is reported, as a line on
 * standard error and, with --json, as an object on standard output.
 */
#ifndef PROBLEM_H
#define PROBLEM_H

#include <mote/mote.h>

#include "json.h"
#include "text/format.h"

struct problem {
	int exit_code;	 /* EXIT_FINE: there is none */
	char status[32]; /* "bad_image", "usage", ...: stable, for programs */
	char text[2048];
};

/* Fills it in and returns exit_code. */
int problem_set(struct problem *problem, int exit_code, const char *status, const char *format, ...)
	MOTE_PRINTF(4, 5);

/* The same for a wrong command line. */
int problem_usage(struct problem *problem, const char *format, ...) MOTE_PRINTF(2, 3);

/* From the library's error; an option at its end gets the name that it has here. */
int problem_from_error(struct problem *problem, const mote_error *error);

/* Writes the line.  command: the one whose help a wrong command line should look at. */
void problem_complain(const struct problem *problem, const char *command);

/* The members "status" and "error". */
void problem_json(const struct problem *problem, struct json *json);

/* Line and, when asked for, object.  Returns the exit code. */
int problem_report(const struct problem *problem, const char *command, bool json);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line of one command: a table of options, and operands.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stddef.h>

/* Reads an option's value into `to`.  Returns NULL, or what a value must be. */
typedef const char *(*option_reader)(const char *text, void *to);

struct option {
	const char *name;     /* without the dashes */
	char letter;	      /* the short form, or 0 */
	option_reader reader; /* NULL: a flag, which sets a bool */
	size_t offset;	      /* of the value in the command's options */
};

enum { MAXIMUM_OPERANDS = 3 };

/* What is not an option.  Everything after the last one that the limit allows is in rest,
 * untouched. */
struct operands {
	int limit; /* set by the command, at most MAXIMUM_OPERANDS */
	const char *operand[MAXIMUM_OPERANDS];
	int count;
	char **rest;
	int rest_count;
};

/* argv[0] is the command's name.  Returns 0, or EXIT_USAGE after a complaint. */
int parse_options(int argc, char **argv, const struct option *table, size_t table_count,
		  void *values, struct operands *operands);

/* Readers.  A size (uint64_t): bytes, or with K, M, G for KiB, MiB, GiB; not 0. */
const char *read_size(const char *text, void *to);
/* A duration (uint64_t, nanoseconds): 10ms, 1.5s, 2m, 1h; without a unit, seconds; not 0. */
const char *read_duration(const char *text, void *to);
const char *read_path(const char *text, void *to); /* const char *, not empty */
const char *read_debug_address(const char *text, void *to);
const char *read_backend(const char *text, void *to);	/* mote_backend_kind */
const char *read_log_level(const char *text, void *to); /* mote_log_level */

#endif

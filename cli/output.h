/* SPDX-License-Identifier: Apache-2.0
 *
 * Buffered output that remembers its first failure, so that a full disk or a
 * closed pipe is reported instead of ignored.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "text/format.h"

struct output {
	int fd;		  /* a file of cli_os.h */
	const char *name; /* for messages */
	int error;	  /* code of the first failure (cli_os.h), 0 if none */
	size_t used;
	bool ascii_only; /* a terminal that does not understand UTF-8 */
	char buffer[8192];
};

/* Standard output, standard error. */
void output_standard(struct output *output);
void output_messages(struct output *output);

/* Creates or truncates a file.  Complains and returns -1 on failure. */
int output_create(struct output *output, const char *path);

void output_bytes(struct output *output, const void *data, size_t length);
void output_text(struct output *output, const char *text);

/* At most 1000 bytes at a time. */
void output_format(struct output *output, const char *format, ...) MOTE_PRINTF(2, 3);

/* With unsafe characters escaped (text.h).  keep_lines: line feeds and tabs stay. */
void output_escaped(struct output *output, const char *text, size_t length, bool keep_lines);

/* Writes out what is in the buffer. */
void output_flush(struct output *output);

/* Writes out what is left and closes a file.  Complains about any failure since the beginning.
 * Returns EXIT_FINE or EXIT_PROBLEM. */
int output_finish(struct output *output);

#endif

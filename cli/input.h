/* SPDX-License-Identifier: Apache-2.0
 *
 * Contents of files and pipes, for arguments.
 */
#ifndef INPUT_H
#define INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "problem.h"

/*
 * Reads all of a file, or of standard input when path is "-".
 * limit: the most that is accepted.  data: for the caller to free, never NULL on success.
 * Returns EXIT_FINE, or EXIT_PROBLEM with a problem.
 */
int input_read(const char *path, size_t limit, void **data, size_t *length,
	       struct problem *problem);

/* Reads the beginning of a file of the kernel, NUL-terminated: up to capacity - 1 bytes.  Returns
 * false when nothing can be read. */
bool input_start(const char *path, char *text, size_t capacity);

#endif

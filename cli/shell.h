/* SPDX-License-Identifier: Apache-2.0
 *
 * Command lines that the user can paste into a shell.
 */
#ifndef SHELL_H
#define SHELL_H

#include <stdbool.h>
#include <stddef.h>

enum { SHELL_LINE_BYTES = 8192 };

/* Whether nothing in a pasted path would be more or less than it seems. */
bool shell_can_paste(const char *path);

/* Adds a space and the path to a line of `used` bytes: as one word of a shell, and no option.
 * path: one that can be pasted; a line has room for several. Returns the line's new length. */
size_t shell_add_path(char line[SHELL_LINE_BYTES], size_t used, const char *path);

#endif

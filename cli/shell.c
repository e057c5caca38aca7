/* SPDX-License-Identifier: Apache-2.0
 *
 * Quotes paths for a shell.
 */
#include "shell.h"

#include <string.h>

#include "text.h"

enum { PATH_BYTES = 1024 };

bool shell_can_paste(const char *path)
{
	char shown[PATH_BYTES];

	return strlen(path) < sizeof(shown) / ESCAPED_BYTES &&
	       escape_text(shown, sizeof(shown), path, strlen(path), ESCAPE_ASCII_ONLY) ==
		       strlen(path);
}

size_t shell_add_path(char line[SHELL_LINE_BYTES], size_t used, const char *path)
{
	static const char quote[] = "'\\''";

	line[used++] = ' ';
	line[used++] = '\'';
	if (path[0] == '-') {
		line[used++] = '.';
		line[used++] = '/';
	}
	for (; *path != '\0'; path++) {
		if (*path != '\'') {
			line[used++] = *path;
		} else {
			memcpy(line + used, quote, sizeof(quote) - 1);
			used += sizeof(quote) - 1;
		}
	}
	line[used++] = '\'';
	line[used] = '\0';
	return used;
}

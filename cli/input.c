/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads files and pipes to their end, within a limit.
 */
#include "input.h"

#include <stdlib.h>
#include <string.h>

#include "cli_os.h"
#include "text/text.h"
#include "tool.h"

/* Reads until the end or one byte more than the limit. */
static int read_to_end(int file, size_t limit, char **data, size_t *length)
{
	size_t capacity = limit < 65536 ? limit + 1 : 65536, used = 0, got;
	char *buffer = malloc(capacity), *grown;
	int code = 0;

	while (buffer != NULL && used <= limit) {
		code = cli_os_read(file, buffer + used, capacity - used, &got);
		if (code != 0 || got == 0)
			break;
		used += got;
		if (used < capacity)
			continue;
		capacity = capacity > limit / 2 ? limit + 1 : 2 * capacity;
		if (capacity == used)
			continue;
		grown = realloc(buffer, capacity);
		if (grown == NULL)
			free(buffer);
		buffer = grown;
	}
	if (buffer == NULL)
		return CLI_OS_NO_MEMORY;
	if (code != 0) {
		free(buffer);
		return code;
	}
	*data = buffer;
	*length = used;
	return 0;
}

bool input_start(const char *path, char *text, size_t capacity)
{
	size_t used = 0, got = 1;
	int file;

	if (cli_os_open(path, &file) != 0)
		return false;
	while (got > 0 && used < capacity - 1) {
		if (cli_os_read(file, text + used, capacity - 1 - used, &got) != 0)
			break;
		used += got;
	}
	cli_os_close(file);
	text[used] = '\0';
	return used > 0;
}

static int too_large(struct problem *problem, const char *name, size_t limit)
{
	char size[MOTE_SIZE_TEXT_BYTES];

	return problem_set(problem, EXIT_PROBLEM, "too_large",
			   "%s: larger than the %s that one call can take", name,
			   mote_size_text(limit, size));
}

/* What is larger than the limit is read to one byte beyond it, or not at all. */
static int read_file(int file, size_t limit, char **contents, size_t *length)
{
	uint64_t bytes;
	int code = cli_os_file_bytes(file, &bytes);

	if (code != 0)
		return code;
	if (bytes <= limit)
		return read_to_end(file, limit, contents, length);
	*contents = NULL;
	*length = limit + 1;
	return 0;
}

int input_read(const char *path, size_t limit, void **data, size_t *length, struct problem *problem)
{
	bool standard = strcmp(path, "-") == 0;
	const char *name = standard ? "standard input" : path;
	char *contents;
	int file = CLI_OS_INPUT, code = standard ? 0 : cli_os_open(path, &file);

	if (code == 0) {
		code = read_file(file, limit, &contents, length);
		if (!standard)
			cli_os_close(file);
	}
	if (code != 0)
		return problem_set(problem, EXIT_PROBLEM, "file", "%s: %s", name,
				   cli_os_error_text(code));
	if (*length > limit) {
		free(contents);
		return too_large(problem, name, limit);
	}
	*data = contents;
	return EXIT_FINE;
}

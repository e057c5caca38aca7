/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads files and pipes to their end, within a limit.
 */
#define _POSIX_C_SOURCE 200809L
#include "input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text/text.h"
#include "tool.h"

static ssize_t read_some(int fd, void *to, size_t bytes)
{
	for (;;) {
		ssize_t got = read(fd, to, bytes);

		if (got >= 0 || (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK))
			return got;
		if (errno != EINTR) {
			/* Whoever shares the file made it non-blocking. */
			struct pollfd wait = {.fd = fd, .events = POLLIN};

			poll(&wait, 1, -1);
		}
	}
}

/* Reads until the end or one byte more than the limit.  Returns 0 or an errno. */
static int read_to_end(int fd, size_t limit, char **data, size_t *length)
{
	size_t capacity = limit < 65536 ? limit + 1 : 65536, used = 0;
	char *buffer = malloc(capacity), *grown;
	int code = 0;

	while (buffer != NULL && used <= limit) {
		ssize_t got = read_some(fd, buffer + used, capacity - used);

		if (got <= 0) {
			code = got < 0 ? errno : 0;
			break;
		}
		used += (size_t)got;
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
		return ENOMEM;
	if (code != 0) {
		free(buffer);
		return code;
	}
	*data = buffer;
	*length = used;
	return 0;
}

static int open_file(const char *path)
{
	int fd;

	do
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	while (fd < 0 && errno == EINTR);
	return fd;
}

bool input_start(const char *path, char *text, size_t capacity)
{
	int fd = open_file(path);
	size_t used = 0;
	ssize_t got = 1;

	if (fd < 0)
		return false;
	while (got > 0 && used < capacity - 1) {
		got = read_some(fd, text + used, capacity - 1 - used);
		if (got > 0)
			used += (size_t)got;
	}
	close(fd);
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

int input_read(const char *path, size_t limit, void **data, size_t *length, struct problem *problem)
{
	bool standard = strcmp(path, "-") == 0;
	const char *name = standard ? "standard input" : path;
	char *contents = NULL;
	struct stat information;
	int fd = STDIN_FILENO, code = 0;

	if (!standard)
		fd = open_file(path);
	if (fd < 0 || fstat(fd, &information) != 0)
		code = errno;
	else if (S_ISREG(information.st_mode) && information.st_size > (off_t)limit)
		code = EFBIG;
	else
		code = read_to_end(fd, limit, &contents, length);
	if (!standard && fd >= 0)
		close(fd);
	if (code == EFBIG || (code == 0 && *length > limit)) {
		free(contents);
		return too_large(problem, name, limit);
	}
	if (code != 0)
		return problem_set(problem, EXIT_PROBLEM, "file", "%s: %s", name, strerror(code));
	*data = contents;
	return EXIT_FINE;
}

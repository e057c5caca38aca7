/* SPDX-License-Identifier: Apache-2.0
 *
 * The harness's view of the machine: files and the clock.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

uint64_t test_now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

const char *test_guest(const char *name)
{
	static char path[4096];
	const char *folder = getenv("MOTE_TEST_GUESTS");

	if (!folder || !folder[0])
		FAIL("MOTE_TEST_GUESTS is not set; run the tests with ctest or ./dev test");
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	if (access(path, R_OK))
		FAIL("%s: %s", path, strerror(errno));
	return path;
}

void *test_read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	size_t capacity = 65536, used = 0, got;
	char *data = malloc(capacity);

	if (!file || !data)
		FAIL("%s: %s", path, strerror(errno));
	while ((got = fread(data + used, 1, capacity - used, file)) > 0) {
		used += got;
		if (used < capacity)
			continue;
		capacity *= 2;
		data = realloc(data, capacity);
		if (!data)
			FAIL("%s: out of memory", path);
	}
	fclose(file);
	*length = used;
	return data;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that the tests read.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

const char *test_guest(const char *name)
{
	static char path[4096];
	const char *folder = getenv("MOTE_TEST_GUESTS");
	FILE *file;

	if (!folder || !folder[0])
		FAIL("MOTE_TEST_GUESTS is not set; run the tests with ctest or ./dev test");
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (!file)
		FAIL("%s: %s", path, strerror(errno));
	fclose(file);
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

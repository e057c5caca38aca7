/* SPDX-License-Identifier: Apache-2.0
 *
 * The harness's view of the machine: what this process holds, files, the clock.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "test.h"

size_t test_fd_count(void)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	size_t count = 0;

	if (!folder)
		FAIL("/proc/self/fd: %s", strerror(errno));
	while ((entry = readdir(folder)))
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count - 1; /* the folder itself */
}

size_t test_mapping_count(void)
{
	FILE *file = fopen("/proc/self/maps", "r");
	size_t count = 0;
	int c;

	if (!file)
		FAIL("/proc/self/maps: %s", strerror(errno));
	while ((c = getc(file)) != EOF)
		count += c == '\n';
	fclose(file);
	return count;
}

static void read_pages(unsigned long *total, unsigned long *resident)
{
	FILE *file = fopen("/proc/self/statm", "r");
	int fields;

	if (!file)
		FAIL("/proc/self/statm: %s", strerror(errno));
	fields = fscanf(file, "%lu %lu", total, resident);
	fclose(file);
	if (fields != 2)
		FAIL("/proc/self/statm: not understood");
}

size_t test_resident_kib(void)
{
	unsigned long total, resident;

	read_pages(&total, &resident);
	return resident * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}

size_t test_virtual_kib(void)
{
	unsigned long total, resident;

	read_pages(&total, &resident);
	return total * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}

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

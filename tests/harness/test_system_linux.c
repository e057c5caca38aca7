/* SPDX-License-Identifier: Apache-2.0
 *
 * The harness's view of what this process holds, on Linux.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
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

uint64_t test_file_space(const char *path)
{
	struct stat information;

	if (stat(path, &information) != 0)
		FAIL("%s: %s", path, strerror(errno));
	return (uint64_t)information.st_blocks * 512;
}

intptr_t test_handle(int file)
{
	return file;
}

intptr_t test_memory_handle(const void *memory)
{
	(void)memory;
	return -1;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The harness's view of what this process holds, on macOS.
 */
#include <dirent.h>
#include <errno.h>
#include <mach/mach.h>
#include <mach/vm_region.h>
#include <string.h>
#include <sys/stat.h>

#include "test.h"

size_t test_fd_count(void)
{
	DIR *folder = opendir("/dev/fd");
	struct dirent *entry;
	size_t count = 0;

	if (!folder)
		FAIL("/dev/fd: %s", strerror(errno));
	while ((entry = readdir(folder)))
		count += entry->d_name[0] != '.';
	closedir(folder);
	return count - 1; /* the folder itself */
}

size_t test_mapping_count(void)
{
	vm_address_t address = 0;
	vm_size_t size = 0;
	size_t count = 0;

	for (;; address += size, count++) {
		vm_region_submap_info_data_64_t region;
		mach_msg_type_number_t words = VM_REGION_SUBMAP_INFO_V0_COUNT_64;
		natural_t depth = 0;

		if (vm_region_recurse_64(mach_task_self(), &address, &size, &depth,
					 (vm_region_recurse_info_t)&region, &words) != KERN_SUCCESS)
			return count;
	}
}

static mach_task_basic_info_data_t read_task(void)
{
	mach_task_basic_info_data_t info;
	mach_msg_type_number_t words = MACH_TASK_BASIC_INFO_COUNT;

	if (task_info(mach_task_self(), MACH_TASK_BASIC_INFO, (task_info_t)&info, &words) !=
	    KERN_SUCCESS)
		FAIL("task_info: not understood");
	return info;
}

size_t test_resident_kib(void)
{
	return (size_t)(read_task().resident_size / 1024);
}

size_t test_virtual_kib(void)
{
	return (size_t)(read_task().virtual_size / 1024);
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

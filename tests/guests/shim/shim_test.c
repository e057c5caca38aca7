/* SPDX-License-Identifier: Apache-2.0
 *
 * The shim of the guest SDK as a part of this program, where sanitizers see it: long random
 * sequences of calls over few names, after which everything is removed and nothing of the heap is
 * held.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "runtime.h"
#include "test.h"

enum { PAGE = 4096, MAPPINGS = 8 };

long mote_syscall(long number, long a, long b, long c, long d, long e, long f);

/* The address of an argument, as system calls take them. */
static long address(const void *argument)
{
	return (long)(intptr_t)argument;
}

static uint64_t state;

static unsigned int pick(unsigned int below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned int)(state >> 20) % below;
}

static const char *pick_path(void)
{
	static const char *const paths[] = {
		"/a",	     "/a/b",	   "/a/b/c",  "/a/f", "f",	    "g",
		"../f",	     "b",	   ".",	      "..",   "/",	    "/tmp/x",
		"/dev/null", "a/./b/../b", "//a//f/", "",     "/a/b/c/d/e", "/dev/urandom",
	};

	return paths[pick(TEST_COUNT(paths))];
}

static int pick_descriptor(void)
{
	return pick(50) ? 3 + (int)pick(8) : -1 + (int)pick(300);
}

static int pick_flags(void)
{
	static const int flags[] = {O_CREAT, O_EXCL | O_CREAT, O_TRUNC, O_APPEND, O_DIRECTORY, 0};

	return (int)pick(3) | flags[pick(TEST_COUNT(flags))];
}

static long pick_size(void)
{
	return pick(40) ? (long)pick(3000) : (long)(pick(1000) * (uint64_t)1000000007 * pick(1000));
}

static char data[70000];

static long call_on_names(void)
{
	int at = pick(4) ? AT_FDCWD : pick_descriptor();
	struct stat known;

	switch (pick(9)) {
	case 0:
		return mote_syscall(SYS_openat, at, address(pick_path()), pick_flags(), 0644, 0, 0);
	case 1:
		return mote_syscall(SYS_unlinkat, at, address(pick_path()), 0, 0, 0, 0);
	case 2:
		return mote_syscall(SYS_unlinkat, at, address(pick_path()), AT_REMOVEDIR, 0, 0, 0);
	case 3:
		return mote_syscall(SYS_mkdirat, at, address(pick_path()), 0755, 0, 0, 0);
	case 4:
		return mote_syscall(SYS_renameat, at, address(pick_path()), AT_FDCWD,
				    address(pick_path()), 0, 0);
	case 5:
		return mote_syscall(SYS_newfstatat, at, address(pick_path()), address(&known), 0, 0,
				    0);
	case 6:
		return pick(4) ? 0 : mote_syscall(SYS_chdir, address(pick_path()), 0, 0, 0, 0, 0);
	case 7:
		return mote_syscall(SYS_getcwd, address(data), pick(40), 0, 0, 0, 0);
	default:
		return mote_syscall(SYS_truncate, address(pick_path()), pick_size(), 0, 0, 0, 0);
	}
}

static long call_on_descriptors(void)
{
	int descriptor = pick_descriptor();
	long bytes = pick(sizeof(data));

	switch (pick(10)) {
	case 0:
		return mote_syscall(SYS_close, descriptor, 0, 0, 0, 0, 0);
	case 1:
		return mote_syscall(SYS_read, descriptor, address(data), bytes, 0, 0, 0);
	case 2:
		return mote_syscall(SYS_write, descriptor, address(data), bytes, 0, 0, 0);
	case 3:
		return mote_syscall(SYS_pread64, descriptor, address(data), bytes, pick_size(), 0,
				    0);
	case 4:
		return mote_syscall(SYS_pwrite64, descriptor, address(data), bytes, pick_size(), 0,
				    0);
	case 5:
		return mote_syscall(SYS_lseek, descriptor, pick_size() - 1000, pick(4), 0, 0, 0);
	case 6:
		return mote_syscall(SYS_ftruncate, descriptor, pick_size(), 0, 0, 0, 0);
	case 7:
		return mote_syscall(SYS_dup, descriptor, 0, 0, 0, 0, 0);
	case 8:
		return mote_syscall(SYS_dup3, descriptor, 3 + pick(8), 0, 0, 0, 0);
	default:
		return mote_syscall(SYS_getdents64, descriptor, address(data), pick(200), 0, 0, 0);
	}
}

/* Mappings of a few pages, given back in parts. */
static struct {
	long begin;
	size_t pages;
} maps[MAPPINGS];

static long call_on_mappings(void)
{
	unsigned int i = pick(MAPPINGS);
	size_t from, pages;

	if (maps[i].pages == 0) {
		pages = 1 + pick(6);
		maps[i].begin =
			mote_syscall(SYS_mmap, 0, (long)pages * PAGE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		maps[i].pages = maps[i].begin > 0 ? pages : 0;
		for (size_t at = 0; at < maps[i].pages * PAGE; at += 512)
			CHECK_EQ(((char *)maps[i].begin)[at], 0);
		return maps[i].begin;
	}
	memset((void *)maps[i].begin, 1, maps[i].pages * PAGE);
	from = pick((unsigned int)maps[i].pages);
	if (pick(2)) { /* the pages from there on go */
		pages = maps[i].pages - from;
		maps[i].pages = from;
		return mote_syscall(SYS_munmap, maps[i].begin + (long)from * PAGE,
				    (long)pages * PAGE, 0, 0, 0, 0);
	}
	/* the pages before it go */
	maps[i].begin += (long)from * PAGE;
	maps[i].pages -= from;
	return from == 0 ? 0
			 : mote_syscall(SYS_munmap, maps[i].begin - (long)from * PAGE,
					(long)from * PAGE, 0, 0, 0, 0);
}

static void remove_everything(void)
{
	for (int i = 0; i < 256; i++)
		mote_syscall(SYS_close, i, 0, 0, 0, 0, 0);
	for (unsigned int i = 0; i < MAPPINGS; i++)
		if (maps[i].pages > 0)
			CHECK_EQ(mote_syscall(SYS_munmap, maps[i].begin, (long)maps[i].pages * PAGE,
					      0, 0, 0, 0),
				 0);
	memset(maps, 0, sizeof(maps));
	mote_syscall(SYS_chdir, address("/"), 0, 0, 0, 0, 0);
}

/* Depth first.  path: without a slash at its end */
static void remove_below(const char *path)
{
	char names[4096], below[600];
	long descriptor = mote_syscall(SYS_openat, AT_FDCWD, address(*path ? path : "/"),
				       O_DIRECTORY, 0, 0, 0);
	long bytes =
		mote_syscall(SYS_getdents64, descriptor, address(names), sizeof(names), 0, 0, 0);

	mote_syscall(SYS_close, descriptor, 0, 0, 0, 0, 0);
	for (long at = 0; at < bytes;) {
		const struct dirent *entry = (const struct dirent *)(const void *)(names + at);

		at += entry->d_reclen;
		if (entry->d_name[0] == '.')
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		if (entry->d_type == DT_DIR)
			remove_below(below);
		CHECK_EQ(mote_syscall(SYS_unlinkat, AT_FDCWD, address(below),
				      entry->d_type == DT_DIR ? AT_REMOVEDIR : 0, 0, 0, 0),
			 0);
	}
}

static void random_calls_leave_nothing_behind(void)
{
	for (uint64_t round = 1; round <= test_scale(2000); round++) {
		state = round * UINT64_C(0x9e3779b97f4a7c15);
		for (int i = 0; i < 3000; i++) {
			unsigned int kind = pick(10);
			long result = kind < 5	 ? call_on_names()
				      : kind < 9 ? call_on_descriptors()
						 : call_on_mappings();

			/* An error number that exists, or a result. */
			CHECK(result >= 0 || result > -200);
			CHECK(shim_bytes <= SHIM_HEAP_BYTES);
		}
		remove_everything();
		remove_below("");
		CHECK_EQ(shim_blocks, 0);
		CHECK_EQ(shim_bytes, 0);
	}
}

static const struct test_case cases[] = {
	CASE(random_calls_leave_nothing_behind),
};

int main(int argc, char **argv)
{
	return test_main("guest_shim", cases, TEST_COUNT(cases), argc, argv);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: a program that wants more than there is of everything.  0: it was refused as a
 * program would be elsewhere, and went on.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* The number of a line that was reached and should not have been. */
#define UNLESS(condition)                                                                          \
	do {                                                                                       \
		if (!(condition))                                                                  \
			return __LINE__ & 0xff ? __LINE__ & 0xff : 1;                              \
	} while (0)

enum { MILLION = 1000000 };

/* Afterwards there is memory again. */
static int works_on(void)
{
	char *memory = malloc(4096);
	const int fd = open("/tmp/after", O_CREAT | O_RDWR, 0600);

	UNLESS(memory && fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0);
	free(memory);
	return 0;
}

static int file(void)
{
	static char block[1 << 16];
	const int fd = open("/bomb", O_CREAT | O_RDWR, 0600);
	ssize_t written;

	while ((written = write(fd, block, sizeof(block))) > 0)
		continue;
	UNLESS(written < 0 && errno == ENOSPC);
	UNLESS(ftruncate(fd, 1ll << 50) == -1);
	UNLESS(ftruncate(fd, -1) == -1 && errno == EINVAL);
	UNLESS(lseek(fd, 1ll << 60, SEEK_SET) == 1ll << 60 && write(fd, "x", 1) == -1);
	UNLESS(close(fd) == 0 && unlink("/bomb") == 0);
	return works_on();
}

static int files(void)
{
	char name[32];
	int count = 0, fd;

	for (;; count++) {
		snprintf(name, sizeof(name), "/%d", count);
		fd = open(name, O_CREAT | O_RDWR, 0600);
		if (fd < 0)
			break;
		close(fd);
	}
	UNLESS(errno == ENOSPC && count > 1000);
	while (count-- > 0) {
		snprintf(name, sizeof(name), "/%d", count);
		UNLESS(unlink(name) == 0);
	}
	return works_on();
}

static int opens(void)
{
	int fd = -1, count = 0;

	for (int i = 0; i < MILLION; i++) {
		fd = open("/dev/null", O_RDONLY);
		UNLESS(fd >= 0 && close(fd) == 0);
	}
	while (open("/dev/null", O_RDONLY) >= 0)
		count++;
	UNLESS(errno == EMFILE && count < 1024);
	for (int i = 0; i < MILLION; i++)
		UNLESS(open("/dev/null", O_RDONLY) == -1);
	while (dup(0) >= 0)
		return __LINE__;
	for (fd = 3; fd < 3 + count; fd++)
		UNLESS(close(fd) == 0);
	return works_on();
}

static int folders(void)
{
	int depth = 0;

	while (mkdir("d", 0700) == 0 && chdir("d") == 0)
		depth++;
	UNLESS(depth > 10 && depth < MILLION);
	while (depth-- > 0)
		UNLESS(chdir("..") == 0 && rmdir("d") == 0);
	return works_on();
}

static int memory(void)
{
	/* A compiler that sees these leaves the calls out. */
	volatile size_t all = SIZE_MAX;
	void *volatile kept;
	void *last = NULL, *block;
	size_t count = 0;

	while ((block = malloc(1 << 12)) != NULL) {
		*(void **)block = last;
		last = block;
		count++;
	}
	UNLESS(errno == ENOMEM && count > 100);
	kept = calloc(all / 2, 3);
	UNLESS(!kept);
	kept = realloc(last, all);
	UNLESS(!kept);
	kept = malloc(all);
	UNLESS(!kept);
	UNLESS(mmap(NULL, 1ul << 40, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	for (; last; last = block) {
		block = *(void **)last;
		free(last);
	}
	return works_on();
}

static void *never(void *argument)
{
	return argument;
}

static int processes(void)
{
	pthread_t thread;

	for (int i = 0; i < 1000; i++) {
		UNLESS(fork() == -1);
		UNLESS(pthread_create(&thread, NULL, never, NULL) == EAGAIN);
		UNLESS(system("true") != 0);
		UNLESS(execl("/bin/true", "true", NULL) == -1);
		UNLESS(!popen("true", "r"));
	}
	return works_on();
}

static int lists(void)
{
	static char value[4096];
	char name[32];

	for (int i = 0; i < MILLION && atexit(abort) == 0; i++)
		continue;
	memset(value, 'x', sizeof(value) - 1);
	for (int i = 0; i < MILLION; i++) {
		snprintf(name, sizeof(name), "V%d", i);
		if (setenv(name, value, 1) != 0)
			break;
	}
	UNLESS(errno == ENOMEM);
	_exit(0);
}

static int print(void)
{
	printf("%20000000d", 1); /* more than there is memory */
	fflush(stdout);
	printf("%.*f", 100000, 1e300);
	return 0;
}

static int recurse(int depth)
{
	volatile char room[256];

	room[0] = (char)depth;
	return depth ? recurse(depth - 1) + room[0] : 0;
}

static int read_for_ever(void)
{
	static char block[1 << 16];

	while (read(0, block, sizeof(block)) > 0)
		continue;
	return 0;
}

static int flood(int fd)
{
	while (dprintf(fd, "flood\n") > 0)
		continue;
	return 0;
}

static void exit_again(void)
{
	atexit(exit_again);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} bombs[] = {
		{"file", file},	      {"files", files},	  {"opens", opens},
		{"folders", folders}, {"memory", memory}, {"processes", processes},
		{"lists", lists},     {"print", print},	  {"read_for_ever", read_for_ever},
	};
	const char *what = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < sizeof(bombs) / sizeof(bombs[0]); i++)
		if (!strcmp(what, bombs[i].name))
			return bombs[i].run();
	if (!strcmp(what, "flood_output"))
		return flood(1);
	if (!strcmp(what, "flood_errors"))
		return flood(2);
	if (!strcmp(what, "exit_for_ever"))
		exit_again();
	if (!strcmp(what, "recurse"))
		return recurse(1 << 30);
	return 255;
}

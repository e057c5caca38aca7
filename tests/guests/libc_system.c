/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: what else a C library gets from an operating system.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "libc_check.h"

enum { PAGE = 4096 };

static void *map(size_t pages)
{
	return mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static bool is_zero(const char *memory, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (memory[i])
			return false;
	return true;
}

void test_mappings(void)
{
	char *memory = map(4), *other;
	int file;

	CHECK(memory != MAP_FAILED && (uintptr_t)memory % PAGE == 0 && is_zero(memory, 4 * PAGE));
	memset(memory, 1, 4 * PAGE);
	/* In parts, as allocators do that want another alignment. */
	CHECK(munmap(memory, PAGE) == 0 && munmap(memory + 3 * PAGE, PAGE) == 0);
	CHECK(munmap(memory, PAGE) == 0 && memory[PAGE] == 1);
	CHECK(madvise(memory + PAGE, PAGE, MADV_DONTNEED) == 0 && is_zero(memory + PAGE, PAGE));
	CHECK(mlock(memory + PAGE, PAGE) == -1 && errno == EPERM);
	CHECK(munlock(memory + PAGE, PAGE) == 0);
	CHECK(memory[2 * PAGE] == 1 && munmap(memory + PAGE, 2 * PAGE) == 0);
	CHECK(munmap(memory + PAGE, PAGE) == -1 && errno == EINVAL);
	for (int i = 0; i < 10000; i++) { /* more than there is, if it did not come back */
		memory = map(64);
		CHECK(memory != MAP_FAILED && munmap(memory, 64 * PAGE) == 0);
	}
	memory = map(2);
	memset(memory, 7, 2 * PAGE);
	other = mremap(memory, 2 * PAGE, 100 * PAGE, MREMAP_MAYMOVE);
	CHECK(other != MAP_FAILED && other[2 * PAGE - 1] == 7 &&
	      is_zero(other + 2 * PAGE, 98 * PAGE));
	CHECK(mremap(other, 100 * PAGE, PAGE, 0) == other && munmap(other, PAGE) == 0);
	CHECK(mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
		      MAP_FAILED &&
	      errno == EACCES);
	CHECK(mmap(NULL, (size_t)1 << 45, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
		      MAP_FAILED &&
	      errno == ENOMEM);
	file = open("/tmp/mapped", O_RDWR | O_CREAT, 0644);
	CHECK(write(file, "mapped", 6) == 6);
	memory = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0);
	CHECK(memory != MAP_FAILED && !strcmp(memory, "mapped") && munmap(memory, PAGE) == 0);
	CHECK(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, file, 0) == MAP_FAILED && errno == ENODEV);
	CHECK(close(file) == 0 && unlink("/tmp/mapped") == 0);
}

static void *never_run(void *argument)
{
	return argument;
}

static int once_count;

static void count_once(void)
{
	once_count++;
}

void test_threads(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_once_t once = PTHREAD_ONCE_INIT;
	struct timespec soon = {0, 0};
	pthread_t thread;
	pthread_key_t key;
	cpu_set_t set;

	CHECK(pthread_create(&thread, NULL, never_run, NULL) == EAGAIN);
	CHECK(pthread_mutex_lock(&mutex) == 0 && pthread_mutex_trylock(&mutex) == EBUSY);
	CHECK(pthread_mutex_timedlock(&mutex, &soon) == ETIMEDOUT);
	CHECK(pthread_mutex_unlock(&mutex) == 0);
	CHECK(pthread_once(&once, count_once) == 0 && pthread_once(&once, count_once) == 0);
	CHECK(once_count == 1);
	CHECK(pthread_key_create(&key, NULL) == 0 && pthread_setspecific(key, &key) == 0);
	CHECK(pthread_getspecific(key) == &key && pthread_key_delete(key) == 0);
	CHECK(pthread_equal(pthread_self(), pthread_self()) &&
	      pthread_cancel(pthread_self()) == ENOSYS);
	CHECK(sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) == 1);
	CHECK(sysconf(_SC_NPROCESSORS_ONLN) == 1 && sysconf(_SC_PAGESIZE) == PAGE);
}

static int count_headers(struct dl_phdr_info *info, size_t size, void *user)
{
	*(int *)user += size >= sizeof(*info) ? info->dlpi_phnum : 0;
	return 0;
}

void test_system(void)
{
	struct sigaction action = {.sa_handler = SIG_IGN}, old;
	unsigned char one[20], two[20];
	struct utsname names;
	struct rlimit limit;
	int headers = 0;

	CHECK(getrandom(one, 20, 0) == 20 && getrandom(two, 20, 0) == 20 && memcmp(one, two, 20));
	CHECK(!getenv("HOME") && setenv("HOME", "/tmp", 1) == 0 && !strcmp(getenv("HOME"), "/tmp"));
	CHECK(unsetenv("HOME") == 0);
	CHECK(getpid() == 1 && getuid() == 1000 && uname(&names) == 0 &&
	      !strcmp(names.sysname, "mote"));
	CHECK(getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur >= 65536);
	CHECK(sigaction(SIGPIPE, &action, &old) == 0 && old.sa_handler == SIG_DFL);
	CHECK(dl_iterate_phdr(count_headers, &headers) == 0 && headers > 3 && headers < 20);
	CHECK(!dlopen("libc.so", RTLD_NOW) && setlocale(LC_ALL, "C"));
	CHECK(mbstowcs(NULL, "\xc3\xa4", 0) == (size_t)-1 || setlocale(LC_ALL, "C.UTF-8"));
	CHECK(strtod("0x1.8p1", NULL) == 3.0 && sqrt(2.25) == 1.5 &&
	      pow(2, 0.5) == 0x1.6a09e667f3bcdp+0);
	/* Told once each; see guest_library_test.c. */
	for (int i = 0; i < 3; i++) {
		CHECK(socket(AF_INET, SOCK_STREAM, 0) == -1 && errno == ENOSYS);
		CHECK(fork() == -1 && errno == ENOSYS);
	}
}

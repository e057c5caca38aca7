/* SPDX-License-Identifier: Apache-2.0
 *
 * The C library as os/ and kick_signal.c call it, through the linker's --wrap:
 * each function that can fail does so on demand, and what is taken and given back
 * is counted.  Not here, because they cannot fail as they are used: locking,
 * unlocking and waking, which know no error for a lock that is initialized and
 * held; joining a thread that is there; putting a signal mask back.  Nor fallocate,
 * which only runs under vm.overcommit_memory=2: see sandbox_limits.
 */
#define _GNU_SOURCE
#include "sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum os_entry {
	OS_MEMFD,
	OS_TRUNCATE,
	OS_MAP,
	OS_ADVISE,
	OS_PROTECT,
	OS_SEEK,
	OS_UNMAP,
	OS_CLOSE,
	OS_SEALS,
	OS_SEAL,
	OS_FLAGS,
	OS_DUPLICATE,
	OS_STAT,
	OS_FILE_SYSTEM,
	OS_LIMIT,
	OS_OPEN,
	OS_READ,
	OS_CREATE,
	OS_WRITE,
	OS_RENAME,
	OS_RANDOM,
	OS_MONOTONIC,
	OS_CPU_CLOCK,
	OS_CPU_CLOCK_ID,
	OS_MUTEX,
	OS_CONDITION,
	OS_ALARM,
	OS_BARRIER,
	OS_RING,
	OS_THREAD,
	OS_THREAD_NAME,
	OS_BLOCK_SIGNALS,
	OS_ASK_SIGNALS,
	OS_ACTION,
	OS_ENTRIES,
};

/* clang-format off */
#define LIMITS(texts) {EMFILE, SWEEP(LIMIT), texts, false}, {ENFILE, SWEEP(LIMIT), texts, false}
#define NO_MEMORY_ {ENOMEM, SWEEP(NO_MEMORY), NULL, false}
#define FAILS(code) {code, SWEEP(OS), NULL, false}
#define NOTHING(code) {code, SWEEP(OK), NULL, false}
/* clang-format on */

struct sweep_entry sweep_os_entries[] = {
	[OS_MEMFD] = {.name = "memfd_create",
		      .text = "memfd_create for ",
		      .failures = {FAILS(EPERM),
				   /* Once: the next try says that the file is not executable. */
				   {EACCES, SWEEP(OS) | SWEEP(OK), NULL, false},
				   NO_MEMORY_,
				   LIMITS("memfd_create for ")}},
	[OS_TRUNCATE] = {.name = "ftruncate",
			 .text = "ftruncate of ",
			 /* Of a file, or of memory. */
			 .failures = {{EFBIG, SWEEP(OS) | SWEEP(FILE), NULL, false}, NO_MEMORY_}},
	[OS_MAP] = {.name = "mmap",
		    .text = "mmap of ",
		    .failures = {{EAGAIN, SWEEP(LIMIT), "RLIMIT_MEMLOCK", false},
				 NO_MEMORY_,
				 {ENFILE, SWEEP(LIMIT), NULL, false}}},
	[OS_ADVISE] = {.name = "madvise",
		       .text = "madvise of ",
		       /* Huge pages need not be known. */
		       .failures = {{EINVAL, SWEEP(OS) | SWEEP(OK), NULL, false}, NO_MEMORY_}},
	[OS_PROTECT] = {.name = "mprotect",
			.text = "mprotect of a snapshot",
			.failures = {FAILS(EACCES), NO_MEMORY_}},
	[OS_SEEK] = {.name = "lseek", .text = "lseek of ", .failures = {FAILS(EBADF)}},
	/* Whatever they say, the mapping and the descriptor are gone. */
	[OS_UNMAP] = {.name = "munmap", .failures = {NOTHING(EINVAL), NOTHING(ENOMEM)}},
	[OS_CLOSE] = {.name = "close", .failures = {NOTHING(EIO), NOTHING(EINTR)}},
	[OS_SEALS] = {.name = "fcntl F_GET_SEALS",
		      .text = " is not a memfd",
		      .failures = {{EINVAL, SWEEP(INVALID_ARGUMENT), NULL, false}}},
	[OS_SEAL] = {.name = "fcntl F_ADD_SEALS",
		     .text = "sealing of ",
		     .failures = {FAILS(EBUSY), FAILS(EPERM)}},
	[OS_FLAGS] = {.name = "fcntl F_GETFL",
		      .text = "fcntl of descriptor ",
		      .failures = {FAILS(EPERM)}},
	[OS_DUPLICATE] = {.name = "fcntl F_DUPFD_CLOEXEC",
			  .text = "duplicate of descriptor ",
			  .failures = {FAILS(EPERM), LIMITS(NULL)}},
	/* Of a guest image, or of a descriptor to import. */
	[OS_STAT] = {.name = "fstat",
		     .text = "fstat of ",
		     .failures = {{EIO, SWEEP(FILE) | SWEEP(OS), NULL, false}, NO_MEMORY_}},
	[OS_FILE_SYSTEM] = {.name = "fstatfs",
			    .text = "fstatfs of descriptor ",
			    .failures = {FAILS(EIO), NO_MEMORY_}},
	/* A limit that is not known is not looked at. */
	[OS_LIMIT] = {.name = "getrlimit", .failures = {NOTHING(EFAULT)}},
	/* Of an image; where it is the policy of overcommitment, the engine assumes the usual
	 * one. */
	[OS_OPEN] =
		{.name = "open",
		 .text = "/sweep: ",
		 .failures = {{EIO, SWEEP(FILE) | SWEEP(OK), "/sweep: Input/output error", false},
			      {EACCES, SWEEP(FILE) | SWEEP(OK), "/sweep: Permission denied", false},
			      {ENOENT, SWEEP(FILE) | SWEEP(OK), "/sweep: No such file", false},
			      {EMFILE, SWEEP(LIMIT) | SWEEP(OK), "/sweep: the ", false},
			      {ENFILE, SWEEP(LIMIT) | SWEEP(OK), "/sweep: the ", false},
			      {ENOMEM, SWEEP(NO_MEMORY) | SWEEP(OK), NULL, false}}},
	[OS_READ] = {.name = "pread",
		     .text = "read of ",
		     .failures = {{EIO, SWEEP(FILE) | SWEEP(OK), NULL, false},
				  {ENOMEM, SWEEP(NO_MEMORY) | SWEEP(OK), NULL, false},
				  NOTHING(EINTR)}},
	[OS_CREATE] = {.name = "openat",
		       .text = "/sweep: ",
		       .failures = {{EACCES, SWEEP(FILE), NULL, false}, LIMITS(NULL), NO_MEMORY_}},
	[OS_WRITE] = {.name = "pwrite",
		      .text = "/sweep: ",
		      /* Of a file, or of a snapshot's memory. */
		      .failures = {{ENOSPC, SWEEP(FILE) | SWEEP(NO_MEMORY), " space left on device",
				    false},
				   NOTHING(EINTR)}},
	[OS_RENAME] = {.name = "renameat",
		       .text = "/sweep: ",
		       .failures = {{EACCES, SWEEP(FILE), NULL, false}, NO_MEMORY_}},
	[OS_RANDOM] = {.name = "getrandom",
		       .failures = {FAILS(ENOSYS), NOTHING(EAGAIN), NOTHING(EINTR)}},
	/* Where the thread that watches deadlines asks, it asks again. */
	[OS_MONOTONIC] = {.name = "clock_gettime CLOCK_MONOTONIC",
			  .text = "monotonic clock",
			  .failures = {{EPERM, SWEEP(OS) | SWEEP(OK), NULL, true}}},
	/* Nobody can tell the thread that watches how long the call has run: it ends. */
	[OS_CPU_CLOCK] = {.name = "clock_gettime of a thread",
			  .text = "CPU",
			  .failures = {{EPERM, SWEEP(OS) | SWEEP(CPU_DEADLINE), NULL, true}}},
	[OS_CPU_CLOCK_ID] = {.name = "pthread_getcpuclockid",
			     .text = "CPU clock",
			     .failures = {{ENOENT, SWEEP(OS), NULL, true}}},
	[OS_MUTEX] = {.name = "pthread_mutex_init", .failures = {FAILS(EAGAIN), NO_MEMORY_}},
	[OS_CONDITION] = {.name = "pthread_cond_init",
			  .debugger = true,
			  .failures = {FAILS(EAGAIN), NO_MEMORY_}},
	[OS_ALARM] = {.name = "timer_create",
		      .failures = {FAILS(EINVAL),
				   NO_MEMORY_,
				   {EAGAIN, SWEEP(LIMIT), "RLIMIT_SIGPENDING", false}}},
	[OS_BARRIER] = {.name = "pthread_barrier_init", .failures = {FAILS(EAGAIN), NO_MEMORY_}},
	/* The thread that watches looks, and waits again. */
	[OS_RING] = {.name = "sigwaitinfo", .once = true, .failures = {NOTHING(EINTR)}},
	[OS_THREAD] = {.name = "pthread_create",
		       .failures = {{EAGAIN, SWEEP(LIMIT),
				     "cannot be started: the limit on processes", false},
				    FAILS(EPERM),
				    NO_MEMORY_}},
	[OS_THREAD_NAME] = {.name = "pthread_setname_np", .failures = {NOTHING(ERANGE)}},
	[OS_BLOCK_SIGNALS] = {.name = "pthread_sigmask that blocks",
			      .text = "pthread_sigmask",
			      .failures = {FAILS(EPERM)}},
	[OS_ASK_SIGNALS] = {.name = "pthread_sigmask that asks",
			    .text = "pthread_sigmask",
			    .failures = {FAILS(EPERM)}},
	[OS_ACTION] = {.name = "sigaction",
		       .text = "sigaction for kick signal ",
		       /* Nothing but the installation depends on it. */
		       .failures = {{EPERM, SWEEP(OS) | SWEEP(OK), NULL, false},
				    {EINVAL, SWEEP(OS) | SWEEP(OK), NULL, false}}},
};

const size_t sweep_os_entry_count = OS_ENTRIES;
_Static_assert(TEST_COUNT(sweep_os_entries) == OS_ENTRIES, "a row for each");

/* An errno, when this use is to fail.  errno stays as it is. */
static int failure(enum os_entry entry)
{
	int code = sweep_forced();

	return code != 0 ? code : sweep_use(SWEEP_OS, &sweep_os_entries[entry]);
}

/* The same for functions that give -1: errno is set. */
static bool fails(enum os_entry entry)
{
	int code = failure(entry);

	if (code != 0)
		errno = code;
	return code != 0;
}

/* What was done may still be told as a failure. */
static int tell(enum os_entry entry, int result)
{
	return fails(entry) ? -1 : result;
}

#define WRAP(type, name, ...)                                                                      \
	type __real_##name(__VA_ARGS__);                                                           \
	type __wrap_##name(__VA_ARGS__);                                                           \
	type __wrap_##name(__VA_ARGS__)

/* ---- Memory and files --------------------------------------------------------------------- */

WRAP(int, memfd_create, const char *name, unsigned int flags)
{
	return fails(OS_MEMFD) ? -1 : __real_memfd_create(name, flags);
}

WRAP(int, ftruncate, int fd, off_t bytes)
{
	return fails(OS_TRUNCATE) ? -1 : __real_ftruncate(fd, bytes);
}

WRAP(void *, mmap, void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	void *mapped;

	if (fails(OS_MAP))
		return MAP_FAILED;
	mapped = __real_mmap(address, bytes, protection, flags, fd, offset);
	/* A fixed one replaces part of another. */
	if (mapped != MAP_FAILED && !(flags & MAP_FIXED))
		sweep_count(SWEEP_MAPPINGS, 1);
	return mapped;
}

WRAP(int, madvise, void *address, size_t bytes, int advice)
{
	return fails(OS_ADVISE) ? -1 : __real_madvise(address, bytes, advice);
}

WRAP(int, munmap, void *address, size_t bytes)
{
	int result = __real_munmap(address, bytes);

	if (result == 0)
		sweep_count(SWEEP_MAPPINGS, -1);
	return tell(OS_UNMAP, result);
}

WRAP(int, mprotect, void *address, size_t bytes, int protection)
{
	return fails(OS_PROTECT) ? -1 : __real_mprotect(address, bytes, protection);
}

WRAP(off_t, lseek, int fd, off_t offset, int whence)
{
	return fails(OS_SEEK) ? -1 : __real_lseek(fd, offset, whence);
}

WRAP(int, close, int fd)
{
	return tell(OS_CLOSE, __real_close(fd));
}

WRAP(int, fcntl, int fd, int command, ...)
{
	enum os_entry entry = command == F_GET_SEALS   ? OS_SEALS
			      : command == F_ADD_SEALS ? OS_SEAL
			      : command == F_GETFL     ? OS_FLAGS
						       : OS_DUPLICATE;
	va_list arguments;
	long argument;

	va_start(arguments, command);
	argument = va_arg(arguments, long);
	va_end(arguments);
	return fails(entry) ? -1 : __real_fcntl(fd, command, argument);
}

WRAP(int, fstat, int fd, struct stat *information)
{
	return fails(OS_STAT) ? -1 : __real_fstat(fd, information);
}

WRAP(int, fstatfs, int fd, struct statfs *system)
{
	return fails(OS_FILE_SYSTEM) ? -1 : __real_fstatfs(fd, system);
}

WRAP(int, getrlimit, __rlimit_resource_t resource, struct rlimit *limit)
{
	return fails(OS_LIMIT) ? -1 : __real_getrlimit(resource, limit);
}

WRAP(int, open, const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode = 0;

	if (flags & O_CREAT) {
		va_start(arguments, flags);
		mode = va_arg(arguments, mode_t);
		va_end(arguments);
	}
	return fails(OS_OPEN) ? -1 : __real_open(path, flags, mode);
}

WRAP(ssize_t, pread, int fd, void *buffer, size_t bytes, off_t offset)
{
	return fails(OS_READ) ? -1 : __real_pread(fd, buffer, bytes, offset);
}

WRAP(int, openat, int folder, const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = va_arg(arguments, mode_t);
	va_end(arguments);
	return fails(OS_CREATE) ? -1 : __real_openat(folder, path, flags, mode);
}

WRAP(ssize_t, pwrite, int fd, const void *buffer, size_t bytes, off_t offset)
{
	return fails(OS_WRITE) ? -1 : __real_pwrite(fd, buffer, bytes, offset);
}

WRAP(int, renameat, int from, const char *path, int to, const char *name)
{
	return fails(OS_RENAME) ? -1 : __real_renameat(from, path, to, name);
}

WRAP(ssize_t, getrandom, void *buffer, size_t bytes, unsigned int flags)
{
	return fails(OS_RANDOM) ? -1 : __real_getrandom(buffer, bytes, flags);
}

WRAP(int, ioctl, int fd, unsigned long request, ...)
{
	int code = sweep_forced();
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (code == 0)
		return __real_ioctl(fd, request, argument);
	errno = code;
	return -1;
}

/* ---- Clocks ------------------------------------------------------------------------------- */

WRAP(int, clock_gettime, clockid_t id, struct timespec *time)
{
	if (fails(id == CLOCK_MONOTONIC ? OS_MONOTONIC : OS_CPU_CLOCK))
		return -1;
	return __real_clock_gettime(id, time);
}

WRAP(int, pthread_getcpuclockid, pthread_t thread, clockid_t *id)
{
	int code = failure(OS_CPU_CLOCK_ID);

	return code != 0 ? code : __real_pthread_getcpuclockid(thread, id);
}

/* ---- Locks and threads -------------------------------------------------------------------- */

/* Counts what was made, or what was given back. */
static int account(int result, enum sweep_resource resource, int change)
{
	if (result == 0)
		sweep_count(resource, change);
	return result;
}

WRAP(int, pthread_mutex_init, pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
	int code = failure(OS_MUTEX);

	return account(code != 0 ? code : __real_pthread_mutex_init(mutex, attributes),
		       SWEEP_MUTEXES, 1);
}

WRAP(int, pthread_mutex_destroy, pthread_mutex_t *mutex)
{
	return account(__real_pthread_mutex_destroy(mutex), SWEEP_MUTEXES, -1);
}

WRAP(int, pthread_cond_init, pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
	int code = failure(OS_CONDITION);

	return code != 0 ? code : __real_pthread_cond_init(condition, attributes);
}

WRAP(int, timer_create, clockid_t clock, struct sigevent *event, timer_t *timer)
{
	return fails(OS_ALARM) ? -1 : __real_timer_create(clock, event, timer);
}

WRAP(int, pthread_barrier_init, pthread_barrier_t *barrier, const pthread_barrierattr_t *attributes,
     unsigned count)
{
	int code = failure(OS_BARRIER);

	return code != 0 ? code : __real_pthread_barrier_init(barrier, attributes, count);
}

WRAP(int, sigwaitinfo, const sigset_t *set, siginfo_t *information)
{
	return fails(OS_RING) ? -1 : __real_sigwaitinfo(set, information);
}

WRAP(int, pthread_create, pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
     void *user)
{
	int code = failure(OS_THREAD);

	return account(code != 0 ? code : __real_pthread_create(thread, attributes, run, user),
		       SWEEP_THREADS, 1);
}

WRAP(int, pthread_join, pthread_t thread, void **result)
{
	return account(__real_pthread_join(thread, result), SWEEP_THREADS, -1);
}

WRAP(int, pthread_setname_np, pthread_t thread, const char *name)
{
	int code = failure(OS_THREAD_NAME);

	return code != 0 ? code : __real_pthread_setname_np(thread, name);
}

/* ---- Signals ------------------------------------------------------------------------------ */

WRAP(int, pthread_sigmask, int how, const sigset_t *set, sigset_t *before)
{
	int code = 0;

	/* With neither, it is only a way into the kernel and out. */
	if (set == NULL && before != NULL)
		code = failure(OS_ASK_SIGNALS);
	else if (set != NULL && before != NULL)
		code = failure(OS_BLOCK_SIGNALS);
	return code != 0 ? code : __real_pthread_sigmask(how, set, before);
}

WRAP(int, sigaction, int number, const struct sigaction *action, struct sigaction *before)
{
	return fails(OS_ACTION) ? -1 : __real_sigaction(number, action, before);
}

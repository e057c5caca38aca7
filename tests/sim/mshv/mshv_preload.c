/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated /dev/mshv as a library that is loaded before the C library (LD_PRELOAD), for
 * programs that know nothing of it: the functions by which they reach a device file.  What is about
 * other files is passed on to the system.
 */
#define _GNU_SOURCE /* O_TMPFILE, the functions for 64 bits */
#include "sim/mshv/mshv_descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define DEVICE "/dev/mshv"

static int result_of(long result)
{
	if (result >= 0)
		return (int)result;
	errno = (int)-result;
	return -1;
}

/* The C library tells compilers that paths are not NULL; some programs ask with NULL what there
 * is. */
static bool is_device(const char *path)
{
	const char *const volatile given = path;

	return given && strcmp(given, DEVICE) == 0;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static int open_any(int folder, const char *path, int flags, mode_t mode)
{
	if (is_device(path))
		return result_of(mshv_fd_open());
	return (int)syscall(SYS_openat, folder, path, flags, mode);
}

static bool has_mode(int flags)
{
	return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;
}

#define TAKE_MODE(mode, flags)                                                                     \
	mode_t mode = 0;                                                                           \
	va_list arguments;                                                                         \
	va_start(arguments, flags);                                                                \
	if (has_mode(flags))                                                                       \
		mode = (mode_t)va_arg(arguments, unsigned);                                        \
	va_end(arguments)

EXPORT int open(const char *path, int flags, ...)
{
	TAKE_MODE(mode, flags);
	return open_any(AT_FDCWD, path, flags, mode);
}

EXPORT int open64(const char *path, int flags, ...)
{
	TAKE_MODE(mode, flags);
	return open_any(AT_FDCWD, path, flags, mode);
}

EXPORT int openat(int folder, const char *path, int flags, ...)
{
	TAKE_MODE(mode, flags);
	return open_any(folder, path, flags, mode);
}

EXPORT int openat64(int folder, const char *path, int flags, ...)
{
	TAKE_MODE(mode, flags);
	return open_any(folder, path, flags, mode);
}

EXPORT int __open_2(const char *path, int flags);
EXPORT int __open64_2(const char *path, int flags);

EXPORT int __open_2(const char *path, int flags)
{
	return open_any(AT_FDCWD, path, flags, 0);
}

EXPORT int __open64_2(const char *path, int flags)
{
	return open_any(AT_FDCWD, path, flags, 0);
}

/* The device is there where /dev/null is. */
static const char *instead(const char *path)
{
	return is_device(path) && sim_mshv_rules()->open_error == 0 ? "/dev/null" : path;
}

EXPORT int access(const char *path, int mode)
{
	return (int)syscall(SYS_faccessat, AT_FDCWD, instead(path), mode);
}

EXPORT int stat(const char *restrict path, struct stat *restrict status)
{
	return fstatat(AT_FDCWD, instead(path), status, 0);
}

EXPORT int stat64(const char *restrict path, struct stat64 *restrict status)
{
	return fstatat64(AT_FDCWD, instead(path), status, 0);
}

EXPORT int statx(int folder, const char *restrict path, int flags, unsigned mask,
		 struct statx *restrict status)
{
	return (int)syscall(SYS_statx, folder, instead(path), flags, mask, status);
}

/* ---- Requests and mappings ------------------------------------------------------------------- */

EXPORT int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (mshv_is_ours(fd))
		return result_of(mshv_fd_ioctl(fd, request, argument));
	return (int)syscall(SYS_ioctl, fd, request, argument);
}

static void *map_any(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	void *address;
	int result;

	if (flags & MAP_ANONYMOUS || !mshv_is_ours(fd))
		return (void *)syscall(SYS_mmap, at, bytes, protection, flags, fd, offset);
	result = mshv_fd_map(fd, at, bytes, protection, flags, (uint64_t)offset / mshv_page_bytes(),
			     &address);
	return result_of(result) < 0 ? MAP_FAILED : address;
}

EXPORT void *mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	return map_any(at, bytes, protection, flags, fd, offset);
}

EXPORT void *mmap64(void *at, size_t bytes, int protection, int flags, int fd, off64_t offset)
{
	return map_any(at, bytes, protection, flags, fd, offset);
}

EXPORT int munmap(void *address, size_t bytes)
{
	mshv_fd_unmap(address, bytes);
	return (int)syscall(SYS_munmap, address, bytes);
}

/* ---- Descriptors ----------------------------------------------------------------------------- */

EXPORT int close(int fd)
{
	return mshv_is_ours(fd) ? result_of(mshv_fd_close(fd)) : (int)syscall(SYS_close, fd);
}

static int copied(int from, int to)
{
	if (to >= 0)
		mshv_fd_copied(from, to);
	return to;
}

EXPORT int dup(int fd)
{
	return copied(fd, (int)syscall(SYS_dup, fd));
}

EXPORT int dup3(int fd, int to, int flags)
{
	return copied(fd, (int)syscall(SYS_dup3, fd, to, flags));
}

EXPORT int dup2(int fd, int to)
{
	if (fd == to)
		return (int)syscall(SYS_fcntl, fd, F_GETFD) < 0 ? -1 : fd;
	return dup3(fd, to, 0);
}

static int fcntl_any(int fd, int command, void *argument)
{
	const int result = (int)syscall(SYS_fcntl, fd, command, argument);

	return command == F_DUPFD || command == F_DUPFD_CLOEXEC ? copied(fd, result) : result;
}

EXPORT int fcntl(int fd, int command, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return fcntl_any(fd, command, argument);
}

EXPORT int fcntl64(int fd, int command, ...)
{
	va_list arguments;
	void *argument;

	va_start(arguments, command);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	return fcntl_any(fd, command, argument);
}

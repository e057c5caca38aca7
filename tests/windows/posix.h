/* SPDX-License-Identifier: Apache-2.0
 *
 * On Windows, before everything else in a test: what its C library lacks of the functions of POSIX
 * that the tests use, as far as the system has the thing.
 */
#ifndef MOTE_TEST_WINDOWS_POSIX_H
#define MOTE_TEST_WINDOWS_POSIX_H

#include <fcntl.h>
#include <io.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* For hostile.h: this assembler remembers no section. */
#define GUEST_CODE_SECTION ".section .rdata,\"dr\""
#define GUEST_CODE_SECTION_END ".text"

#define O_CLOEXEC (_O_NOINHERIT | _O_BINARY)

/* Paths are UTF-8. */
int windows_mkdir(const char *path);
#define mkdir(path, mode) ((void)(mode), windows_mkdir(path))

int pipe2(int ends[2], int flags);
#define pipe(ends) pipe2(ends, 0)
void *memmem(const void *in, size_t in_length, const void *what, size_t length);
char *strndup(const char *text, size_t length);

/* The new part is a hole. */
int windows_truncate(const char *path, int64_t bytes);
int windows_ftruncate(int file, int64_t bytes);
#undef ftruncate
#define truncate windows_truncate
#define ftruncate windows_ftruncate

/* Files and pipes of the system wait: always -1. */
enum { F_SETFL = 4, O_NONBLOCK = 0x800 };
int fcntl(int file, int what, int flags);

#define setenv(name, value, overwrite) _putenv_s(name, value)
#define unsetenv(name) _putenv_s(name, "")

#define lstat stat
/* There are none: always -1. */
int mkfifo(const char *path, int mode);
int symlink(const char *target, const char *path);

/* 0: whoever this is, modes of files deny nothing. */
int geteuid(void);

/* Folders and files that are made in "/tmp" are made in the user's own folder for such files; the
 * name, which is in an array, becomes that. */
#define mkdtemp(name) windows_mkdtemp(name, sizeof(name))
char *windows_mkdtemp(char *name, size_t capacity);

int64_t pread(int file, void *data, size_t length, int64_t offset);

enum { _SC_NPROCESSORS_ONLN = 84 };
/* Knows that alone. */
long sysconf(int name);

/* There is none: always -1. */
int fork(void);
/* Nothing: for children that are forked. */
unsigned alarm(unsigned seconds);

#endif

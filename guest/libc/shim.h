/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands below musl in place of an operating system: mote_syscall sends each call to the
 * function of its subject.  A result below 0 is an error number of <errno.h>, negated.
 */
#ifndef MOTE_LIBC_SHIM_H
#define MOTE_LIBC_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <time.h>

#include <machine.h>

struct iovec;
struct pollfd;
struct rlimit;
struct stat;
struct utsname;

enum { MOTE_LIBC_USER = 1000, MOTE_LIBC_DESCRIPTORS = 256 };

/* memory.c */
long mote_libc_map(void *wanted, size_t bytes, int protection, int flags, int descriptor,
		   off_t offset);
long mote_libc_unmap(void *memory, size_t bytes);
long mote_libc_remap(void *memory, size_t old_bytes, size_t bytes, int flags);
long mote_libc_protect(int protection);
long mote_libc_advise(void *memory, size_t bytes, int advice);

/* streams.c: what 0, 1 and 2 are at first.  stream: 1 or 2 */
long mote_libc_stream_read(void *data, size_t bytes);
long mote_libc_stream_write(int stream, const void *data, size_t bytes);

/* descriptors.c */
long mote_libc_open(int at, const char *path, int flags, mode_t mode);
long mote_libc_close(int descriptor);
long mote_libc_read(int descriptor, void *data, size_t bytes);
long mote_libc_write(int descriptor, const void *data, size_t bytes);
long mote_libc_read_at(int descriptor, void *data, size_t bytes, off_t offset);
long mote_libc_write_at(int descriptor, const void *data, size_t bytes, off_t offset);
long mote_libc_seek(int descriptor, off_t offset, int whence);
long mote_libc_truncate(int descriptor, off_t size);
long mote_libc_duplicate(int descriptor, int first);
long mote_libc_duplicate_to(int descriptor, int wanted);
long mote_libc_control(int descriptor, int command, long argument);
long mote_libc_entries(int descriptor, void *to, size_t room);
bool mote_libc_descriptor_is_stream(int descriptor);

/* vectors.c */
long mote_libc_read_vector(int descriptor, const struct iovec *parts, int count);
long mote_libc_write_vector(int descriptor, const struct iovec *parts, int count);

/* stat.c */
long mote_libc_stat(int at, const char *path, struct stat *to, int flags);
long mote_libc_stat_descriptor(int descriptor, struct stat *to);
long mote_libc_access(int at, const char *path, int wanted);
long mote_libc_read_link(int at, const char *path);
long mote_libc_change_mode(int at, const char *path, mode_t mode);
long mote_libc_change_mode_of(int descriptor, mode_t mode);
long mote_libc_touch(int at, const char *path, const struct timespec *times);
long mote_libc_truncate_path(const char *path, off_t size);
long mote_libc_enter_path(const char *path);
long mote_libc_enter_descriptor(int descriptor);

/* tree.c */
long mote_libc_make_directory(int at, const char *path, mode_t mode);
long mote_libc_remove(int at, const char *path, int flags);
long mote_libc_rename(int from_at, const char *from, int to_at, const char *to);
long mote_libc_working_directory(char *path, size_t bytes);

/* poll.c */
long mote_libc_poll(struct pollfd *entries, size_t count);

/* clock.c */
void mote_libc_now(struct timespec *to);
/* For that time, or until it. */
long mote_libc_sleep(const struct timespec *time, bool until);
long mote_libc_clock(struct timespec *to);
long mote_libc_clock_resolution(struct timespec *to);

/* random.c */
long mote_libc_random(void *to, size_t bytes);

/* threads.c */
long mote_libc_futex(const int *word, int command, int value, const struct timespec *timeout);
long mote_libc_processors(size_t bytes, unsigned char *set);

/* identity.c */
long mote_libc_names(struct utsname *to);
long mote_libc_limit(int resource, struct rlimit *to);

/* exit.c: neither returns */
long mote_libc_exit(int status);
long mote_libc_raise(int number);

/* unknown.c: writes to the log, once for each number, that there is no such call. */
long mote_libc_unknown(long number);

#endif

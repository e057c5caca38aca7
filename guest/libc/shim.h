/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands below musl in place of an operating system: mote_syscall sends each call to the
 * function of its subject.  A result below 0 is an error number of <errno.h>, negated.
 */
#ifndef MOTE_LIBC_SHIM_H
#define MOTE_LIBC_SHIM_H

#include <stddef.h>
#include <sys/uio.h>

/* memory.c */
long mote_libc_map(size_t bytes, int flags, int descriptor);
long mote_libc_unmap(void *memory, size_t bytes);

/* streams.c: 0, 1 and 2 */
long mote_libc_stream_write(int descriptor, const void *data, size_t bytes);

/* vectors.c */
long mote_libc_read_vector(int descriptor, const struct iovec *parts, int count);
long mote_libc_write_vector(int descriptor, const struct iovec *parts, int count);

/* files.c */
long mote_libc_read(int descriptor, void *data, size_t bytes);
long mote_libc_write(int descriptor, const void *data, size_t bytes);

/* random.c */
long mote_libc_random(void *to, size_t bytes);

/* exit.c: neither returns */
long mote_libc_exit(int status);
long mote_libc_raise(int number);

/* unknown.c: writes to the log, once for each number, that there is no such call. */
long mote_libc_unknown(long number);

#endif

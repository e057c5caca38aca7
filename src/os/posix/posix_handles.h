/* SPDX-License-Identifier: Apache-2.0
 *
 * What POSIX systems do in different ways about handles.
 */
#ifndef MOTE_OS_POSIX_HANDLES_H
#define MOTE_OS_POSIX_HANDLES_H

#include <stddef.h>
#include <sys/types.h>

/* write(), but a pipe or socket that nobody reads any more is an error alone: no thread of the
 * process gets a signal for it. */
ssize_t mote_posix_write(int fd, const void *data, size_t length);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What POSIX systems do in different ways about sockets: descriptors that no child inherits, and
 * sending without a signal.  Each returns as the system call does.
 */
#ifndef MOTE_OS_POSIX_SOCKETS_H
#define MOTE_OS_POSIX_SOCKETS_H

#include <stddef.h>
#include <sys/types.h>

int mote_posix_socket(int domain);
int mote_posix_accept(int listener);
/* Never waits; ENOTSOCK: use write. */
ssize_t mote_posix_send(int fd, const void *data, size_t bytes);

#endif

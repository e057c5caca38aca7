/* SPDX-License-Identifier: Apache-2.0
 *
 * Sockets, as Linux has them.
 */
#define _GNU_SOURCE /* accept4 */
#include <sys/socket.h>

#include "os/posix/posix_sockets.h"

int mote_posix_socket(int domain)
{
	return socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

int mote_posix_accept(int listener)
{
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

ssize_t mote_posix_send(int fd, const void *data, size_t bytes)
{
	return send(fd, data, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
}

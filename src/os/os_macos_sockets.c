/* SPDX-License-Identifier: Apache-2.0
 *
 * Sockets, as macOS has them.
 */
#define _DARWIN_C_SOURCE
#include <fcntl.h>
#include <sys/socket.h>

#include "os/posix/posix_sockets.h"

/* A fork in another thread, between the two calls, lets its child have the descriptor. */
static int close_on_exec(int fd)
{
	if (fd >= 0)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	return fd;
}

int mote_posix_socket(int domain)
{
	return close_on_exec(socket(domain, SOCK_STREAM, 0));
}

int mote_posix_accept(int listener)
{
	return close_on_exec(accept(listener, NULL, NULL));
}

/* The option is refused when the peer is gone, and then nothing may be sent: it would be a
 * signal. */
ssize_t mote_posix_send(int fd, const void *data, size_t bytes)
{
	const int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on)) != 0)
		return -1;
	return send(fd, data, bytes, MSG_DONTWAIT);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Sockets and waking, as Linux has them.
 */
#define _GNU_SOURCE /* accept4 */
#include <errno.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/os_error.h"
#include "os/os_socket.h"
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

mote_status mote_os_wake_create(struct mote_os_wake *wake, mote_error *error)
{
	const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return mote_os_fail(error, MOTE_DOMAIN_OS, errno, "eventfd");
	*wake = (struct mote_os_wake){fd, fd};
	return MOTE_OK;
}

/* It fails only when it has been rung 2^64 - 2 times. */
void mote_os_wake_ring(const struct mote_os_wake *wake)
{
	(void)eventfd_write((int)wake->out, 1);
}

void mote_os_wake_destroy(struct mote_os_wake *wake)
{
	close((int)wake->in);
}

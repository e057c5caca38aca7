/* SPDX-License-Identifier: Apache-2.0
 *
 * Waking a thread that waits for a handle, and writing without a signal, as macOS has them.  Here
 * SIGPIPE is the process's, so a thread that blocks it only makes another one get it.
 * Sources: pipe(2), fcntl(2); XNU, bsd/kern/sys_generic.c, kern_sig.c.
 */
#define _DARWIN_C_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "os/os_error.h"
#include "os/os_handle.h"
#include "os/posix/posix_handles.h"

/* Between the two calls a fork in another thread lets its child have the descriptor. */
static void set_modes(int fd)
{
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
}

mote_status mote_os_wake_create(struct mote_os_wake *wake, mote_error *error)
{
	int ends[2];

	if (pipe(ends) != 0)
		return mote_os_fail(error, MOTE_DOMAIN_OS, errno, "pipe");
	set_modes(ends[0]);
	set_modes(ends[1]);
	*wake = (struct mote_os_wake){ends[0], ends[1]};
	return MOTE_OK;
}

/* A pipe that is full has been rung. */
void mote_os_wake_ring(const struct mote_os_wake *wake)
{
	while (write((int)wake->out, "", 1) < 0 && errno == EINTR)
		continue;
}

void mote_os_wake_destroy(struct mote_os_wake *wake)
{
	close((int)wake->in);
	close((int)wake->out);
}

/* The mode is that of the open file, whoever has it: it is set for this call only.  It cannot be
 * set for a socket whose peer is gone. */
ssize_t mote_posix_write(int fd, const void *data, size_t length)
{
	const int quiet = fcntl(fd, F_GETNOSIGPIPE);
	ssize_t count;
	int code;

	if (quiet < 0)
		return -1;
	if (quiet == 0 && fcntl(fd, F_SETNOSIGPIPE, 1) != 0) {
		errno = EPIPE;
		return -1;
	}
	count = write(fd, data, length);
	code = errno;
	if (quiet == 0)
		(void)fcntl(fd, F_SETNOSIGPIPE, 0);
	errno = code;
	return count;
}

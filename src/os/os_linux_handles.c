/* SPDX-License-Identifier: Apache-2.0
 *
 * Waking a thread that waits for a handle, and writing without a signal, as Linux has them.
 */
#define _GNU_SOURCE /* sigset_t and eventfd_t */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "os/os_error.h"
#include "os/os_handle.h"
#include "os/posix/posix_handles.h"

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

/* The signal is this thread's, unless it was waiting already. */
ssize_t mote_posix_write(int fd, const void *data, size_t length)
{
	const struct timespec now = {0, 0};
	sigset_t pipe_alone, before, pending;
	ssize_t count;
	int code;

	sigemptyset(&pipe_alone);
	sigaddset(&pipe_alone, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe_alone, &before);
	count = write(fd, data, length);
	code = errno;
	if (count < 0 && code == EPIPE && !sigismember(&pending, SIGPIPE))
		(void)sigtimedwait(&pipe_alone, NULL, &now);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = code;
	return count;
}

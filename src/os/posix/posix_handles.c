/* SPDX-License-Identifier: Apache-2.0
 *
 * Files, pipes and terminals of the application, on POSIX systems.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error_internal.h"
#include "os/os_error.h"
#include "os/os_handle.h"
#include "os/posix/posix_handles.h"

static short event_of(enum mote_os_direction direction)
{
	return direction == MOTE_OS_INPUT ? POLLIN : POLLOUT;
}

bool mote_os_handle_is_ready(intptr_t handle, enum mote_os_direction direction)
{
	struct pollfd one = {.fd = (int)handle, .events = event_of(direction)};

	return handle < 0 || poll(&one, 1, 0) > 0; /* poll would never report that one */
}

bool mote_os_handle_is_terminal(intptr_t handle)
{
	return isatty((int)handle) == 1;
}

void mote_os_wake_take(const struct mote_os_wake *wake)
{
	char rings[64];

	while (read((int)wake->in, rings, sizeof(rings)) < 0 && errno == EINTR)
		continue;
}

mote_status mote_os_handle_wait(intptr_t handle, enum mote_os_direction direction,
				const struct mote_os_wake *wake, bool *ready, mote_error *error)
{
	struct pollfd waiting[2] = {
		{.fd = (int)handle, .events = event_of(direction)},
		{.fd = (int)wake->in, .events = POLLIN},
	};
	int count;

	do
		count = poll(waiting, 2, -1);
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return mote_os_fail(error, MOTE_DOMAIN_OS, errno, "poll");
	if (waiting[1].revents != 0)
		mote_os_wake_take(wake);
	*ready = waiting[0].revents != 0;
	return MOTE_OK;
}

/* EINTR too: the caller looks again whether it is to go on. */
static bool is_again(int code)
{
	return code == EAGAIN || code == EWOULDBLOCK || code == EINTR;
}

static mote_status finish(ssize_t count, int code, size_t *done, bool *again, const char *call,
			  mote_error *error)
{
	*done = count > 0 ? (size_t)count : 0;
	*again = count < 0 && is_again(code);
	if (count >= 0 || *again)
		return MOTE_OK;
	return mote_os_fail(error, MOTE_DOMAIN_OS, code, call);
}

mote_status mote_os_handle_read(intptr_t handle, void *data, size_t length, size_t *got,
				bool *again, mote_error *error)
{
	const ssize_t count = read((int)handle, data, length);

	return finish(count, errno, got, again, "read", error);
}

/* Anything but a file of a disk takes this much when it says that it has room; a write of more may
 * wait. */
static size_t room(int fd)
{
	struct stat information;

	if (fstat(fd, &information) == 0 && S_ISREG(information.st_mode))
		return SSIZE_MAX;
	return PIPE_BUF;
}

mote_status mote_os_handle_write(intptr_t handle, const void *data, size_t length, size_t *put,
				 bool *again, mote_error *error)
{
	const size_t most = room((int)handle);
	const ssize_t count = mote_posix_write((int)handle, data, length < most ? length : most);

	return finish(count, errno, put, again, "write", error);
}

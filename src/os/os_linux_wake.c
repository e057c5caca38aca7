/* SPDX-License-Identifier: Apache-2.0
 *
 * Waking a thread that waits for a handle, as Linux has it.
 */
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "os/os_error.h"
#include "os/os_handle.h"

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

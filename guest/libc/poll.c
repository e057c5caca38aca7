/* SPDX-License-Identifier: Apache-2.0
 *
 * poll: whatever is open is ready.
 */
#include "shim.h"
#include "tree.h"

#include <poll.h>

long mote_libc_poll(struct pollfd *entries, size_t count)
{
	long ready = 0;

	for (size_t i = 0; i < count; i++) {
		int descriptor = entries[i].fd;
		bool open = mote_libc_descriptor_node(descriptor) ||
			    mote_libc_descriptor_is_stream(descriptor);

		if (descriptor < 0)
			entries[i].revents = 0;
		else
			entries[i].revents =
				open ? entries[i].events & (POLLIN | POLLOUT) : POLLNVAL;
		ready += entries[i].revents != 0;
	}
	return ready;
}

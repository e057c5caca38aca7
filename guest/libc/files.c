/* SPDX-License-Identifier: Apache-2.0
 *
 * What descriptors stand for.
 */
#include "shim.h"

#include <errno.h>

long mote_libc_read(int descriptor, void *data, size_t bytes)
{
	(void)data, (void)bytes;
	return descriptor == 0 ? 0 : -EBADF;
}

long mote_libc_write(int descriptor, const void *data, size_t bytes)
{
	if (descriptor != 1 && descriptor != 2)
		return -EBADF;
	return mote_libc_stream_write(descriptor, data, bytes);
}

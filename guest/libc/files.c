/* SPDX-License-Identifier: Apache-2.0
 *
 * What descriptors stand for.
 */
#include "program.h"
#include "shim.h"

#include <errno.h>

long mote_libc_read(int descriptor, void *data, size_t bytes)
{
	if (descriptor != 0)
		return -EBADF;
	return mote_libc_program_read ? mote_libc_program_read(data, bytes) : 0;
}

long mote_libc_write(int descriptor, const void *data, size_t bytes)
{
	if (descriptor != 1 && descriptor != 2)
		return -EBADF;
	return mote_libc_stream_write(descriptor, data, bytes);
}

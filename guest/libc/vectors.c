/* SPDX-License-Identifier: Apache-2.0
 *
 * readv and writev: one read or write after the other, until one is short.
 */
#include "shim.h"

#include <sys/uio.h>

typedef long transfer(int descriptor, void *data, size_t bytes);

static long each(transfer *move, int descriptor, const struct iovec *parts, int count)
{
	long all = 0;

	for (int i = 0; i < count; i++) {
		long moved = move(descriptor, parts[i].iov_base, parts[i].iov_len);

		if (moved < 0)
			return all ? all : moved;
		all += moved;
		if ((size_t)moved < parts[i].iov_len)
			break;
	}
	return all;
}

static long write_part(int descriptor, void *data, size_t bytes)
{
	return mote_libc_write(descriptor, data, bytes);
}

long mote_libc_read_vector(int descriptor, const struct iovec *parts, int count)
{
	return each(mote_libc_read, descriptor, parts, count);
}

long mote_libc_write_vector(int descriptor, const struct iovec *parts, int count)
{
	return each(write_part, descriptor, parts, count);
}

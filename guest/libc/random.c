/* SPDX-License-Identifier: Apache-2.0
 *
 * getrandom: what mote_random gives.
 */
#include "shim.h"

#include <mote_guest.h>
#include <string.h>

long mote_libc_random(void *to, size_t bytes)
{
	unsigned char *at = to;

	for (size_t left = bytes; left;) {
		uint64_t bits = mote_random();
		size_t part = left < sizeof(bits) ? left : sizeof(bits);

		memcpy(at, &bits, part);
		at += part;
		left -= part;
	}
	return (long)bytes;
}

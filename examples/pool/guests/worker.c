/* SPDX-License-Identifier: Apache-2.0
 *
 * The guest of the pool: real work, and several kinds of misbehavior.
 */
#include <mote_guest.h>

MOTE_EXPORT(uint32_t, checksum, (mote_bytes, data))
{
	const unsigned char *bytes = data.data;
	uint32_t sum = 0;

	for (size_t i = 0; i < data.length; i++)
		sum = sum * 31 + bytes[i];
	return sum;
}

MOTE_EXPORT(uint32_t, misbehave, (uint32_t, way))
{
	switch (way % 3) {
	case 0:
		for (;;)
			__asm__ volatile("");
	case 1:
		__builtin_trap();
	default:
		mote_abort("no work today");
	}
}

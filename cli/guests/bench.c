/* SPDX-License-Identifier: Apache-2.0
 *
 * The guest of `mote bench`; its bytes are a part of the tool.
 */
#include <mote_guest.h>

enum { BLOCK_BYTES = 64 << 10 };

MOTE_IMPORT(void, host_nothing)

MOTE_EXPORT(void, nothing)
{
}

MOTE_EXPORT(void, call_host)
{
	host_nothing();
}

MOTE_EXPORT(void, take, (mote_bytes, block))
{
	(void)block;
}

MOTE_EXPORT(mote_bytes, give)
{
	static char block[BLOCK_BYTES];

	return (mote_bytes){block, sizeof(block)};
}

MOTE_EXPORT(void, spin)
{
	for (;;)
		__asm__ volatile("");
}

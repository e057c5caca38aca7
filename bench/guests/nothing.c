/* SPDX-License-Identifier: Apache-2.0
 *
 * The smallest guest: a function that does nothing, and one that never returns.
 */
#include <mote_guest.h>

MOTE_EXPORT(void, nothing)
{
}

MOTE_EXPORT(void, spin)
{
	for (;;)
		__asm__ volatile("");
}

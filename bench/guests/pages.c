/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest that writes to as many pages as it is told.
 */
#include <mote_guest.h>

#ifndef PAGES
#define PAGES 256
#endif

static _Alignas(4096) unsigned char pages[PAGES][4096];

MOTE_EXPORT(void, touch, (uint32_t, count))
{
	for (uint32_t i = 0; i < count; i++)
		++*(volatile unsigned char *)pages[i];
}

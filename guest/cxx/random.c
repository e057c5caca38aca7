/* SPDX-License-Identifier: Apache-2.0
 *
 * What std::random_device takes its numbers from.  Not in the C library, where a project that looks
 * for it would miss it in the headers.
 */
#include <mote_guest.h>

uint32_t arc4random(void);

uint32_t arc4random(void)
{
	return (uint32_t)mote_random();
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest of several translation units: the other one.
 */
#include "shared.h"

uint32_t twice(uint32_t v)
{
	return 2 * v;
}

MOTE_EXPORT(uint32_t, from_second, (uint32_t, v))
{
	return from_first(used_by_both(v));
}

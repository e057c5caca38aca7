/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest of several translation units: shared imports, a call across files.
 */
#include "shared.h"

MOTE_NEEDS(.heap_bytes = 4096)

MOTE_EXPORT(uint32_t, from_first, (uint32_t, v))
{
	return twice(used_by_both(v));
}

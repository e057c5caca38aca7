/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: asks for more memory than the tool gives without being told.
 */
#include <mote_guest.h>

MOTE_NEEDS(.heap_bytes = 900ull << 20, .stack_bytes = 200ull << 20)

MOTE_EXPORT(uint32_t, answer)
{
	return 42;
}

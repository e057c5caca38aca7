/* SPDX-License-Identifier: Apache-2.0
 *
 * A guest that faults when it is called.
 */
#include <mote_guest.h>

MOTE_EXPORT(void, trap)
{
	__builtin_trap();
}

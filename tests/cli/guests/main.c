/* SPDX-License-Identifier: Apache-2.0
 *
 * Test guest: a function called main, whose arguments the build chooses.
 */
#include <mote_guest.h>

MAIN
{
	return 42;
}

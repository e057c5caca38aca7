/* SPDX-License-Identifier: Apache-2.0
 *
 * The smallest useful guest: `mote run hello greet World`.
 */
#include <mote_guest.h>
#include <stdio.h>

MOTE_EXPORT(mote_string, greet, (mote_string, name))
{
	static char greeting[128];

	snprintf(greeting, sizeof(greeting), "Hello, %s!", name);
	return greeting;
}

MOTE_EXPORT(int64_t, add, (int64_t, a), (int64_t, b))
{
	return a + b;
}

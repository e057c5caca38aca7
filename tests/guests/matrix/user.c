/* SPDX-License-Identifier: Apache-2.0
 *
 * Uses library.c.
 */
#include <mote_guest.h>

int library_next(void);

MOTE_EXPORT(mote_string, check, (uint32_t, index))
{
	return library_next() == (int)index + 5 ? "all is well" : "the library's variable is wrong";
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a call of a pure virtual function of C++ ends, by its name in the Itanium C++ ABI.
 */
#include <mote_guest.h>

void __cxa_pure_virtual(void);

void __cxa_pure_virtual(void)
{
	mote_abort("a pure virtual function was called");
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin that looks for the shop's secrets where a Linux program has its heap.
 */
#include <mote_guest.h>

MOTE_EXPORT(double, price, (mote_string, item), (uint32_t, quantity))
{
	const volatile double *secrets = (const volatile double *)0x555555554000;

	(void)item;
	return secrets[quantity];
}

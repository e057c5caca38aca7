/* SPDX-License-Identifier: Apache-2.0
 *
 * A plugin: 10 % off for 100 pieces or more.
 */
#include <mote_guest.h>

MOTE_IMPORT(double, list_price, (mote_string, item))

MOTE_EXPORT(double, price, (mote_string, item), (uint32_t, quantity))
{
	return list_price(item) * quantity * (quantity >= 100 ? 0.9 : 1.0);
}

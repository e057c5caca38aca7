/* SPDX-License-Identifier: Apache-2.0
 *
 * Calls of every cost: with host calls inside, and with bytes in and out.
 */
#include <mote_guest.h>

#include "sum.h"

MOTE_IMPORT(void, host_nothing)

MOTE_EXPORT(void, nothing)
{
}

MOTE_EXPORT(void, call_host, (uint32_t, times))
{
	while (times-- > 0)
		host_nothing();
}

MOTE_EXPORT(mote_bytes, echo, (mote_bytes, data))
{
	return data;
}

MOTE_EXPORT(uint64_t, sum, (mote_bytes, data))
{
	return sum_words(data.data, data.length);
}

MOTE_EXPORT(uint64_t, twice, (uint64_t, number))
{
	return 2 * number;
}

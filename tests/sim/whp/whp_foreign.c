/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions and properties for foreign programs: lists of CPUID functions are checked, and nothing
 * more is done; the platform does not tell them either.
 */
#include "sim/whp/whp_foreign.h"

#include <string.h>

mote_whp_result whp_foreign_property(uint32_t code, uint32_t bytes)
{
	uint32_t entry;

	if (code == WHP_PROPERTY_CPUID_EXITS)
		entry = sizeof(uint32_t);
	else if (code == WHP_PROPERTY_CPUID_RESULTS)
		entry = sizeof(struct whp_cpuid_result);
	else
		return MOTE_WHP_E_UNKNOWN_PROPERTY;
	return bytes != 0 && bytes % entry == 0 ? MOTE_WHP_OK : MOTE_WHP_E_INVALIDARG;
}

mote_whp_result whp_foreign_GetPartitionProperty(mote_whp_partition handle, uint32_t code,
						 void *buffer, uint32_t bytes, uint32_t *written)
{
	const struct whp_partition *partition = whp_find(handle);
	uint32_t needed;
	uint64_t value;

	if (!partition || !buffer)
		return MOTE_WHP_E_INVALIDARG;
	if (code == MOTE_WHP_PROPERTY_PROCESSOR_COUNT) {
		value = partition->processors;
		needed = sizeof(uint32_t);
	} else if (code == MOTE_WHP_PROPERTY_EXITS) {
		value = partition->exits;
		needed = sizeof(uint64_t);
	} else {
		return MOTE_WHP_E_UNKNOWN_PROPERTY;
	}
	if (bytes < needed)
		return MOTE_WHP_E_INSUFFICIENT_BUFFER;
	memcpy(buffer, &value, needed);
	if (written)
		*written = needed;
	return MOTE_WHP_OK;
}

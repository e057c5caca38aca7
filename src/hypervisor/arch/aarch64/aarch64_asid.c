/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts ASIDs upwards, and starts again from 0.
 */
#include "aarch64_asid.h"

#include "aarch64_registers.h"

struct mote_aarch64_asid_change mote_aarch64_asid_next(uint64_t ttbr0)
{
	const uint64_t next = (ttbr0 >> MOTE_AARCH64_TTBR_ASID_SHIFT) + 1;
	const bool flush = next > MOTE_AARCH64_LAST_ASID;
	const uint64_t tables = ttbr0 & ~(UINT64_MAX << MOTE_AARCH64_TTBR_ASID_SHIFT);

	return (struct mote_aarch64_asid_change){
		.ttbr0 = tables | (flush ? 0 : next << MOTE_AARCH64_TTBR_ASID_SHIFT),
		.flush = flush,
	};
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Changed page tables of user code: its entries are not global, so a new ASID makes the old ones
 * unused, and everything must be flushed only when no new one is left.
 * Arm ARM (DDI 0487), D8 (global and process-specific entries), D19.2 (TTBR0_EL1).
 */
#ifndef MOTE_HYPERVISOR_ARCH_AARCH64_ASID_H
#define MOTE_HYPERVISOR_ARCH_AARCH64_ASID_H

#include <stdbool.h>
#include <stdint.h>

/* Processors may have 8 bits of ASID (ID_AA64MMFR0_EL1.ASIDBits). */
#define MOTE_AARCH64_LAST_ASID 255u

struct mote_aarch64_asid_change {
	uint64_t ttbr0; /* the same tables under another ASID */
	bool flush;	/* it was in use before: first flush all of the VM's translations */
};

/* ttbr0: the vCPU's present TTBR0_EL1. */
struct mote_aarch64_asid_change mote_aarch64_asid_next(uint64_t ttbr0);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs between the architectures in a guest's memory: aarch64.
 */
#ifndef MOTE_UNIT_EXPECTED_H
#define MOTE_UNIT_EXPECTED_H

#include <mote/abi.h>

#include "hypervisor/arch/arch.h"

/* The permissions of the monitor's pages. */
#define EXPECTED_MONITOR_FLAGS MOTE_PAGE_EXECUTE
/* Of a page below RAM, -1 for none: the doorbell pages. */
#define EXPECTED_LOW_FLAGS(gva)                                                                    \
	((gva) == MOTE_ABI_AARCH64_DOORBELL_GVA                                                    \
		 ? (int)(MOTE_PAGE_USER | MOTE_PAGE_WRITE | MOTE_PAGE_DEVICE)                      \
	 : (gva) == MOTE_AARCH64_MONITOR_DOORBELL_GVA ? (int)(MOTE_PAGE_WRITE | MOTE_PAGE_DEVICE)  \
						      : -1)

/* At the thread pointer. */
#define CANARY_AT 8
#define HOLDS_ITS_OWN_ADDRESS false

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What differs between the architectures in a guest's memory: x86_64.
 */
#ifndef MOTE_UNIT_EXPECTED_H
#define MOTE_UNIT_EXPECTED_H

#include "hypervisor/arch/arch.h"

/* The permissions of the monitor's pages. */
#define EXPECTED_MONITOR_FLAGS MOTE_PAGE_EXECUTE, 0, MOTE_PAGE_WRITE
/* Of a page below RAM, -1 for none. */
#define EXPECTED_LOW_FLAGS(gva) ((void)(gva), -1)

/* At the thread pointer. */
#define CANARY_AT 0x28
#define HOLDS_ITS_OWN_ADDRESS true

#endif

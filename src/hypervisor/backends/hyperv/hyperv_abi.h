/* SPDX-License-Identifier: Apache-2.0
 *
 * What the Microsoft hypervisor has, whatever the interface to it.  Sources: its Top Level
 * Functional Specification; Linux, include/hyperv/hvhdk.h, hvgdk_mini.h.
 */
#ifndef MOTE_HYPERV_ABI_H
#define MOTE_HYPERV_ABI_H

#include <stddef.h>
#include <stdint.h>

/* The hypervisor's pages of guest-physical memory. */
#define MOTE_HYPERV_FRAME_SHIFT 12

/* Of a register: hv_register_value, WHV_REGISTER_VALUE. */
struct mote_hyperv_value {
	uint64_t low, high;
};
_Static_assert(sizeof(struct mote_hyperv_value) == 16, "hv_register_value");

/* Of an exit. */
enum mote_hyperv_access {
	MOTE_HYPERV_READ,
	MOTE_HYPERV_WRITE,
	MOTE_HYPERV_EXECUTE,
};

#endif

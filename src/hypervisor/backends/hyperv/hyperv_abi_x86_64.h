/* SPDX-License-Identifier: Apache-2.0
 *
 * What the Microsoft hypervisor has on x86_64, whatever the interface to it.  Sources as in
 * hyperv_abi.h.
 */
#ifndef MOTE_HYPERV_ABI_X86_64_H
#define MOTE_HYPERV_ABI_X86_64_H

#include "hypervisor/backends/hyperv/hyperv_abi.h"

/* hv_x64_segment_register, WHV_X64_SEGMENT_REGISTER.  attributes: type 0-3, s 4, dpl 5-6, present
 * 7, avl 12, l 13, db 14, g 15. */
struct mote_hyperv_x64_segment {
	uint64_t base;
	uint32_t limit;
	uint16_t selector, attributes;
};
_Static_assert(sizeof(struct mote_hyperv_x64_segment) == 16, "hv_x64_segment_register");

struct mote_hyperv_x64_table { /* hv_x64_table_register, WHV_X64_TABLE_REGISTER */
	uint16_t zero[3], limit;
	uint64_t base;
};
_Static_assert(sizeof(struct mote_hyperv_x64_table) == 16, "hv_x64_table_register");

enum { MOTE_HYPERV_X64_INSTRUCTION_BYTES = 16 };

/* Bits of the state of a processor at an exit, and of the attributes of a segment. */
#define MOTE_HYPERV_X64_STATE_LONG_MODE (1u << 4) /* EFER.LMA */
#define MOTE_HYPERV_X64_SEGMENT_LONG (1u << 13)

#endif

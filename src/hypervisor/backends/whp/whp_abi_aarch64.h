/* SPDX-License-Identifier: Apache-2.0
 *
 * What the Windows Hypervisor Platform has on aarch64, where registers and exits are as the
 * hypervisor has them.  Sources as in whp_abi.h.
 */
#ifndef MOTE_WHP_ABI_AARCH64_H
#define MOTE_WHP_ABI_AARCH64_H

#include "hypervisor/backends/hyperv/hyperv_abi_aarch64.h"
#include "hypervisor/backends/whp/whp_abi.h"

/* WHvPartitionPropertyCodeArm64IcParameters */
#define MOTE_WHP_A64_PROPERTY_INTERRUPT_CONTROLLER 0x1012u

struct mote_whp_a64_interrupt_controller { /* WHV_ARM64_IC_PARAMETERS, of a GICv3 */
	uint32_t mode, zero;
	uint64_t gicd_base, gits_base;
	uint32_t zero_2, lpi_bits, timer_interrupt, pmu_interrupt;
	uint32_t zero_3[6];
};
_Static_assert(sizeof(struct mote_whp_a64_interrupt_controller) == 64, "WHV_ARM64_IC_PARAMETERS");
enum { MOTE_WHP_A64_GIC_V3 = 1 };

/* Numbers beyond int. */
#define MOTE_WHP_A64_EXIT_UNMAPPED_GPA 0x80000000u
#define MOTE_WHP_A64_EXIT_GPA_INTERCEPT 0x80000001u
#define MOTE_WHP_A64_EXIT_INVALID_REGISTER 0x80000020u
#define MOTE_WHP_A64_EXIT_UNRECOVERABLE 0x80000021u
#define MOTE_WHP_A64_EXIT_RESET 0x8001000cu
#define MOTE_WHP_A64_EXIT_CANCELED 0xffffffffu

struct mote_whp_exit { /* WHV_RUN_VP_EXIT_CONTEXT */
	uint32_t reason, zero;
	uint64_t zero_2;
	union {
		struct mote_hyperv_a64_memory memory;
		struct mote_hyperv_a64_reset reset;
		uint64_t words[32];
	} as;
};
_Static_assert(sizeof(struct mote_whp_exit) == 272, "WHV_RUN_VP_EXIT_CONTEXT");

#endif

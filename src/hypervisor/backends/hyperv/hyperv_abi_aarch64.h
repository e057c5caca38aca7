/* SPDX-License-Identifier: Apache-2.0
 *
 * What the Microsoft hypervisor has on aarch64: registers and messages.  Sources: Linux,
 * include/hyperv/hvhdk.h, hvgdk_mini.h.
 */
#ifndef MOTE_HYPERV_ABI_AARCH64_H
#define MOTE_HYPERV_ABI_AARCH64_H

#include "hypervisor/backends/hyperv/hyperv_abi.h"

enum mote_hyperv_a64_register {
	MOTE_HYPERV_A64_X0 = 0x20000, /* to x28; then fp, lr */
	MOTE_HYPERV_A64_SP = 0x2001f,
	MOTE_HYPERV_A64_SP_EL0 = 0x20020,
	MOTE_HYPERV_A64_SP_EL1 = 0x20021,
	MOTE_HYPERV_A64_PC = 0x20022,
	MOTE_HYPERV_A64_PSTATE = 0x20023,
	MOTE_HYPERV_A64_ID_AA64DFR0 = 0x22028,
	MOTE_HYPERV_A64_ID_AA64MMFR0 = 0x22038,
	MOTE_HYPERV_A64_Q0 = 0x30000, /* to q31 */
	MOTE_HYPERV_A64_MPIDR = 0x40001,
	MOTE_HYPERV_A64_SCTLR = 0x40002,
	MOTE_HYPERV_A64_ACTLR = 0x40003,
	MOTE_HYPERV_A64_CPACR = 0x40004,
	MOTE_HYPERV_A64_TTBR0 = 0x40005,
	MOTE_HYPERV_A64_TTBR1 = 0x40006,
	MOTE_HYPERV_A64_TCR = 0x40007,
	MOTE_HYPERV_A64_ESR = 0x40008,
	MOTE_HYPERV_A64_FAR = 0x40009,
	MOTE_HYPERV_A64_PAR = 0x4000a,
	MOTE_HYPERV_A64_MAIR = 0x4000b,
	MOTE_HYPERV_A64_VBAR = 0x4000c,
	MOTE_HYPERV_A64_CONTEXTIDR = 0x4000d,
	MOTE_HYPERV_A64_TPIDR_EL1 = 0x4000e,
	MOTE_HYPERV_A64_TPIDRRO_EL0 = 0x40010,
	MOTE_HYPERV_A64_TPIDR_EL0 = 0x40011,
	MOTE_HYPERV_A64_FPCR = 0x40012,
	MOTE_HYPERV_A64_FPSR = 0x40013,
	MOTE_HYPERV_A64_SPSR = 0x40014,
	MOTE_HYPERV_A64_ELR = 0x40015,
	MOTE_HYPERV_A64_AFSR0 = 0x40016,
	MOTE_HYPERV_A64_AFSR1 = 0x40017,
	MOTE_HYPERV_A64_AMAIR = 0x40018,
	MOTE_HYPERV_A64_DBGBCR0 = 0x50000, /* 16 of each */
	MOTE_HYPERV_A64_DBGWCR0 = 0x50010,
	MOTE_HYPERV_A64_DBGBVR0 = 0x50020,
	MOTE_HYPERV_A64_DBGWVR0 = 0x50030,
	MOTE_HYPERV_A64_MDSCR = 0x5004d,
	MOTE_HYPERV_A64_CNTKCTL = 0x58008,
	MOTE_HYPERV_A64_GICR_BASE = 0x63000, /* before the first run */
};

struct mote_hyperv_a64_header { /* hv_arm64_intercept_message_header */
	uint32_t vp;
	uint8_t length; /* of the instruction */
	uint8_t access; /* enum mote_hyperv_access */
	uint16_t state; /* 0-1 EL, 2 debug, 3 interruption pending */
	uint64_t pc;	/* of the instruction, which has not retired */
	uint64_t cpsr;
};
_Static_assert(sizeof(struct mote_hyperv_a64_header) == 24, "hv_arm64_intercept_message_header");

struct mote_hyperv_a64_memory { /* hv_arm64_memory_intercept_message */
	struct mote_hyperv_a64_header header;
	uint32_t cache_type;
	uint8_t instruction_bytes;
	uint8_t information; /* 0: the virtual address is valid */
	uint16_t zero;
	uint8_t instruction[4];
	uint32_t zero_2;
	uint64_t virtual_address, physical_address;
	uint64_t syndrome; /* ESR_EL2 */
};
_Static_assert(sizeof(struct mote_hyperv_a64_memory) == 64, "hv_arm64_memory_intercept_message");
_Static_assert(offsetof(struct mote_hyperv_a64_memory, syndrome) == 56, "syndrome");

enum { MOTE_HYPERV_A64_POWER_OFF, MOTE_HYPERV_A64_REBOOT };

struct mote_hyperv_a64_reset { /* hv_arm64_reset_intercept_message */
	struct mote_hyperv_a64_header header;
	uint32_t type, code;
};
_Static_assert(sizeof(struct mote_hyperv_a64_reset) == 32, "hv_arm64_reset_intercept_message");

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The aarch64 monitor: a page with the EL1 vector table.  Vector n is at +0x80n: `str xzr, [sp,
 * #8*n]`, then `eret`.  SP_EL1 is the address of the monitor's own doorbell page, which is not
 * backed by memory, so the store exits to the host.  No system call, no assembler: the words are
 * written from a table, so this compiles on any host.  Arm ARM (DDI 0487), D1.3.1.5 (vectors), D8
 * (translation), D19.2 (registers).
 */
#ifndef MOTE_HYPERVISOR_ARCH_AARCH64_MONITOR_H
#define MOTE_HYPERVISOR_ARCH_AARCH64_MONITOR_H

#include <mote/abi.h>

#include "../monitor.h"
#include "../page_tables.h"
#include "aarch64_registers.h"

#define MOTE_AARCH64_MONITOR_PAGES 1u
#define MOTE_AARCH64_MONITOR_BYTES (MOTE_AARCH64_MONITOR_PAGES * MOTE_PAGE_BYTES)

#define MOTE_AARCH64_VECTOR_BYTES 0x80u
#define MOTE_AARCH64_VECTORS 16u
#define MOTE_AARCH64_MONITOR_STOP_BYTES 4u /* of the instruction that exits, a vector's first */

/* For EL1 only; guest RAM begins above it, and the doorbell page of EL0 is below it. */
#define MOTE_AARCH64_MONITOR_DOORBELL_GVA 0xf000u

/* A doorbell is a `str` of exactly this many bytes. */
#define MOTE_AARCH64_DOORBELL_BYTES 8u

/* What a store outside memory means. address: guest-physical, counted from where the VM's
 * addresses begin; bytes: its size. */
static inline enum mote_store_kind mote_aarch64_monitor_store(uint64_t address, unsigned bytes)
{
	if (bytes != MOTE_AARCH64_DOORBELL_BYTES || address % MOTE_AARCH64_DOORBELL_BYTES != 0)
		return MOTE_STORE_PLAIN;
	if (address - MOTE_ABI_AARCH64_DOORBELL_GVA < MOTE_PAGE_BYTES)
		return MOTE_STORE_DOORBELL;
	return address - MOTE_AARCH64_MONITOR_DOORBELL_GVA < MOTE_PAGE_BYTES ? MOTE_STORE_MONITOR
									     : MOTE_STORE_PLAIN;
}

/* The port of a doorbell. */
static inline uint16_t mote_aarch64_monitor_port(uint64_t address)
{
	return (uint16_t)(address % MOTE_PAGE_BYTES / MOTE_AARCH64_DOORBELL_BYTES);
}

/* Whether an address lies in the doorbell page of user code. */
static inline bool mote_aarch64_monitor_is_doorbell(uint64_t gva)
{
	return gva - MOTE_ABI_AARCH64_DOORBELL_GVA < MOTE_PAGE_BYTES;
}

/* Writes the monitor's page.  ports, count: only the other architecture needs them; here the whole
 * EL0 doorbell page is reachable, and the host refuses anything that is not a port. */
void mote_aarch64_monitor_build(const struct mote_monitor *monitor, const uint16_t *ports,
				uint32_t count);

/* Maps the monitor's page, the EL0 doorbell page (MOTE_ABI_AARCH64_DOORBELL_GVA) and the monitor's
 * doorbell page; their guest-physical addresses have the same offset from the virtual ones as the
 * monitor's.  False when the table pool is used up. */
bool mote_aarch64_monitor_map(const struct mote_monitor *monitor, struct mote_page_tables *tables);

/* Turns power-on state into "about to execute the first user instruction". */
void mote_aarch64_monitor_start(const struct mote_monitor *monitor,
				const struct mote_user_start *start, mote_aarch64_regs *regs,
				struct mote_aarch64_sregs *sregs);

/* Leaves registers as a new vCPU has them, where nothing depends on their values: each that is set
 * costs a call. */
void mote_aarch64_monitor_keep(const struct mote_aarch64_sregs *has,
			       struct mote_aarch64_sregs *sregs);

/*
 * Whether an exit at the monitor's doorbell with these registers (of the vCPU, at EL1) is an
 * exception of user code, and which one.  False if not: pc is not just after the store of a vector
 * for lower levels in AArch64, or what it interrupted was not EL0 in AArch64.  exception.vector is
 * the exception class; MOTE_FAULT_NO_VECTOR for an interrupt, which has none.
 */
bool mote_aarch64_monitor_exception(const struct mote_monitor *monitor,
				    const struct mote_aarch64_exception_state *state,
				    struct mote_exception *exception);

/* The name of a fault's vector, an exception class ("data abort"); never NULL. */
const char *mote_aarch64_vector_name(uint32_t vector);

#endif

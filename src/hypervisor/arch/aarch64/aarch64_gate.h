/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate: user code on a page of its own, behind the monitor's, that loads every register which
 * user code can change from the rest of that page, and goes on where they were saved.  So a vCPU is
 * put back by its program counter and PSTATE alone, where setting registers one by one is dear.
 * Only the host writes to the page.  Guest code may read it and jump to it: it finds its own
 * registers of an earlier time.
 */
#ifndef MOTE_HYPERVISOR_ARCH_AARCH64_GATE_H
#define MOTE_HYPERVISOR_ARCH_AARCH64_GATE_H

#include "../monitor.h"
#include "../page_tables.h"
#include "aarch64_registers.h"

#define MOTE_AARCH64_GATE_BYTES MOTE_PAGE_BYTES

/* Writes the gate for registers of user code; whoever copies the page publishes it as code.  False,
 * and nothing is written: they are not of EL0 in AArch64, or pc is out of a branch's reach. */
bool mote_aarch64_gate_put(const struct mote_monitor *monitor, const mote_aarch64_regs *regs,
			   const struct mote_aarch64_sregs *sregs,
			   const struct mote_aarch64_fpu *fpu, struct mote_user_gate *gate);

/* Maps the page.  False when the table pool is used up. */
bool mote_aarch64_gate_map(const struct mote_monitor *monitor, struct mote_page_tables *tables);

#endif

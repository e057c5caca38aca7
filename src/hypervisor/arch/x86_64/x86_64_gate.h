/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate: user code on a page of its own, behind the monitor's, that goes on where registers were
 * saved.  Where user code can load all of them, it does so before, from the rest of that page: then
 * a vCPU is put back by its program counter and flags alone.  Elsewhere it only jumps, and spares
 * the host to retire a doorbell: KVM skips one that is pending where the program counter is still
 * on it, and no guest has a doorbell on this page.
 * Only the host writes to the page.  Guest code may read it and jump to it: it finds its own
 * registers of an earlier time.
 */
#ifndef MOTE_HYPERVISOR_ARCH_X86_64_GATE_H
#define MOTE_HYPERVISOR_ARCH_X86_64_GATE_H

#include "../monitor.h"
#include "../page_tables.h"
#include "x86_64_registers.h"

#define MOTE_X86_64_GATE_BYTES MOTE_PAGE_BYTES

/* Writes the gate for registers of user code; whoever copies the page publishes it as code.  False,
 * and nothing is written: they are not of 64-bit user code, or each instruction traps. */
bool mote_x86_64_gate_put(const struct mote_monitor *monitor, const mote_x86_64_regs *regs,
			  const struct mote_x86_64_sregs *sregs, const struct mote_x86_64_fpu *fpu,
			  struct mote_user_gate *gate);

/* Maps the page.  False when the table pool is used up. */
bool mote_x86_64_gate_map(const struct mote_monitor *monitor, struct mote_page_tables *tables);

#endif

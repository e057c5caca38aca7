/* SPDX-License-Identifier: Apache-2.0
 *
 * There is no gate here: hypervisors take the registers in few calls.  On the PVM kind of KVM the
 * segment loads that one needs are emulated, at 25 us.  See aarch64/aarch64_gate.h.
 */
#ifndef MOTE_HYPERVISOR_ARCH_X86_64_GATE_H
#define MOTE_HYPERVISOR_ARCH_X86_64_GATE_H

#include "../monitor.h"
#include "../page_tables.h"
#include "x86_64_registers.h"

#define MOTE_X86_64_GATE_BYTES 0u

static inline bool mote_x86_64_gate_put(const struct mote_monitor *monitor,
					const mote_x86_64_regs *regs,
					const struct mote_x86_64_sregs *sregs,
					const struct mote_x86_64_fpu *fpu,
					struct mote_user_gate *gate)
{
	(void)monitor, (void)regs, (void)sregs, (void)fpu, (void)gate;
	return false;
}

static inline bool mote_x86_64_gate_map(const struct mote_monitor *monitor,
					struct mote_page_tables *tables)
{
	(void)monitor, (void)tables;
	return true;
}

#endif

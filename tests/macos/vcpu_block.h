/* SPDX-License-Identifier: Apache-2.0
 *
 * The vCPU's state as the block of Hypervisor.framework's backend has it.
 */
#ifndef MOTE_TEST_VCPU_BLOCK_H
#define MOTE_TEST_VCPU_BLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "hypervisor/backends/hvf/hvf_internal.h"

/* Clears what user code does not see: the monitor's registers but the thread pointer. */
static inline void vcpu_block_clear_rest(const struct mote_vm *vm, void *block, size_t bytes)
{
	struct mote_hvf_registers *registers = block;
	const mote_sregs seen = {
		.sp_el0 = registers->sregs.sp_el0,
		.tpidr_el0 = registers->sregs.tpidr_el0,
	};

	(void)vm;
	(void)bytes;
	registers->sregs = seen;
	memset(&registers->debug, 0, sizeof(registers->debug));
}

#endif

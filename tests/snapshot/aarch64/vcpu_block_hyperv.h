/* SPDX-License-Identifier: Apache-2.0
 *
 * The vCPU's state as the block of a backend over Microsoft's hypervisor has it, on aarch64.
 */
#ifndef MOTE_TEST_VCPU_BLOCK_HYPERV_H
#define MOTE_TEST_VCPU_BLOCK_HYPERV_H

#include <stddef.h>
#include <string.h>

#include "hypervisor/backends/hyperv/hyperv_aarch64.h"
#include "test.h"

static inline void vcpu_block_clear_sregs(mote_sregs *sregs, mote_debug_regs *debug)
{
	const mote_sregs seen = {
		.sp_el0 = sregs->sp_el0,
		.tpidr_el0 = sregs->tpidr_el0,
	};

	*sregs = seen;
	memset(debug, 0, sizeof(*debug));
}

static inline void vcpu_block_clear_hyperv(struct mote_hyperv_block *block, size_t bytes)
{
	REQUIRE_EQ(bytes, sizeof(*block));
	vcpu_block_clear_sregs(&block->sregs, &block->debug);
}

#endif

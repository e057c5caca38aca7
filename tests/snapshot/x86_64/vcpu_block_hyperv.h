/* SPDX-License-Identifier: Apache-2.0
 *
 * The vCPU's state as the block of a backend over Microsoft's hypervisor has it, on x86_64.
 */
#ifndef MOTE_TEST_VCPU_BLOCK_HYPERV_H
#define MOTE_TEST_VCPU_BLOCK_HYPERV_H

#include <stddef.h>
#include <stdint.h>

#include "hypervisor/backends/hyperv/hyperv_x86_64.h"
#include "test.h"

#define DR6_STEP (1ull << 14)

enum { XSTATE_BV = 512, IN_USE_SSE = 2 };

static inline void vcpu_block_clear_hyperv(struct mote_hyperv_block *block, size_t bytes)
{
	REQUIRE(bytes > sizeof(*block) + XSTATE_BV);
	((uint8_t *)(block + 1))[XSTATE_BV] |= IN_USE_SSE;
	block->values[MOTE_HYPERV_DR6].low &= ~DR6_STEP;
}

#endif

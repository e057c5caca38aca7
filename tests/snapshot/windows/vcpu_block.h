/* SPDX-License-Identifier: Apache-2.0
 *
 * The vCPU's state as the block of the Windows Hypervisor Platform's backend has it.
 */
#ifndef MOTE_TEST_VCPU_BLOCK_H
#define MOTE_TEST_VCPU_BLOCK_H

#include "vcpu_block_hyperv.h"

static inline void vcpu_block_clear_rest(const struct mote_vm *vm, void *block, size_t bytes)
{
	(void)vm;
	vcpu_block_clear_hyperv(block, bytes);
}

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The vCPU's state as the block of a backend has it, on x86_64.
 */
#ifndef MOTE_TEST_VCPU_BLOCK_H
#define MOTE_TEST_VCPU_BLOCK_H

#include <linux/kvm.h>
#include <stddef.h>
#include <string.h>

#include "vcpu_block_hyperv.h"

/* Clears what means nothing: the number of an exception that is neither pending nor injected, and
 * whether registers that are all zeros are in use, which the processor says as it likes.  Of a step
 * that was never reported DR6 tells, which user code cannot read. */
static inline void vcpu_block_clear_kvm(void *block, size_t bytes)
{
	struct {
		struct kvm_sregs sregs;
		struct kvm_regs regs;
		struct kvm_debugregs debug;
		struct kvm_vcpu_events events;
	} *parts = block;

	REQUIRE(bytes > sizeof(*parts) + XSTATE_BV);
	((uint8_t *)(parts + 1))[XSTATE_BV] |= IN_USE_SSE;
	if (!parts->events.exception.injected && !parts->events.exception.pending)
		memset(&parts->events.exception, 0, sizeof(parts->events.exception));
	parts->events.exception_has_payload = 0;
	parts->events.exception_payload = 0;
	parts->debug.dr6 &= ~DR6_STEP;
}

static inline void vcpu_block_clear_rest(const struct mote_vm *vm, void *block, size_t bytes)
{
	if (vm->hypervisor->backend->kind == MOTE_BACKEND_MSHV ||
	    vm->hypervisor->backend->kind == MOTE_BACKEND_WHP) {
		vcpu_block_clear_hyperv(block, bytes);
		return;
	}
	REQUIRE(vm->hypervisor->backend->kind == MOTE_BACKEND_KVM);
	vcpu_block_clear_kvm(block, bytes);
}

#endif

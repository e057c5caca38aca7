/* SPDX-License-Identifier: Apache-2.0
 *
 * The vCPU's state as the block of a backend has it, on aarch64.
 */
#ifndef MOTE_TEST_VCPU_BLOCK_H
#define MOTE_TEST_VCPU_BLOCK_H

#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "hypervisor/backends/hvf/hvf_internal.h"
#include "vcpu_block_hyperv.h"

/* Whether user code sees a register: of the core registers x0 to x30, sp_el0, pc, pstate and the
 * vectors; the thread pointer. */
static inline int vcpu_block_is_seen(uint64_t id)
{
	const uint64_t word = id & 0xffff;

	if ((id & KVM_REG_ARM_COPROC_MASK) == KVM_REG_ARM_CORE)
		return word <= KVM_REG_ARM_CORE_REG(regs.pstate) ||
		       word >= KVM_REG_ARM_CORE_REG(fp_regs.vregs[0]);
	return id == ARM64_SYS_REG(3, 3, 13, 0, 2);
}

static inline void vcpu_block_clear_kvm(void *block, size_t bytes)
{
	uint8_t *at = block, *end = at + bytes;

	at += 16; /* its size */
	while (at < end) {
		uint64_t head[2];
		size_t length;

		memcpy(head, at, sizeof(head));
		length = ((size_t)head[1] + 15) & ~(size_t)15;
		at += sizeof(head);
		if (!vcpu_block_is_seen(head[0]))
			memset(at, 0, length);
		at += length;
	}
}

/* Clears what user code does not see: the monitor's, and counters that run on. */
static inline void vcpu_block_clear_rest(const struct mote_vm *vm, void *block, size_t bytes)
{
	if (vm->hypervisor->backend->kind == MOTE_BACKEND_KVM) {
		vcpu_block_clear_kvm(block, bytes);
		return;
	}
	if (vm->hypervisor->backend->kind == MOTE_BACKEND_MSHV ||
	    vm->hypervisor->backend->kind == MOTE_BACKEND_WHP) {
		vcpu_block_clear_hyperv(block, bytes);
	} else {
		struct mote_hvf_registers *hvf = block;

		REQUIRE(vm->hypervisor->backend->kind == MOTE_BACKEND_HVF);
		REQUIRE_EQ(bytes, sizeof(*hvf));
		vcpu_block_clear_sregs(&hvf->sregs, &hvf->debug);
	}
}

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * An aarch64 VP: what a guest finds, and its exits.  The platform provides no page on demand there,
 * so that all memory of a guest is committed, as sections of the page file are.
 */
#include <stdio.h>

#include "error_internal.h"
#include "hypervisor/backends/hyperv/hyperv_aarch64.h"
#include "hypervisor/backends/whp/whp_abi_aarch64.h"
#include "hypervisor/backends/whp/whp_internal.h"

enum {
	ADDRESS_BITS = 36, /* of memory; the interrupt controller is where it ends */
	TIMER_PPI = 27,	   /* Arm BSA (DEN 0094), 3.8.1 */
	PMU_PPI = 23,
	DOORBELL_CALLS = 2, /* the program counter, and the run */
};

#define GICD_BASE (1ull << ADDRESS_BITS)
#define GICR_BASE (GICD_BASE + 0x100000)

/* ---- What a guest finds ---------------------------------------------------------------------- */

/* Older versions have another interface, which was never released. */
mote_status mote_whp_arch_check(const struct mote_whp *whp, mote_error *error)
{
	uint64_t features = 0;
	const mote_whp_result result = whp->system->GetCapability(
		MOTE_WHP_CAPABILITY_FEATURES, &features, sizeof(features), NULL);

	if (result < 0)
		return mote_whp_fail(error, result, "WHvGetCapability");
	if (!(features & MOTE_WHP_FEATURE_ARM64))
		return mote_fail(error, MOTE_NO_HYPERVISOR,
				 "the Windows Hypervisor Platform has no interface for Arm yet; "
				 "use Windows 11 24H2, build 26100.3915, or later");
	return MOTE_OK;
}

/* A partition has an interrupt controller, which no guest of ours can reach or needs. */
mote_status mote_whp_arch_prepare(struct mote_whp_vm *vm, mote_error *error)
{
	const struct mote_whp_a64_interrupt_controller controller = {
		.mode = MOTE_WHP_A64_GIC_V3,
		.gicd_base = GICD_BASE,
		.lpi_bits = 1,
		.timer_interrupt = TIMER_PPI,
		.pmu_interrupt = PMU_PPI,
	};
	const mote_whp_result result =
		vm->whp->system->SetPartitionProperty(vm->partition,
						      MOTE_WHP_A64_PROPERTY_INTERRUPT_CONTROLLER,
						      &controller, sizeof(controller));

	return result < 0 ? mote_whp_fail(error, result, "WHvSetPartitionProperty") : MOTE_OK;
}

mote_status mote_whp_arch_learn(struct mote_whp_vm *vm, mote_error *error)
{
	struct mote_capabilities *capabilities = &vm->whp->base.capabilities;

	if (capabilities->address_bits == 0 || capabilities->address_bits > ADDRESS_BITS)
		capabilities->address_bits = ADDRESS_BITS;
	capabilities->doorbell_calls = DOORBELL_CALLS;
	return mote_hyperv_learn(&vm->hyperv, error);
}

mote_status mote_whp_arch_create(struct mote_whp_vm *vm, mote_error *error)
{
	vm->hyperv.vcpu = mote_allocate(vm->whp->base.allocator, sizeof(*vm->hyperv.vcpu));
	if (vm->hyperv.vcpu == NULL)
		return mote_fail_memory(error, "VM");
	return mote_hyperv_set_register(&vm->hyperv, MOTE_HYPERV_A64_GICR_BASE, GICR_BASE, error);
}

void mote_whp_arch_destroy(struct mote_whp_vm *vm)
{
	mote_release(vm->whp->base.allocator, vm->hyperv.vcpu);
	vm->hyperv.vcpu = NULL;
}

/* ---- Exits ----------------------------------------------------------------------------------- */

static mote_status decode_memory(struct mote_whp_vm *vm,
				 const struct mote_hyperv_a64_memory *memory,
				 struct mote_vm_exit *exit, mote_error *error)
{
	if (!mote_whp_is_first_access(vm, memory->physical_address, memory->header.access))
		return mote_hyperv_memory_exit(&vm->hyperv, memory, exit, error);
	exit->kind = MOTE_EXIT_RETRY;
	return MOTE_OK;
}

static mote_status decode(struct mote_whp_vm *vm, const struct mote_whp_exit *from,
			  struct mote_vm_exit *exit, mote_error *error)
{
	vm->hyperv.vcpu->pending = false;
	switch (from->reason) {
	case MOTE_WHP_A64_EXIT_UNMAPPED_GPA:
	case MOTE_WHP_A64_EXIT_GPA_INTERCEPT:
		return decode_memory(vm, &from->as.memory, exit, error);
	case MOTE_WHP_A64_EXIT_RESET:
		exit->kind = from->as.reset.type == MOTE_HYPERV_A64_POWER_OFF ? MOTE_EXIT_HALT
									      : MOTE_EXIT_SHUTDOWN;
		return MOTE_OK;
	case MOTE_WHP_A64_EXIT_UNRECOVERABLE:
		exit->kind = MOTE_EXIT_SHUTDOWN;
		return MOTE_OK;
	case MOTE_WHP_A64_EXIT_CANCELED:
		exit->kind = MOTE_EXIT_RETRY;
		return MOTE_OK;
	default:
		exit->kind = MOTE_EXIT_UNKNOWN;
		snprintf(exit->as.text, sizeof(exit->as.text), "WHP exit 0x%lx",
			 (unsigned long)from->reason);
		return MOTE_OK;
	}
}

mote_status mote_whp_arch_enter(struct mote_whp_vm *vm, struct mote_vm_exit *exit, bool *has_exit,
				mote_error *error)
{
	(void)exit;
	(void)has_exit;
	return mote_hyperv_touch(&vm->hyperv, error);
}

mote_status mote_whp_arch_run(struct mote_whp_vm *vm, struct mote_vm_exit *exit, mote_error *error)
{
	struct mote_whp_exit from = {.reason = 0};
	const mote_whp_result result =
		vm->whp->system->RunVirtualProcessor(vm->partition, 0, &from, sizeof(from));

	return result < 0 ? mote_whp_fail(error, result, "WHvRunVirtualProcessor")
			  : decode(vm, &from, exit, error);
}

const struct mote_hyperv_ops mote_whp_ops = {
	.get_registers = mote_whp_get_registers,
	.set_registers = mote_whp_set_registers,
	.map = mote_whp_map,
	.unmap = mote_whp_unmap,
};

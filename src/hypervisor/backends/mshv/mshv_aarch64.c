/* SPDX-License-Identifier: Apache-2.0
 *
 * An aarch64 VP: what a guest finds, and the messages that end its runs.
 */
#include <string.h>

#include "error_internal.h"
#include "hypervisor/backends/hyperv/hyperv_aarch64.h"
#include "hypervisor/backends/mshv/mshv_internal.h"

enum {
	ADDRESS_BITS = 36, /* of memory; the interrupt controller is where it ends */
	TIMER_PPI = 27,	   /* Arm BSA (DEN 0094), 3.8.1 */
	PMU_PPI = 23,
	DOORBELL_CALLS = 2, /* the program counter, and the run */
};

#define GICD_BASE (1ull << ADDRESS_BITS)
#define GICR_BASE (GICD_BASE + 0x100000)

/* ---- What a guest finds ---------------------------------------------------------------------- */

/* A partition has an interrupt controller, which no guest of ours can reach or needs. */
mote_status mote_mshv_arch_prepare(const struct mote_mshv *mshv, int partition, mote_error *error)
{
	static const struct {
		uint32_t code;
		uint64_t value;
	} properties[] = {
		{MOTE_MSHV_PROPERTY_SYNTHETIC_FEATURES, 0},
		{MOTE_MSHV_PROPERTY_GICD_BASE, GICD_BASE},
		{MOTE_MSHV_PROPERTY_GITS_BASE, 0},
		{MOTE_MSHV_PROPERTY_GIC_LPI_BITS, 0},
		{MOTE_MSHV_PROPERTY_GIC_PPI_TIMER, TIMER_PPI},
		{MOTE_MSHV_PROPERTY_GIC_PPI_PMU, PMU_PPI},
	};
	mote_status status = MOTE_OK;

	for (size_t i = 0; status == MOTE_OK && i < sizeof(properties) / sizeof(properties[0]); i++)
		status = mote_mshv_set_property(mshv, partition, properties[i].code,
						properties[i].value, error);
	return status;
}

mote_status mote_mshv_arch_learn(struct mote_mshv_vm *vm, mote_error *error)
{
	struct mote_capabilities *capabilities = &vm->mshv->base.capabilities;

	capabilities->address_bits = ADDRESS_BITS;
	capabilities->doorbell_calls = DOORBELL_CALLS;
	return mote_hyperv_learn(&vm->hyperv, error);
}

mote_status mote_mshv_arch_create(struct mote_mshv_vm *vm, mote_error *error)
{
	vm->hyperv.vcpu = mote_allocate(vm->mshv->base.allocator, sizeof(*vm->hyperv.vcpu));
	if (vm->hyperv.vcpu == NULL)
		return mote_fail_memory(error, "VM");
	return mote_mshv_set_register(vm, MOTE_HYPERV_A64_GICR_BASE, GICR_BASE, error);
}

void mote_mshv_arch_destroy(struct mote_mshv_vm *vm)
{
	mote_release(vm->mshv->base.allocator, vm->hyperv.vcpu);
	vm->hyperv.vcpu = NULL;
}

/* ---- Messages -------------------------------------------------------------------------------- */

mote_status mote_mshv_arch_exit(struct mote_mshv_vm *vm, struct mote_vm_exit *exit,
				mote_error *error)
{
	const struct mote_hyperv_a64_reset *reset = (const void *)vm->message.payload;

	vm->hyperv.vcpu->pending = false;
	switch ((enum mote_mshv_message_type)vm->message.type) {
	case MOTE_MSHV_MESSAGE_UNMAPPED_GPA:
	case MOTE_MSHV_MESSAGE_GPA_INTERCEPT:
		return mote_hyperv_memory_exit(&vm->hyperv, (const void *)vm->message.payload, exit,
					       error);
	case MOTE_MSHV_MESSAGE_ARM64_RESET:
		exit->kind = reset->type == MOTE_HYPERV_A64_POWER_OFF ? MOTE_EXIT_HALT
								      : MOTE_EXIT_SHUTDOWN;
		return MOTE_OK;
	case MOTE_MSHV_MESSAGE_UNRECOVERABLE:
		exit->kind = MOTE_EXIT_SHUTDOWN;
		return MOTE_OK;
	default:
		mote_mshv_set_unknown(vm, exit);
		return MOTE_OK;
	}
}

mote_status mote_mshv_arch_enter(struct mote_mshv_vm *vm, struct mote_vm_exit *exit, bool *has_exit,
				 mote_error *error)
{
	(void)exit;
	(void)has_exit;
	return mote_hyperv_touch(&vm->hyperv, error);
}

/* ---- The interface --------------------------------------------------------------------------- */

const struct mote_hyperv_ops mote_mshv_ops = {
	.get_registers = mote_mshv_get_registers,
	.set_registers = mote_mshv_set_registers,
	.map = mote_mshv_map,
	.unmap = mote_mshv_unmap,
};

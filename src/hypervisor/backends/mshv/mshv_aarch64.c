/* SPDX-License-Identifier: Apache-2.0
 *
 * An aarch64 VP: what a guest finds, exits, and how instructions retire.  The hypervisor leaves the
 * program counter on the instruction of an exit.
 */
#include <string.h>

#include "error_internal.h"
#include "hypervisor/arch/aarch64/aarch64_asid.h"
#include "hypervisor/backends/mshv/mshv_aarch64_internal.h"

enum {
	ADDRESS_BITS = 36, /* of memory; the interrupt controller is where it ends */
	TIMER_PPI = 27,	   /* Arm BSA (DEN 0094), 3.8.1 */
	PMU_PPI = 23,
	DOORBELL_CALLS = 2, /* the program counter, and the run */
	BREAKPOINTS_SHIFT = 12,
	WATCHPOINTS_SHIFT = 20,
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

mote_status mote_mshv_arch_open(struct mote_mshv *mshv, mote_error *error)
{
	mshv->arch = mote_allocate(mshv->base.allocator, sizeof(*mshv->arch));
	return mshv->arch != NULL ? MOTE_OK : mote_fail_memory(error, "hypervisor");
}

void mote_mshv_arch_close(struct mote_mshv *mshv)
{
	mote_release(mshv->base.allocator, mshv->arch);
}

mote_status mote_mshv_arch_learn(struct mote_mshv_vm *vm, mote_error *error)
{
	static const uint32_t name = MOTE_MSHV_A64_ID_AA64DFR0;
	struct mote_mshv *mshv = vm->mshv;
	struct mote_mshv_value dfr0;
	mote_status status = mote_mshv_get_registers(vm, &name, &dfr0, 1, error);

	if (status != MOTE_OK)
		return status;
	mshv->arch->breakpoints = (unsigned)(dfr0.low >> BREAKPOINTS_SHIFT & 15) + 1;
	mshv->arch->watchpoints = (unsigned)(dfr0.low >> WATCHPOINTS_SHIFT & 15) + 1;
	mshv->base.capabilities.address_bits = ADDRESS_BITS;
	mshv->base.capabilities.doorbell_calls = DOORBELL_CALLS;
	return MOTE_OK;
}

mote_status mote_mshv_arch_create(struct mote_mshv_vm *vm, mote_error *error)
{
	vm->vcpu = mote_allocate(vm->mshv->base.allocator, sizeof(*vm->vcpu));
	if (vm->vcpu == NULL)
		return mote_fail_memory(error, "VM");
	return mote_mshv_set_register(vm, MOTE_MSHV_A64_GICR_BASE, GICR_BASE, error);
}

void mote_mshv_arch_destroy(struct mote_mshv_vm *vm)
{
	mote_release(vm->mshv->base.allocator, vm->vcpu);
	vm->vcpu = NULL;
}

/* ---- Retiring -------------------------------------------------------------------------------- */

static uint32_t name_of(const struct mote_aarch64_access *access)
{
	return (uint32_t)MOTE_MSHV_A64_X0 + access->register_index;
}

mote_status mote_mshv_touch(struct mote_mshv_vm *vm, mote_error *error)
{
	struct mote_mshv_vcpu *vcpu = vm->vcpu;
	const struct mote_aarch64_access *access = &vcpu->access;
	uint32_t names[3] = {MOTE_MSHV_A64_PC};
	struct mote_mshv_value values[3] = {{0, 0}};
	mote_regs regs = {.pc = vcpu->pc, .pstate = vcpu->pstate};
	uint64_t data;
	size_t count = 1;
	mote_status status;

	if (!vcpu->pending)
		return MOTE_OK;
	memcpy(&data, vcpu->data, sizeof(data));
	mote_aarch64_access_complete(access, data, &regs);
	values[0].low = regs.pc;
	if (!access->write && access->register_index != MOTE_AARCH64_XZR) {
		names[count] = name_of(access);
		values[count++].low = regs.x[access->register_index];
	}
	if (regs.pstate != vcpu->pstate) { /* it was a step */
		names[count] = MOTE_MSHV_A64_PSTATE;
		values[count++].low = regs.pstate;
	}
	status = mote_mshv_set_registers(vm, names, values, count, error);
	vcpu->pending = status != MOTE_OK;
	return status;
}

/* ---- Exits ----------------------------------------------------------------------------------- */

static mote_status read_value(struct mote_mshv_vm *vm, mote_error *error)
{
	struct mote_mshv_vcpu *vcpu = vm->vcpu;
	const uint32_t name = name_of(&vcpu->access);
	struct mote_mshv_value value = {0, 0};
	mote_status status = MOTE_OK;

	if (vcpu->access.register_index != MOTE_AARCH64_XZR)
		status = mote_mshv_get_registers(vm, &name, &value, 1, error);
	memcpy(vcpu->data, &value.low, vcpu->access.bytes);
	return status;
}

static mote_status decode_memory(struct mote_mshv_vm *vm, struct mote_vm_exit *exit,
				 mote_error *error)
{
	const struct mote_mshv_a64_memory *memory = (const void *)vm->message.payload;
	struct mote_mshv_vcpu *vcpu = vm->vcpu;
	struct mote_aarch64_access *access = &vcpu->access;
	mote_status status = MOTE_OK;

	mote_aarch64_access_decode(memory->syndrome, memory->physical_address, access);
	exit->kind = memory->header.access == MOTE_MSHV_ACCESS_WRITE ? MOTE_EXIT_MMIO_WRITE
								     : MOTE_EXIT_MMIO_READ;
	exit->as.mmio.gpa = access->gpa;
	exit->as.mmio.size = 0;
	exit->as.mmio.data = NULL;
	if (!access->described || memory->header.access == MOTE_MSHV_ACCESS_EXECUTE)
		return MOTE_OK;
	memset(vcpu->data, 0, sizeof(vcpu->data));
	if (access->write)
		status = read_value(vm, error);
	if (status != MOTE_OK)
		return status;
	vcpu->pending = true;
	vcpu->pc = memory->header.pc;
	vcpu->pstate = memory->header.cpsr;
	exit->as.mmio.size = access->bytes;
	exit->as.mmio.data = vcpu->data;
	return MOTE_OK;
}

mote_status mote_mshv_arch_exit(struct mote_mshv_vm *vm, struct mote_vm_exit *exit,
				mote_error *error)
{
	const struct mote_mshv_a64_reset *reset = (const void *)vm->message.payload;

	vm->vcpu->pending = false;
	switch ((enum mote_mshv_message_type)vm->message.type) {
	case MOTE_MSHV_MESSAGE_UNMAPPED_GPA:
	case MOTE_MSHV_MESSAGE_GPA_INTERCEPT:
		return decode_memory(vm, exit, error);
	case MOTE_MSHV_MESSAGE_ARM64_RESET:
		exit->kind = reset->type == MOTE_MSHV_A64_POWER_OFF ? MOTE_EXIT_HALT
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
	return mote_mshv_touch(vm, error);
}

/* ---- Translations ---------------------------------------------------------------------------- */

/* Under another ASID no old translation of user code is used; when all have been, the page tables'
 * root is taken away for a moment. */
mote_status mote_mshv_invalidate_translations(struct mote_vm *base, uint64_t gpa, uint64_t bytes,
					      mote_error *error)
{
	static const uint32_t name = MOTE_MSHV_A64_TTBR0;
	struct mote_mshv_vm *vm = mote_mshv_vm(base);
	struct mote_aarch64_asid_change change;
	struct mote_mshv_value ttbr0;
	mote_status status;

	(void)gpa;
	if (bytes == 0)
		return MOTE_OK;
	status = mote_mshv_touch(vm, error);
	if (status == MOTE_OK)
		status = mote_mshv_get_registers(vm, &name, &ttbr0, 1, error);
	if (status != MOTE_OK)
		return status;
	change = mote_aarch64_asid_next(ttbr0.low);
	if (change.flush)
		status = mote_mshv_drop_root(
			vm, ttbr0.low & ((1ull << MOTE_AARCH64_TTBR_ASID_SHIFT) - 1), error);
	return status == MOTE_OK ? mote_mshv_set_register(vm, name, change.ttbr0, error) : status;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * An aarch64 VP: the access of an exit, how it retires, and its translations.  The hypervisor
 * leaves the program counter on the instruction of an exit.
 */
#include <string.h>

#include "allocator.h"
#include "error_internal.h"
#include "hypervisor/arch/aarch64/aarch64_asid.h"
#include "hypervisor/backends/hyperv/hyperv_aarch64.h"

enum {
	BREAKPOINTS_SHIFT = 12,
	WATCHPOINTS_SHIFT = 20,
};

/* ---- A VP ------------------------------------------------------------------------------------ */

mote_status mote_hyperv_make_facts(const mote_allocator *allocator,
				   struct mote_hyperv_facts **facts, mote_error *error)
{
	*facts = mote_allocate(allocator, sizeof(**facts));
	return *facts != NULL ? MOTE_OK : mote_fail_memory(error, "hypervisor");
}

mote_status mote_hyperv_learn(struct mote_hyperv_vm *vm, mote_error *error)
{
	static const uint32_t name = MOTE_HYPERV_A64_ID_AA64DFR0;
	struct mote_hyperv_value dfr0;
	mote_status status = vm->ops->get_registers(vm, &name, &dfr0, 1, error);

	if (status != MOTE_OK)
		return status;
	vm->facts->breakpoints = (unsigned)(dfr0.low >> BREAKPOINTS_SHIFT & 15) + 1;
	vm->facts->watchpoints = (unsigned)(dfr0.low >> WATCHPOINTS_SHIFT & 15) + 1;
	return MOTE_OK;
}

mote_status mote_hyperv_set_register(struct mote_hyperv_vm *vm, uint32_t name, uint64_t value,
				     mote_error *error)
{
	const struct mote_hyperv_value whole = {value, 0};

	return vm->ops->set_registers(vm, &name, &whole, 1, error);
}

mote_status mote_hyperv_park(struct mote_vm *base, mote_error *error)
{
	(void)base;
	(void)error;
	return MOTE_OK;
}

/* ---- Retiring -------------------------------------------------------------------------------- */

static uint32_t name_of(const struct mote_aarch64_access *access)
{
	return (uint32_t)MOTE_HYPERV_A64_X0 + access->register_index;
}

mote_status mote_hyperv_touch(struct mote_hyperv_vm *vm, mote_error *error)
{
	struct mote_hyperv_vcpu *vcpu = vm->vcpu;
	const struct mote_aarch64_access *access = &vcpu->access;
	uint32_t names[3] = {MOTE_HYPERV_A64_PC};
	struct mote_hyperv_value values[3] = {{0, 0}};
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
		names[count] = MOTE_HYPERV_A64_PSTATE;
		values[count++].low = regs.pstate;
	}
	status = vm->ops->set_registers(vm, names, values, count, error);
	vcpu->pending = status != MOTE_OK;
	return status;
}

/* ---- Exits ----------------------------------------------------------------------------------- */

static mote_status read_value(struct mote_hyperv_vm *vm, mote_error *error)
{
	struct mote_hyperv_vcpu *vcpu = vm->vcpu;
	const uint32_t name = name_of(&vcpu->access);
	struct mote_hyperv_value value = {0, 0};
	mote_status status = MOTE_OK;

	if (vcpu->access.register_index != MOTE_AARCH64_XZR)
		status = vm->ops->get_registers(vm, &name, &value, 1, error);
	memcpy(vcpu->data, &value.low, vcpu->access.bytes);
	return status;
}

mote_status mote_hyperv_memory_exit(struct mote_hyperv_vm *vm,
				    const struct mote_hyperv_a64_memory *memory,
				    struct mote_vm_exit *exit, mote_error *error)
{
	struct mote_hyperv_vcpu *vcpu = vm->vcpu;
	struct mote_aarch64_access *access = &vcpu->access;
	mote_status status = MOTE_OK;

	mote_aarch64_access_decode(memory->syndrome, memory->physical_address, access);
	exit->kind = memory->header.access == MOTE_HYPERV_WRITE ? MOTE_EXIT_MMIO_WRITE
								: MOTE_EXIT_MMIO_READ;
	exit->as.mmio.gpa = access->gpa;
	exit->as.mmio.size = 0;
	exit->as.mmio.data = NULL;
	if (!access->described || memory->header.access == MOTE_HYPERV_EXECUTE)
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

/* ---- Translations ---------------------------------------------------------------------------- */

/* Under another ASID no old translation of user code is used; when all have been, the page tables'
 * root is taken away for a moment. */
mote_status mote_hyperv_invalidate_translations(struct mote_vm *base, uint64_t gpa, uint64_t bytes,
						mote_error *error)
{
	static const uint32_t name = MOTE_HYPERV_A64_TTBR0;
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	struct mote_aarch64_asid_change change;
	struct mote_hyperv_value ttbr0;
	mote_status status;

	(void)gpa;
	if (bytes == 0)
		return MOTE_OK;
	status = mote_hyperv_touch(vm, error);
	if (status == MOTE_OK)
		status = vm->ops->get_registers(vm, &name, &ttbr0, 1, error);
	if (status != MOTE_OK)
		return status;
	change = mote_aarch64_asid_next(ttbr0.low);
	if (change.flush)
		status = mote_hyperv_drop_root(
			vm, ttbr0.low & ((1ull << MOTE_AARCH64_TTBR_ASID_SHIFT) - 1), error);
	return status == MOTE_OK ? mote_hyperv_set_register(vm, name, change.ttbr0, error) : status;
}

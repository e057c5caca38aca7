/* SPDX-License-Identifier: Apache-2.0
 *
 * Saves and restores all registers that KVM_GET_REG_LIST names.
 * Source: Linux, Documentation/virt/kvm/api.rst, 4.84.
 */
#include "hypervisor/backends/kvm/kvm_aarch64_state.h"

#include <errno.h>
#include <string.h>

#include "error_internal.h"
#include "hypervisor/backends/kvm/kvm_aarch64_internal.h"

enum { MAXIMUM_REGISTERS = 16384, MAXIMUM_REGISTER_BYTES = 2048 };

static size_t register_bytes(uint64_t id)
{
	return (size_t)1 << ((id & MOTE_KVM_REG_SIZE_MASK) >> MOTE_KVM_REG_SIZE_SHIFT);
}

/* KVM's list of ids; the caller frees it.  The first query only asks for its length. */
static mote_status read_list(struct mote_kvm_vm *vm, struct mote_kvm_reg_list **list,
			     mote_error *error)
{
	struct mote_kvm_reg_list head = {.n = 0}, *whole;
	int result = mote_kvm_ioctl(vm->kvm, vm->vcpu_fd, MOTE_KVM_GET_REG_LIST, &head);

	if (result < 0 && result != -E2BIG)
		return mote_kvm_fail(error, -result, "KVM_GET_REG_LIST");
	if (head.n > MAXIMUM_REGISTERS)
		return mote_fail(error, MOTE_HYPERVISOR, "KVM_GET_REG_LIST: %llu registers",
				 (unsigned long long)head.n);
	whole = mote_allocate(vm->kvm->base.allocator,
			      sizeof(*whole) + (size_t)head.n * sizeof(whole->reg[0]));
	if (whole == NULL)
		return mote_fail_memory(error, "list of registers");
	whole->n = head.n;
	result = mote_kvm_ioctl(vm->kvm, vm->vcpu_fd, MOTE_KVM_GET_REG_LIST, whole);
	if (result < 0) {
		mote_release(vm->kvm->base.allocator, whole);
		return mote_kvm_fail(error, -result, "KVM_GET_REG_LIST");
	}
	*list = whole;
	return MOTE_OK;
}

/* Makes room for the registers of a list. */
static mote_status lay_out(struct mote_kvm_vm *vm, const struct mote_kvm_reg_list *list,
			   struct mote_kvm_state *state, mote_error *error)
{
	const mote_allocator *allocator = vm->kvm->base.allocator;

	state->count = (size_t)list->n;
	state->registers = mote_allocate(allocator, state->count * sizeof(*state->registers));
	if (state->registers == NULL)
		return mote_fail_memory(error, "registers");
	for (size_t i = 0; i < state->count; i++) {
		const size_t bytes = register_bytes(list->reg[i]);

		if (bytes > MAXIMUM_REGISTER_BYTES)
			return mote_fail(error, MOTE_HYPERVISOR,
					 "KVM_GET_REG_LIST: register 0x%llx has %zu bytes",
					 (unsigned long long)list->reg[i], bytes);
		state->registers[i].id = list->reg[i];
		state->registers[i].offset = state->bytes;
		/* Values of 16 bytes and less stay aligned. */
		state->bytes += (bytes + 15) & ~(size_t)15;
	}
	state->values = mote_allocate(allocator, state->bytes);
	return state->values != NULL ? MOTE_OK : mote_fail_memory(error, "registers");
}

static mote_status read_values(struct mote_kvm_vm *vm, struct mote_kvm_state *state,
			       mote_error *error)
{
	mote_status status = MOTE_OK;

	for (size_t i = 0; status == MOTE_OK && i < state->count; i++)
		status = mote_kvm_get_register(vm, state->registers[i].id,
					       state->values + state->registers[i].offset, error);
	return status;
}

mote_status mote_kvm_state_save(struct mote_vm *base, struct mote_kvm_state *state,
				mote_error *error)
{
	struct mote_kvm_vm *vm = (struct mote_kvm_vm *)base;
	struct mote_kvm_state saved = {.count = 0};
	struct mote_kvm_reg_list *list = NULL;
	mote_status status = mote_kvm_retire(vm, error);

	if (status == MOTE_OK)
		status = read_list(vm, &list, error);
	if (status == MOTE_OK)
		status = lay_out(vm, list, &saved, error);
	if (status == MOTE_OK)
		status = read_values(vm, &saved, error);
	mote_release(vm->kvm->base.allocator, list);
	if (status != MOTE_OK) {
		mote_kvm_state_free(base, &saved);
		return status;
	}
	*state = saved;
	return MOTE_OK;
}

/* Registers that identify the processor accept only their own value, or none at all. */
static bool is_as_it_was(struct mote_kvm_vm *vm, const struct mote_kvm_saved_register *saved,
			 const uint8_t *value)
{
	uint8_t now[MAXIMUM_REGISTER_BYTES];
	mote_error ignored = MOTE_ERROR_INIT;

	return mote_kvm_get_register(vm, saved->id, now, &ignored) == MOTE_OK &&
	       memcmp(now, value, register_bytes(saved->id)) == 0;
}

mote_status mote_kvm_state_restore(struct mote_vm *base, const struct mote_kvm_state *state,
				   mote_error *error)
{
	struct mote_kvm_vm *vm = (struct mote_kvm_vm *)base;
	mote_status status = mote_kvm_retire(vm, error);

	vm->touched = true;
	for (size_t i = 0; status == MOTE_OK && i < state->count; i++) {
		const struct mote_kvm_saved_register *saved = &state->registers[i];
		const uint8_t *value = state->values + saved->offset;

		if (!is_as_it_was(vm, saved, value))
			status = mote_kvm_set_register(vm, saved->id, value, error);
	}
	return status;
}

void mote_kvm_state_free(struct mote_vm *base, struct mote_kvm_state *state)
{
	const mote_allocator *allocator = ((struct mote_kvm_vm *)base)->kvm->base.allocator;

	mote_release(allocator, state->registers);
	mote_release(allocator, state->values);
	*state = (struct mote_kvm_state){.count = 0};
}

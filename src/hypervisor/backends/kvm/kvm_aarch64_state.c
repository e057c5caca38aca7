/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of an aarch64 vCPU as one block: all registers of KVM_GET_REG_LIST, including those
 * that the neutral structures lack.  The block says which they are, so that loading one needs no
 * list.
 * Source: Linux, Documentation/virt/kvm/api.rst, 4.84.
 */
#include <errno.h>
#include <string.h>

#include "error_internal.h"
#include "hypervisor/backends/kvm/kvm_aarch64_internal.h"

#define CORE_MASK (~(uint64_t)0xffff & ~MOTE_KVM_REG_SIZE_MASK)
#define CORE (MOTE_KVM_REG_ARM64 | MOTE_KVM_REG_ARM_CORE)
#define TPIDR_EL0 MOTE_KVM_ARM_SYSREG(3, 3, 13, 0, 2)

enum { FIRST_REGISTERS = 512, MAXIMUM_REGISTERS = 16384, MAXIMUM_REGISTER_BYTES = 2048 };

/* The block begins with its size; registers come next. */
struct head {
	uint64_t bytes;
	uint64_t padding;
};

/* A register in the block; its value comes next, and takes a multiple of 16 bytes. */
struct record {
	uint64_t id;
	uint64_t value_bytes;
};

static size_t register_bytes(uint64_t id)
{
	return (size_t)1 << ((id & MOTE_KVM_REG_SIZE_MASK) >> MOTE_KVM_REG_SIZE_SHIFT);
}

static size_t record_bytes(uint64_t id)
{
	return sizeof(struct record) + ((register_bytes(id) + 15) & ~(size_t)15);
}

/* KVM's list of ids; the caller frees it.  A list that is too long says how long it is. */
static mote_status read_list(struct mote_kvm_vm *vm, struct mote_kvm_reg_list **list,
			     mote_error *error)
{
	const mote_allocator *allocator = vm->kvm->base.allocator;
	uint64_t count = FIRST_REGISTERS;
	int result = -E2BIG;

	while (result == -E2BIG && count <= MAXIMUM_REGISTERS) {
		struct mote_kvm_reg_list *read = mote_allocate(
			allocator, sizeof(*read) + (size_t)count * sizeof(read->reg[0]));

		if (read == NULL)
			return mote_fail_memory(error, "list of registers");
		read->n = count;
		result = mote_kvm_ioctl(vm->kvm, vm->vcpu_fd, MOTE_KVM_GET_REG_LIST, read);
		if (result >= 0 && read->n <= count) {
			*list = read;
			return MOTE_OK;
		}
		count = read->n > count ? read->n : 2 * count;
		mote_release(allocator, read);
	}
	if (result < 0 && result != -E2BIG)
		return mote_kvm_fail(error, -result, "KVM_GET_REG_LIST");
	return mote_fail(error, MOTE_HYPERVISOR, "KVM_GET_REG_LIST: %llu registers",
			 (unsigned long long)count);
}

static mote_status measure(const struct mote_kvm_reg_list *list, size_t *bytes, mote_error *error)
{
	size_t sum = sizeof(struct head);

	for (uint64_t i = 0; i < list->n; i++) {
		if (register_bytes(list->reg[i]) > MAXIMUM_REGISTER_BYTES)
			return mote_fail(error, MOTE_HYPERVISOR,
					 "KVM_GET_REG_LIST: register 0x%llx has %zu bytes",
					 (unsigned long long)list->reg[i],
					 register_bytes(list->reg[i]));
		sum += record_bytes(list->reg[i]);
	}
	*bytes = sum;
	return MOTE_OK;
}

mote_status mote_kvm_state_bytes(struct mote_vm *base, size_t *bytes, mote_error *error)
{
	struct mote_kvm_vm *vm = (struct mote_kvm_vm *)base;
	struct mote_kvm_reg_list *list;
	mote_status status = read_list(vm, &list, error);

	if (status != MOTE_OK)
		return status;
	status = measure(list, bytes, error);
	mote_release(vm->kvm->base.allocator, list);
	return status;
}

static mote_status read_values(struct mote_kvm_vm *vm, const struct mote_kvm_reg_list *list,
			       uint8_t *at, size_t bytes, mote_error *error)
{
	const struct head head = {.bytes = bytes};
	mote_status status = MOTE_OK;

	memcpy(at, &head, sizeof(head));
	at += sizeof(head);
	for (uint64_t i = 0; status == MOTE_OK && i < list->n; i++) {
		const struct record record = {list->reg[i], register_bytes(list->reg[i])};

		memcpy(at, &record, sizeof(record));
		status = mote_kvm_get_register(vm, record.id, at + sizeof(record), error);
		at += record_bytes(record.id);
	}
	return status;
}

mote_status mote_kvm_save_state(struct mote_vm *base, void *state, size_t bytes, mote_error *error)
{
	struct mote_kvm_vm *vm = (struct mote_kvm_vm *)base;
	struct mote_kvm_reg_list *list = NULL;
	size_t needed = 0;
	mote_status status = mote_kvm_retire(vm, error);

	if (status == MOTE_OK)
		status = read_list(vm, &list, error);
	if (status == MOTE_OK)
		status = measure(list, &needed, error);
	if (status == MOTE_OK)
		status = mote_vm_check_state(bytes, needed, error);
	if (status == MOTE_OK)
		status = read_values(vm, list, state, bytes, error);
	mote_release(vm->kvm->base.allocator, list);
	return status;
}

/* Registers that identify the processor accept only their own value, or none at all. */
static bool is_as_it_was(struct mote_kvm_vm *vm, uint64_t id, const uint8_t *value)
{
	uint8_t now[MAXIMUM_REGISTER_BYTES];
	mote_error ignored = MOTE_ERROR_INIT;

	return mote_kvm_get_register(vm, id, now, &ignored) == MOTE_OK &&
	       memcmp(now, value, register_bytes(id)) == 0;
}

/* x0 to x30, sp_el0, pc, pstate; v0 to v31, fpsr, fpcr; the thread pointer. */
static bool is_of_user_code(uint64_t id)
{
	const uint64_t offset = (id & 0xffff) * 4;

	if ((id & CORE_MASK) != CORE)
		return id == TPIDR_EL0;
	return offset <= MOTE_KVM_ARM_PSTATE || offset >= MOTE_KVM_ARM_V(0);
}

static mote_status load_registers(struct mote_vm *base, const void *state, size_t bytes,
				  bool (*is_wanted)(struct mote_kvm_vm *vm, uint64_t id,
						    const uint8_t *value),
				  mote_error *error)
{
	struct mote_kvm_vm *vm = (struct mote_kvm_vm *)base;
	const uint8_t *at = state, *end = at + bytes;
	mote_status status = mote_kvm_retire(vm, error);

	at += sizeof(struct head);
	vm->known = 0;
	while (status == MOTE_OK && at < end) {
		struct record record;

		memcpy(&record, at, sizeof(record));
		if (is_wanted(vm, record.id, at + sizeof(record)))
			status = mote_kvm_set_register(vm, record.id, at + sizeof(record), error);
		at += record_bytes(record.id);
	}
	return status;
}

static bool is_changed(struct mote_kvm_vm *vm, uint64_t id, const uint8_t *value)
{
	return !is_as_it_was(vm, id, value);
}

static bool is_user_register(struct mote_kvm_vm *vm, uint64_t id, const uint8_t *value)
{
	(void)vm;
	(void)value;
	return is_of_user_code(id);
}

mote_status mote_kvm_load_state(struct mote_vm *base, const void *state, size_t bytes,
				mote_error *error)
{
	struct head head = {0};
	mote_status status;

	if (bytes >= sizeof(head))
		memcpy(&head, state, sizeof(head));
	status = mote_vm_check_state(bytes, head.bytes, error);
	return status == MOTE_OK ? load_registers(base, state, bytes, is_changed, error) : status;
}

/* ---- The gate ---------------------------------------------------------------------------- */

#define PC MOTE_KVM_ARM_CORE(U64, MOTE_KVM_ARM_PC)
#define PSTATE MOTE_KVM_ARM_CORE(U64, MOTE_KVM_ARM_PSTATE)

/* A doorbell that is still to retire adds 4 to the program counter, which the gate allows for. */
static mote_status enter_gate(struct mote_kvm_vm *vm, const struct mote_kvm_gate *gate,
			      mote_error *error)
{
	mote_status status = mote_kvm_set_register(vm, PC, &gate->code.pc, error);

	if (status == MOTE_OK)
		status = mote_kvm_set_register(vm, PSTATE, &gate->code.flags, error);
	if (status != MOTE_OK)
		return status;
	vm->gate = *gate;
	vm->pending = MOTE_KVM_GATE_PENDING;
	return MOTE_OK;
}

bool mote_kvm_arch_in_gate(struct mote_kvm_vm *vm)
{
	mote_error ignored = MOTE_ERROR_INIT;
	uint64_t pc;

	return mote_kvm_get_register(vm, PC, &pc, &ignored) == MOTE_OK &&
	       pc - vm->gate.code.pc < vm->gate.code.bytes;
}

/* Setting a register costs as much as reading it. */
mote_status mote_kvm_load_user_state(struct mote_vm *base, const void *state, size_t bytes,
				     const struct mote_user_gate *gate, mote_error *error)
{
	struct mote_kvm_vm *vm = (struct mote_kvm_vm *)base;

	if (gate != NULL && vm->pending != MOTE_KVM_EXIT_STASHED)
		return enter_gate(vm, &(struct mote_kvm_gate){*gate, state, bytes}, error);
	return load_registers(base, state, bytes, is_user_register, error);
}

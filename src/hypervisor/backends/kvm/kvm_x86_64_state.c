/* SPDX-License-Identifier: Apache-2.0
 *
 * The state of an x86_64 vCPU as one block: KVM's own structures, one after the other.  XCR0 is not
 * in it: it never changes.
 */
#include <stdbool.h>
#include <stddef.h>

#include "hypervisor/backends/kvm/kvm_x86_64_internal.h"

/* The XSAVE area comes next. */
struct block {
	struct mote_kvm_x86_sregs sregs;
	struct mote_kvm_x86_regs regs;
	struct mote_kvm_x86_debugregs debug;
	struct mote_kvm_x86_vcpu_events events;
};

/* In the order in which they are loaded: setting general registers drops a pending exception. Those
 * that user code can change come first: its segments are special registers. */
static const struct {
	unsigned long get, set;
	const char *get_name, *set_name;
	size_t offset;
} parts[] = {
#define PART(name, member)                                                                         \
	{                                                                                          \
		MOTE_KVM_GET_##name, MOTE_KVM_SET_##name, "KVM_GET_" #name, "KVM_SET_" #name,      \
			offsetof(struct block, member)                                             \
	}
	PART(SREGS, sregs),
	PART(REGS, regs),
	PART(DEBUGREGS, debug),
	PART(VCPU_EVENTS, events),
#undef PART
};

enum { PART_COUNT = sizeof(parts) / sizeof(parts[0]), USER_PART_COUNT = 2 };

mote_status mote_kvm_state_bytes(struct mote_vm *base, size_t *bytes, mote_error *error)
{
	(void)error;
	*bytes = sizeof(struct block) + mote_kvm_xsave_bytes(base);
	return MOTE_OK;
}

static mote_status check_bytes(struct mote_vm *base, size_t bytes, mote_error *error)
{
	return mote_vm_check_state(bytes, sizeof(struct block) + mote_kvm_xsave_bytes(base), error);
}

mote_status mote_kvm_save_state(struct mote_vm *base, void *state, size_t bytes, mote_error *error)
{
	struct mote_kvm_vm *vm;
	uint8_t *block = state;
	mote_status status = check_bytes(base, bytes, error);

	if (status == MOTE_OK)
		status = mote_kvm_touch(base, &vm, error);
	for (unsigned i = 0; status == MOTE_OK && i < PART_COUNT; i++)
		status = mote_kvm_vcpu_get(vm, parts[i].get, block + parts[i].offset,
					   parts[i].get_name, error);
	if (status == MOTE_OK)
		status = mote_kvm_get_xsave(vm, block + sizeof(struct block), error);
	if (status == MOTE_OK)
		mote_kvm_complete_xsave(base, block + sizeof(struct block));
	return status;
}

static mote_status load_parts(struct mote_kvm_vm *vm, const uint8_t *block, unsigned count,
			      mote_error *error)
{
	mote_status status = MOTE_OK;

	for (unsigned i = 0; status == MOTE_OK && i < count; i++)
		status = mote_kvm_vcpu_set(vm, parts[i].set, block + parts[i].offset,
					   parts[i].set_name, error);
	return status == MOTE_OK ? mote_kvm_put_xsave(vm, block + sizeof(struct block), error)
				 : status;
}

mote_status mote_kvm_load_state(struct mote_vm *base, const void *state, size_t bytes,
				mote_error *error)
{
	struct mote_kvm_vm *vm = (struct mote_kvm_vm *)base;
	mote_status status = check_bytes(base, bytes, error);

	if (status == MOTE_OK)
		status = mote_kvm_forget_pending(vm, error);
	if (status == MOTE_OK)
		status = mote_kvm_set_runnable(vm, error);
	return status == MOTE_OK ? load_parts(vm, state, PART_COUNT, error) : status;
}

/* The next run loads what is in the shared page: that costs no call. */
static mote_status load_at_next_run(struct mote_kvm_vm *vm, const struct block *block,
				    enum mote_kvm_pending pending, mote_error *error)
{
	struct mote_kvm_x86_sync_regs *to = (void *)vm->run->sync_regs;
	mote_status status;

	to->regs = block->regs;
	to->sregs = block->sregs;
	vm->run->dirty_regs = MOTE_KVM_X86_SYNC_REGS | MOTE_KVM_X86_SYNC_SREGS;
	status = mote_kvm_put_xsave(vm, (const uint8_t *)(block + 1), error);
	if (status == MOTE_OK)
		vm->pending = pending;
	else
		vm->run->dirty_regs = 0;
	return status;
}

/* The doorbell need not retire first: KVM skips it only where the program counter is still on it,
 * and in a gate it is not. */
static mote_status enter_gate(struct mote_kvm_vm *vm, const struct mote_kvm_gate *gate,
			      mote_error *error)
{
	struct mote_kvm_x86_sync_regs *to = (void *)vm->run->sync_regs;
	const struct block *block = gate->state;
	mote_status status = MOTE_OK;

	if (gate->code.loads) {
		to->regs = block->regs;
		vm->run->dirty_regs = MOTE_KVM_X86_SYNC_REGS;
		vm->pending = MOTE_KVM_GATE_PENDING;
	} else {
		status = load_at_next_run(vm, block, MOTE_KVM_GATE_PENDING, error);
	}
	to->regs.rip = gate->code.pc;
	vm->gate = *gate;
	return status;
}

static bool has_exception(const struct block *block)
{
	return block->events.bytes[MOTE_KVM_X86_EVENTS_INJECTED] != 0 ||
	       block->events.bytes[MOTE_KVM_X86_EVENTS_PENDING] != 0;
}

mote_status mote_kvm_load_user_state(struct mote_vm *base, const void *state, size_t bytes,
				     const struct mote_user_gate *gate, mote_error *error)
{
	struct mote_kvm_vm *vm = (struct mote_kvm_vm *)base;
	const bool sync_regs = vm->kvm->arch->sync_regs;
	mote_status status = check_bytes(base, bytes, error);

	if (status != MOTE_OK)
		return status;
	/* A trap after the doorbell. */
	if (has_exception(state))
		return mote_kvm_load_state(base, state, bytes, error);
	if (gate != NULL && sync_regs && vm->pending != MOTE_KVM_EXIT_STASHED)
		return enter_gate(vm, &(struct mote_kvm_gate){*gate, state, bytes}, error);
	/* What is left of an instruction must not follow. */
	status = mote_kvm_forget_pending(vm, error);
	if (status != MOTE_OK)
		return status;
	if (sync_regs)
		return load_at_next_run(vm, state, MOTE_KVM_LOAD_PENDING, error);
	return load_parts(vm, state, USER_PART_COUNT, error);
}

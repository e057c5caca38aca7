/* SPDX-License-Identifier: Apache-2.0
 *
 * The run of a sandbox on the vCPU of the calling thread: the kick, and exits.
 */
#include <stdio.h>
#include <string.h>

#include "error_internal.h"
#include "hypervisor/arch/aarch64/aarch64_syndrome.h"
#include "hypervisor/backends/hvf/hvf_internal.h"

/* Ends of a run that say nothing, one after the other, that a guest may have. */
enum { MOST_INTERRUPTIONS = 1000 };

/* Tries of a kick that fails: without it nothing ends a guest that spins. */
enum { MOST_KICKS = 3 };

/* PSCI, Arm DEN 0022, 5.1: what a guest at EL1 may call. */
#define PSCI_SYSTEM_OFF 0x84000008u
#define PSCI_SYSTEM_RESET 0x84000009u

/* ---- The kick ------------------------------------------------------------------------------ */

static struct mote_hvf_kick *to_kick(struct mote_kick *kick)
{
	return (struct mote_hvf_kick *)kick;
}

static uint64_t vcpu_of(const struct mote_hvf_thread *thread)
{
	return thread != NULL ? thread->vcpu + 1 : 0;
}

static void kick_arm(struct mote_kick *base)
{
	struct mote_hvf_kick *kick = to_kick(base);

	atomic_store(&kick->missed, false);
	atomic_store(&kick->vcpu, vcpu_of(mote_hvf_thread_find()));
}

/* An exit that is asked for sticks to the vCPU until a run has ended by it. */
static void kick_send(struct mote_kick *base, uintptr_t thread)
{
	struct mote_hvf_kick *kick = to_kick(base);
	uint64_t vcpu;

	(void)thread;
	atomic_store(&kick->missed, true);
	vcpu = atomic_load(&kick->vcpu) - 1;
	for (int tries = 0; vcpu != UINT64_MAX && tries < MOST_KICKS; tries++)
		if (kick->system->vcpus_exit(&vcpu, 1) == MOTE_HV_SUCCESS)
			break;
}

/* One that comes too late ends the next run, without a reason: a retry. */
static void kick_take(struct mote_kick *kick)
{
	(void)kick;
}

static const struct mote_kick_ops kick_ops = {kick_arm, kick_send, kick_take};

void mote_hvf_kick_init(struct mote_hvf_kick *kick, const struct mote_hvf_system *system)
{
	kick->base.ops = &kick_ops;
	kick->system = system;
	atomic_init(&kick->vcpu, 0);
	atomic_init(&kick->missed, false);
}

/* ---- Exits --------------------------------------------------------------------------------- */

static mote_status read_register(const struct mote_hvf_vm *vm, uint32_t reg, uint64_t *value,
				 mote_error *error)
{
	const mote_hv_return code = vm->thread->system->vcpu_get_reg(vm->thread->vcpu, reg, value);

	return code == MOTE_HV_SUCCESS ? MOTE_OK : mote_hvf_fail(error, code, "hv_vcpu_get_reg");
}

/* The framework leaves the program counter on the instruction, and the value where it is. */
static mote_status decode_abort(struct mote_hvf_vm *vm, struct mote_vm_exit *exit,
				mote_error *error)
{
	const struct mote_hv_exit *from = vm->thread->exit;
	struct mote_aarch64_access *access = &vm->access;
	mote_status status = MOTE_OK;
	mote_regs regs = {.pc = 0};
	uint64_t value;

	mote_aarch64_access_decode(from->syndrome, from->physical_address, access);
	exit->kind = access->write ? MOTE_EXIT_MMIO_WRITE : MOTE_EXIT_MMIO_READ;
	exit->as.mmio.gpa = access->gpa;
	exit->as.mmio.size = 0;
	exit->as.mmio.data = NULL;
	if (!access->described)
		return MOTE_OK;
	status = read_register(vm, MOTE_HV_REG_PC, &vm->access_pc, error);
	if (status == MOTE_OK && access->register_index != MOTE_AARCH64_XZR)
		status = read_register(vm, access->register_index, &regs.x[access->register_index],
				       error);
	if (status != MOTE_OK)
		return status;
	value = access->write ? mote_aarch64_access_value(access, &regs) : 0;
	memcpy(vm->data, &value, sizeof(vm->data));
	vm->pending = true;
	exit->as.mmio.size = access->bytes;
	exit->as.mmio.data = vm->data;
	return MOTE_OK;
}

/* A fetch from where nothing is: nothing that could be described, nor retire. */
static void decode_fetch(const struct mote_hvf_vm *vm, struct mote_vm_exit *exit)
{
	exit->kind = MOTE_EXIT_MMIO_READ;
	exit->as.mmio.gpa = vm->thread->exit->physical_address;
	exit->as.mmio.size = 0;
	exit->as.mmio.data = NULL;
}

static void set_unknown(const struct mote_hvf_vm *vm, struct mote_vm_exit *exit)
{
	const struct mote_hv_exit *from = vm->thread->exit;

	exit->kind = MOTE_EXIT_UNKNOWN;
	snprintf(exit->as.text, sizeof(exit->as.text), "HVF exit %lu, %s, syndrome 0x%llx",
		 (unsigned long)from->reason,
		 mote_aarch64_exception_class_name(mote_aarch64_exception_class(from->syndrome)),
		 (unsigned long long)from->syndrome);
}

static mote_status decode_call(struct mote_hvf_vm *vm, struct mote_vm_exit *exit, mote_error *error)
{
	uint64_t function;
	const mote_status status = read_register(vm, 0, &function, error);

	set_unknown(vm, exit);
	if ((uint32_t)function == PSCI_SYSTEM_OFF)
		exit->kind = MOTE_EXIT_HALT;
	else if ((uint32_t)function == PSCI_SYSTEM_RESET)
		exit->kind = MOTE_EXIT_SHUTDOWN;
	return status;
}

/* It waits for nothing: no interrupt will come. */
static mote_status skip_wait(struct mote_hvf_vm *vm, struct mote_vm_exit *exit, mote_error *error)
{
	const struct mote_hvf_thread *thread = vm->thread;
	uint64_t pc;
	mote_hv_return code;
	mote_status status = read_register(vm, MOTE_HV_REG_PC, &pc, error);

	exit->kind = MOTE_EXIT_RETRY;
	if (status != MOTE_OK)
		return status;
	code = thread->system->vcpu_set_reg(thread->vcpu, MOTE_HV_REG_PC, pc + 4);
	return code == MOTE_HV_SUCCESS ? MOTE_OK : mote_hvf_fail(error, code, "hv_vcpu_set_reg");
}

static mote_status decode_exception(struct mote_hvf_vm *vm, struct mote_vm_exit *exit,
				    mote_error *error)
{
	const struct mote_hv_exit *from = vm->thread->exit;

	switch (mote_aarch64_exception_class(from->syndrome)) {
	case MOTE_AARCH64_EC_DATA_ABORT_LOWER:
		return decode_abort(vm, exit, error);
	case MOTE_AARCH64_EC_INSTRUCTION_ABORT_LOWER:
		decode_fetch(vm, exit);
		return MOTE_OK;
	case MOTE_AARCH64_EC_HVC:
	case MOTE_AARCH64_EC_SMC:
		return decode_call(vm, exit, error);
	case MOTE_AARCH64_EC_WFX:
		return skip_wait(vm, exit, error);
	case MOTE_AARCH64_EC_BREAKPOINT_LOWER:
	case MOTE_AARCH64_EC_STEP_LOWER:
	case MOTE_AARCH64_EC_WATCHPOINT_LOWER:
	case MOTE_AARCH64_EC_BRK:
		exit->kind = MOTE_EXIT_DEBUG;
		exit->as.debug.esr = from->syndrome;
		exit->as.debug.far = from->virtual_address;
		return MOTE_OK;
	default:
		set_unknown(vm, exit);
		return MOTE_OK;
	}
}

static mote_status decode(struct mote_hvf_vm *vm, struct mote_vm_exit *exit, mote_error *error)
{
	if (vm->thread->exit->reason == MOTE_HV_EXIT_EXCEPTION) {
		vm->interruptions = 0;
		return decode_exception(vm, exit, error);
	}
	exit->kind = MOTE_EXIT_RETRY;
	if (vm->thread->exit->reason == MOTE_HV_EXIT_CANCELED)
		vm->interruptions = 0;
	else if (++vm->interruptions >= MOST_INTERRUPTIONS)
		set_unknown(vm, exit);
	return MOTE_OK;
}

/* ---- The run ------------------------------------------------------------------------------- */

/* The thread's vCPU is new, and the kick does not know it yet.  False: there was one already. */
static bool missed_a_kick(struct mote_hvf_kick *kick, const struct mote_hvf_thread *thread)
{
	if (atomic_load(&kick->vcpu) == vcpu_of(thread))
		return false;
	atomic_store(&kick->vcpu, vcpu_of(thread));
	return atomic_load(&kick->missed);
}

/* What is mapped is the library's and cannot shrink. */
static mote_status fail_page(mote_error *error)
{
	const mote_status status =
		mote_fail(error, MOTE_NO_MEMORY,
			  "hv_vcpu_run: the host has no memory for a page that the guest touched");

	return mote_hvf_of_code(status, MOTE_HV_NO_RESOURCES, error);
}

mote_status mote_hvf_enter(struct mote_vm *base, struct mote_vm_exit *exit, mote_error *error)
{
	struct mote_hvf_vm *vm = mote_hvf_vm(base);
	struct mote_hvf_thread *thread;
	mote_status status = mote_hvf_thread_get(&thread, error);
	mote_hv_return code;

	if (status == MOTE_OK)
		status = mote_hvf_flush(thread, error);
	if (status == MOTE_OK)
		status = mote_hvf_load(vm, thread, error);
	if (status != MOTE_OK)
		return status;
	exit->kind = MOTE_EXIT_RETRY;
	if (missed_a_kick(&vm->kick, thread))
		return MOTE_OK;
	vm->in_vcpu = MOTE_HVF_ALL;
	thread->unsaved = vm;
	code = thread->system->vcpu_run(thread->vcpu);
	if (code == MOTE_HV_NO_RESOURCES)
		return fail_page(error);
	if (code != MOTE_HV_SUCCESS)
		return mote_hvf_fail(error, code, "hv_vcpu_run");
	return decode(vm, exit, error);
}

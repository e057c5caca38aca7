/* SPDX-License-Identifier: Apache-2.0
 *
 * The run of a KVM vCPU: interruption, exits, and pending accesses.  Source: Linux,
 * Documentation/virt/kvm/api.rst, 5 (the kvm_run structure).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "compiler.h"
#include "error_internal.h"
#include "hypervisor/backends/kvm/kvm_internal.h"
#include "hypervisor/interrupt/interrupt_internal.h"
#include "os/os.h"

/* How long the kernel may refuse a run before the refusal counts as permanent: doubling pauses, 255
 * ms in all. */
enum { REFUSALS = 8 };
static const uint64_t FIRST_PAUSE_NS = 1000000;

static struct mote_kvm_vm *to_vm(struct mote_vm *base)
{
	return (struct mote_kvm_vm *)base;
}

/* Reports a failure of KVM_RUN that no guest caused. */
static mote_status fail_run(mote_error *error, int code, const char *what)
{
	switch (code) {
	case EFAULT:
		/* The slots are ours and cannot shrink, so a page that backs them is missing. */
		return mote_os_fail_code(error, MOTE_NO_MEMORY, MOTE_DOMAIN_HYPERVISOR, code,
					 "%s: the host has no memory for a page that the guest "
					 "touched; see vm.overcommit_memory and the limits of the "
					 "memory cgroup",
					 what);
	case EAGAIN:
		return mote_os_fail_code(
			error, MOTE_LIMIT, MOTE_DOMAIN_HYPERVISOR, code,
			"%s: KVM may not start its worker thread; raise the limit on "
			"processes (RLIMIT_NPROC, ulimit -u) or that of the cgroup "
			"(pids.max)",
			what);
	default:
		return mote_kvm_fail(error, code, what);
	}
}

/* A run ended before it entered the guest.  KVM completes a pending access, and loads registers,
 * before it looks for signals, unless it could not even begin. */
static void settle(struct mote_kvm_vm *vm)
{
	const bool waits = vm->run->dirty_regs != 0;

	if (vm->pending == MOTE_KVM_GATE_PENDING && (waits || mote_kvm_arch_in_gate(vm)))
		return;
	vm->pending = waits ? MOTE_KVM_LOAD_PENDING : MOTE_KVM_NOTHING_PENDING;
}

/* Somebody wants to see or set registers before the gate has loaded them: the host does.  What
 * waits in the shared page is loaded with it. */
static mote_status leave_gate(struct mote_kvm_vm *vm, mote_error *error)
{
	mote_status status;

	vm->pending = MOTE_KVM_ACCESS_PENDING;
	status = mote_kvm_retire(vm, error);
	if (status == MOTE_OK)
		status = vm->base.ops->load_user_state(&vm->base, vm->gate.state, vm->gate.bytes,
						       NULL, error);
	if (status == MOTE_OK)
		status = mote_kvm_retire(vm, error);
	if (status != MOTE_OK)
		vm->pending = MOTE_KVM_GATE_PENDING;
	return status;
}

/*
 * KVM completes a port or MMIO access at the next run of the vCPU, which would overwrite registers
 * that were set in between.  A run that must not enter the guest completes just the access.  If the
 * same instruction makes another access, that exit is kept for later.
 */
mote_status mote_kvm_retire(struct mote_kvm_vm *vm, mote_error *error)
{
	int result;

	if (vm->pending == MOTE_KVM_GATE_PENDING)
		return leave_gate(vm, error);
	if (vm->pending != MOTE_KVM_ACCESS_PENDING && vm->pending != MOTE_KVM_LOAD_PENDING)
		return MOTE_OK;
	vm->known = 0;
	vm->run->immediate_exit = 1;
	result = mote_kvm_ioctl(vm->kvm, vm->vcpu_fd, MOTE_KVM_RUN, NULL);
	vm->run->immediate_exit = 0;
	if (result == -EINTR || result == -EAGAIN) {
		settle(vm);
		return MOTE_OK;
	}
	if (result < 0)
		return fail_run(error, -result, "KVM_RUN to finish an access");
	vm->pending = MOTE_KVM_EXIT_STASHED;
	return MOTE_OK;
}

static inline void decode_io(struct mote_kvm_vm *vm, struct mote_vm_exit *exit)
{
	struct mote_kvm_run *run = vm->run;
	bool out = run->as.io.direction == MOTE_KVM_EXIT_IO_OUT;

	vm->pending = MOTE_KVM_ACCESS_PENDING;
	exit->kind = out ? MOTE_EXIT_IO_OUT : MOTE_EXIT_IO_IN;
	exit->as.io.port = run->as.io.port;
	exit->as.io.size = run->as.io.size;
	exit->as.io.count = run->as.io.count;
	exit->as.io.data = (uint8_t *)run + run->as.io.data_offset;
	if (!out)
		memset(exit->as.io.data, 0, (size_t)run->as.io.size * run->as.io.count);
}

static void decode_mmio(struct mote_kvm_vm *vm, struct mote_vm_exit *exit)
{
	struct mote_kvm_run *run = vm->run;

	vm->pending = MOTE_KVM_ACCESS_PENDING;
	exit->kind = run->as.mmio.is_write ? MOTE_EXIT_MMIO_WRITE : MOTE_EXIT_MMIO_READ;
	exit->as.mmio.gpa = run->as.mmio.phys_addr;
	exit->as.mmio.size = (uint8_t)run->as.mmio.len;
	exit->as.mmio.data = run->as.mmio.data;
	if (!run->as.mmio.is_write)
		memset(run->as.mmio.data, 0, sizeof(run->as.mmio.data));
}

static void unknown(struct mote_vm_exit *exit, const char *what, uint64_t detail)
{
	exit->kind = MOTE_EXIT_UNKNOWN;
	snprintf(exit->as.text, sizeof(exit->as.text), "%s %llu", what, (unsigned long long)detail);
}

/* Exits that are no accesses, and so no doorbells. */
MOTE_COLD static void decode_other(struct mote_kvm_vm *vm, struct mote_vm_exit *exit)
{
	const struct mote_kvm_run *run = vm->run;

	vm->pending = MOTE_KVM_NOTHING_PENDING;
	switch (run->exit_reason) {
	case MOTE_KVM_EXIT_HLT:
		exit->kind = MOTE_EXIT_HALT;
		break;
	case MOTE_KVM_EXIT_INTR:
		exit->kind = MOTE_EXIT_RETRY;
		break;
	case MOTE_KVM_EXIT_SHUTDOWN:
		exit->kind = MOTE_EXIT_SHUTDOWN;
		break;
	case MOTE_KVM_EXIT_SYSTEM_EVENT:
		exit->kind = run->as.system_event.type == MOTE_KVM_SYSTEM_EVENT_SHUTDOWN
				     ? MOTE_EXIT_HALT
				     : MOTE_EXIT_SHUTDOWN;
		break;
	case MOTE_KVM_EXIT_INTERNAL_ERROR:
		unknown(exit, "KVM internal error, suberror", run->as.internal.suberror);
		break;
	case MOTE_KVM_EXIT_FAIL_ENTRY:
		unknown(exit, "KVM entry failure, hardware reason",
			run->as.fail_entry.hardware_entry_failure_reason);
		break;
	default:
		if (!mote_kvm_arch_exit(run, exit))
			unknown(exit, "KVM exit reason", run->exit_reason);
	}
}

static inline void decode(struct mote_kvm_vm *vm, struct mote_vm_exit *exit)
{
	if (vm->run->exit_reason == MOTE_KVM_EXIT_IO)
		decode_io(vm, exit);
	else if (vm->run->exit_reason == MOTE_KVM_EXIT_MMIO)
		decode_mmio(vm, exit);
	else
		decode_other(vm, exit);
}

/*
 * At a VM's first run, Linux 6.14 and later start a thread for KVM in this process, and return
 * EAGAIN where a process limit forbids it.  That may be temporary, so this retries for a limited
 * time.  A kick ends a pause, and then the run.
 */
static int run_again(struct mote_kvm_vm *vm)
{
	int result = -EAGAIN;

	for (unsigned i = 0; result == -EAGAIN && i < REFUSALS; i++) {
		mote_os_pause(FIRST_PAUSE_NS << i);
		if (mote_interrupt_cancelled(vm->base.interrupt))
			return -EINTR;
		result = mote_kvm_ioctl(vm->kvm, vm->vcpu_fd, MOTE_KVM_RUN, NULL);
	}
	return result;
}

/* A run that did not end in an exit. */
MOTE_COLD static mote_status end_failed_run(struct mote_kvm_vm *vm, int result,
					    struct mote_vm_exit *exit, mote_error *error)
{
	if (result == -EAGAIN)
		result = run_again(vm);
	if (result >= 0) {
		decode(vm, exit);
		return MOTE_OK;
	}
	if (mote_kvm_arch_run_error(-result, exit)) {
		vm->pending = MOTE_KVM_NOTHING_PENDING;
		return MOTE_OK;
	}
	if (result != -EINTR)
		return fail_run(error, -result, "KVM_RUN");
	settle(vm);
	exit->kind = MOTE_EXIT_RETRY;
	return MOTE_OK;
}

mote_status mote_kvm_enter(struct mote_vm *base, struct mote_vm_exit *exit, mote_error *error)
{
	struct mote_kvm_vm *vm = to_vm(base);
	int result = 0;

	vm->known = 0;
	mote_kvm_arch_clear_thread();
	if (vm->pending != MOTE_KVM_EXIT_STASHED)
		result = mote_kvm_ioctl(vm->kvm, vm->vcpu_fd, MOTE_KVM_RUN, NULL);
	if (result < 0)
		return end_failed_run(vm, result, exit, error);
	decode(vm, exit);
	return MOTE_OK;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The run of a VP, and the kick that ends it.
 *
 * The driver looks for signals before it enters the guest, and has nothing like a flag for a kick
 * that comes before the system call begins.  So a VP runs through a descriptor of its own, and a
 * kick makes that a descriptor of another file first, then sends a signal: a run that begins later
 * fails, one that has begun ends.
 */
#include <errno.h>
#include <stdio.h>

#include "error_internal.h"
#include "hypervisor/backends/mshv/mshv_internal.h"
#include "os/os_error.h"

/* Tries to replace a descriptor: without that a kick may come too early, and be lost. */
enum { MOST_TRIES = 3 };

/* ---- The kick -------------------------------------------------------------------------------- */

static struct mote_mshv_vm *to_vm(struct mote_kick *kick)
{
	return ((struct mote_mshv_kick *)kick)->vm;
}

static int replace(const struct mote_mshv_vm *vm, int by)
{
	const struct mote_linux_device *system = vm->mshv->system;
	int result = -EINTR;

	for (int i = 0; result < 0 && i < MOST_TRIES; i++)
		result = system->replace(system, vm->run, by);
	return result;
}

/* What take could not undo is undone by the next run. */
static void kick_arm(struct mote_kick *kick)
{
	(void)kick;
}

static void kick_send(struct mote_kick *kick, uintptr_t thread)
{
	const struct mote_mshv_vm *vm = to_vm(kick);

	(void)replace(vm, vm->mshv->null_fd);
	mote_kick_signal_send(vm->mshv->kick_signal, thread);
}

static void kick_take(struct mote_kick *kick)
{
	struct mote_mshv_vm *vm = to_vm(kick);

	mote_kick_signal_take();
	vm->replaced = replace(vm, vm->vp) < 0;
}

void mote_mshv_kick_init(struct mote_mshv_vm *vm)
{
	static const struct mote_kick_ops ops = {kick_arm, kick_send, kick_take};

	vm->kick = (struct mote_mshv_kick){.base = {&ops}, .vm = vm};
}

/* ---- The run --------------------------------------------------------------------------------- */

void mote_mshv_set_unknown(const struct mote_mshv_vm *vm, struct mote_vm_exit *exit)
{
	exit->kind = MOTE_EXIT_UNKNOWN;
	if (vm->message.type == (uint32_t)MOTE_MSHV_MESSAGE_INVALID_REGISTER)
		snprintf(exit->as.text, sizeof(exit->as.text),
			 "MSHV: the registers are not those of a processor that can run");
	else
		snprintf(exit->as.text, sizeof(exit->as.text), "MSHV message 0x%lx",
			 (unsigned long)vm->message.type);
}

static mote_status fail_run(mote_error *error, int code)
{
	/* What is mapped is the library's and cannot shrink, so a page that backs it is missing. */
	if (code == EFAULT)
		return mote_os_fail_code(error, MOTE_NO_MEMORY, MOTE_DOMAIN_HYPERVISOR, code,
					 "MSHV_RUN_VP: the host has no memory for a page that the "
					 "guest touched; see vm.overcommit_memory and the limits "
					 "of the memory cgroup");
	return mote_mshv_fail(error, code, "MSHV_RUN_VP");
}

/* A kick's replacement that is still there. */
static mote_status put_back(struct mote_mshv_vm *vm, mote_error *error)
{
	const int result = replace(vm, vm->vp);

	vm->replaced = result < 0;
	return result < 0 ? mote_mshv_fail(error, -result, "dup3 of a VP") : MOTE_OK;
}

mote_status mote_mshv_enter(struct mote_vm *base, struct mote_vm_exit *exit, mote_error *error)
{
	struct mote_mshv_vm *vm = mote_mshv_vm(base);
	mote_status status = vm->replaced ? put_back(vm, error) : MOTE_OK;
	bool has_exit = false;
	int result;

	if (status == MOTE_OK)
		status = mote_mshv_arch_enter(vm, exit, &has_exit, error);
	if (status != MOTE_OK || has_exit)
		return status;
	vm->message.type = MOTE_MSHV_MESSAGE_NONE;
	result = mote_mshv_ioctl(vm->mshv, vm->run, MOTE_MSHV_RUN_VP, &vm->message);
	if (result >= 0)
		return mote_mshv_arch_exit(vm, exit, error);
	/* ENOTTY: what the other file says. */
	if (result != -EINTR && result != -ENOTTY)
		return fail_run(error, -result);
	exit->kind = MOTE_EXIT_RETRY;
	return MOTE_OK;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The run of a VP, the kick that ends it, and the clock of its guest.
 */
#include "error_internal.h"
#include "hypervisor/backends/whp/whp_internal.h"

/* Tries of a kick that fails: without it nothing ends a guest that spins. */
enum { MOST_TRIES = 3 };

/* Exits in a row for an access that the guest may make: the last one is told. */
enum { MOST_FIRST_ACCESSES = 1000 };

/* ---- The kick -------------------------------------------------------------------------------- */

/* A cancellation stays until a run has seen it: so it may come before the run, and one that comes
 * too late ends the next run, which is tried again. */
static void kick_arm(struct mote_kick *kick)
{
	(void)kick;
}

static void kick_send(struct mote_kick *kick, uintptr_t thread)
{
	const struct mote_whp_vm *vm = ((const struct mote_whp_kick *)kick)->vm;

	(void)thread;
	for (int i = 0; i < MOST_TRIES; i++)
		if (vm->whp->system->CancelRunVirtualProcessor(vm->partition, 0, 0) >= 0)
			return;
}

static void kick_take(struct mote_kick *kick)
{
	(void)kick;
}

/* ---- The clock ------------------------------------------------------------------------------- */

/* The time of the hypervisor is a part of the total. */
static bool read_clock(const struct mote_guest_clock *clock, uint64_t *ns)
{
	const struct mote_whp_vm *vm = ((const struct mote_whp_clock *)clock)->vm;
	struct mote_whp_runtime runtime;
	uint32_t written = 0;

	if (!vm->has_vp ||
	    vm->whp->system->GetVirtualProcessorCounters(vm->partition, 0, MOTE_WHP_COUNTER_RUNTIME,
							 &runtime, sizeof(runtime), &written) < 0)
		return false;
	*ns = runtime.total_100ns * 100;
	return true;
}

void mote_whp_kick_init(struct mote_whp_vm *vm)
{
	static const struct mote_kick_ops ops = {kick_arm, kick_send, kick_take};

	vm->kick = (struct mote_whp_kick){.base = {&ops}, .vm = vm};
	vm->clock = (struct mote_whp_clock){.base = {read_clock}, .vm = vm};
}

/* ---- The run --------------------------------------------------------------------------------- */

bool mote_whp_is_first_access(struct mote_whp_vm *vm, uint64_t gpa, unsigned access)
{
	if (mote_hyperv_memory(&vm->hyperv, gpa, access == MOTE_HYPERV_WRITE) == NULL)
		return false;
	vm->tries = gpa == vm->tried_gpa ? vm->tries + 1 : 1;
	vm->tried_gpa = gpa;
	return vm->tries < MOST_FIRST_ACCESSES;
}

mote_status mote_whp_enter(struct mote_vm *base, struct mote_vm_exit *exit, mote_error *error)
{
	struct mote_whp_vm *vm = mote_whp_vm(mote_hyperv_vm(base));
	bool has_exit = false;
	mote_status status = mote_whp_arch_enter(vm, exit, &has_exit, error);

	return status != MOTE_OK || has_exit ? status : mote_whp_arch_run(vm, exit, error);
}

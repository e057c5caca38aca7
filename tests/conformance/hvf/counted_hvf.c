/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts what goes to Hypervisor.framework, and makes one call fail.  A call that fails has not
 * happened.
 */
#include "counted_hvf.h"

#include <stdio.h>
#include <string.h>

#include "hvf_under_test.h"
#include "hypervisor/backends/hvf/hvf_abi.h"
#include "sim/hvf/hvf_table.h"

static struct hypervisor_calls *counted;
static const struct mote_hvf_system *real;
static struct mote_hvf_system watched; /* the same, but for what a run is */
static _Thread_local struct mote_hv_exit *exit_of_thread;

/* Counts a call.  The code that it fails with. */
static mote_hv_return count(const char *what)
{
	if (++counted->calls != counted->fail_at || counted->code == COUNT_HVF_INTERRUPTION)
		return MOTE_HV_SUCCESS;
	counted->failed = true;
	/* What gives back is also called where nobody can be told, and what asks for limits where
	 * there are others to take. */
	counted->ignored = strcmp(what, "vm_unmap") == 0 || strcmp(what, "vm_destroy") == 0 ||
			   strcmp(what, "vcpu_destroy") == 0 ||
			   strcmp(what, "vm_config_get_default_ipa_size") == 0;
	snprintf(counted->what, sizeof(counted->what), "hv_%s", what);
	return (mote_hv_return)counted->code;
}

#define FORWARD(name, parameters, arguments)                                                       \
	static mote_hv_return counting_##name parameters                                           \
	{                                                                                          \
		const mote_hv_return code = count(#name);                                          \
                                                                                                   \
		return code == MOTE_HV_SUCCESS ? watched.name arguments : code;                    \
	}

SIM_HVF_TABLE_MAP(FORWARD)

/* ---- Functions that are watched ------------------------------------------------------------ */

static mote_hv_return create(uint64_t *vcpu, struct mote_hv_exit **exit, void *config)
{
	const mote_hv_return code = real->vcpu_create(vcpu, exit, config);

	if (code == MOTE_HV_SUCCESS)
		exit_of_thread = *exit;
	return code;
}

static mote_hv_return run(uint64_t vcpu)
{
	if (counted->code == COUNT_HVF_INTERRUPTION && !counted->failed) {
		counted->failed = true;
		*exit_of_thread = (struct mote_hv_exit){.reason = MOTE_HV_EXIT_CANCELED};
		return MOTE_HV_SUCCESS;
	}
	counted->runs++;
	if (counted->before_run != NULL)
		counted->before_run(counted->user);
	return real->vcpu_run(vcpu);
}

const struct mote_system *const *count_hvf(struct hypervisor_calls *calls)
{
	static struct mote_hvf_system counting;
	static const struct mote_system *const systems[] = {&counting.base, NULL};

	real = (const struct mote_hvf_system *)hvf_systems()[0];
	watched = *real;
	watched.vcpu_create = create;
	watched.vcpu_run = run;
	counting = *real;
#define COUNTING(name, parameters) counting.name = counting_##name;
	MOTE_HV_FUNCTION_MAP(COUNTING)
	MOTE_HV_OPTIONAL_MAP(COUNTING)
#undef COUNTING
	counted = calls;
	return systems;
}

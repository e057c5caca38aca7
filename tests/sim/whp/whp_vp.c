/* SPDX-License-Identifier: Apache-2.0
 *
 * A VP of the simulated platform: its registers, which are those of the hypervisor by names of the
 * platform's own, and its runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/whp/whp_internal.h"

/* ---- Registers ------------------------------------------------------------------------------- */

static mote_whp_result check_names(const uint32_t *given, uint32_t number, const void *values)
{
	if ((uintptr_t)values % 16 != 0 || number == 0)
		return MOTE_WHP_E_INVALIDARG;
	for (uint32_t i = 0; i < number; i++)
		if (whp_arch_name(given[i]) == 0)
			return MOTE_WHP_E_INVALID_REGISTER_NAME;
	return MOTE_WHP_OK;
}

mote_whp_result whp_get_registers(mote_whp_partition handle, uint32_t index, const uint32_t *given,
				  uint32_t number, struct mote_hyperv_value *values)
{
	struct vp *vp = whp_find_vp(handle, index);
	mote_whp_result result = check_names(given, number, values);

	if (!vp)
		return MOTE_WHP_E_VP_DOES_NOT_EXIST;
	for (uint32_t i = 0; i < number && result == MOTE_WHP_OK; i++)
		if (mshv_arch_get(vp, whp_arch_name(given[i]), &values[i]) != MOTE_MSHV_SUCCESS)
			result = MOTE_WHP_E_INVALID_REGISTER_NAME;
	return result;
}

mote_whp_result whp_set_registers(mote_whp_partition handle, uint32_t index, const uint32_t *given,
				  uint32_t number, const struct mote_hyperv_value *values)
{
	struct vp *vp = whp_find_vp(handle, index);
	mote_whp_result result = check_names(given, number, values);

	if (!vp)
		return MOTE_WHP_E_VP_DOES_NOT_EXIST;
	if (atomic_load(&whp_find(handle)->runs) != 0)
		return MOTE_WHP_E_INVALID_VP_STATE;
	for (uint32_t i = 0; i < number && result == MOTE_WHP_OK; i++)
		if (!whp_arch_may_set(given[i]))
			result = MOTE_WHP_E_ACCESSDENIED;
		else if (mshv_arch_set(vp, whp_arch_name(given[i]), &values[i]) !=
			 MOTE_MSHV_SUCCESS)
			result = MOTE_WHP_E_INVALIDARG;
	return result;
}

/* ---- A VP ------------------------------------------------------------------------------------ */

mote_whp_result whp_make_vp(struct whp_partition *partition)
{
	struct vp *vp = calloc(1, sizeof(*vp));
	uint64_t mask;

	if (!vp)
		return MOTE_WHP_E_OUTOFMEMORY;
	vp->partition = &partition->hypervisors;
	mask = sim_block_signals();
	vp->core = sim_vcpu_make(partition->hypervisors.machine);
	sim_restore_signals(mask);
	if (!vp->core || mshv_arch_begin(vp) != 0) {
		free(vp);
		return MOTE_WHP_E_NO_RESOURCES;
	}
	pthread_mutex_init(&vp->lock, NULL);
	whp_arch_begin(vp);
	partition->hypervisors.vps[0] = vp;
	return MOTE_WHP_OK;
}

mote_whp_result whp_translate(mote_whp_partition handle, uint32_t index, uint64_t gva,
			      uint32_t flags, struct mote_whp_translated *result, uint64_t *gpa)
{
	struct vp *vp = whp_find_vp(handle, index);

	(void)flags;
	if (!vp)
		return MOTE_WHP_E_VP_DOES_NOT_EXIST;
	*result = (struct mote_whp_translated){.code = 1};
	if (!mshv_arch_translate(vp, gva, gpa))
		return MOTE_WHP_OK;
	result->code = sim_machine_host(vp->partition->machine, *gpa) ? 0 : 4;
	return MOTE_WHP_OK;
}

mote_whp_result whp_counters(mote_whp_partition handle, uint32_t index, uint32_t set, void *buffer,
			     uint32_t bytes, uint32_t *written)
{
	struct vp *vp = whp_find_vp(handle, index);
	struct mote_whp_runtime runtime = {0};

	if (!vp)
		return MOTE_WHP_E_VP_DOES_NOT_EXIST;
	if (set != MOTE_WHP_COUNTER_RUNTIME)
		return MOTE_WHP_E_INVALIDARG;
	if (bytes < sizeof(runtime))
		return MOTE_WHP_E_INSUFFICIENT_BUFFER;
	runtime.total_100ns = sim_vcpu_cpu_ns(vp->core) / 100;
	memcpy(buffer, &runtime, sizeof(runtime));
	if (written)
		*written = sizeof(runtime);
	return MOTE_WHP_OK;
}

/* ---- Runs ------------------------------------------------------------------------------------ */

static mote_whp_result run(struct whp_partition *partition, struct vp *vp, void *out)
{
	const unsigned every = sim_whp_rules()->cancel;
	struct sim_exit exit;
	int code;

	if (every != 0 && ++partition->runs_so_far % every == 0)
		sim_vcpu_cancel(vp->core);
	code = sim_vcpu_run(vp->core, NULL, &exit);
	if (code != 0) {
		fprintf(stderr, "simulated WHP: KVM_RUN: %s\n", strerror(code));
		return MOTE_WHP_E_INVALID_VP_STATE;
	}
	if (exit.kind == SIM_ABORT && exit.is_mapped)
		(void)whp_provide(partition, exit.physical_address);
	return whp_arch_tell(vp, &exit, out);
}

mote_whp_result whp_run(mote_whp_partition handle, uint32_t index, void *exit, uint32_t bytes)
{
	struct whp_partition *partition = whp_find(handle);
	struct vp *vp = whp_find_vp(handle, index);
	uint64_t out[WHP_EXIT_WORDS] = {0};
	mote_whp_result result;
	int nobody = 0;

	if (!vp)
		return MOTE_WHP_E_VP_DOES_NOT_EXIST;
	if (bytes < WHP_EXIT_LEAST)
		return MOTE_WHP_E_INSUFFICIENT_BUFFER;
	if (!atomic_compare_exchange_strong(&partition->runs, &nobody, getpid()))
		return MOTE_WHP_E_INVALID_VP_STATE;
	result = run(partition, vp, out);
	atomic_store(&partition->runs, 0);
	memcpy(exit, out, bytes < sizeof(out) ? bytes : sizeof(out));
	return result;
}

mote_whp_result whp_cancel(mote_whp_partition handle, uint32_t index, uint32_t flags)
{
	struct vp *vp = whp_find_vp(handle, index);

	if (!vp)
		return MOTE_WHP_E_VP_DOES_NOT_EXIST;
	if (flags != 0)
		return MOTE_WHP_E_INVALIDARG;
	sim_vcpu_cancel(vp->core);
	return MOTE_WHP_OK;
}

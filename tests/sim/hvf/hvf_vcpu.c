/* SPDX-License-Identifier: Apache-2.0
 *
 * What a vCPU of the simulated Hypervisor.framework has besides registers: rules 8 and 9 of hvf.c,
 * and what is remembered alone.
 */
#include "sim/hvf/hvf_framework.h"

static void set_line(struct vcpu *vcpu, uint32_t type, bool pending)
{
	if (vcpu->pending[type] != pending)
		sim_set_line(vcpu->core, type == SIM_HVF_IRQ ? SIM_IRQ : SIM_FIQ, pending);
	vcpu->pending[type] = pending;
}

void sim_hvf_lower_lines(struct vcpu *vcpu)
{
	for (uint32_t i = 0; i < SIM_HVF_LINES; i++)
		set_line(vcpu, i, false);
}

static mote_hv_return give(const struct vcpu *vcpu, bool *to, bool value)
{
	if (vcpu)
		*to = value;
	return vcpu ? MOTE_HV_SUCCESS : MOTE_HV_BAD_ARGUMENT;
}

mote_hv_return hv_vcpu_get_pending_interrupt(uint64_t id, uint32_t type, bool *pending)
{
	const struct vcpu *vcpu = type < SIM_HVF_LINES ? sim_hvf_owned(id) : NULL;

	return give(vcpu, pending, vcpu && vcpu->pending[type]);
}

mote_hv_return hv_vcpu_set_pending_interrupt(uint64_t id, uint32_t type, bool pending)
{
	struct vcpu *vcpu = type < SIM_HVF_LINES ? sim_hvf_owned(id) : NULL;

	if (!vcpu)
		return MOTE_HV_BAD_ARGUMENT;
	set_line(vcpu, type, pending);
	return MOTE_HV_SUCCESS;
}

mote_hv_return hv_vcpu_get_trap_debug_exceptions(uint64_t id, bool *trap)
{
	const struct vcpu *vcpu = sim_hvf_owned(id);

	return give(vcpu, trap, vcpu && vcpu->traps_debug);
}

mote_hv_return hv_vcpu_set_trap_debug_exceptions(uint64_t id, bool trap)
{
	struct vcpu *vcpu = sim_hvf_owned(id);

	if (!vcpu)
		return MOTE_HV_BAD_ARGUMENT;
	vcpu->traps_debug = trap;
	sim_trap_debug(vcpu->core, trap);
	return MOTE_HV_SUCCESS;
}

mote_hv_return hv_vcpu_get_trap_debug_reg_accesses(uint64_t id, bool *trap)
{
	const struct vcpu *vcpu = sim_hvf_owned(id);

	return give(vcpu, trap, vcpu && vcpu->traps_debug_registers);
}

mote_hv_return hv_vcpu_set_trap_debug_reg_accesses(uint64_t id, bool trap)
{
	struct vcpu *vcpu = sim_hvf_owned(id);

	if (!vcpu)
		return MOTE_HV_BAD_ARGUMENT;
	vcpu->traps_debug_registers = trap;
	return MOTE_HV_SUCCESS;
}

mote_hv_return hv_vcpu_get_vtimer_mask(uint64_t id, bool *masked)
{
	const struct vcpu *vcpu = sim_hvf_owned(id);

	return give(vcpu, masked, vcpu && vcpu->timer_is_masked);
}

mote_hv_return sim_hvf_set_vtimer_mask(uint64_t id, bool masked)
{
	struct vcpu *vcpu = sim_hvf_owned(id);

	if (!vcpu)
		return MOTE_HV_BAD_ARGUMENT;
	vcpu->timer_is_masked = masked;
	return MOTE_HV_SUCCESS;
}

mote_hv_return hv_vcpu_get_vtimer_offset(uint64_t id, uint64_t *offset)
{
	const struct vcpu *vcpu = sim_hvf_owned(id);

	if (!vcpu)
		return MOTE_HV_BAD_ARGUMENT;
	*offset = vcpu->timer_offset;
	return MOTE_HV_SUCCESS;
}

mote_hv_return hv_vcpu_set_vtimer_offset(uint64_t id, uint64_t offset)
{
	struct vcpu *vcpu = sim_hvf_owned(id);

	if (!vcpu)
		return MOTE_HV_BAD_ARGUMENT;
	vcpu->timer_offset = offset;
	return MOTE_HV_SUCCESS;
}

mote_hv_return hv_vcpu_get_exec_time(uint64_t id, uint64_t *time)
{
	const struct vcpu *vcpu = sim_hvf_owned(id);

	if (!vcpu)
		return MOTE_HV_BAD_ARGUMENT;
	*time = sim_vcpu_cpu_ns(vcpu->core) / 1000 * sim_counter_hz() / 1000000;
	return MOTE_HV_SUCCESS;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What a VP of the simulated platform is on x86_64.
 */
#include <stdio.h>
#include <string.h>

#include "hypervisor/backends/whp/whp_abi_x86_64.h"
#include "sim/core/core_x86_64.h"
#include "sim/mshv/mshv_internal_x86_64.h"
#include "sim/whp/whp_foreign.h"
#include "sim/whp/whp_internal.h"

enum { CS_BASE = 0xf0000 };

_Static_assert(sizeof(struct mote_whp_exit) <= WHP_EXIT_WORDS * sizeof(uint64_t), "an exit");

#define HV(name) MOTE_MSHV_X64_##name
#define NAME(name) MOTE_WHP_X64_##name

/* ---- Names ----------------------------------------------------------------------------------- */

/* Names that are as many numbers apart here as there. */
static const struct {
	uint32_t first, last, theirs;
} names[] = {
	{NAME(RAX), NAME(RFLAGS), HV(RAX)},
	{NAME(ES), NAME(TR), HV(ES)},
	{NAME(IDTR), NAME(GDTR), HV(IDTR)},
	{NAME(CR0), NAME(CR8), HV(CR0)},
	{NAME(DR0), NAME(DR7), HV(DR0)},
	{NAME(XCR0), NAME(XCR0), HV(XFEM)},
	{NAME(XMM0), NAME(XMM_CONTROL), HV(XMM0)},
	{NAME(TSC), NAME(SFMASK), HV(TSC)},
	{NAME(PENDING_INTERRUPTION), NAME(PENDING_INTERRUPTION), MOTE_MSHV_PENDING_INTERRUPTION},
	{NAME(INTERRUPT_STATE), NAME(INTERRUPT_STATE), MOTE_MSHV_INTERRUPT_STATE},
	{NAME(PENDING_EVENT), NAME(PENDING_EVENT), MOTE_MSHV_PENDING_EVENT_0},
	{NAME(INTERNAL_ACTIVITY), NAME(INTERNAL_ACTIVITY), MOTE_MSHV_INTERNAL_ACTIVITY},
	{NAME(PENDING_DEBUG_EXCEPTION), NAME(PENDING_DEBUG_EXCEPTION), MOTE_MSHV_PENDING_EVENT_1},
};

uint32_t whp_arch_name(uint32_t name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (name >= names[i].first && name <= names[i].last)
			return names[i].theirs + (name - names[i].first);
	return 0;
}

bool whp_arch_may_set(uint32_t name)
{
	return name != NAME(APIC_BASE);
}

void whp_arch_begin(struct vp *vp)
{
	sim_change_special(vp->core)->cs.base = CS_BASE;
}

mote_whp_result whp_arch_property(uint32_t code, uint32_t bytes)
{
	return whp_foreign_property(code, bytes);
}

uint64_t whp_arch_features(void)
{
	return MOTE_WHP_FEATURE_XSAVE;
}

uint32_t whp_arch_capability_bytes(uint32_t code)
{
	return code == WHP_CAPABILITY_EXCEPTIONS ? sizeof(uint64_t) : 0;
}

static mote_whp_result whp_cpuid(mote_whp_partition handle, uint32_t index, uint32_t eax,
				 uint32_t ecx, struct mote_whp_cpuid *output)
{
	uint32_t registers[4];

	if (!whp_find_vp(handle, index))
		return MOTE_WHP_E_VP_DOES_NOT_EXIST;
	mshv_arch_cpuid(eax, ecx, registers);
	*output = (struct mote_whp_cpuid){registers[0], registers[1], registers[2], registers[3]};
	return MOTE_WHP_OK;
}

/* ---- Extended state -------------------------------------------------------------------------- */

static mote_whp_result whp_get_xsave(mote_whp_partition handle, uint32_t index, void *buffer,
				     uint32_t bytes, uint32_t *written)
{
	struct vp *vp = whp_find_vp(handle, index);
	uint32_t needed;

	if (!vp)
		return MOTE_WHP_E_VP_DOES_NOT_EXIST;
	needed = mshv_arch_xsave_bytes(vp->partition);
	if (written)
		*written = needed;
	if (!buffer || bytes < needed)
		return MOTE_WHP_E_INSUFFICIENT_BUFFER;
	return mshv_arch_get_xsave(vp, buffer) == 0 ? MOTE_WHP_OK : MOTE_WHP_E_INVALIDARG;
}

static mote_whp_result whp_set_xsave(mote_whp_partition handle, uint32_t index, const void *buffer,
				     uint32_t bytes)
{
	struct vp *vp = whp_find_vp(handle, index);

	if (!vp)
		return MOTE_WHP_E_VP_DOES_NOT_EXIST;
	if (!buffer || bytes != mshv_arch_xsave_bytes(vp->partition))
		return MOTE_WHP_E_INVALIDARG;
	return mshv_arch_set_xsave(vp, buffer) == 0 ? MOTE_WHP_OK : MOTE_WHP_E_INVALIDARG;
}

void whp_arch_functions(struct mote_whp_system *table)
{
	table->GetVirtualProcessorXsaveState = whp_get_xsave;
	table->SetVirtualProcessorXsaveState = whp_set_xsave;
	table->GetVirtualProcessorCpuidOutput = sim_whp_rules()->old ? NULL : whp_cpuid;
}

/* ---- Exits ----------------------------------------------------------------------------------- */

static void fill_context(struct vp *vp, const struct sim_exit *exit, struct mote_whp_exit *out)
{
	const struct kvm_regs *general = sim_general(vp->core);
	const struct kvm_sregs *special = sim_special(vp->core);

	out->state = (uint16_t)(special->ss.dpl | (special->cr0 & 1) << 2 |
				(special->cr0 >> 18 & 1) << 3 | (special->efer >> 10 & 1) << 4);
	out->length_cr8 = (uint8_t)(exit->length | special->cr8 << 4);
	out->cs = mshv_segment_of(&special->cs);
	out->rip = general->rip;
	out->rflags = general->rflags;
}

static void tell_port(struct vp *vp, const struct sim_exit *exit, struct mote_whp_exit *out)
{
	const struct kvm_regs *general = sim_general(vp->core);
	const struct kvm_sregs *special = sim_special(vp->core);
	struct mote_whp_x64_port *port = &out->as.port;

	out->reason = MOTE_WHP_X64_EXIT_PORT;
	port->instruction_bytes = exit->instruction_bytes;
	memcpy(port->instruction, exit->instruction, exit->instruction_bytes);
	port->information = (exit->access == SIM_WRITE ? 1u : 0) | (uint32_t)exit->port_bytes << 1 |
			    (uint32_t)exit->is_string << 4 | (uint32_t)exit->is_repeated << 5;
	port->port = exit->port;
	port->rax = general->rax;
	port->rcx = general->rcx;
	port->rsi = general->rsi;
	port->rdi = general->rdi;
	port->ds = mshv_segment_of(&special->ds);
	port->es = mshv_segment_of(&special->es);
}

/* The platform does not always know the length. */
static void tell_memory(const struct sim_exit *exit, struct mote_whp_exit *out)
{
	struct mote_whp_x64_memory *memory = &out->as.memory;
	const unsigned access = exit->access == SIM_EXECUTE ? MOTE_HYPERV_EXECUTE
				: exit->access == SIM_WRITE ? MOTE_HYPERV_WRITE
							    : MOTE_HYPERV_READ;

	out->reason = MOTE_WHP_X64_EXIT_MEMORY;
	out->length_cr8 &= 0xf0;
	memory->information = access | (exit->is_mapped ? 0 : 1u << 2);
	memory->gpa = exit->physical_address;
	if (exit->access == SIM_EXECUTE)
		return;
	memory->instruction_bytes = exit->instruction_bytes;
	memcpy(memory->instruction, exit->instruction, exit->instruction_bytes);
}

mote_whp_result whp_arch_tell(struct vp *vp, const struct sim_exit *exit, void *context)
{
	struct mote_whp_exit *out = context;

	fill_context(vp, exit, out);
	switch (exit->kind) {
	case SIM_PORT:
		tell_port(vp, exit, out);
		return MOTE_WHP_OK;
	case SIM_ABORT:
		tell_memory(exit, out);
		return MOTE_WHP_OK;
	case SIM_HALT:
		out->reason = MOTE_WHP_X64_EXIT_HALT;
		out->rip = ++sim_change_general(vp->core)->rip;
		return MOTE_WHP_OK;
	case SIM_SHUTDOWN:
		out->reason = MOTE_WHP_X64_EXIT_UNRECOVERABLE;
		return MOTE_WHP_OK;
	case SIM_REFUSED:
		out->reason = MOTE_WHP_X64_EXIT_INVALID_REGISTER;
		return MOTE_WHP_OK;
	case SIM_CANCELLED:
		out->reason = MOTE_WHP_X64_EXIT_CANCELED;
		return MOTE_WHP_OK;
	default:
		fprintf(stderr, "simulated WHP: %s\n", exit->why);
		return MOTE_WHP_E_INVALID_VP_STATE;
	}
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What a VP of the simulated platform is on aarch64: registers and exits as the hypervisor has
 * them.
 */
#include <stdio.h>
#include <string.h>

#include "hypervisor/backends/whp/whp_abi_aarch64.h"
#include "sim/core/core_aarch64.h"
#include "sim/whp/whp_internal.h"

enum { EL_SHIFT = 2, EL_MASK = 3, VALID_VA = 1 };
#define ISV (1ull << 24)

_Static_assert(sizeof(struct mote_whp_exit) <= WHP_EXIT_WORDS * sizeof(uint64_t), "an exit");

uint32_t whp_arch_name(uint32_t name)
{
	return name;
}

bool whp_arch_may_set(uint32_t name)
{
	(void)name;
	return true;
}

void whp_arch_begin(struct vp *vp)
{
	(void)vp;
}

mote_whp_result whp_arch_property(uint32_t code, uint32_t bytes)
{
	if (code != MOTE_WHP_A64_PROPERTY_INTERRUPT_CONTROLLER)
		return MOTE_WHP_E_UNKNOWN_PROPERTY;
	return bytes == sizeof(struct mote_whp_a64_interrupt_controller) ? MOTE_WHP_OK
									 : MOTE_WHP_E_INVALIDARG;
}

uint64_t whp_arch_features(void)
{
	return MOTE_WHP_FEATURE_ARM64;
}

uint32_t whp_arch_capability_bytes(uint32_t code)
{
	(void)code;
	return 0;
}

/* ---- x86_64 has these ------------------------------------------------------------------------ */

void whp_arch_functions(struct mote_whp_system *table)
{
	(void)table;
}

/* ---- Exits ----------------------------------------------------------------------------------- */

static void fill_header(struct vp *vp, struct mote_hyperv_a64_header *header, uint8_t access)
{
	header->vp = vp->index;
	header->length = 4;
	header->access = access;
	header->cpsr = sim_get(vp->core, SIM_PSTATE);
	header->state = (uint16_t)(header->cpsr >> EL_SHIFT & EL_MASK);
	header->pc = sim_get(vp->core, SIM_PC);
}

static void tell_memory(struct vp *vp, const struct sim_exit *exit, struct mote_whp_exit *out)
{
	struct mote_hyperv_a64_memory *memory = &out->as.memory;

	out->reason =
		exit->is_mapped ? MOTE_WHP_A64_EXIT_GPA_INTERCEPT : MOTE_WHP_A64_EXIT_UNMAPPED_GPA;
	fill_header(vp, &memory->header,
		    exit->access == SIM_EXECUTE ? MOTE_HYPERV_EXECUTE
		    : exit->access == SIM_WRITE ? MOTE_HYPERV_WRITE
						: MOTE_HYPERV_READ);
	memory->information = exit->syndrome & ISV ? VALID_VA : 0;
	if (memory->information)
		memory->virtual_address = exit->virtual_address;
	memory->physical_address = exit->physical_address;
	memory->syndrome = exit->syndrome;
	memory->instruction_bytes = exit->instruction_bytes;
	memcpy(memory->instruction, exit->instruction, sizeof(memory->instruction));
}

static void tell_reset(struct vp *vp, const struct sim_exit *exit, struct mote_whp_exit *out)
{
	out->reason = MOTE_WHP_A64_EXIT_RESET;
	fill_header(vp, &out->as.reset.header, MOTE_HYPERV_EXECUTE);
	out->as.reset.type = exit->is_reboot ? MOTE_HYPERV_A64_REBOOT : MOTE_HYPERV_A64_POWER_OFF;
}

mote_whp_result whp_arch_tell(struct vp *vp, const struct sim_exit *exit, void *context)
{
	struct mote_whp_exit *out = context;

	switch (exit->kind) {
	case SIM_ABORT:
		tell_memory(vp, exit, out);
		return MOTE_WHP_OK;
	case SIM_CALL:
		tell_reset(vp, exit, out);
		return MOTE_WHP_OK;
	case SIM_CANCELLED:
		out->reason = MOTE_WHP_A64_EXIT_CANCELED;
		return MOTE_WHP_OK;
	default:
		fprintf(stderr, "simulated WHP: %s\n", exit->why);
		return MOTE_WHP_E_INVALID_VP_STATE;
	}
}

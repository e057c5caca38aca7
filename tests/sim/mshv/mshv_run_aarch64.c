/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs of an aarch64 VP, and the messages that end them.  The program counter is that of the
 * instruction, which has not retired; an access is told by its syndrome.
 */
#include "hypervisor/backends/hyperv/hyperv_abi_aarch64.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim/core/core_aarch64.h"
#include "sim/mshv/mshv_internal.h"

int mshv_arch_begin(struct vp *vp)
{
	(void)vp;
	return 0;
}

bool mshv_arch_can_intercept(uint32_t vector)
{
	(void)vector;
	return false;
}

/* The page there has nothing that a VP of this architecture needs. */
bool mshv_arch_has_page(void)
{
	return false;
}

void mshv_arch_settle(struct vp *vp, uint32_t name)
{
	(void)vp;
	(void)name;
}

void mshv_arch_publish(struct vp *vp)
{
	(void)vp;
}

uint16_t mshv_arch_cpuid(uint32_t function, uint32_t index, uint32_t registers[4])
{
	(void)function;
	(void)index;
	(void)registers;
	return MOTE_MSHV_INVALID_CODE;
}

bool mshv_arch_translate(struct vp *vp, uint64_t va, uint64_t *gpa)
{
	return sim_translate(vp->core, va, gpa);
}

uint64_t mshv_arch_xsave_states(const struct partition *partition)
{
	(void)partition;
	return 0;
}

uint32_t mshv_arch_xsave_bytes(const struct partition *partition)
{
	(void)partition;
	return 0;
}

long mshv_arch_get_xsave(struct vp *vp, void *area)
{
	(void)vp;
	(void)area;
	return -EINVAL;
}

long mshv_arch_set_xsave(struct vp *vp, const void *area)
{
	(void)vp;
	(void)area;
	return -EINVAL;
}

/* ---- Messages -------------------------------------------------------------------------------- */

enum { EL_SHIFT = 2, EL_MASK = 3, VALID_VA = 1 };
#define ISV (1ull << 24)

static void fill_header(struct vp *vp, struct mote_hyperv_a64_header *header, uint8_t access)
{
	header->vp = vp->index;
	header->length = 4;
	header->access = access;
	header->cpsr = sim_get(vp->core, SIM_PSTATE);
	header->state = (uint16_t)(header->cpsr >> EL_SHIFT & EL_MASK);
	header->pc = sim_get(vp->core, SIM_PC);
}

static void tell_memory(struct vp *vp, const struct sim_exit *exit)
{
	const uint32_t type =
		exit->is_mapped ? MOTE_MSHV_MESSAGE_GPA_INTERCEPT : MOTE_MSHV_MESSAGE_UNMAPPED_GPA;
	struct mote_hyperv_a64_memory *message = mshv_begin_message(vp, type, sizeof(*message));

	fill_header(vp, &message->header,
		    exit->access == SIM_EXECUTE ? MOTE_HYPERV_EXECUTE
		    : exit->access == SIM_WRITE ? MOTE_HYPERV_WRITE
						: MOTE_HYPERV_READ);
	message->information = exit->syndrome & ISV ? VALID_VA : 0;
	if (message->information)
		message->virtual_address = exit->virtual_address;
	message->physical_address = exit->physical_address;
	message->syndrome = exit->syndrome;
	message->instruction_bytes = exit->instruction_bytes;
	memcpy(message->instruction, exit->instruction, exit->instruction_bytes);
}

static void tell_reset(struct vp *vp, const struct sim_exit *exit)
{
	struct mote_hyperv_a64_reset *message =
		mshv_begin_message(vp, MOTE_MSHV_MESSAGE_ARM64_RESET, sizeof(*message));

	fill_header(vp, &message->header, MOTE_HYPERV_EXECUTE);
	message->type = exit->is_reboot ? MOTE_HYPERV_A64_REBOOT : MOTE_HYPERV_A64_POWER_OFF;
}

static long tell(struct vp *vp, const struct sim_exit *exit)
{
	switch (exit->kind) {
	case SIM_SIGNAL:
		return -EINTR;
	case SIM_ABORT:
		tell_memory(vp, exit);
		return 0;
	case SIM_CALL:
		tell_reset(vp, exit);
		return 0;
	default:
		fprintf(stderr, "simulated MSHV: %s\n", exit->why);
		return -EIO;
	}
}

/* Not told: the driver goes on with the guest. */
static bool is_hidden(const struct sim_exit *exit)
{
	return exit->kind == SIM_ABORT && exit->is_mapped && exit->access == SIM_WRITE &&
	       sim_mshv_rules()->kernel == SIM_MSHV_6_19;
}

long mshv_arch_run(struct vp *vp, uint64_t mask)
{
	struct sim_exit exit;
	int code;

	do
		code = sim_vcpu_run(vp->core, &mask, &exit);
	while (code == 0 && is_hidden(&exit));
	if (code != 0) {
		fprintf(stderr, "simulated MSHV: KVM_RUN: %s\n", strerror(code));
		return -code;
	}
	return tell(vp, &exit);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs of an x86_64 VP, and the messages that end them.  RIP is that of the instruction, which has
 * not retired; of a memory access there is neither size nor data.
 */
#include "sim/mshv/mshv_internal_x86_64.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "sim/core/core_x86_64.h"

enum { VECTOR_DB = 1, VECTOR_BP = 3 };

int mshv_arch_begin(struct vp *vp)
{
	struct kvm_xcrs *control = sim_change_control(vp->core);

	control->nr_xcrs = 1;
	control->xcrs[0].xcr = 0;
	control->xcrs[0].value = 1;
	return 0;
}

/* KVM has these alone as exits. */
bool mshv_arch_can_intercept(uint32_t vector)
{
	return vector == VECTOR_DB || vector == VECTOR_BP;
}

uint16_t mshv_arch_cpuid(uint32_t function, uint32_t index, uint32_t registers[4])
{
	const struct kvm_cpuid2 *table = sim_cpuid();

	memset(registers, 0, 4 * sizeof(registers[0]));
	for (uint32_t i = 0; i < table->nent; i++) {
		const struct kvm_cpuid_entry2 *entry = &table->entries[i];

		if (entry->function != function ||
		    (entry->flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX && entry->index != index))
			continue;
		registers[0] = entry->eax;
		registers[1] = entry->ebx;
		registers[2] = entry->ecx;
		registers[3] = entry->edx;
		break;
	}
	return MOTE_MSHV_SUCCESS;
}

bool mshv_arch_translate(struct vp *vp, uint64_t va, uint64_t *gpa)
{
	return sim_settle(vp->core) == 0 && sim_translate(vp->core, va, gpa);
}

/* ---- Messages -------------------------------------------------------------------------------- */

static uint8_t access_of(const struct sim_exit *exit)
{
	if (exit->access == SIM_EXECUTE)
		return MOTE_HYPERV_EXECUTE;
	return exit->access == SIM_WRITE ? MOTE_HYPERV_WRITE : MOTE_HYPERV_READ;
}

static void fill_header(struct vp *vp, struct mote_mshv_x64_header *header, uint8_t length,
			uint8_t access)
{
	const struct kvm_regs *general = sim_general(vp->core);
	const struct kvm_sregs *special = sim_special(vp->core);

	header->vp = vp->index;
	header->length_cr8 = (uint8_t)(length | special->cr8 << 4);
	header->access = access;
	header->state = (uint16_t)(special->ss.dpl | (special->cr0 & 1) << 2 |
				   (special->cr0 >> 18 & 1) << 3 | (special->efer >> 10 & 1) << 4);
	header->cs = mshv_segment_of(&special->cs);
	header->rip = general->rip;
	header->rflags = general->rflags;
}

static void tell_port(struct vp *vp, const struct sim_exit *exit)
{
	struct mote_mshv_x64_port *message =
		mshv_begin_message(vp, MOTE_MSHV_MESSAGE_X64_IO_PORT, sizeof(*message));
	const struct kvm_regs *general = sim_general(vp->core);
	const struct kvm_sregs *special = sim_special(vp->core);

	fill_header(vp, &message->header, exit->length, access_of(exit));
	message->port = exit->port;
	message->information =
		(uint8_t)(exit->port_bytes | exit->is_string << 3 | exit->is_repeated << 4);
	message->instruction_bytes = exit->instruction_bytes;
	memcpy(message->instruction, exit->instruction, exit->instruction_bytes);
	message->ds = mshv_segment_of(&special->ds);
	message->es = mshv_segment_of(&special->es);
	message->rax = general->rax;
	message->rcx = general->rcx;
	message->rsi = general->rsi;
	message->rdi = general->rdi;
}

static void tell_memory(struct vp *vp, const struct sim_exit *exit)
{
	const uint32_t type =
		exit->is_mapped ? MOTE_MSHV_MESSAGE_GPA_INTERCEPT : MOTE_MSHV_MESSAGE_UNMAPPED_GPA;
	struct mote_mshv_x64_memory *message = mshv_begin_message(vp, type, sizeof(*message));

	fill_header(vp, &message->header, 0, access_of(exit));
	message->physical_address = exit->physical_address;
	if (exit->access == SIM_EXECUTE)
		return;
	message->instruction_bytes = exit->instruction_bytes;
	memcpy(message->instruction, exit->instruction, exit->instruction_bytes);
}

static void tell_exception(struct vp *vp, const struct sim_exit *exit)
{
	struct mote_mshv_x64_exception *message =
		mshv_begin_message(vp, MOTE_MSHV_MESSAGE_X64_EXCEPTION, sizeof(*message));
	const struct kvm_sregs *special = sim_special(vp->core);
	const char *general = (const char *)sim_general(vp->core);

	fill_header(vp, &message->header, exit->length, MOTE_HYPERV_EXECUTE);
	message->vector = exit->vector;
	message->information = exit->vector == VECTOR_BP ? 2 : 0;
	message->instruction_bytes = exit->instruction_bytes;
	memcpy(message->instruction, exit->instruction, exit->instruction_bytes);
	message->ds = mshv_segment_of(&special->ds);
	message->ss = mshv_segment_of(&special->ss);
	for (uint32_t i = 0; i < 16; i++)
		memcpy(&message->registers[i], general + mshv_general_offset(i),
		       sizeof(message->registers[i]));
}

static void tell_halt(struct vp *vp)
{
	struct mote_mshv_x64_header *message =
		mshv_begin_message(vp, MOTE_MSHV_MESSAGE_X64_HALT, sizeof(*message));

	if (!sim_mshv_rules()->halt_on)
		sim_change_general(vp->core)->rip++;
	fill_header(vp, message, 1, MOTE_HYPERV_EXECUTE);
}

static void tell_end(struct vp *vp)
{
	struct mote_mshv_x64_header *message =
		mshv_begin_message(vp, MOTE_MSHV_MESSAGE_UNRECOVERABLE, sizeof(*message));

	fill_header(vp, message, 0, MOTE_HYPERV_READ);
}

/* ---- The run --------------------------------------------------------------------------------- */

/* Not told: the hypervisor, or the driver, goes on with the guest. */
static bool is_hidden(const struct vp *vp, const struct sim_exit *exit)
{
	/* With a local APIC a halt waits for an interrupt, which never comes here. */
	if (exit->kind == SIM_HALT && vp->partition->has_lapic) {
		sched_yield();
		return true;
	}
	return exit->kind == SIM_ABORT && exit->is_mapped && exit->access == SIM_WRITE &&
	       sim_mshv_rules()->kernel == SIM_MSHV_6_19;
}

static long tell(struct vp *vp, const struct sim_exit *exit)
{
	switch (exit->kind) {
	case SIM_SIGNAL:
		return -EINTR;
	case SIM_PORT:
		tell_port(vp, exit);
		return 0;
	case SIM_ABORT:
		tell_memory(vp, exit);
		return 0;
	case SIM_DEBUG:
		tell_exception(vp, exit);
		return 0;
	case SIM_HALT:
		tell_halt(vp);
		return 0;
	case SIM_SHUTDOWN:
		tell_end(vp);
		return 0;
	case SIM_REFUSED:
		mshv_begin_message(vp, MOTE_MSHV_MESSAGE_INVALID_REGISTER, 8);
		return 0;
	default:
		fprintf(stderr, "simulated MSHV: %s\n", exit->why);
		return -EIO;
	}
}

long mshv_arch_run(struct vp *vp, uint64_t mask)
{
	const uint32_t vectors = atomic_load(&vp->partition->vectors);
	struct mote_mshv_x64_page *page = (void *)vp->pages;
	struct sim_exit exit;
	int code;

	mshv_take_page(vp);
	page->valid = 0;
	sim_trap_vectors(vp->core, vectors & 1u << VECTOR_DB, vectors & 1u << VECTOR_BP);
	do
		code = sim_vcpu_run(vp->core, &mask, &exit);
	while (code == 0 && is_hidden(vp, &exit));
	if (code != 0) {
		fprintf(stderr, "simulated MSHV: KVM_RUN: %s\n", strerror(code));
		return -code;
	}
	return tell(vp, &exit);
}

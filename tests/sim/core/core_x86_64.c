/* SPDX-License-Identifier: Apache-2.0
 *
 * The core over KVM of an x86_64 Linux: registers, and exits before their instruction retires.
 * KVM has retired some instructions when it exits (port and memory writes that its emulator made,
 * hlt), and keeps others pending; both are undone here.  Where KVM has moved on, the instruction
 * is found by core_x86_64_store.c.
 *
 * Not as on a processor: what a write to two pages has put into memory on the first, and a store
 * that core_x86_64_store.c does not know, which is SIM_OTHER.
 */
#define _GNU_SOURCE /* timer_t */
#include "sim/core/core_x86_64.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "bed/svm_tss.h"
#include "hypervisor/backends/kvm/kvm_internal.h"
#include "sim/core/core_internal.h"
#include "sim/core/core_x86_64_internal.h"

/* ---- Registers ----------------------------------------------------------------------------- */

enum part { SPECIAL, GENERAL, CONTROL, EXTENDED, DEBUG, EVENTS, PARTS };

struct registers {
	unsigned known, changed; /* bits by enum part */
	struct kvm_sregs special;
	struct kvm_regs general;
	struct kvm_xcrs control;
	_Alignas(8) uint8_t extended[SIM_EXTENDED_BYTES];
	struct kvm_debugregs debug;
	struct kvm_vcpu_events events;
	bool traps_debug, traps_breakpoint, traps_given;
	bool steps; /* KVM steps instead of the guest's TF */
};

/* In the order in which KVM gets them. */
static const struct {
	unsigned long get, set;
	size_t offset;
} parts[PARTS] = {
	[SPECIAL] = {KVM_GET_SREGS, KVM_SET_SREGS, offsetof(struct registers, special)},
	[GENERAL] = {KVM_GET_REGS, KVM_SET_REGS, offsetof(struct registers, general)},
	[CONTROL] = {KVM_GET_XCRS, KVM_SET_XCRS, offsetof(struct registers, control)},
	[EXTENDED] = {KVM_GET_XSAVE, KVM_SET_XSAVE, offsetof(struct registers, extended)},
	[DEBUG] = {KVM_GET_DEBUGREGS, KVM_SET_DEBUGREGS, offsetof(struct registers, debug)},
	[EVENTS] = {KVM_GET_VCPU_EVENTS, KVM_SET_VCPU_EVENTS, offsetof(struct registers, events)},
};

static void *get_part(struct sim_vcpu *vcpu, enum part part)
{
	struct registers *registers = vcpu->registers;
	void *values = (char *)registers + parts[part].offset;

	if (!(registers->known & 1u << part))
		ioctl(vcpu->fd, parts[part].get, values);
	registers->known |= 1u << part;
	return values;
}

static void *change_part(struct sim_vcpu *vcpu, enum part part)
{
	void *values = get_part(vcpu, part);

	vcpu->registers->changed |= 1u << part;
	return values;
}

#define PART(name, type, part)                                                                     \
	const type *sim_##name(struct sim_vcpu *vcpu)                                              \
	{                                                                                          \
		return get_part(vcpu, part);                                                       \
	}                                                                                          \
	type *sim_change_##name(struct sim_vcpu *vcpu)                                             \
	{                                                                                          \
		return change_part(vcpu, part);                                                    \
	}

PART(general, struct kvm_regs, GENERAL)
PART(special, struct kvm_sregs, SPECIAL)
PART(control, struct kvm_xcrs, CONTROL)
PART(extended, uint8_t, EXTENDED)
PART(debug, struct kvm_debugregs, DEBUG)
PART(events, struct kvm_vcpu_events, EVENTS)

void sim_arch_forget(struct sim_vcpu *vcpu)
{
	vcpu->registers->known = 0;
}

/* Gives KVM what was changed. EINVAL: it refuses; what it has refused is still to be given. */
int sim_settle(struct sim_vcpu *vcpu)
{
	struct registers *registers = vcpu->registers;
	struct kvm_sregs special = registers->special;

	if (svm_is_bed())
		svm_fix_tss(&special);
	for (int part = 0; part < PARTS; part++) {
		void *values = (char *)registers + parts[part].offset;

		if (!(registers->changed & 1u << part))
			continue;
		if (ioctl(vcpu->fd, parts[part].set, part == SPECIAL ? &special : values) != 0)
			return errno;
		registers->changed &= ~(1u << part);
	}
	return 0;
}

static bool move_msr(struct sim_vcpu *vcpu, unsigned long request, uint32_t index, uint64_t *value)
{
	union {
		struct kvm_msrs head;
		uint8_t bytes[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
	} msrs = {.head.nmsrs = 1};
	bool moved;

	msrs.head.entries[0] = (struct kvm_msr_entry){.index = index, .data = *value};
	moved = ioctl(vcpu->fd, request, &msrs) == 1;
	*value = msrs.head.entries[0].data;
	return moved;
}

bool sim_get_msr(struct sim_vcpu *vcpu, uint32_t index, uint64_t *value)
{
	return move_msr(vcpu, KVM_GET_MSRS, index, value);
}

bool sim_set_msr(struct sim_vcpu *vcpu, uint32_t index, uint64_t value)
{
	return move_msr(vcpu, KVM_SET_MSRS, index, &value);
}

/* ---- Life ---------------------------------------------------------------------------------- */

enum { CPUID_ENTRIES = 256 };

static union {
	struct kvm_cpuid2 head;
	uint8_t bytes[sizeof(struct kvm_cpuid2) + CPUID_ENTRIES * sizeof(struct kvm_cpuid_entry2)];
} cpuid;
static pthread_mutex_t cpuid_lock = PTHREAD_MUTEX_INITIALIZER;

const struct kvm_cpuid2 *sim_cpuid(void)
{
	return &cpuid.head;
}

/* Of all machines of the process, since it is the processor's. */
static void fill_cpuid(int kvm_fd)
{
	pthread_mutex_lock(&cpuid_lock);
	if (cpuid.head.nent == 0) {
		cpuid.head.nent = CPUID_ENTRIES;
		if (ioctl(kvm_fd, KVM_GET_SUPPORTED_CPUID, &cpuid) != 0)
			cpuid.head.nent = 0;
	}
	pthread_mutex_unlock(&cpuid_lock);
}

int sim_arch_create_vm(int kvm_fd, unsigned address_bits)
{
	(void)address_bits;
	fill_cpuid(kvm_fd);
	return ioctl(kvm_fd, KVM_CREATE_VM, 0ul);
}

struct registers *sim_arch_make_registers(void)
{
	return calloc(1, sizeof(struct registers));
}

int sim_arch_reset(struct sim_vcpu *vcpu)
{
	memset(vcpu->registers, 0, sizeof(*vcpu->registers));
	return ioctl(vcpu->fd, KVM_SET_CPUID2, &cpuid) == 0 ? 0 : errno;
}

/* ---- Before a run -------------------------------------------------------------------------- */

const bool sim_arch_looks = false;

bool sim_arch_look(struct sim_vcpu *vcpu, struct sim_exit *exit)
{
	(void)vcpu;
	(void)exit;
	return false;
}

void sim_trap_vectors(struct sim_vcpu *vcpu, bool debug, bool breakpoint)
{
	vcpu->registers->traps_debug = debug;
	vcpu->registers->traps_breakpoint = breakpoint;
}

/* KVM makes #DB an exit only where it debugs by itself. */
static void set_debug(struct sim_vcpu *vcpu)
{
	struct registers *registers = vcpu->registers;
	const bool traps = registers->traps_debug || registers->traps_breakpoint;
	struct kvm_guest_debug debug = {0};

	if (!traps && !registers->traps_given)
		return;
	registers->steps = false;
	if (traps)
		debug.control = KVM_GUESTDBG_ENABLE;
	if (registers->traps_breakpoint)
		debug.control |= KVM_GUESTDBG_USE_SW_BP;
	if (registers->traps_debug && sim_general(vcpu)->rflags & 1u << 8) {
		debug.control |= KVM_GUESTDBG_SINGLESTEP;
		registers->steps = true;
	}
	if (registers->traps_debug && sim_debug(vcpu)->dr7 & 0xff) {
		debug.control |= KVM_GUESTDBG_USE_HW_BP;
		memcpy(debug.arch.debugreg, sim_debug(vcpu)->db, 4 * sizeof(uint64_t));
		debug.arch.debugreg[7] = sim_debug(vcpu)->dr7;
	}
	ioctl(vcpu->fd, KVM_SET_GUEST_DEBUG, &debug);
	registers->traps_given = traps;
}

/* How many page tables it may have KVM finds out when memory comes or goes; before, it runs
 * nothing. */
static void allow_tables(struct sim_machine *machine)
{
	static _Alignas(4096) uint8_t page[4096];
	struct kvm_userspace_memory_region region = {
		.slot = SIM_SLOTS,
		.memory_size = sizeof(page),
		.userspace_addr = (uintptr_t)page,
	};

	ioctl(machine->vm_fd, KVM_SET_USER_MEMORY_REGION, &region);
	region.memory_size = 0;
	ioctl(machine->vm_fd, KVM_SET_USER_MEMORY_REGION, &region);
	machine->had_memory = true;
}

int sim_arch_prepare(struct sim_vcpu *vcpu)
{
	const int code = sim_settle(vcpu);

	if (!vcpu->machine->had_memory)
		allow_tables(vcpu->machine);
	mote_kvm_arch_clear_thread(); /* of what other guests left in it */
	if (code == 0)
		set_debug(vcpu);
	return code;
}

/* ---- Memory of the guest ------------------------------------------------------------------- */

bool sim_translate(const struct sim_vcpu *vcpu, uint64_t va, uint64_t *gpa)
{
	struct kvm_translation translation = {.linear_address = va};

	if (ioctl(vcpu->fd, KVM_TRANSLATE, &translation) != 0 || !translation.valid)
		return false;
	*gpa = translation.physical_address;
	return true;
}

size_t sim_copy_guest(const struct sim_vcpu *vcpu, uint64_t va, void *bytes, size_t count,
		      bool to_guest)
{
	size_t done = 0;

	while (done < count) {
		size_t part = 4096 - ((va + done) & 4095);
		uint64_t gpa;
		void *host;

		if (!sim_translate(vcpu, va + done, &gpa))
			break;
		host = sim_machine_host(vcpu->machine, gpa);
		if (!host)
			break;
		if (part > count - done)
			part = count - done;
		if (to_guest)
			memcpy(host, (char *)bytes + done, part);
		else
			memcpy((char *)bytes + done, host, part);
		done += part;
	}
	return done;
}

/* ---- Exits --------------------------------------------------------------------------------- */

static uint64_t code_base(struct sim_vcpu *vcpu)
{
	return sim_is_long(vcpu) ? 0 : sim_special(vcpu)->cs.base;
}

bool sim_is_long(struct sim_vcpu *vcpu)
{
	return sim_special(vcpu)->efer & 1u << 10 && sim_special(vcpu)->cs.l;
}

static void add_instruction(struct sim_vcpu *vcpu, struct sim_exit *exit)
{
	const uint64_t at = code_base(vcpu) + sim_general(vcpu)->rip;

	exit->instruction_bytes = (uint8_t)sim_copy_guest(vcpu, at, exit->instruction,
							  SIM_INSTRUCTION_BYTES - 1, false);
}

/* What an instruction stores when KVM finishes it, of which nothing may stay. */
struct spoilt {
	uint64_t va;
	size_t bytes;
	uint8_t memory[4096];
	bool has_registers;
	uint8_t extended[SIM_EXTENDED_BYTES];
	struct kvm_sregs special;
};

static void remember_memory(struct sim_vcpu *vcpu, struct spoilt *spoilt, uint64_t va, size_t bytes)
{
	if (bytes > sizeof(spoilt->memory))
		return;
	spoilt->va = va;
	spoilt->bytes = sim_copy_guest(vcpu, va, spoilt->memory, bytes, false);
}

/* The instruction at the program counter, which waits for data. */
static void remember(struct sim_vcpu *vcpu, const struct sim_instruction *instruction,
		     struct spoilt *spoilt)
{
	const struct kvm_regs *general = sim_general(vcpu);
	const struct kvm_run *run = vcpu->run;
	const size_t count = run->exit_reason == KVM_EXIT_IO ? run->io.count : 1;
	const size_t bytes = count * instruction->bytes;
	const uint64_t di = general->rdi & instruction->address_mask;

	spoilt->bytes = 0;
	spoilt->has_registers = instruction->opcode > 0xff;
	if (spoilt->has_registers) {
		memcpy(spoilt->extended, sim_extended(vcpu), SIM_EXTENDED_BYTES);
		spoilt->special = *sim_special(vcpu);
	}
	if (!instruction->is_string)
		return;
	if (general->rflags & 1u << 10) /* DF */
		remember_memory(vcpu, spoilt,
				instruction->es_base + di + instruction->bytes - bytes, bytes);
	else
		remember_memory(vcpu, spoilt, instruction->es_base + di, bytes);
}

static void put_back(struct sim_vcpu *vcpu, struct spoilt *spoilt)
{
	sim_copy_guest(vcpu, spoilt->va, spoilt->memory, spoilt->bytes, true);
	if (!spoilt->has_registers)
		return;
	memcpy(sim_change_extended(vcpu), spoilt->extended, SIM_EXTENDED_BYTES);
	*sim_change_special(vcpu) = spoilt->special;
}

/* An access to two pages, or of more than 8 bytes, is several exits. */
static void finish_all(struct sim_vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	bool goes_on = true;

	for (int i = 0; i < 4096 && goes_on; i++) {
		if (run->exit_reason == KVM_EXIT_MMIO && !run->mmio.is_write)
			memset(run->mmio.data, 0, sizeof(run->mmio.data));
		else if (run->exit_reason == KVM_EXIT_IO && run->io.direction == KVM_EXIT_IO_IN)
			memset((char *)run + run->io.data_offset, 0, run->io.size * run->io.count);
		else if (run->exit_reason != KVM_EXIT_MMIO && run->exit_reason != KVM_EXIT_IO)
			break;
		goes_on = sim_finish(vcpu);
	}
}

/* Of an instruction that KVM has waited with, and that may have led elsewhere. */
static uint8_t length_of(uint64_t rip, uint64_t next)
{
	return next - rip <= 15 ? (uint8_t)(next - rip) : 0;
}

/* What cannot be undone is no exit that a hypervisor has. */
static void give_up(struct sim_exit *exit, uint64_t rip)
{
	exit->kind = SIM_OTHER;
	snprintf(exit->why, sizeof(exit->why), "an unknown store before %#llx",
		 (unsigned long long)rip);
}

static void undo(struct sim_vcpu *vcpu, struct sim_exit *exit)
{
	const struct kvm_regs before = *sim_general(vcpu);
	struct sim_access access = sim_access_of(vcpu);
	struct sim_instruction instruction = {0};
	struct spoilt spoilt = {0};
	const bool may_be_here = sim_decode(vcpu, before.rip, &instruction);
	struct kvm_regs now;

	if (may_be_here && !access.writes)
		remember(vcpu, &instruction, &spoilt);
	finish_all(vcpu);
	now = *sim_general(vcpu);
	put_back(vcpu, &spoilt);
	*sim_change_general(vcpu) = before;
	if (!access.writes || now.rip != before.rip)
		exit->length = length_of(before.rip, now.rip);
	else if (!sim_find_store(vcpu, &access, &instruction))
		give_up(exit, before.rip);
	if (instruction.length != 0 && exit->length == 0)
		exit->length = instruction.length;
	exit->is_string = instruction.is_string;
	exit->is_repeated = instruction.is_repeated;
	add_instruction(vcpu, exit);
}

static void decode_memory(struct sim_vcpu *vcpu, struct sim_exit *exit)
{
	exit->kind = SIM_ABORT;
	exit->access = vcpu->run->mmio.is_write ? SIM_WRITE : SIM_READ;
	exit->physical_address = vcpu->run->mmio.phys_addr;
	exit->is_mapped = sim_machine_host(vcpu->machine, exit->physical_address) != NULL;
	undo(vcpu, exit);
}

static void decode_port(struct sim_vcpu *vcpu, struct sim_exit *exit)
{
	exit->kind = SIM_PORT;
	exit->access = vcpu->run->io.direction == KVM_EXIT_IO_OUT ? SIM_WRITE : SIM_READ;
	exit->port = vcpu->run->io.port;
	exit->port_bytes = vcpu->run->io.size;
	undo(vcpu, exit);
}

static void decode_debug(struct sim_vcpu *vcpu, struct sim_exit *exit)
{
	exit->kind = SIM_DEBUG;
	exit->vector = (uint8_t)vcpu->run->debug.arch.exception;
	exit->length = exit->vector == 3;
	if (exit->vector == 1)
		sim_change_debug(vcpu)->dr6 = vcpu->run->debug.arch.dr6;
	if (vcpu->registers->steps) /* of which KVM takes the flag away */
		sim_change_general(vcpu)->rflags |= 1u << 8;
	add_instruction(vcpu, exit);
}

/* KVM's emulator gives up where a fetch finds nothing. */
static void decode_error(struct sim_vcpu *vcpu, struct sim_exit *exit)
{
	const uint64_t va = code_base(vcpu) + sim_general(vcpu)->rip;
	uint64_t gpa;

	snprintf(exit->why, sizeof(exit->why), "KVM exit %u.%u", vcpu->run->exit_reason,
		 vcpu->run->internal.suberror);
	if (!sim_translate(vcpu, va, &gpa) || sim_machine_host(vcpu->machine, gpa))
		return;
	exit->kind = SIM_ABORT;
	exit->access = SIM_EXECUTE;
	exit->physical_address = gpa;
}

void sim_arch_decode(struct sim_vcpu *vcpu, struct sim_exit *exit)
{
	*exit = (struct sim_exit){.kind = SIM_OTHER};
	switch (vcpu->run->exit_reason) {
	case KVM_EXIT_IO:
		decode_port(vcpu, exit);
		break;
	case KVM_EXIT_MMIO:
		decode_memory(vcpu, exit);
		break;
	case KVM_EXIT_HLT:
		exit->kind = SIM_HALT;
		exit->length = 1;
		sim_change_general(vcpu)->rip--;
		break;
	case KVM_EXIT_DEBUG:
		decode_debug(vcpu, exit);
		break;
	case KVM_EXIT_SHUTDOWN:
		exit->kind = SIM_SHUTDOWN;
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		decode_error(vcpu, exit);
		break;
	default:
		snprintf(exit->why, sizeof(exit->why), "KVM exit %u", vcpu->run->exit_reason);
		break;
	}
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The core over KVM of an aarch64 Linux.  KVM finishes an access at the next run; here it is
 * undone, so that the program counter is on the instruction and no register has changed, and what
 * the processor would have said of it is made from the instruction.
 *
 * Not as on a processor: KVM answers calls of the hypervisor itself, but for those that end the
 * machine, and it notices a fetch from where nothing is late.
 */
#define _GNU_SOURCE /* timer_t */
#include "sim/core/core_aarch64.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "sim/core/core_internal.h"

/* What registers are known to have since the vCPU last ran: each costs a system call. */
struct known {
	uint64_t id, run;
	uint8_t value[16];
};

enum { KNOWN = 512 };

struct registers {
	uint64_t run; /* from 1 on */
	struct known known[KNOWN];
};

int sim_arch_create_vm(int kvm_fd, unsigned address_bits)
{
	struct kvm_enable_cap undescribed = {.cap = KVM_CAP_ARM_NISV_TO_USER};
	int fd = ioctl(kvm_fd, KVM_CREATE_VM, (unsigned long)address_bits);

	if (fd < 0) /* the machine has fewer bits */
		fd = ioctl(kvm_fd, KVM_CREATE_VM, 0ul);
	if (fd >= 0)
		ioctl(fd, KVM_ENABLE_CAP, &undescribed);
	return fd;
}

/* ---- Registers ----------------------------------------------------------------------------- */

#define CORE(field, size) (KVM_REG_ARM64 | (size) | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(field))

static struct known *find_known(const struct sim_vcpu *vcpu, uint64_t id)
{
	return &vcpu->registers->known[(id ^ id >> 9) % KNOWN];
}

static size_t size_of(uint64_t id)
{
	return 1u << ((id & KVM_REG_SIZE_MASK) >> KVM_REG_SIZE_SHIFT);
}

void sim_arch_forget(struct sim_vcpu *vcpu)
{
	vcpu->registers->run++;
}

struct registers *sim_arch_make_registers(void)
{
	struct registers *registers = calloc(1, sizeof(*registers));

	if (registers)
		registers->run = 1;
	return registers;
}

static int move(const struct sim_vcpu *vcpu, unsigned long request, uint64_t id, void *value)
{
	struct kvm_one_reg one = {.id = id, .addr = (uintptr_t)value};
	struct known *known = find_known(vcpu, id);
	const bool is_known = known->id == id && known->run == vcpu->registers->run;

	if (is_known && request == KVM_GET_ONE_REG) {
		memcpy(value, known->value, size_of(id));
		return 0;
	}
	if (is_known && memcmp(value, known->value, size_of(id)) == 0)
		return 0;
	if (ioctl(vcpu->fd, request, &one) != 0)
		return errno;
	/* What is read may not be what was written. */
	known->run = 0;
	if (request == KVM_GET_ONE_REG && id != KVM_REG_ARM_TIMER_CNT) {
		*known = (struct known){.id = id, .run = vcpu->registers->run};
		memcpy(known->value, value, size_of(id));
	}
	return 0;
}

static bool is_short(unsigned reg)
{
	return reg == SIM_FPCR || reg == SIM_FPSR;
}

static uint64_t id_of(unsigned reg)
{
	switch (reg) {
	case SIM_PC:
		return CORE(regs.pc, KVM_REG_SIZE_U64);
	case SIM_FPCR:
		return CORE(fp_regs.fpcr, KVM_REG_SIZE_U32);
	case SIM_FPSR:
		return CORE(fp_regs.fpsr, KVM_REG_SIZE_U32);
	case SIM_PSTATE:
		return CORE(regs.pstate, KVM_REG_SIZE_U64);
	default:
		return CORE(regs.regs[0], KVM_REG_SIZE_U64) + 2 * reg;
	}
}

uint64_t sim_get(const struct sim_vcpu *vcpu, unsigned reg)
{
	uint32_t word = 0;
	uint64_t value = 0;

	move(vcpu, KVM_GET_ONE_REG, id_of(reg), is_short(reg) ? (void *)&word : &value);
	return is_short(reg) ? word : value;
}

int sim_set(struct sim_vcpu *vcpu, unsigned reg, uint64_t value)
{
	uint32_t word = (uint32_t)value;

	return move(vcpu, KVM_SET_ONE_REG, id_of(reg), is_short(reg) ? (void *)&word : &value);
}

static uint64_t id_of_vector(unsigned reg)
{
	return CORE(fp_regs.vregs[0], KVM_REG_SIZE_U128) + 4 * reg;
}

void sim_get_vector(const struct sim_vcpu *vcpu, unsigned reg, void *bytes)
{
	memset(bytes, 0, 16);
	move(vcpu, KVM_GET_ONE_REG, id_of_vector(reg), bytes);
}

int sim_set_vector(struct sim_vcpu *vcpu, unsigned reg, const void *bytes)
{
	return move(vcpu, KVM_SET_ONE_REG, id_of_vector(reg), (void *)(uintptr_t)bytes);
}

/* KVM counts banked registers among the general ones, and has exchanged the names of two of the
 * timer. */
static uint64_t id_of_system(uint16_t encoding)
{
	switch (encoding) {
	case SIM_SYSTEM(3, 0, 4, 1, 0):
		return CORE(regs.sp, KVM_REG_SIZE_U64);
	case SIM_SYSTEM(3, 4, 4, 1, 0):
		return CORE(sp_el1, KVM_REG_SIZE_U64);
	case SIM_SYSTEM(3, 0, 4, 0, 1):
		return CORE(elr_el1, KVM_REG_SIZE_U64);
	case SIM_SYSTEM(3, 0, 4, 0, 0):
		return CORE(spsr[0], KVM_REG_SIZE_U64);
	case SIM_SYSTEM(3, 3, 14, 3, 2): /* CNTV_CVAL_EL0 */
		return KVM_REG_ARM_TIMER_CVAL;
	case SIM_SYSTEM(3, 3, 14, 0, 2): /* CNTVCT_EL0 */
		return KVM_REG_ARM_TIMER_CNT;
	default:
		return KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SYSREG | encoding;
	}
}

uint64_t sim_get_system(const struct sim_vcpu *vcpu, uint16_t encoding)
{
	uint64_t value = 0;

	move(vcpu, KVM_GET_ONE_REG, id_of_system(encoding), &value);
	return value;
}

int sim_set_system(struct sim_vcpu *vcpu, uint16_t encoding, uint64_t value)
{
	return move(vcpu, KVM_SET_ONE_REG, id_of_system(encoding), &value);
}

uint64_t sim_get_cache(const struct sim_vcpu *vcpu, uint32_t selector)
{
	uint32_t value = 0;

	move(vcpu, KVM_GET_ONE_REG,
	     KVM_REG_ARM64 | KVM_REG_SIZE_U32 | KVM_REG_ARM_DEMUX | KVM_REG_ARM_DEMUX_ID_CCSIDR |
		     selector,
	     &value);
	return value;
}

uint64_t sim_counter_hz(void)
{
	uint64_t hz;

	__asm__("mrs %0, cntfrq_el0" : "=r"(hz));
	return hz;
}

int sim_set_line(struct sim_vcpu *vcpu, enum sim_line line, bool high)
{
	const uint32_t number = line == SIM_IRQ ? KVM_ARM_IRQ_CPU_IRQ : KVM_ARM_IRQ_CPU_FIQ;
	const uint32_t index = (uint32_t)(vcpu - vcpu->machine->vcpus);
	struct kvm_irq_level level = {
		.irq = KVM_ARM_IRQ_TYPE_CPU << KVM_ARM_IRQ_TYPE_SHIFT |
		       index << KVM_ARM_IRQ_VCPU_SHIFT | number << KVM_ARM_IRQ_NUM_SHIFT,
		.level = high,
	};

	return ioctl(vcpu->machine->vm_fd, KVM_IRQ_LINE, &level) == 0 ? 0 : errno;
}

/* ---- vCPUs --------------------------------------------------------------------------------- */

int sim_arch_reset(struct sim_vcpu *vcpu)
{
	struct kvm_vcpu_init target = {0};

	if (ioctl(vcpu->machine->vm_fd, KVM_ARM_PREFERRED_TARGET, &target) != 0)
		return errno;
	target.features[0] |= 1u << KVM_ARM_VCPU_PSCI_0_2;
	sim_arch_forget(vcpu);
	sim_trap_debug(vcpu, false);
	return ioctl(vcpu->fd, KVM_ARM_VCPU_INIT, &target) == 0 ? 0 : errno;
}

/* ---- The run ------------------------------------------------------------------------------- */

/* Stage 1 as guests of mote have it: 4 KiB granule, TTBR0 alone. */
bool sim_translate(const struct sim_vcpu *vcpu, uint64_t va, uint64_t *ipa)
{
	const uint64_t address = 0xfffffffff000ull;
	const int bits = 64 - (int)(sim_get_system(vcpu, SIM_TCR) & 63);
	uint64_t entry = sim_get_system(vcpu, SIM_TTBR0);

	*ipa = va;
	if (!(sim_get_system(vcpu, SIM_SCTLR) & 1))
		return true;
	if (va >> bits != 0)
		return false;
	for (int shift = 12 + (bits - 13) / 9 * 9; shift >= 12; shift -= 9) {
		const uint64_t *table = sim_machine_host(vcpu->machine, entry & address);

		if (!table)
			return false;
		entry = table[va >> shift & 511];
		if (!(entry & 1))
			return false;
		if (shift == 12 || !(entry & 2)) {
			const uint64_t below = (1ull << shift) - 1;

			*ipa = (entry & address & ~below) | (va & below);
			return true;
		}
	}
	return false;
}

static uint32_t instruction_at(const struct sim_vcpu *vcpu, uint64_t pc)
{
	uint64_t ipa;
	const uint32_t *word =
		sim_translate(vcpu, pc, &ipa) ? sim_machine_host(vcpu->machine, ipa) : NULL;

	return word ? *word : 0;
}

static uint64_t base_register(const struct sim_vcpu *vcpu, unsigned reg)
{
	if (reg < 31)
		return sim_get(vcpu, reg);
	return sim_get_system(vcpu, sim_get(vcpu, SIM_PSTATE) & 1 ? SIM_SYSTEM(3, 4, 4, 1, 0)
								  : SIM_SYSTEM(3, 0, 4, 1, 0));
}

/*
 * What a processor says of a load or store of one general register: Arm ARM (DDI 0487), C4.1.66
 * (loads and stores), D19.2 (ESR_EL2, data aborts).
 */
static void describe(const struct sim_vcpu *vcpu, uint32_t word, struct sim_exit *exit)
{
	const uint32_t bytes = vcpu->run->mmio.len, rt = word & 31, opc = word >> 22 & 3;
	const uint64_t size = bytes == 8 ? 3 : bytes == 4 ? 2 : bytes == 2 ? 1 : 0;
	const bool write = vcpu->run->mmio.is_write, ordered = (word & 0x3f000000) == 0x08000000;
	const bool is_signed = !write && !ordered && opc & 2;
	const bool wide = is_signed ? opc == 2 : size == 3;
	uint64_t va = base_register(vcpu, word >> 5 & 31);

	if ((word & 0x3b000000) == 0x39000000) /* unsigned offset */
		va += (uint64_t)(word >> 10 & 0xfff) << (word >> 30);
	else if ((word & 0x3b200c00) == 0x38000000) /* unscaled offset */
		va += (uint64_t)((int64_t)((uint64_t)(word >> 12 & 0x1ff) << 55) >> 55);
	exit->virtual_address = va;
	exit->syndrome = 0x24ull << 26 | 1ull << 25 | 1ull << 24 | size << 22 |
			 (uint64_t)is_signed << 21 | (uint64_t)rt << 16 | (uint64_t)wide << 15 |
			 (uint64_t)write << 6 | 6 /* translation fault, level 2 */;
}

static void undo_access(struct sim_vcpu *vcpu, struct sim_exit *exit)
{
	const uint64_t pc = sim_get(vcpu, SIM_PC), pstate = sim_get(vcpu, SIM_PSTATE);
	const uint32_t word = instruction_at(vcpu, pc), rt = word & 31;
	const bool reads = !vcpu->run->mmio.is_write && rt < 31;
	const uint64_t value = reads ? sim_get(vcpu, rt) : 0;

	exit->kind = SIM_ABORT;
	exit->access = vcpu->run->mmio.is_write ? SIM_WRITE : SIM_READ;
	exit->physical_address = vcpu->run->mmio.phys_addr;
	exit->is_mapped = sim_slot_at(vcpu->machine, exit->physical_address) != NULL;
	describe(vcpu, word, exit);
	sim_finish(vcpu);
	if (reads)
		sim_set(vcpu, rt, value);
	sim_set(vcpu, SIM_PC, pc);
	sim_set(vcpu, SIM_PSTATE, pstate);
}

/* All of an exit that the instruction says. */
static void add_instruction(const struct sim_vcpu *vcpu, struct sim_exit *exit)
{
	const uint32_t word = instruction_at(vcpu, sim_get(vcpu, SIM_PC));

	memcpy(exit->instruction, &word, sizeof(word));
	exit->instruction_bytes = word != 0 ? sizeof(word) : 0;
	exit->length = sizeof(word);
}

void sim_arch_decode(struct sim_vcpu *vcpu, struct sim_exit *exit)
{
	const struct kvm_run *run = vcpu->run;

	*exit = (struct sim_exit){.kind = SIM_OTHER};
	switch (run->exit_reason) {
	case KVM_EXIT_MMIO:
		undo_access(vcpu, exit);
		break;
	case KVM_EXIT_ARM_NISV:
		exit->kind = SIM_ABORT;
		exit->syndrome = 0x24ull << 26 | 1ull << 25 | (run->arm_nisv.esr_iss & 0x1ffffff);
		exit->access = run->arm_nisv.esr_iss & 1 << 6 ? SIM_WRITE : SIM_READ;
		exit->physical_address = run->arm_nisv.fault_ipa;
		exit->is_mapped = sim_slot_at(vcpu->machine, exit->physical_address) != NULL;
		break;
	case KVM_EXIT_DEBUG:
		exit->kind = SIM_DEBUG;
		exit->syndrome = run->debug.arch.hsr;
		exit->virtual_address = run->debug.arch.far;
		break;
	case KVM_EXIT_SYSTEM_EVENT: /* a call of PSCI, which KVM has carried out */
		atomic_fetch_add(&vcpu->machine->stops, 1);
		exit->kind = SIM_CALL;
		exit->syndrome = 0x16ull << 26 | 1ull << 25;
		exit->is_reboot = run->system_event.type == KVM_SYSTEM_EVENT_RESET;
		sim_set(vcpu, 0,
			run->system_event.type == KVM_SYSTEM_EVENT_SHUTDOWN ? 0x84000008
									    : 0x84000009);
		break;
	default:
		snprintf(exit->why, sizeof(exit->why), "KVM exit %u", run->exit_reason);
		break;
	}
	add_instruction(vcpu, exit);
}

/* KVM has debug registers of its own for this, and steps by itself. */
static void set_debug(struct sim_vcpu *vcpu)
{
	const uint64_t mdscr = sim_get_system(vcpu, SIM_MDSCR);
	struct kvm_guest_debug debug = {0};

	if (vcpu->traps_debug)
		debug.control = KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_SW_BP;
	if (vcpu->traps_debug && mdscr & 1)
		debug.control |= KVM_GUESTDBG_SINGLESTEP;
	if (vcpu->traps_debug && mdscr & 1 << 15)
		debug.control |= KVM_GUESTDBG_USE_HW;
	for (uint16_t i = 0; i < KVM_ARM_MAX_DBG_REGS && debug.control & KVM_GUESTDBG_USE_HW; i++) {
		debug.arch.dbg_bvr[i] = sim_get_system(vcpu, SIM_SYSTEM(2, 0, 0, i, 4));
		debug.arch.dbg_bcr[i] = sim_get_system(vcpu, SIM_SYSTEM(2, 0, 0, i, 5));
		debug.arch.dbg_wvr[i] = sim_get_system(vcpu, SIM_SYSTEM(2, 0, 0, i, 6));
		debug.arch.dbg_wcr[i] = sim_get_system(vcpu, SIM_SYSTEM(2, 0, 0, i, 7));
	}
	ioctl(vcpu->fd, KVM_SET_GUEST_DEBUG, &debug);
}

void sim_trap_debug(struct sim_vcpu *vcpu, bool trap)
{
	if (vcpu->traps_debug == trap)
		return;
	vcpu->traps_debug = trap;
	set_debug(vcpu);
}

/* KVM lets the guest take a fault again and again that comes from a fetch from where nothing is. */
const bool sim_arch_looks = true;

bool sim_arch_look(struct sim_vcpu *vcpu, struct sim_exit *exit)
{
	const uint64_t pc = sim_get(vcpu, SIM_PC);
	const struct slot *slot;
	uint64_t ipa;

	if (!sim_translate(vcpu, pc, &ipa))
		return false;
	slot = sim_slot_at(vcpu->machine, ipa);
	if (slot && slot->flags != 0)
		return false;
	*exit = (struct sim_exit){
		.kind = SIM_ABORT,
		.access = SIM_EXECUTE,
		.syndrome = 0x20ull << 26 | 1ull << 25 | 6,
		.virtual_address = pc,
		.physical_address = ipa,
		.is_mapped = slot != NULL,
	};
	return true;
}

/* A call of PSCI by one guest of the machine is nothing to the others, and this one may go on. */
int sim_arch_prepare(struct sim_vcpu *vcpu)
{
	struct kvm_mp_state runnable = {.mp_state = KVM_MP_STATE_RUNNABLE};
	const unsigned stops = atomic_load(&vcpu->machine->stops);

	if (vcpu->stops != stops)
		ioctl(vcpu->fd, KVM_SET_MP_STATE, &runnable);
	vcpu->stops = stops;
	if (vcpu->traps_debug)
		set_debug(vcpu);
	return 0;
}

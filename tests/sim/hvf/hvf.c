/* SPDX-License-Identifier: Apache-2.0
 *
 * Hypervisor.framework over the core.  Rules, each with the error that the framework has for it:
 *
 *  1. A process has one VM (BUSY); none without the entitlement (DENIED); nothing without a VM
 *     (NO_DEVICE).
 *  2. A thread has one vCPU (BUSY), and only that thread uses it (BAD_ARGUMENT); hv_vcpus_exit is
 *     for everyone.  There is a limit (NO_RESOURCES).  The VM stays while there is a vCPU (BUSY).
 *  3. Mappings are whole pages of 16 KiB, within the address bits, and do not overlap.
 *  4. An exit leaves the program counter on the instruction; the value of an access is in its
 *     register.
 *  5. An exit that was asked for sticks until a run has ended by it.
 *  6. No run relies on translations that were cached to be forgotten by themselves.
 *  7. System registers are those of hv_sys_reg_t (BAD_ARGUMENT).  The processor's state is read
 *     as it was set until the next run, which refuses one that no processor has
 *     (ILLEGAL_GUEST_STATE).
 *  8. A pending interrupt is pending for one run.
 *  9. Execution time is in the units of mach_absolute_time(), which is the machine's counter.
 * 10. A forked child has neither VM nor vCPUs.
 * 11. A run that needs a page which the host cannot give ends (NO_RESOURCES).
 *
 * Not as on a Mac: the timer, whose mask and offset are only remembered, as is the trap of accesses
 * to debug registers; memory that may be read may be executed; calls that KVM answers itself;
 * speed.
 *
 * Sources: Apple, hv_vm.h, hv_vcpu.h, hv_vcpu_types.h, hv_error.h; where these leave something
 * open, what QEMU (target/arm/hvf/hvf.c) and libkrun rely on, and the tests of applevisor 1.0.0,
 * which were written on Macs.  The last error of rule 7 is this file's own choice.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include "sim/hvf/hvf.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "sim/hvf/hvf_framework.h"
#include "sim/hvf/tlb_aarch64.h"

enum { PAGE_BYTES = SIM_HVF_PAGE_BYTES, VCPUS = 64, SYSTEM_REGISTERS = 1 << 16 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sim_machine *machine;
static unsigned address_bits;
static struct vcpu vcpus[VCPUS];
static _Thread_local struct vcpu *mine;
static struct sim_hvf self;

static mote_hv_return locked(mote_hv_return result)
{
	pthread_mutex_unlock(&lock);
	return result;
}

/* ---- The VM -------------------------------------------------------------------------------- */

static mote_hv_return vm_create(void *config)
{
	const unsigned bits = sim_hvf_config_bits(config);

	if (self.denied)
		return MOTE_HV_DENIED;
	if (bits == 0)
		return MOTE_HV_BAD_ARGUMENT;
	pthread_mutex_lock(&lock);
	if (machine)
		return locked(MOTE_HV_BUSY);
	machine = sim_machine_make(bits);
	address_bits = bits;
	sim_tlb_clear();
	return locked(machine ? MOTE_HV_SUCCESS : MOTE_HV_ERROR);
}

static mote_hv_return vm_destroy(void)
{
	pthread_mutex_lock(&lock);
	if (!machine)
		return locked(MOTE_HV_NO_DEVICE);
	for (size_t i = 0; i < VCPUS; i++)
		if (vcpus[i].core)
			return locked(MOTE_HV_BUSY);
	sim_machine_free(machine);
	machine = NULL;
	return locked(MOTE_HV_SUCCESS);
}

static bool is_range(uint64_t ipa, uint64_t bytes)
{
	return bytes != 0 && !((ipa | bytes) & (PAGE_BYTES - 1)) && bytes <= 1ull << address_bits &&
	       ipa <= (1ull << address_bits) - bytes;
}

static mote_hv_return vm_map(void *hva, uint64_t ipa, size_t bytes, uint64_t flags)
{
	int code;

	pthread_mutex_lock(&lock);
	if (!machine)
		return locked(MOTE_HV_NO_DEVICE);
	if (!is_range(ipa, bytes) || (uintptr_t)hva & (PAGE_BYTES - 1) || flags > 7)
		return locked(MOTE_HV_BAD_ARGUMENT);
	code = sim_machine_map(machine, ipa, hva, bytes, (unsigned)flags);
	if (code == EEXIST)
		return locked(MOTE_HV_BUSY);
	return locked(code == 0 ? MOTE_HV_SUCCESS : MOTE_HV_ERROR);
}

/* With the lock: of a change of what is mapped. */
static mote_hv_return changed(int code)
{
	if (code == ENOENT)
		return locked(MOTE_HV_BAD_ARGUMENT);
	return locked(code == 0 ? MOTE_HV_SUCCESS : MOTE_HV_ERROR);
}

static mote_hv_return vm_unmap(uint64_t ipa, size_t bytes)
{
	pthread_mutex_lock(&lock);
	if (!machine)
		return locked(MOTE_HV_NO_DEVICE);
	if (!is_range(ipa, bytes))
		return locked(MOTE_HV_BAD_ARGUMENT);
	return changed(sim_machine_unmap(machine, ipa, bytes));
}

mote_hv_return hv_vm_protect(uint64_t ipa, size_t bytes, uint64_t flags)
{
	pthread_mutex_lock(&lock);
	if (!machine)
		return locked(MOTE_HV_NO_DEVICE);
	if (!is_range(ipa, bytes) || flags > 7)
		return locked(MOTE_HV_BAD_ARGUMENT);
	return changed(sim_machine_protect(machine, ipa, bytes, (unsigned)flags));
}

static uint32_t most_vcpus(void)
{
	return self.vcpus != 0 && self.vcpus < VCPUS ? self.vcpus : VCPUS;
}

static mote_hv_return vm_get_max_vcpu_count(uint32_t *count)
{
	*count = most_vcpus();
	return MOTE_HV_SUCCESS;
}

static mote_hv_return vm_config_get_default_ipa_size(uint32_t *bits)
{
	*bits = SIM_HVF_DEFAULT_BITS;
	return MOTE_HV_SUCCESS;
}

/* ---- vCPUs --------------------------------------------------------------------------------- */

static struct vcpu *find_place(void)
{
	struct vcpu *place = NULL;
	uint32_t used = 0;

	for (size_t i = 0; i < VCPUS; i++) {
		used += vcpus[i].core != NULL;
		if (!vcpus[i].core && !place)
			place = &vcpus[i];
	}
	return used < most_vcpus() ? place : NULL;
}

enum { SET_BYTES = SYSTEM_REGISTERS * 8, IS_SET_BYTES = SYSTEM_REGISTERS };

/* Not by malloc, which would keep memory that tests count. */
static void make_registers(struct vcpu *vcpu)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS;

	vcpu->set = mmap(NULL, SET_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0);
	vcpu->is_set = mmap(NULL, IS_SET_BYTES, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (vcpu->set == MAP_FAILED || vcpu->is_set == MAP_FAILED)
		abort();
}

static void free_registers(struct vcpu *vcpu)
{
	munmap(vcpu->set, SET_BYTES);
	munmap(vcpu->is_set, IS_SET_BYTES);
}

static mote_hv_return vcpu_create(uint64_t *id, struct mote_hv_exit **exit, void *config)
{
	struct vcpu *vcpu;

	if (!sim_hvf_is_vcpu_config(config))
		return MOTE_HV_BAD_ARGUMENT;
	pthread_mutex_lock(&lock);
	if (!machine)
		return locked(MOTE_HV_NO_DEVICE);
	if (mine)
		return locked(MOTE_HV_BUSY);
	vcpu = find_place();
	if (!vcpu)
		return locked(MOTE_HV_NO_RESOURCES);
	vcpu->core = sim_vcpu_make(machine);
	if (!vcpu->core)
		return locked(MOTE_HV_ERROR);
	make_registers(vcpu);
	vcpu->owner = pthread_self();
	*id = (uint64_t)(vcpu - vcpus);
	*exit = &vcpu->exit;
	mine = vcpu;
	return locked(MOTE_HV_SUCCESS);
}

/* NULL: not this thread's. */
static struct vcpu *owned(uint64_t id)
{
	struct vcpu *vcpu = id < VCPUS ? &vcpus[id] : NULL;

	return vcpu && vcpu->core && pthread_equal(vcpu->owner, pthread_self()) ? vcpu : NULL;
}

struct vcpu *sim_hvf_owned(uint64_t id)
{
	return owned(id);
}

static mote_hv_return vcpu_destroy(uint64_t id)
{
	struct vcpu *vcpu = owned(id);

	if (!vcpu)
		return MOTE_HV_BAD_ARGUMENT;
	pthread_mutex_lock(&lock);
	sim_hvf_lower_lines(vcpu);
	sim_vcpu_free(vcpu->core);
	free_registers(vcpu);
	*vcpu = (struct vcpu){.core = NULL};
	mine = NULL;
	return locked(MOTE_HV_SUCCESS);
}

static mote_hv_return vcpu_get_reg(uint64_t id, uint32_t reg, uint64_t *value)
{
	const struct vcpu *vcpu = owned(id);

	if (!vcpu || reg >= SIM_REGISTERS)
		return MOTE_HV_BAD_ARGUMENT;
	*value = reg == SIM_PSTATE && vcpu->cpsr_is_illegal ? vcpu->cpsr : sim_get(vcpu->core, reg);
	return MOTE_HV_SUCCESS;
}

static mote_hv_return vcpu_set_reg(uint64_t id, uint32_t reg, uint64_t value)
{
	struct vcpu *vcpu = owned(id);

	if (!vcpu || reg >= SIM_REGISTERS)
		return MOTE_HV_BAD_ARGUMENT;
	if (reg == SIM_PSTATE) {
		vcpu->cpsr = value;
		vcpu->cpsr_is_illegal = sim_set(vcpu->core, reg, value) != 0;
		return MOTE_HV_SUCCESS;
	}
	return sim_set(vcpu->core, reg, value) == 0 ? MOTE_HV_SUCCESS : MOTE_HV_ERROR;
}

/* MIDR_EL1, and ID_AA64... */
static bool identifies(uint16_t reg)
{
	return reg == SIM_SYSTEM(3, 0, 0, 0, 0) ||
	       (reg >= SIM_SYSTEM(3, 0, 0, 4, 0) && reg < SIM_SYSTEM(3, 0, 0, 8, 0));
}

static mote_hv_return vcpu_get_sys_reg(uint64_t id, uint16_t reg, uint64_t *value)
{
	const struct vcpu *vcpu = owned(id);

	if (!vcpu || !sim_hvf_has_register(reg))
		return MOTE_HV_BAD_ARGUMENT;
	*value = vcpu->is_set[reg] ? vcpu->set[reg] : sim_get_system(vcpu->core, reg);
	return MOTE_HV_SUCCESS;
}

static mote_hv_return keep(struct vcpu *vcpu, uint16_t reg, uint64_t value)
{
	vcpu->set[reg] = value;
	vcpu->is_set[reg] = 1;
	return MOTE_HV_SUCCESS;
}

/* KVM takes few values of registers that identify the processor; the framework takes them all.  It
 * also has registers that are not in this processor, such as the keys of pointer authentication. */
static mote_hv_return vcpu_set_sys_reg(uint64_t id, uint16_t reg, uint64_t value)
{
	struct vcpu *vcpu = owned(id);
	int code;

	if (!vcpu || !sim_hvf_has_register(reg))
		return MOTE_HV_BAD_ARGUMENT;
	if (identifies(reg))
		return self.keeps_identity ? MOTE_HV_SUCCESS : keep(vcpu, reg, value);
	code = sim_set_system(vcpu->core, reg, value);
	if (code == ENOENT)
		return keep(vcpu, reg, value);
	return code == 0 ? MOTE_HV_SUCCESS : MOTE_HV_BAD_ARGUMENT;
}

static mote_hv_return vcpu_get_simd_fp_reg(uint64_t id, uint32_t reg, mote_hv_vector *value)
{
	const struct vcpu *vcpu = owned(id);

	if (!vcpu || reg > 31)
		return MOTE_HV_BAD_ARGUMENT;
	sim_get_vector(vcpu->core, reg, value);
	return MOTE_HV_SUCCESS;
}

static mote_hv_return vcpu_set_simd_fp_reg(uint64_t id, uint32_t reg, mote_hv_vector value)
{
	struct vcpu *vcpu = owned(id);

	if (!vcpu || reg > 31)
		return MOTE_HV_BAD_ARGUMENT;
	return sim_set_vector(vcpu->core, reg, &value) == 0 ? MOTE_HV_SUCCESS : MOTE_HV_ERROR;
}

static mote_hv_return vcpu_set_vtimer_mask(uint64_t id, bool masked)
{
	return sim_hvf_set_vtimer_mask(id, masked);
}

/* ---- The run ------------------------------------------------------------------------------- */

static void check_tlb(const struct vcpu *vcpu)
{
	const char *stale;

	if (self.trusts_the_tlb)
		return;
	pthread_mutex_lock(&lock);
	stale = sim_tlb_check(machine, vcpu->core);
	if (stale) {
		fprintf(stderr, "simulated HVF: stale TLB: %s\n", stale);
		abort();
	}
	pthread_mutex_unlock(&lock);
}

static mote_hv_return vcpu_run(uint64_t id)
{
	struct vcpu *vcpu = owned(id);
	struct sim_exit exit;
	int code;

	if (!vcpu)
		return MOTE_HV_BAD_ARGUMENT;
	if (self.pointless > 0) {
		self.pointless--;
		vcpu->exit = (struct mote_hv_exit){.reason = MOTE_HV_EXIT_UNKNOWN};
		return MOTE_HV_SUCCESS;
	}
	if (vcpu->cpsr_is_illegal)
		return SIM_HVF_ILLEGAL_GUEST_STATE;
	check_tlb(vcpu);
	code = sim_vcpu_run(vcpu->core, NULL, &exit);
	sim_hvf_lower_lines(vcpu);
	if (code != 0)
		return code == EFAULT ? MOTE_HV_NO_RESOURCES : MOTE_HV_ERROR;
	vcpu->exit = (struct mote_hv_exit){
		.reason = MOTE_HV_EXIT_EXCEPTION,
		.syndrome = exit.syndrome,
		.virtual_address = exit.virtual_address,
		.physical_address = exit.physical_address,
	};
	if (exit.kind == SIM_CANCELLED)
		vcpu->exit.reason = MOTE_HV_EXIT_CANCELED;
	else if (exit.kind == SIM_OTHER)
		vcpu->exit.reason = MOTE_HV_EXIT_UNKNOWN;
	return MOTE_HV_SUCCESS;
}

static mote_hv_return vcpus_exit(const uint64_t *ids, uint32_t count)
{
	mote_hv_return result = MOTE_HV_SUCCESS;

	pthread_mutex_lock(&lock);
	for (uint32_t i = 0; i < count; i++)
		if (ids[i] < VCPUS && vcpus[ids[i]].core)
			sim_vcpu_cancel(vcpus[ids[i]].core);
		else
			result = MOTE_HV_BAD_ARGUMENT;
	return locked(result);
}

/* ---- The table ----------------------------------------------------------------------------- */

static void before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

static void in_child(void)
{
	for (size_t i = 0; i < VCPUS; i++)
		if (vcpus[i].core)
			free_registers(&vcpus[i]);
	memset(vcpus, 0, sizeof(vcpus));
	mine = NULL;
	if (machine)
		sim_machine_free(machine);
	machine = NULL;
	pthread_mutex_unlock(&lock);
}

struct sim_hvf *sim_hvf(void)
{
	if (self.table.vm_create)
		return &self;
	pthread_atfork(before_fork, after_fork, in_child);
	self.table.base.kind = MOTE_BACKEND_HVF;
	if (getenv("MOTE_TEST_ASIDS"))
		self.table.last_asid = (uint32_t)strtoul(getenv("MOTE_TEST_ASIDS"), NULL, 10);
#define MEMBER(name, parameters) self.table.name = name;
	MOTE_HV_FUNCTION_MAP(MEMBER)
	MOTE_HV_OPTIONAL_MAP(MEMBER)
#undef MEMBER
	return &self;
}

const struct mote_system *const *sim_hvf_systems(void)
{
	static const struct mote_system *list[2];

	list[0] = &sim_hvf()->table.base;
	return list;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Configurations of the simulated Hypervisor.framework, and memory from it.
 *
 *  1. Configurations are objects of the operating system: what create returns has one reference,
 *     os_release(NULL) does nothing (a client does it).
 *  2. More address bits than the most are UNSUPPORTED; any other number is taken, and 0 bits mean
 *     the default.  A vCPU's configuration is none of a VM (BAD_ARGUMENT).
 *  3. Feature registers are those that a vCPU has after its creation.  They need no VM.
 *  4. Memory is whole pages of 16 KiB (BAD_ARGUMENT), zeroed; too much of it is NO_RESOURCES.
 *
 * Not as on a Mac: the values of CCSIDR_EL1.  hv_vcpu_config.h says that there are 8; applevisor
 * has room for one, and the stack behind it is its own, so there is that of the first level alone.
 *
 * Sources: Apple, hv_vm_config.h, hv_vcpu_config.h, hv_vm_allocate.h; the tests of applevisor
 * 1.0.0, which were written on Macs.
 */
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "sim/hvf/hvf_framework.h"

enum kind { VM_CONFIG = 0x766d, VCPU_CONFIG = 0x7663 };

struct object {
	enum kind kind;
	_Atomic unsigned references;
	uint32_t bits;
};

/* ---- Objects ------------------------------------------------------------------------------- */

static void *make(enum kind kind)
{
	struct object *object = calloc(1, sizeof(*object));

	if (!object)
		abort();
	object->kind = kind;
	object->bits = SIM_HVF_DEFAULT_BITS;
	atomic_store(&object->references, 1);
	return object;
}

void *hv_vm_config_create(void)
{
	return make(VM_CONFIG);
}

void *hv_vcpu_config_create(void)
{
	return make(VCPU_CONFIG);
}

void *os_retain(void *object)
{
	if (object)
		atomic_fetch_add(&((struct object *)object)->references, 1);
	return object;
}

void os_release(void *object)
{
	if (object && atomic_fetch_sub(&((struct object *)object)->references, 1) == 1)
		free(object);
}

static struct object *object_of(const void *config, enum kind kind)
{
	struct object *object = (struct object *)(uintptr_t)config;

	return object && object->kind == kind ? object : NULL;
}

/* ---- Of a VM ------------------------------------------------------------------------------- */

unsigned sim_hvf_config_bits(const void *config)
{
	const struct object *object = object_of(config, VM_CONFIG);

	if (config && !object)
		return 0;
	return object && object->bits != 0 ? object->bits : SIM_HVF_DEFAULT_BITS;
}

mote_hv_return hv_vm_config_get_max_ipa_size(uint32_t *bits)
{
	*bits = SIM_HVF_MOST_BITS;
	return MOTE_HV_SUCCESS;
}

mote_hv_return hv_vm_config_get_ipa_size(void *config, uint32_t *bits)
{
	const struct object *object = object_of(config, VM_CONFIG);

	if (!object)
		return MOTE_HV_BAD_ARGUMENT;
	*bits = object->bits;
	return MOTE_HV_SUCCESS;
}

mote_hv_return hv_vm_config_set_ipa_size(void *config, uint32_t bits)
{
	struct object *object = object_of(config, VM_CONFIG);

	if (!object)
		return MOTE_HV_BAD_ARGUMENT;
	if (bits > SIM_HVF_MOST_BITS)
		return MOTE_HV_UNSUPPORTED;
	object->bits = bits;
	return MOTE_HV_SUCCESS;
}

/* ---- Of a vCPU ----------------------------------------------------------------------------- */

bool sim_hvf_is_vcpu_config(const void *config)
{
	return !config || object_of(config, VCPU_CONFIG);
}

/* hv_feature_reg_t */
static const uint16_t features[] = {
	SIM_SYSTEM(3, 0, 0, 5, 0), /* ID_AA64DFR0_EL1 */
	SIM_SYSTEM(3, 0, 0, 5, 1), /* ID_AA64DFR1_EL1 */
	SIM_SYSTEM(3, 0, 0, 6, 0), /* ID_AA64ISAR0_EL1 */
	SIM_SYSTEM(3, 0, 0, 6, 1), /* ID_AA64ISAR1_EL1 */
	SIM_SYSTEM(3, 0, 0, 7, 0), /* ID_AA64MMFR0_EL1 */
	SIM_SYSTEM(3, 0, 0, 7, 1), /* ID_AA64MMFR1_EL1 */
	SIM_SYSTEM(3, 0, 0, 7, 2), /* ID_AA64MMFR2_EL1 */
	SIM_SYSTEM(3, 0, 0, 4, 0), /* ID_AA64PFR0_EL1 */
	SIM_SYSTEM(3, 0, 0, 4, 1), /* ID_AA64PFR1_EL1 */
	SIM_SYSTEM(3, 3, 0, 0, 1), /* CTR_EL0 */
	SIM_SYSTEM(3, 1, 0, 0, 1), /* CLIDR_EL1 */
	SIM_SYSTEM(3, 3, 0, 0, 7), /* DCZID_EL0 */
};

/* KVM does not have it; the guest reads the processor's. */
static uint64_t dczid(void)
{
	uint64_t value;

	__asm__("mrs %0, dczid_el0" : "=r"(value));
	return value;
}

/* A vCPU of a machine of its own that never runs. */
static mote_hv_return ask(uint64_t (*question)(const struct sim_vcpu *vcpu, uint32_t of),
			  uint32_t of, uint64_t *answer)
{
	struct sim_machine *machine = sim_machine_make(SIM_HVF_DEFAULT_BITS);
	struct sim_vcpu *vcpu = machine ? sim_vcpu_make(machine) : NULL;

	if (vcpu)
		*answer = question(vcpu, of);
	if (machine)
		sim_machine_free(machine);
	return vcpu ? MOTE_HV_SUCCESS : MOTE_HV_ERROR;
}

static uint64_t feature_of(const struct sim_vcpu *vcpu, uint32_t reg)
{
	return features[reg] == SIM_SYSTEM(3, 3, 0, 0, 7) ? dczid()
							  : sim_get_system(vcpu, features[reg]);
}

static uint64_t cache_of(const struct sim_vcpu *vcpu, uint32_t selector)
{
	return sim_get_cache(vcpu, selector);
}

mote_hv_return hv_vcpu_config_get_feature_reg(void *config, uint32_t reg, uint64_t *value)
{
	if (!object_of(config, VCPU_CONFIG) || reg >= sizeof(features) / sizeof(features[0]))
		return MOTE_HV_BAD_ARGUMENT;
	return ask(feature_of, reg, value);
}

mote_hv_return hv_vcpu_config_get_ccsidr_el1_sys_reg_values(void *config, uint32_t type,
							    uint64_t *values)
{
	if (!object_of(config, VCPU_CONFIG) || type > SIM_HVF_CACHE_INSTRUCTION)
		return MOTE_HV_BAD_ARGUMENT;
	return ask(cache_of, type == SIM_HVF_CACHE_INSTRUCTION, values);
}

/* ---- Memory -------------------------------------------------------------------------------- */

static bool is_whole(const void *memory, size_t bytes)
{
	return bytes != 0 && !(((uintptr_t)memory | bytes) & (SIM_HVF_PAGE_BYTES - 1));
}

mote_hv_return hv_vm_allocate(void **memory, size_t bytes, uint64_t flags)
{
	const size_t room = bytes + SIM_HVF_PAGE_BYTES;
	uint8_t *all, *begin;
	size_t before;

	if (!is_whole(NULL, bytes) || flags != 0)
		return MOTE_HV_BAD_ARGUMENT;
	all = room < bytes ? MAP_FAILED
			   : mmap(NULL, room, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (all == MAP_FAILED)
		return MOTE_HV_NO_RESOURCES;
	before = -(uintptr_t)all & (SIM_HVF_PAGE_BYTES - 1);
	begin = all + before;
	if (before != 0)
		munmap(all, before);
	munmap(begin + bytes, SIM_HVF_PAGE_BYTES - before);
	*memory = begin;
	return MOTE_HV_SUCCESS;
}

mote_hv_return hv_vm_deallocate(void *memory, size_t bytes)
{
	if (!memory || !is_whole(memory, bytes))
		return MOTE_HV_BAD_ARGUMENT;
	return munmap(memory, bytes) == 0 ? MOTE_HV_SUCCESS : MOTE_HV_BAD_ARGUMENT;
}

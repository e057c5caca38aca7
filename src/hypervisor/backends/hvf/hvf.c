/* SPDX-License-Identifier: Apache-2.0
 *
 * Hypervisor.framework: the backend, and the life of a sandbox's VM, which is a part of the one VM
 * of the process.
 */
#include "hypervisor/backends/hvf/hvf.h"

#include <stdio.h>

#include "allocator.h"
#include "error_internal.h"
#include "hypervisor/backends/hvf/hvf_internal.h"

enum {
	SLOTS = 1024,		/* the framework has no such limit */
	ADDRESS_BITS = 36,	/* of guest-physical addresses, where the framework does not say */
	MOST_ADDRESS_BITS = 40, /* that page tables hold */
	/* The run, the program counter of the exit, and the one that it goes on with. */
	DOORBELL_CALLS = 3,
};

/* ---- Memory -------------------------------------------------------------------------------- */

static mote_status remember(struct mote_hvf_vm *vm, uint64_t gpa, mote_error *error)
{
	const mote_allocator *allocator = vm->base.hypervisor->allocator;
	uint64_t *grown =
		mote_reallocate(allocator, vm->reserved, (vm->reserved_count + 1) * sizeof(*grown));

	if (grown == NULL)
		return mote_fail_memory(error, "guest-physical addresses");
	vm->reserved = grown;
	vm->reserved[vm->reserved_count++] = gpa;
	return MOTE_OK;
}

static mote_status hvf_reserve_gpa(struct mote_vm *base, uint64_t gva, uint64_t bytes,
				   uint64_t *gpa, mote_error *error)
{
	struct mote_hvf_vm *vm = mote_hvf_vm(base);
	uint64_t found;
	mote_status status = mote_hvf_reserve(gva, bytes, &found, error);

	if (status != MOTE_OK)
		return status;
	status = remember(vm, found, error);
	if (status == MOTE_OK)
		*gpa = found;
	else
		mote_hvf_release(found);
	return status;
}

static void hvf_release_gpa(struct mote_vm *base, uint64_t gpa)
{
	struct mote_hvf_vm *vm = mote_hvf_vm(base);

	for (uint32_t i = 0; i < vm->reserved_count; i++)
		if (vm->reserved[i] == gpa) {
			vm->reserved[i] = vm->reserved[--vm->reserved_count];
			mote_hvf_release(gpa);
			return;
		}
}

static mote_status hvf_map_memory(struct mote_vm *base, uint32_t slot,
				  const struct mote_memory_region *region, mote_error *error)
{
	const struct mote_hvf *hvf = (const struct mote_hvf *)base->hypervisor;
	uint64_t flags = MOTE_HV_MEMORY_READ;
	mote_hv_return code;

	(void)slot;
	if (region->flags & MOTE_REGION_WRITE)
		flags |= MOTE_HV_MEMORY_WRITE;
	if (region->flags & MOTE_REGION_EXECUTE)
		flags |= MOTE_HV_MEMORY_EXEC;
	code = hvf->system->vm_map(region->hva, region->gpa, region->bytes, flags);
	return code == MOTE_HV_SUCCESS ? MOTE_OK : mote_hvf_fail(error, code, "hv_vm_map");
}

/* Another ASID: that the framework forgets more than guest-physical translations is not said. */
static mote_status hvf_invalidate_translations(struct mote_vm *base, uint64_t gpa, uint64_t bytes,
					       mote_error *error)
{
	struct mote_hvf_vm *vm = mote_hvf_vm(base);
	const uint16_t old = vm->asid;
	mote_status status;

	(void)gpa;
	if (bytes == 0)
		return MOTE_OK;
	status = mote_hvf_asid_take(&vm->asid, error);
	if (status == MOTE_OK)
		mote_hvf_asid_give_back(old);
	return status;
}

static mote_status hvf_unmap_memory(struct mote_vm *base, uint32_t slot, mote_error *error)
{
	const struct mote_hvf *hvf = (const struct mote_hvf *)base->hypervisor;
	const struct mote_memory_region *region = &base->slots[slot];
	const mote_hv_return code = hvf->system->vm_unmap(region->gpa, region->bytes);

	return code == MOTE_HV_SUCCESS ? MOTE_OK : mote_hvf_fail(error, code, "hv_vm_unmap");
}

/* ---- Life ---------------------------------------------------------------------------------- */

static void give_back(struct mote_hvf_vm *vm)
{
	const struct mote_vm *base = &vm->base;
	const struct mote_hvf *hvf = (const struct mote_hvf *)base->hypervisor;
	bool unmapped = true;

	mote_hvf_forget(vm);
	for (uint32_t i = 0; i < base->slot_count; i++)
		if (base->slots[i].hva != NULL)
			unmapped &= hvf->system->vm_unmap(base->slots[i].gpa,
							  base->slots[i].bytes) == MOTE_HV_SUCCESS;
	/* Addresses where something may still be are never used again. */
	for (uint32_t i = 0; unmapped && i < vm->reserved_count; i++)
		mote_hvf_release(vm->reserved[i]);
	if (vm->asid != 0)
		mote_hvf_asid_give_back(vm->asid);
}

static void hvf_destroy(struct mote_vm *base)
{
	struct mote_hvf_vm *vm = mote_hvf_vm(base);
	const mote_allocator *allocator = base->hypervisor->allocator;

	if (!mote_hvf_is_of_parent(base))
		give_back(vm);
	mote_vm_end(base);
	mote_release(allocator, vm->reserved);
	mote_release(allocator, vm);
}

static mote_status hvf_native_handle(struct mote_vm *base, mote_native_handle_kind kind,
				     uintptr_t *handle, mote_error *error)
{
	struct mote_hvf_thread *thread;
	mote_status status;

	(void)base;
	if (kind != MOTE_NATIVE_HVF_VCPU)
		return mote_fail(error, MOTE_UNSUPPORTED,
				 "native handle kind %d does not exist on HVF", (int)kind);
	status = mote_hvf_thread_get(&thread, error);
	if (status == MOTE_OK)
		*handle = (uintptr_t)thread->vcpu;
	return status;
}

static const struct mote_vm_ops vm_ops = {
	.destroy = hvf_destroy,
	.reserve_gpa = hvf_reserve_gpa,
	.release_gpa = hvf_release_gpa,
	.map_memory = hvf_map_memory,
	.unmap_memory = hvf_unmap_memory,
	.enter = mote_hvf_enter,
	.regs = mote_hvf_regs,
	.set_regs = mote_hvf_set_regs,
	.sregs = mote_hvf_sregs,
	.set_sregs = mote_hvf_set_sregs,
	.fpu = mote_hvf_fpu,
	.set_fpu = mote_hvf_set_fpu,
	.debug_regs = mote_hvf_debug_regs,
	.set_debug_regs = mote_hvf_set_debug_regs,
	.exception_state = mote_hvf_exception_state,
	.set_exception_return = mote_hvf_set_exception_return,
	.state_bytes = mote_hvf_state_bytes,
	.save_state = mote_hvf_save_state,
	.load_state = mote_hvf_load_state,
	.load_user_state = mote_hvf_load_user_state,
	.begin_reset = mote_hvf_begin_reset,
	.invalidate_translations = hvf_invalidate_translations,
	.park = mote_hvf_park,
	.native_handle = hvf_native_handle,
};

static mote_status hvf_create(struct mote_hypervisor *hypervisor, struct mote_vm **created,
			      mote_error *error)
{
	const struct mote_hvf *hvf = (const struct mote_hvf *)hypervisor;
	struct mote_hvf_vm *vm = mote_allocate(hypervisor->allocator, sizeof(*vm));
	mote_status status;

	if (vm == NULL)
		return mote_fail_memory(error, "VM");
	vm->serial = mote_hvf_serial();
	mote_hvf_kick_init(&vm->kick, hvf->system);
	status = mote_vm_begin(&vm->base, &vm_ops, hypervisor, &vm->kick.base, error);
	if (status == MOTE_OK)
		status = mote_hvf_asid_take(&vm->asid, error);
	if (status == MOTE_OK)
		mote_power_on(&vm->registers.regs, &vm->registers.sregs, &vm->registers.fpu,
			      &vm->registers.debug);
	if (status != MOTE_OK) {
		hvf_destroy(&vm->base);
		return status;
	}
	*created = &vm->base;
	return MOTE_OK;
}

/* ---- The hypervisor ------------------------------------------------------------------------ */

static const struct mote_hvf_system *find_system(const struct mote_system *const *systems,
						 const char **reason)
{
	const struct mote_system *system = mote_system_find(systems, MOTE_BACKEND_HVF);

	return system != NULL ? (const struct mote_hvf_system *)system
			      : mote_hvf_real_system(reason);
}

static uint32_t address_bits(const struct mote_hvf_system *system)
{
	uint32_t bits = ADDRESS_BITS;

	if (system->vm_config_get_default_ipa_size == NULL ||
	    system->vm_config_get_default_ipa_size(&bits) != MOTE_HV_SUCCESS)
		return ADDRESS_BITS;
	return bits < MOST_ADDRESS_BITS ? bits : MOST_ADDRESS_BITS;
}

static void hvf_close(struct mote_hypervisor *hypervisor)
{
	if (hypervisor == NULL)
		return;
	if (mote_hvf_process_is(((struct mote_hvf *)hypervisor)->generation))
		mote_hvf_process_leave();
	mote_release(hypervisor->allocator, hypervisor);
}

static mote_status hvf_open(const struct mote_hypervisor_options *options,
			    struct mote_hypervisor **hypervisor, mote_error *error)
{
	const char *reason = NULL;
	const struct mote_hvf_system *system = find_system(options->systems, &reason);
	struct mote_hvf_thread *thread;
	struct mote_hvf *hvf;
	mote_status status;

	if (system == NULL)
		return mote_fail(error, MOTE_NO_HYPERVISOR, "Hypervisor.framework: %s is missing",
				 reason);
	if (options->kick_signal != 0)
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "kick_signal: this hypervisor needs no signal");
	hvf = mote_allocate(options->allocator, sizeof(*hvf));
	if (hvf == NULL)
		return mote_fail_memory(error, "hypervisor");
	hvf->base.backend = &mote_backend_hvf;
	hvf->base.allocator = options->allocator;
	hvf->base.capabilities = (struct mote_capabilities){
		.slots = SLOTS,
		.page_bytes = MOTE_HVF_PAGE_BYTES,
		.address_bits = address_bits(system),
		.address_base = MOTE_HVF_FIRST_GPA,
		.doorbell_calls = DOORBELL_CALLS,
		.read_only_slots = true,
		.described_accesses = true,
		.thread_bound = true,
		.chooses_asids = true,
	};
	hvf->system = system;
	status = mote_hvf_process_enter(system, hvf->base.capabilities.address_bits,
					&hvf->generation, error);
	if (status != MOTE_OK) {
		mote_release(options->allocator, hvf);
		return status;
	}
	/* What cannot be hidden from guests is known before there is one. */
	status = mote_hvf_thread_get(&thread, error);
	if (status == MOTE_OK)
		status = mote_hvf_asid_limit(thread, error);
	if (status != MOTE_OK) {
		hvf_close(&hvf->base);
		return status;
	}
	*hypervisor = &hvf->base;
	return MOTE_OK;
}

/* The limits of a process: of guest-physical addresses, and of threads in a call at a time. */
static void describe(const struct mote_hvf *hvf, mote_probe_result *result)
{
	const unsigned long bits = hvf->base.capabilities.address_bits;
	uint32_t vcpus;

	if (hvf->system->vm_get_max_vcpu_count(&vcpus) != MOTE_HV_SUCCESS)
		snprintf(result->version, sizeof(result->version), "%lu address bits", bits);
	else
		snprintf(result->version, sizeof(result->version), "%lu address bits, %lu vCPUs",
			 bits, (unsigned long)vcpus);
}

static void hvf_probe(const struct mote_system *const *systems, mote_probe_result *result)
{
	const struct mote_hypervisor_options options = {
		.allocator = &mote_default_allocator,
		.systems = systems,
	};
	mote_error error = MOTE_ERROR_INIT;
	struct mote_hypervisor *hypervisor;

	if (hvf_open(&options, &hypervisor, &error) != MOTE_OK) {
		snprintf(result->reason, sizeof(result->reason), "%.*s",
			 (int)sizeof(result->reason) - 1, error.text);
		return;
	}
	describe((const struct mote_hvf *)hypervisor, result);
	result->usable = true;
	hvf_close(hypervisor);
}

/* The vCPU of a thread is made where its failure is a call's own. */
static mote_status hvf_check_thread(const struct mote_hypervisor *hypervisor, mote_error *error)
{
	struct mote_hvf_thread *thread;

	(void)hypervisor;
	return mote_hvf_thread_get(&thread, error);
}

const struct mote_backend mote_backend_hvf = {
	.kind = MOTE_BACKEND_HVF,
	.probe = hvf_probe,
	.open = hvf_open,
	.close = hvf_close,
	.check_thread = hvf_check_thread,
	.create = hvf_create,
};

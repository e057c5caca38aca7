/* SPDX-License-Identifier: Apache-2.0
 *
 * The Windows Hypervisor Platform: opening it, and the life of a VM.
 */
#include "hypervisor/backends/whp/whp.h"

#include <stdio.h>
#include <string.h>

#include "error_internal.h"
#include "hypervisor/backends/whp/whp_internal.h"
#include "hypervisor/vcpu.h"
#include "os/os.h"

static struct mote_whp *to_whp(struct mote_hypervisor *hypervisor)
{
	return (struct mote_whp *)hypervisor;
}

/* ---- What failed ----------------------------------------------------------------------------- */

static const char *text_of(mote_whp_result code)
{
	switch ((enum mote_whp_code)code) {
#define X(NAME, number, text)                                                                      \
	case MOTE_WHP_##NAME:                                                                      \
		return text;
		MOTE_WHP_RESULT_MAP(X)
#undef X
	}
	return "unknown error";
}

static mote_status status_of(mote_whp_result code)
{
	switch (code) {
	case MOTE_WHP_E_OUTOFMEMORY:
	case MOTE_WHP_E_COMMITMENT_LIMIT:
		return MOTE_NO_MEMORY;
	case MOTE_WHP_E_NO_RESOURCES:
	case MOTE_WHP_E_PARTITION_ALREADY_EXISTS:
		return MOTE_LIMIT;
	default:
		return MOTE_HYPERVISOR;
	}
}

mote_status mote_whp_fail(mote_error *error, mote_whp_result code, const char *what)
{
	const mote_status status = mote_fail(error, status_of(code), "%s: %s (0x%08lx)", what,
					     text_of(code), (unsigned long)(uint32_t)code);

	if (error != NULL) {
		error->domain = MOTE_DOMAIN_HYPERVISOR;
		error->os_code = code;
	}
	return status;
}

/* ---- Making a partition and its VP ----------------------------------------------------------- */

/* Old versions of Windows do not know all properties. */
static mote_status set_property(struct mote_whp_vm *vm, uint32_t code, const void *value,
				uint32_t bytes, bool optional, mote_error *error)
{
	const mote_whp_result result =
		vm->whp->system->SetPartitionProperty(vm->partition, code, value, bytes);

	if (result >= 0 || (optional && (result == MOTE_WHP_E_UNKNOWN_PROPERTY ||
					 result == MOTE_WHP_E_INVALIDARG)))
		return MOTE_OK;
	return mote_whp_fail(error, result, "WHvSetPartitionProperty");
}

/* No local APIC, and no exits for CPUID, MSRs and exceptions: all of that is the guest's affair.
 * Caches and predictors of its own, where the platform has that. */
static mote_status set_properties(struct mote_whp_vm *vm, mote_error *error)
{
	const uint32_t one = 1;
	mote_status status = set_property(vm, MOTE_WHP_PROPERTY_PROCESSOR_COUNT, &one, sizeof(one),
					  false, error);

	if (status == MOTE_OK && vm->whp->exits != 0)
		status = set_property(vm, MOTE_WHP_PROPERTY_EXITS, &vm->whp->exits,
				      sizeof(vm->whp->exits), false, error);
	if (status == MOTE_OK)
		status = set_property(vm, MOTE_WHP_PROPERTY_SECURITY_DOMAIN, &one, sizeof(one),
				      true, error);
	return status == MOTE_OK ? mote_whp_arch_prepare(vm, error) : status;
}

static mote_status create_partition(struct mote_whp_vm *vm, mote_error *error)
{
	const struct mote_whp_system *system = vm->whp->system;
	mote_whp_result result = system->CreatePartition(&vm->partition);
	mote_status status;

	if (result < 0) {
		vm->partition = NULL;
		return mote_whp_fail(error, result, "WHvCreatePartition");
	}
	status = set_properties(vm, error);
	if (status != MOTE_OK)
		return status;
	result = system->SetupPartition(vm->partition);
	return result < 0 ? mote_whp_fail(error, result, "WHvSetupPartition") : MOTE_OK;
}

static mote_status make(struct mote_whp_vm *vm, mote_error *error)
{
	mote_status status = create_partition(vm, error);
	mote_whp_result result;

	if (status != MOTE_OK)
		return status;
	result = vm->whp->system->CreateVirtualProcessor(vm->partition, 0, 0);
	if (result < 0)
		return mote_whp_fail(error, result, "WHvCreateVirtualProcessor");
	vm->has_vp = true;
	return mote_whp_arch_create(vm, error);
}

/* All or a part of what make made. */
static void unmake(struct mote_whp_vm *vm)
{
	const struct mote_whp_system *system = vm->whp->system;

	mote_whp_arch_destroy(vm);
	if (vm->has_vp)
		system->DeleteVirtualProcessor(vm->partition, 0);
	if (vm->partition != NULL)
		system->DeletePartition(vm->partition);
	mote_whp_give_back_surrogate(vm);
}

static void begin(struct mote_whp *whp, struct mote_whp_vm *vm)
{
	vm->hyperv.ops = &mote_whp_ops;
	vm->hyperv.facts = whp->facts;
	vm->whp = whp;
}

/* ---- Registers ------------------------------------------------------------------------------- */

/* As the platform takes them, at multiples of 16 bytes; more than any operation has. */
enum { BATCH = 192 };

static size_t batch_of(size_t count)
{
	return count < BATCH ? count : BATCH;
}

mote_status mote_whp_get_registers(struct mote_hyperv_vm *base, const uint32_t *names,
				   struct mote_hyperv_value *values, size_t count,
				   mote_error *error)
{
	const struct mote_whp_vm *vm = mote_whp_vm(base);
	_Alignas(16) struct mote_hyperv_value batch[BATCH];
	mote_whp_result result;
	size_t some;

	for (size_t first = 0; first < count; first += some) {
		some = batch_of(count - first);
		result = vm->whp->system->GetVirtualProcessorRegisters(
			vm->partition, 0, names + first, (uint32_t)some, batch);
		if (result < 0)
			return mote_whp_fail(error, result, "WHvGetVirtualProcessorRegisters");
		memcpy(values + first, batch, some * sizeof(batch[0]));
	}
	return MOTE_OK;
}

mote_status mote_whp_set_registers(struct mote_hyperv_vm *base, const uint32_t *names,
				   const struct mote_hyperv_value *values, size_t count,
				   mote_error *error)
{
	const struct mote_whp_vm *vm = mote_whp_vm(base);
	_Alignas(16) struct mote_hyperv_value batch[BATCH];
	mote_whp_result result;
	size_t some;

	for (size_t first = 0; first < count; first += some) {
		some = batch_of(count - first);
		memcpy(batch, values + first, some * sizeof(batch[0]));
		result = vm->whp->system->SetVirtualProcessorRegisters(
			vm->partition, 0, names + first, (uint32_t)some, batch);
		if (result < 0)
			return mote_whp_fail(error, result, "WHvSetVirtualProcessorRegisters");
	}
	return MOTE_OK;
}

/* ---- The platform ---------------------------------------------------------------------------- */

static mote_status check_presence(const struct mote_whp_system *system, mote_error *error)
{
	uint32_t present = 0;
	const mote_whp_result result =
		system->GetCapability(MOTE_WHP_CAPABILITY_PRESENT, &present, sizeof(present), NULL);

	if (result < 0)
		return mote_whp_fail(error, result, "WHvGetCapability");
	if (present == 0)
		return mote_fail(error, MOTE_NO_HYPERVISOR,
				 "the Windows hypervisor does not run; turn on virtualization in "
				 "the firmware and the Windows feature \"Windows Hypervisor "
				 "Platform\", and restart");
	return MOTE_OK;
}

/* Capabilities that old versions of Windows do not know are none. */
static uint64_t ask(const struct mote_whp_system *system, uint32_t code, uint32_t bytes)
{
	uint64_t value = 0;

	return system->GetCapability(code, &value, bytes, NULL) >= 0 ? value : 0;
}

static void set_capabilities(struct mote_whp *whp)
{
	whp->exits = ask(whp->system, MOTE_WHP_CAPABILITY_EXITS, sizeof(uint64_t)) &
		     MOTE_WHP_EXIT_GPA_ACCESS_FAULT;
	whp->base.capabilities = (struct mote_capabilities){
		.slots = MOTE_WHP_SLOTS,
		.page_bytes = mote_os_page_bytes(),
		.address_bits = (uint32_t)ask(whp->system, MOTE_WHP_CAPABILITY_ADDRESS_BITS,
					      sizeof(uint32_t)),
		.described_accesses = true,
		.read_only_slots = true,
	};
}

static void whp_close(struct mote_hypervisor *hypervisor)
{
	struct mote_whp *whp = to_whp(hypervisor);

	if (whp == NULL)
		return;
	mote_whp_end_surrogates(whp);
	mote_os_lock_destroy(whp->lock);
	mote_release(whp->base.allocator, whp->facts);
	mote_release(whp->base.allocator, whp->surrogate_path);
	mote_release(whp->base.allocator, whp);
}

/* A partition that is thrown away shows what a guest will find. */
static mote_status learn(struct mote_whp *whp, mote_error *error)
{
	struct mote_whp_vm *vm = mote_allocate(whp->base.allocator, sizeof(*vm));
	mote_status status;

	if (vm == NULL)
		return mote_fail_memory(error, "VM");
	vm->hyperv.base.hypervisor = &whp->base;
	begin(whp, vm);
	status = make(vm, error);
	if (status == MOTE_OK)
		status = mote_whp_arch_learn(vm, error);
	unmake(vm);
	mote_release(whp->base.allocator, vm);
	return status;
}

static mote_status prepare(struct mote_whp *whp, mote_error *error)
{
	mote_status status = check_presence(whp->system, error);

	if (status == MOTE_OK)
		status = mote_whp_arch_check(whp, error);
	if (status == MOTE_OK)
		status = mote_os_lock_create(whp->base.allocator, &whp->lock, error);
	if (status == MOTE_OK)
		status = mote_hyperv_make_facts(whp->base.allocator, &whp->facts, error);
	if (status != MOTE_OK)
		return status;
	set_capabilities(whp);
	return learn(whp, error);
}

static mote_status keep_surrogate_options(struct mote_whp *whp,
					  const struct mote_hypervisor_options *options,
					  mote_error *error)
{
	const size_t bytes =
		options->surrogate_path != NULL ? strlen(options->surrogate_path) + 1 : 0;

	whp->forbids_surrogates = options->forbid_surrogates;
	if (bytes == 0)
		return MOTE_OK;
	whp->surrogate_path = mote_allocate(whp->base.allocator, bytes);
	if (whp->surrogate_path == NULL)
		return mote_fail_memory(error, "hypervisor");
	memcpy(whp->surrogate_path, options->surrogate_path, bytes);
	return MOTE_OK;
}

static const struct mote_whp_system *find_system(const struct mote_system *const *systems,
						 const char **reason)
{
	const struct mote_system *found = mote_system_find(systems, MOTE_BACKEND_WHP);

	return found != NULL ? (const struct mote_whp_system *)found : mote_whp_real_system(reason);
}

static mote_status whp_open(const struct mote_hypervisor_options *options,
			    struct mote_hypervisor **hypervisor, mote_error *error)
{
	const char *reason = "";
	const struct mote_whp_system *system = find_system(options->systems, &reason);
	struct mote_whp *whp;
	mote_status status;

	if (options->kick_signal != 0)
		return mote_fail(error, MOTE_INVALID_ARGUMENT,
				 "kick_signal: this hypervisor needs no signal");
	if (system == NULL)
		return mote_fail(error, MOTE_NO_HYPERVISOR, "%s", reason);
	whp = mote_allocate(options->allocator, sizeof(*whp));
	if (whp == NULL)
		return mote_fail_memory(error, "hypervisor");
	whp->base.backend = &mote_backend_whp;
	whp->base.allocator = options->allocator;
	whp->system = system;
	status = keep_surrogate_options(whp, options, error);
	if (status == MOTE_OK)
		status = prepare(whp, error);
	if (status != MOTE_OK) {
		whp_close(&whp->base);
		return status;
	}
	*hypervisor = &whp->base;
	return MOTE_OK;
}

static void whp_probe(const struct mote_system *const *systems, mote_probe_result *result)
{
	const struct mote_hypervisor_options options = {
		.allocator = &mote_default_allocator,
		.systems = systems,
	};
	mote_error error = MOTE_ERROR_INIT;
	struct mote_hypervisor *hypervisor;

	if (whp_open(&options, &hypervisor, &error) != MOTE_OK) {
		snprintf(result->reason, sizeof(result->reason), "%.*s",
			 (int)sizeof(result->reason) - 1, error.text);
		return;
	}
	snprintf(result->version, sizeof(result->version), "WHP%s",
		 to_whp(hypervisor)->system->MapGpaRange2 != NULL
			 ? ""
			 : ", one sandbox of a process at a time");
	result->usable = true;
	whp_close(hypervisor);
}

/* Nothing of a thread is in the way of a cancellation. */
static mote_status whp_check_thread(const struct mote_hypervisor *hypervisor, mote_error *error)
{
	(void)hypervisor;
	(void)error;
	return MOTE_OK;
}

/* ---- Life of a VM ---------------------------------------------------------------------------- */

static mote_status whp_native_handle(struct mote_vm *base, mote_native_handle_kind kind,
				     uintptr_t *handle, mote_error *error)
{
	const struct mote_whp_vm *vm = mote_whp_vm(mote_hyperv_vm(base));

	if (kind != MOTE_NATIVE_WHP_PARTITION)
		return mote_fail(error, MOTE_UNSUPPORTED,
				 "native handle kind %d does not exist on WHP", (int)kind);
	*handle = (uintptr_t)vm->partition;
	return MOTE_OK;
}

/* No cancellation is sent any more: the interrupt handle sends them while a run goes on. */
static void whp_destroy(struct mote_vm *base)
{
	struct mote_whp_vm *vm = mote_whp_vm(mote_hyperv_vm(base));
	const mote_allocator *allocator = base->hypervisor->allocator;

	unmake(vm);
	mote_vm_end(base);
	mote_release(allocator, vm);
}

static const struct mote_vm_ops vm_ops = {
	.destroy = whp_destroy,
	.map_memory = mote_whp_map_memory,
	.unmap_memory = mote_whp_unmap_memory,
	.enter = mote_whp_enter,
	MOTE_HYPERV_VM_OPS,
	.native_handle = whp_native_handle,
};

/* The state of a VP after its creation is not that of a processor after its reset. */
static mote_status whp_create(struct mote_hypervisor *hypervisor, struct mote_vm **created,
			      mote_error *error)
{
	struct mote_whp_vm *vm = mote_allocate(hypervisor->allocator, sizeof(*vm));
	mote_status status;

	if (vm == NULL)
		return mote_fail_memory(error, "VM");
	begin(to_whp(hypervisor), vm);
	mote_whp_kick_init(vm);
	status = mote_vm_begin(&vm->hyperv.base, &vm_ops, hypervisor, &vm->kick.base, error);
	vm->hyperv.base.guest_clock = &vm->clock.base;
	if (status == MOTE_OK)
		status = make(vm, error);
	if (status == MOTE_OK)
		status = mote_vcpu_reset(&vm->hyperv.base, error);
	if (status != MOTE_OK) {
		whp_destroy(&vm->hyperv.base);
		return status;
	}
	*created = &vm->hyperv.base;
	return MOTE_OK;
}

const struct mote_backend mote_backend_whp = {
	.kind = MOTE_BACKEND_WHP,
	.probe = whp_probe,
	.open = whp_open,
	.close = whp_close,
	.check_thread = whp_check_thread,
	.create = whp_create,
};

/* SPDX-License-Identifier: Apache-2.0
 *
 * The Microsoft hypervisor under Linux: the device, and the life of a VM.  Source: Linux,
 * drivers/hv/mshv_root_main.c.
 */
#include "hypervisor/backends/mshv/mshv.h"

#include <errno.h>
#include <stdio.h>

#include "error_internal.h"
#include "hypervisor/backends/linux/linux_release.h"
#include "hypervisor/backends/mshv/mshv_internal.h"
#include "os/os.h"

#define DEVICE "/dev/mshv"

enum { SLOTS = 256 }; /* the driver keeps a list, without a limit of its own */

static struct mote_mshv *to_mshv(struct mote_hypervisor *hypervisor)
{
	return (struct mote_mshv *)hypervisor;
}

/* ---- Making a partition and its VP ----------------------------------------------------------- */

static mote_status fail_partition(mote_error *error, int code)
{
	switch (code) {
	case ENOTTY:
		return mote_fail(error, MOTE_NO_HYPERVISOR,
				 DEVICE
				 ": another interface than that of Linux 6.15 and later; use "
				 "such a kernel");
	case EINVAL:
		return mote_fail(error, MOTE_NO_HYPERVISOR,
				 DEVICE ": the driver refuses a partition without any feature; use "
					"Linux 6.15 or later");
	case ENODEV:
	case EPERM:
	case EACCES:
		return mote_os_fail_code(error, MOTE_NO_HYPERVISOR, MOTE_DOMAIN_HYPERVISOR, code,
					 DEVICE ": a partition cannot be created; this kernel may "
						"not be that of the root partition");
	default:
		return mote_mshv_fail(error, code, "MSHV_CREATE_PARTITION");
	}
}

/* No local APIC: with one, a guest that halts never leaves RUN_VP.  The first version of the
 * structure, which all kernels take. */
static mote_status create_partition(struct mote_mshv_vm *vm, mote_error *error)
{
	struct mote_mshv_create_partition create = {.flags = 0};
	mote_status status;
	int result;

	vm->partition =
		mote_mshv_request(vm->mshv, vm->mshv->fd, MOTE_MSHV_CREATE_PARTITION, &create);
	if (vm->partition < 0)
		return fail_partition(error, -vm->partition);
	status = mote_mshv_arch_prepare(vm->mshv, vm->partition, error);
	if (status != MOTE_OK)
		return status;
	result = mote_mshv_request(vm->mshv, vm->partition, MOTE_MSHV_INITIALIZE_PARTITION, NULL);
	return result < 0 ? mote_mshv_fail(error, -result, "MSHV_INITIALIZE_PARTITION") : MOTE_OK;
}

static mote_status create_vp(struct mote_mshv_vm *vm, mote_error *error)
{
	const struct mote_linux_device *system = vm->mshv->system;
	uint32_t index = 0;
	int result;

	vm->vp = mote_mshv_request(vm->mshv, vm->partition, MOTE_MSHV_CREATE_VP, &index);
	if (vm->vp < 0)
		return mote_mshv_fail(error, -vm->vp, "MSHV_CREATE_VP");
	vm->run = system->duplicate(system, vm->vp);
	if (vm->run < 0)
		return mote_mshv_fail(error, -vm->run, "F_DUPFD_CLOEXEC of a VP");
	result = system->map(system, vm->vp, MOTE_MSHV_VP_PAGE_BYTES, &vm->page);
	if (result == 0)
		return MOTE_OK;
	vm->page = NULL;
	/* The hypervisor has none. */
	return result == -ENODEV ? MOTE_OK
				 : mote_os_fail_mapping(error, MOTE_DOMAIN_HYPERVISOR, -result,
							"the VP", MOTE_MSHV_VP_PAGE_BYTES);
}

static void begin(struct mote_mshv *mshv, struct mote_mshv_vm *vm)
{
	vm->hyperv.ops = &mote_mshv_ops;
	vm->hyperv.facts = mshv->facts;
	vm->mshv = mshv;
	vm->partition = -1;
	vm->vp = -1;
	vm->run = -1;
}

static mote_status make(struct mote_mshv_vm *vm, mote_error *error)
{
	mote_status status = create_partition(vm, error);

	if (status == MOTE_OK)
		status = create_vp(vm, error);
	return status == MOTE_OK ? mote_mshv_arch_create(vm, error) : status;
}

/* What make made, all or a part of it. */
static struct mote_mshv_remains remains_of(const struct mote_mshv_vm *vm)
{
	return (struct mote_mshv_remains){
		.partition = vm->partition,
		.vp = vm->vp,
		.run = vm->run,
		.page = vm->page,
	};
}

void mote_mshv_bury(const struct mote_linux_device *system, const struct mote_mshv_remains *remains)
{
	if (remains->page != NULL)
		system->unmap(system, remains->page, MOTE_MSHV_VP_PAGE_BYTES);
	if (remains->run >= 0)
		system->close(system, remains->run);
	if (remains->vp >= 0)
		system->close(system, remains->vp);
	if (remains->partition >= 0)
		system->close(system, remains->partition);
}

static void unmake(struct mote_mshv_vm *vm)
{
	const struct mote_mshv_remains remains = remains_of(vm);

	mote_mshv_arch_destroy(vm);
	mote_mshv_bury(vm->mshv->system, &remains);
	vm->page = NULL;
	begin(vm->mshv, vm);
}

/* Descriptors or memory may be short because of partitions that were still to be closed. */
static mote_status make_patiently(struct mote_mshv_vm *vm, mote_error *error)
{
	const uint64_t closed = mote_mshv_reaper_closed(vm->mshv->reaper);
	mote_error first = MOTE_ERROR_INIT;
	mote_status status = make(vm, &first);

	if (status == MOTE_OK)
		return MOTE_OK;
	if ((status != MOTE_LIMIT && status != MOTE_NO_MEMORY) ||
	    !mote_mshv_reaper_finish(vm->mshv->reaper, closed))
		return mote_fail_as(error, &first);
	unmake(vm);
	return make(vm, error);
}

/* ---- The device ------------------------------------------------------------------------------ */

static mote_status fail_device(mote_error *error, int code)
{
	switch (code) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return mote_fail(error, MOTE_NO_HYPERVISOR,
				 DEVICE
				 ": no such device; it is there in the root partition of the "
				 "Microsoft hypervisor, with Linux 6.15 or later and the "
				 "module mshv_root loaded");
	case EACCES:
	case EPERM:
		return mote_fail(error, MOTE_NO_HYPERVISOR,
				 DEVICE ": permission denied; only root may open it unless a udev "
					"rule gives it a group");
	default:
		return mote_mshv_fail(error, code, "open " DEVICE);
	}
}

static mote_status open_files(struct mote_mshv *mshv, mote_error *error)
{
	mshv->fd = mshv->system->open(mshv->system, DEVICE);
	if (mshv->fd < 0)
		return fail_device(error, -mshv->fd);
	mshv->null_fd = mshv->system->open(mshv->system, "/dev/null");
	return mshv->null_fd < 0 ? mote_mshv_fail(error, -mshv->null_fd, "open /dev/null")
				 : MOTE_OK;
}

/* Linux 6.19 runs a guest that writes to read-only memory again and again, without an end, until
 * 7.0-rc8. */
static bool has_read_only_slots(void)
{
	const struct mote_linux_release release = mote_linux_release();

	return release.major != 6 || release.minor < 19;
}

static void set_capabilities(struct mote_mshv *mshv)
{
	mshv->base.capabilities = (struct mote_capabilities){
		.slots = SLOTS,
		.page_bytes = mote_os_page_bytes(),
		.described_accesses = true,
		.read_only_slots = has_read_only_slots(),
	};
}

/* A partition that is thrown away shows what a guest will find. */
static mote_status learn(struct mote_mshv *mshv, mote_error *error)
{
	struct mote_mshv_vm *vm = mote_allocate(mshv->base.allocator, sizeof(*vm));
	mote_status status;

	if (vm == NULL)
		return mote_fail_memory(error, "VM");
	vm->hyperv.base.hypervisor = &mshv->base;
	begin(mshv, vm);
	status = make(vm, error);
	if (status == MOTE_OK)
		status = mote_mshv_arch_learn(vm, error);
	unmake(vm);
	mote_release(mshv->base.allocator, vm);
	return status;
}

static void mshv_close(struct mote_hypervisor *hypervisor)
{
	struct mote_mshv *mshv = to_mshv(hypervisor);

	if (mshv == NULL)
		return;
	if (mshv->kick_signal != 0)
		mote_kick_signal_uninstall(mshv->kick_signal);
	mote_mshv_reaper_destroy(mshv->reaper);
	mote_release(mshv->base.allocator, mshv->facts);
	if (mshv->null_fd >= 0)
		mshv->system->close(mshv->system, mshv->null_fd);
	if (mshv->fd >= 0)
		mshv->system->close(mshv->system, mshv->fd);
	mote_release(mshv->base.allocator, mshv);
}

static mote_status open_device(const struct mote_hypervisor_options *options,
			       struct mote_hypervisor **hypervisor, mote_error *error)
{
	struct mote_mshv *mshv = mote_allocate(options->allocator, sizeof(*mshv));
	mote_status status;

	if (mshv == NULL)
		return mote_fail_memory(error, "hypervisor");
	mshv->base.backend = &mote_backend_mshv;
	mshv->base.allocator = options->allocator;
	mshv->system = mote_linux_device_find(options->systems, MOTE_BACKEND_MSHV);
	mshv->fd = -1;
	mshv->null_fd = -1;
	set_capabilities(mshv);
	status = open_files(mshv, error);
	if (status == MOTE_OK)
		status = mote_hyperv_make_facts(mshv->base.allocator, &mshv->facts, error);
	if (status == MOTE_OK)
		status = learn(mshv, error);
	if (status != MOTE_OK) {
		mshv_close(&mshv->base);
		return status;
	}
	*hypervisor = &mshv->base;
	return MOTE_OK;
}

/* What a probe does not need.  The signal comes last, so that a machine without this hypervisor
 * leaves the application's signals alone. */
static mote_status begin_work(struct mote_mshv *mshv, int kick_signal, mote_error *error)
{
	mote_status status =
		mote_mshv_reaper_create(mshv->system, mshv->base.allocator, &mshv->reaper, error);

	if (status == MOTE_OK)
		status = mote_kick_signal_install(&kick_signal, error);
	if (status == MOTE_OK)
		mshv->kick_signal = kick_signal;
	return status;
}

static mote_status mshv_open(const struct mote_hypervisor_options *options,
			     struct mote_hypervisor **hypervisor, mote_error *error)
{
	struct mote_hypervisor *opened;
	mote_status status = open_device(options, &opened, error);

	if (status != MOTE_OK)
		return status;
	status = begin_work(to_mshv(opened), options->kick_signal, error);
	if (status != MOTE_OK) {
		mshv_close(opened);
		return status;
	}
	*hypervisor = opened;
	return MOTE_OK;
}

static void mshv_probe(const struct mote_system *const *systems, mote_probe_result *result)
{
	const struct mote_hypervisor_options options = {
		.allocator = &mote_default_allocator,
		.systems = systems,
	};
	const struct mote_linux_release release = mote_linux_release();
	mote_error error = MOTE_ERROR_INIT;
	struct mote_hypervisor *hypervisor;

	if (open_device(&options, &hypervisor, &error) != MOTE_OK) {
		snprintf(result->reason, sizeof(result->reason), "%.*s",
			 (int)sizeof(result->reason) - 1, error.text);
		return;
	}
	snprintf(result->version, sizeof(result->version), "Linux %u.%u%s", release.major,
		 release.minor,
		 hypervisor->capabilities.read_only_slots ? "" : ", no read-only memory");
	result->usable = true;
	mshv_close(hypervisor);
}

static mote_status mshv_check_thread(const struct mote_hypervisor *hypervisor, mote_error *error)
{
	return mote_kick_signal_check_thread(((const struct mote_mshv *)hypervisor)->kick_signal,
					     error);
}

/* ---- Life of a VM ---------------------------------------------------------------------------- */

static mote_status mshv_native_handle(struct mote_vm *base, mote_native_handle_kind kind,
				      uintptr_t *handle, mote_error *error)
{
	const struct mote_mshv_vm *vm = mote_mshv_vm(base);

	if (kind != MOTE_NATIVE_MSHV_PARTITION && kind != MOTE_NATIVE_MSHV_VP)
		return mote_fail(error, MOTE_UNSUPPORTED,
				 "native handle kind %d does not exist on MSHV", (int)kind);
	*handle = (uintptr_t)(kind == MOTE_NATIVE_MSHV_PARTITION ? vm->partition : vm->vp);
	return MOTE_OK;
}

static void mshv_destroy(struct mote_vm *base)
{
	struct mote_mshv_vm *vm = mote_mshv_vm(base);
	const struct mote_mshv_remains remains = remains_of(vm);
	const mote_allocator *allocator = base->hypervisor->allocator;

	mote_mshv_arch_destroy(vm);
	if (vm->partition >= 0)
		mote_mshv_reaper_give(vm->mshv->reaper, &remains);
	mote_vm_end(base);
	mote_release(allocator, vm);
}

static const struct mote_vm_ops vm_ops = {
	.destroy = mshv_destroy,
	.map_memory = mote_hyperv_map_memory,
	.unmap_memory = mote_hyperv_unmap_memory,
	.enter = mote_mshv_enter,
	MOTE_HYPERV_VM_OPS,
	.native_handle = mshv_native_handle,
};

static mote_status mshv_create(struct mote_hypervisor *hypervisor, struct mote_vm **created,
			       mote_error *error)
{
	struct mote_mshv_vm *vm = mote_allocate(hypervisor->allocator, sizeof(*vm));
	mote_status status;

	if (vm == NULL)
		return mote_fail_memory(error, "VM");
	begin(to_mshv(hypervisor), vm);
	mote_mshv_kick_init(vm);
	status = mote_vm_begin(&vm->hyperv.base, &vm_ops, hypervisor, &vm->kick.base, error);
	if (status == MOTE_OK)
		status = make_patiently(vm, error);
	if (status != MOTE_OK) {
		mshv_destroy(&vm->hyperv.base);
		return status;
	}
	*created = &vm->hyperv.base;
	return MOTE_OK;
}

const struct mote_backend mote_backend_mshv = {
	.kind = MOTE_BACKEND_MSHV,
	.probe = mshv_probe,
	.open = mshv_open,
	.close = mshv_close,
	.check_thread = mshv_check_thread,
	.create = mshv_create,
};

/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM: the device, and the life of a VM.  Source: Linux, Documentation/virt/kvm/api.rst.
 */
#include "hypervisor/backends/kvm/kvm.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "error_internal.h"
#include "hypervisor/backends/kvm/kvm_internal.h"
#include "os/os.h"

#define DEVICE "/dev/kvm"

static struct mote_kvm *to_kvm(struct mote_hypervisor *hypervisor)
{
	return (struct mote_kvm *)hypervisor;
}

static struct mote_kvm_vm *to_vm(struct mote_vm *base)
{
	return (struct mote_kvm_vm *)base;
}

mote_status mote_kvm_fail(mote_error *error, int code, const char *what)
{
	return mote_os_fail(error, MOTE_DOMAIN_HYPERVISOR, code, what);
}

int mote_kvm_capability(struct mote_kvm *kvm, int fd, uintptr_t capability)
{
	int value = mote_kvm_ioctl(kvm, fd, MOTE_KVM_CHECK_EXTENSION, (void *)capability);

	if (value < 0 && kvm->question_error == 0)
		kvm->question_error = -value;
	return value > 0 ? value : 0;
}

static mote_status vcpu_ioctl(struct mote_kvm_vm *vm, unsigned long request, void *argument,
			      const char *name, mote_error *error)
{
	int result = mote_kvm_ioctl(vm->kvm, vm->vcpu_fd, request, argument);

	return result < 0 ? mote_kvm_fail(error, -result, name) : MOTE_OK;
}

mote_status mote_kvm_vcpu_get(struct mote_kvm_vm *vm, unsigned long request, void *out,
			      const char *name, mote_error *error)
{
	return vcpu_ioctl(vm, request, out, name, error);
}

mote_status mote_kvm_vcpu_set(struct mote_kvm_vm *vm, unsigned long request, const void *in,
			      const char *name, mote_error *error)
{
	return vcpu_ioctl(vm, request, (void *)(uintptr_t)in, name, error);
}

/* ---- The device -------------------------------------------------------------------------- */

static mote_status fail_device(mote_error *error, int code)
{
	switch (code) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return mote_fail(error, MOTE_NO_HYPERVISOR, DEVICE ": no such device; %s",
				 mote_kvm_arch_remedy);
	case EACCES:
	case EPERM:
		return mote_fail(
			error, MOTE_NO_HYPERVISOR, DEVICE ": permission denied; %s",
			mote_os_file_permits(DEVICE)
				? "its mode allows access, but a container, a device cgroup or a "
				  "security policy forbids it; have the device passed in"
				: "add yourself to group kvm");
	default:
		return mote_kvm_fail(error, code, "open " DEVICE);
	}
}

static mote_status check_device(struct mote_kvm *kvm, mote_error *error)
{
	int version = mote_kvm_ioctl(kvm, kvm->fd, MOTE_KVM_GET_API_VERSION, NULL);

	if (version == -ENOTTY)
		return mote_fail(error, MOTE_NO_HYPERVISOR, DEVICE ": not a KVM device");
	if (version < 0)
		return mote_kvm_fail(error, -version, DEVICE ": KVM_GET_API_VERSION");
	if (version != MOTE_KVM_API_VERSION)
		return mote_fail(error, MOTE_NO_HYPERVISOR,
				 DEVICE ": KVM API version is %d, not %d; use another kernel",
				 version, MOTE_KVM_API_VERSION);
	if (!mote_kvm_capability(kvm, kvm->fd, MOTE_KVM_CAP_USER_MEMORY) ||
	    !mote_kvm_capability(kvm, kvm->fd, MOTE_KVM_CAP_IMMEDIATE_EXIT))
		return mote_fail(error, MOTE_NO_HYPERVISOR,
				 DEVICE ": this kernel's KVM is too old; Linux 4.13 or later");
	return MOTE_OK;
}

static mote_status read_capabilities(struct mote_kvm *kvm, mote_error *error)
{
	int run_bytes = mote_kvm_ioctl(kvm, kvm->fd, MOTE_KVM_GET_VCPU_MMAP_SIZE, NULL);
	int slots = mote_kvm_capability(kvm, kvm->fd, MOTE_KVM_CAP_NR_MEMSLOTS);

	if (run_bytes < (int)sizeof(struct mote_kvm_run))
		return mote_kvm_fail(error, run_bytes < 0 ? -run_bytes : EPROTO,
				     "KVM_GET_VCPU_MMAP_SIZE");
	kvm->run_bytes = (size_t)run_bytes;
	kvm->base.capabilities.slots = slots > 0 ? (uint32_t)slots : 32;
	kvm->base.capabilities.page_bytes = mote_os_page_bytes();
	kvm->base.capabilities.doorbell_calls = 1;
	kvm->base.capabilities.described_accesses = true;
	kvm->base.capabilities.aliases = true;
	kvm->base.capabilities.read_only_host_memory = true;
	kvm->base.capabilities.host_cow = true;
	kvm->base.capabilities.read_only_slots =
		mote_kvm_capability(kvm, kvm->fd, MOTE_KVM_CAP_READONLY_MEM) != 0;
	return mote_kvm_arch_open(kvm, error);
}

static void kvm_close(struct mote_hypervisor *hypervisor)
{
	struct mote_kvm *kvm = to_kvm(hypervisor);

	if (kvm == NULL)
		return;
	if (kvm->kick_signal != 0)
		mote_kick_signal_uninstall(kvm->kick_signal);
	mote_kvm_arch_close(kvm);
	if (kvm->fd >= 0)
		kvm->system->close(kvm->system, kvm->fd);
	mote_release(kvm->base.allocator, kvm);
}

static mote_status open_device(const struct mote_hypervisor_options *options,
			       struct mote_hypervisor **hypervisor, mote_error *error)
{
	struct mote_kvm *kvm = mote_allocate(options->allocator, sizeof(*kvm));
	mote_status status;

	if (kvm == NULL)
		return mote_fail_memory(error, "hypervisor");
	kvm->base.backend = &mote_backend_kvm;
	kvm->system = mote_linux_device_find(options->systems, MOTE_BACKEND_KVM);
	kvm->base.allocator = options->allocator;
	kvm->fd = kvm->system->open(kvm->system, DEVICE);
	status = kvm->fd < 0 ? fail_device(error, -kvm->fd) : check_device(kvm, error);
	if (status == MOTE_OK)
		status = read_capabilities(kvm, error);
	if (kvm->question_error != 0)
		status = mote_kvm_fail(error, kvm->question_error, DEVICE ": KVM_CHECK_EXTENSION");
	if (status != MOTE_OK) {
		kvm_close(&kvm->base);
		return status;
	}
	*hypervisor = &kvm->base;
	return MOTE_OK;
}

/* The signal comes last, so that a machine without KVM leaves the application's signals alone. */
static mote_status kvm_open(const struct mote_hypervisor_options *options,
			    struct mote_hypervisor **hypervisor, mote_error *error)
{
	struct mote_hypervisor *opened;
	int kick_signal = options->kick_signal;
	mote_status status = open_device(options, &opened, error);

	if (status != MOTE_OK)
		return status;
	status = mote_kick_signal_install(&kick_signal, error);
	if (status != MOTE_OK) {
		kvm_close(opened);
		return status;
	}
	to_kvm(opened)->kick_signal = kick_signal;
	*hypervisor = opened;
	return MOTE_OK;
}

static mote_status kvm_check_thread(const struct mote_hypervisor *hypervisor, mote_error *error)
{
	return mote_kick_signal_check_thread(((const struct mote_kvm *)hypervisor)->kick_signal,
					     error);
}

static int create_vm_fd(struct mote_kvm *kvm)
{
	int vm_fd;

	/* The kernel waits for its other processors here, and a signal ends the wait. */
	do
		vm_fd = mote_kvm_ioctl(kvm, kvm->fd, MOTE_KVM_CREATE_VM,
				       (void *)mote_kvm_arch_vm_type(kvm));
	while (vm_fd == -EINTR);
	return vm_fd;
}

/* A device that opens may still refuse a VM, e.g. while another hypervisor uses the processor. */
static void probe_vm(struct mote_kvm *kvm, mote_probe_result *result)
{
	char reason[MOTE_OS_ERROR_TEXT_BYTES];
	int vm_fd = create_vm_fd(kvm);

	if (vm_fd < 0) {
		snprintf(result->reason, sizeof(result->reason),
			 DEVICE ": a VM cannot be created: %s", mote_os_error_text(-vm_fd, reason));
		return;
	}
	kvm->system->close(kvm->system, vm_fd);
	snprintf(result->version, sizeof(result->version), "KVM API %d", MOTE_KVM_API_VERSION);
	result->usable = true;
}

static void kvm_probe(const struct mote_system *const *systems, mote_probe_result *result)
{
	const struct mote_hypervisor_options options = {
		.allocator = &mote_default_allocator,
		.systems = systems,
	};
	mote_error error = MOTE_ERROR_INIT;
	struct mote_hypervisor *hypervisor;

	if (open_device(&options, &hypervisor, &error) != MOTE_OK) {
		snprintf(result->reason, sizeof(result->reason), "%.*s",
			 (int)sizeof(result->reason) - 1, error.text);
		return;
	}
	probe_vm(to_kvm(hypervisor), result);
	kvm_close(hypervisor);
}

/* ---- Life of a VM ------------------------------------------------------------------------ */

static mote_status kvm_native_handle(struct mote_vm *base, mote_native_handle_kind kind,
				     uintptr_t *handle, mote_error *error)
{
	struct mote_kvm_vm *vm = to_vm(base);

	if (kind != MOTE_NATIVE_KVM_VM && kind != MOTE_NATIVE_KVM_VCPU)
		return mote_fail(error, MOTE_UNSUPPORTED,
				 "native handle kind %d does not exist on KVM", (int)kind);
	*handle = (uintptr_t)(kind == MOTE_NATIVE_KVM_VM ? vm->vm_fd : vm->vcpu_fd);
	return MOTE_OK;
}

static mote_status kvm_park(struct mote_vm *base, mote_error *error)
{
	(void)base;
	(void)error;
	return MOTE_OK;
}

static void kvm_destroy(struct mote_vm *base)
{
	struct mote_kvm_vm *vm = to_vm(base);
	const struct mote_linux_device *system = vm->kvm->system;

	if (vm->run != NULL)
		system->unmap(system, vm->run, vm->kvm->run_bytes);
	if (vm->vcpu_fd >= 0)
		system->close(system, vm->vcpu_fd);
	if (vm->vm_fd >= 0)
		system->close(system, vm->vm_fd);
	mote_vm_end(base);
	mote_release(vm->kvm->base.allocator, vm);
}

static const struct mote_vm_ops vm_ops = {
	.destroy = kvm_destroy,
	.reserve_gpa = mote_vm_reserve_gpa,
	.release_gpa = mote_vm_release_gpa,
	.map_memory = mote_kvm_map_memory,
	.unmap_memory = mote_kvm_unmap_memory,
	.enter = mote_kvm_enter,
	.regs = mote_kvm_regs,
	.set_regs = mote_kvm_set_regs,
	.sregs = mote_kvm_sregs,
	.set_sregs = mote_kvm_set_sregs,
	.fpu = mote_kvm_fpu,
	.set_fpu = mote_kvm_set_fpu,
	.debug_regs = mote_kvm_debug_regs,
	.set_debug_regs = mote_kvm_set_debug_regs,
	.exception_state = mote_kvm_exception_state,
	.set_exception_return = mote_kvm_set_exception_return,
	.state_bytes = mote_kvm_state_bytes,
	.save_state = mote_kvm_save_state,
	.load_state = mote_kvm_load_state,
	.load_user_state = mote_kvm_load_user_state,
	.begin_reset = mote_kvm_begin_reset,
	.invalidate_translations = mote_kvm_invalidate_translations,
	.park = kvm_park,
	.native_handle = kvm_native_handle,
};

static mote_status create_vm(struct mote_kvm_vm *vm, mote_error *error)
{
	vm->vm_fd = create_vm_fd(vm->kvm);
	if (vm->vm_fd < 0)
		return mote_kvm_fail(error, -vm->vm_fd, "KVM_CREATE_VM");
	return mote_kvm_arch_create_vm(vm, error);
}

static mote_status create_vcpu(struct mote_kvm_vm *vm, mote_error *error)
{
	const struct mote_linux_device *system = vm->kvm->system;
	void *run;
	int result;

	vm->vcpu_fd = mote_kvm_ioctl(vm->kvm, vm->vm_fd, MOTE_KVM_CREATE_VCPU, NULL);
	if (vm->vcpu_fd < 0)
		return mote_kvm_fail(error, -vm->vcpu_fd, "KVM_CREATE_VCPU");
	result = system->map(system, vm->vcpu_fd, vm->kvm->run_bytes, &run);
	if (result < 0)
		return mote_os_fail_mapping(error, MOTE_DOMAIN_HYPERVISOR, -result, "the vCPU",
					    vm->kvm->run_bytes);
	vm->run = run;
	mote_kick_signal_init(&vm->kick, vm->kvm->kick_signal, &vm->run->immediate_exit);
	return mote_kvm_arch_create_vcpu(vm, error);
}

static mote_status kvm_create(struct mote_hypervisor *hypervisor, struct mote_vm **created,
			      mote_error *error)
{
	struct mote_kvm *kvm = to_kvm(hypervisor);
	struct mote_kvm_vm *vm = mote_allocate(kvm->base.allocator, sizeof(*vm));
	mote_status status;

	if (vm == NULL)
		return mote_fail_memory(error, "VM");
	vm->kvm = kvm;
	vm->vm_fd = -1;
	vm->vcpu_fd = -1;
	status = mote_vm_begin(&vm->base, &vm_ops, hypervisor, &vm->kick.base, error);
	if (status == MOTE_OK)
		status = create_vm(vm, error);
	if (status == MOTE_OK)
		status = create_vcpu(vm, error);
	if (status != MOTE_OK) {
		kvm_destroy(&vm->base);
		return status;
	}
	*created = &vm->base;
	return MOTE_OK;
}

const struct mote_backend mote_backend_kvm = {
	.kind = MOTE_BACKEND_KVM,
	.probe = kvm_probe,
	.open = kvm_open,
	.close = kvm_close,
	.check_thread = kvm_check_thread,
	.create = kvm_create,
};

/* SPDX-License-Identifier: Apache-2.0
 *
 * The pretended KVM's table of functions, before the real one.
 */
#include "pretended_kvm.h"

#include "allocator.h"
#include "cases_kvm.h"
#include "hypervisor/backends/kvm/kvm.h"

struct pretence pretence;

static int pretend_open(const struct mote_linux_device *device, const char *path)
{
	(void)device;
	CHECK_STR(path, "/dev/kvm");
	return pretence.open_error != 0 ? -pretence.open_error
					: kvm_real_device()->open(kvm_real_device(), path);
}

static int pretend_close(const struct mote_linux_device *device, int fd)
{
	(void)device;
	return kvm_real_device()->close(kvm_real_device(), fd);
}

static bool comes(unsigned *times)
{
	return *times > 0 && (*times)-- > 0;
}

static int pretend_cpuid(int fd, struct mote_kvm_x86_cpuid *table)
{
	int result = kvm_real_device()->ioctl(kvm_real_device(), fd, MOTE_KVM_GET_SUPPORTED_CPUID,
					      table);

	if (result >= 0 && pretence.edit_cpuid != NULL)
		pretence.edit_cpuid(table);
	return result;
}

static int pretend_xsave(int fd, unsigned long request, uint8_t *area)
{
	int result = kvm_real_device()->ioctl(kvm_real_device(), fd, request, area);

	if (result >= 0 && pretence.edit_xsave != NULL)
		pretence.edit_xsave(area);
	return result;
}

static int pretend_ioctl(const struct mote_linux_device *device, int fd, unsigned long request,
			 void *argument)
{
	(void)device;
	if (pretence.watch != NULL)
		pretence.watch(request, argument);
	if (request == pretence.failing && comes(&pretence.failing_times))
		return -pretence.failing_error;
	switch (request) {
	case MOTE_KVM_GET_API_VERSION:
		if (pretence.version != 0)
			return pretence.version;
		break;
	case MOTE_KVM_CHECK_EXTENSION:
		if (pretence.missing_capability != 0 &&
		    (uintptr_t)argument == (uintptr_t)pretence.missing_capability)
			return 0;
		break;
	case MOTE_KVM_CREATE_VM:
		if (comes(&pretence.create_errors))
			return -pretence.create_error;
		break;
	case MOTE_KVM_GET_SUPPORTED_CPUID:
		return pretend_cpuid(fd, argument);
	case MOTE_KVM_GET_XSAVE:
	case MOTE_KVM_GET_XSAVE2:
		return pretend_xsave(fd, request, argument);
	case MOTE_KVM_RUN:
		if (pretence.run_error != 0)
			return -pretence.run_error;
		if (pretence.exit == NULL)
			break;
		pretence.exit(pretence.run);
		return 0;
	default:
		break;
	}
	return kvm_real_device()->ioctl(kvm_real_device(), fd, request, argument);
}

static int pretend_map(const struct mote_linux_device *device, int fd, size_t bytes, void **address)
{
	int result = kvm_real_device()->map(kvm_real_device(), fd, bytes, address);

	(void)device;
	pretence.run = *address;
	return result;
}

static int pretend_unmap(const struct mote_linux_device *device, void *address, size_t bytes)
{
	(void)device;
	return kvm_real_device()->unmap(kvm_real_device(), address, bytes);
}

static int pretend_protect(const struct mote_linux_device *device, void *address, size_t bytes,
			   bool writable)
{
	(void)device;
	return kvm_real_device()->protect(kvm_real_device(), address, bytes, writable);
}

const struct mote_linux_device pretended_kvm = {
	.base = {MOTE_BACKEND_KVM},
	.open = pretend_open,
	.close = pretend_close,
	.ioctl = pretend_ioctl,
	.map = pretend_map,
	.unmap = pretend_unmap,
	.protect = pretend_protect,
};

const struct mote_system *const pretended_systems[] = {&pretended_kvm.base, NULL};

mote_status pretended_open(mote_error *error)
{
	const struct mote_hypervisor_options options = {
		.allocator = &mote_default_allocator,
		.kick_signal = kick_signal(),
		.systems = pretended_systems,
	};
	struct mote_hypervisor *hypervisor;
	mote_status status = mote_backend_kvm.open(&options, &hypervisor, error);

	if (status == MOTE_OK)
		mote_backend_kvm.close(hypervisor);
	return status;
}

void check_refusal(struct pretence as, mote_status status, const char *part)
{
	mote_probe_result result = {.built = true};
	mote_error error = MOTE_ERROR_INIT;
	size_t files = test_fd_count();

	pretence = as;
	mote_backend_kvm.probe(pretended_systems, &result);
	CHECK(!result.usable);
	CHECK_CONTAINS(result.reason, "/dev/kvm");
	CHECK_CONTAINS(result.reason, part);
	CHECK_STATUS(pretended_open(&error), status, &error);
	CHECK_CONTAINS(error.text, part);
	CHECK_EQ(test_fd_count(), files);
}

void make_pretended(struct machine *machine, struct pretence as)
{
	pretence = as;
	machine_make_with(machine, &code_doorbell_loop, pretended_systems);
}

struct mote_vm_exit run_pretended(void (*as)(struct mote_kvm_run *))
{
	struct mote_vm_exit exit;
	struct machine machine;

	test_need_hypervisor();
	make_pretended(&machine, (struct pretence){.exit = as});
	MACHINE_RUN(&machine, &exit);
	machine_destroy(&machine);
	return exit;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The bare VM on KVM.  Only the result of a run is checked, nothing can be debugged, and a fault of
 * the guest ends the VM: everything that makes a sandbox is left out.  Source: Linux,
 * Documentation/virt/kvm/api.rst.
 */
#define _GNU_SOURCE /* memfd_create */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "floor_arch.h"

bool floor_open(struct bench *bench, struct floor_host **opened)
{
	struct floor_host *host = calloc(1, sizeof(*host));

	if (!host)
		return bench_fail(bench, "no memory");
	host->bench = bench;
	host->kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	*opened = host;
	if (host->kvm_fd < 0)
		return bench_fail(bench, "/dev/kvm: %s", strerror(errno));
	host->run_bytes = (size_t)ioctl(host->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	return floor_arch_open(host);
}

void floor_close(struct floor_host *host)
{
	if (!host)
		return;
	floor_arch_close(host);
	if (host->kvm_fd >= 0)
		close(host->kvm_fd);
	free(host);
}

static bool set_up(struct floor_host *host, enum floor_program program, struct floor_vm *vm)
{
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = FLOOR_BASE,
		.memory_size = BENCH_SMALL_MEMORY,
	};

	vm->memory_fd = memfd_create("bare", MFD_CLOEXEC);
	if (vm->memory_fd < 0 || ftruncate(vm->memory_fd, BENCH_SMALL_MEMORY) != 0)
		return false;
	vm->ram = mmap(NULL, BENCH_SMALL_MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, vm->memory_fd,
		       0);
	if (vm->ram == MAP_FAILED)
		return false;
	floor_arch_fill_memory(vm->ram, program);
	region.userspace_addr = (uintptr_t)vm->ram;
	vm->vm_fd = ioctl(host->kvm_fd, KVM_CREATE_VM, 0);
	if (vm->vm_fd < 0 || ioctl(vm->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) != 0)
		return false;
	vm->vcpu_fd = ioctl(vm->vm_fd, KVM_CREATE_VCPU, 0);
	if (vm->vcpu_fd < 0)
		return false;
	vm->run = mmap(NULL, host->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu_fd, 0);
	return vm->run != MAP_FAILED && floor_arch_start(host, vm);
}

bool floor_create(struct floor_host *host, enum floor_program program, struct floor_vm *vm)
{
	*vm = (struct floor_vm){-1, -1, -1, MAP_FAILED, MAP_FAILED};
	if (set_up(host, program, vm))
		return true;
	bench_fail(host->bench, "bare VM: %s", strerror(errno));
	floor_destroy(host, vm);
	return false;
}

void floor_destroy(struct floor_host *host, struct floor_vm *vm)
{
	if (vm->run != MAP_FAILED)
		munmap(vm->run, host->run_bytes);
	if (vm->vcpu_fd >= 0)
		close(vm->vcpu_fd);
	if (vm->vm_fd >= 0)
		close(vm->vm_fd);
	if (vm->ram != MAP_FAILED)
		munmap(vm->ram, BENCH_SMALL_MEMORY);
	if (vm->memory_fd >= 0)
		close(vm->memory_fd);
	*vm = (struct floor_vm){-1, -1, -1, MAP_FAILED, MAP_FAILED};
}

static bool failed(struct floor_host *host, const struct floor_vm *vm)
{
	const struct kvm_run *run = vm->run;

	return bench_fail(host->bench, "bare VM: exit reason %u", run->exit_reason);
}

bool floor_ring(struct floor_host *host, struct floor_vm *vm)
{
	int result;

	do
		result = ioctl(vm->vcpu_fd, KVM_RUN, 0);
	while (result < 0 && errno == EINTR);
	return (result == 0 && floor_arch_rang(vm)) || failed(host, vm);
}

bool floor_spin(struct floor_host *host, struct floor_vm *vm)
{
	return (ioctl(vm->vcpu_fd, KVM_RUN, 0) < 0 && errno == EINTR) || failed(host, vm);
}

void *floor_block(struct floor_vm *vm)
{
	return (uint8_t *)vm->ram + FLOOR_BLOCK;
}

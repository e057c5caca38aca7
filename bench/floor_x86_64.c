/* SPDX-License-Identifier: Apache-2.0
 *
 * The bare VM on KVM x86_64.  Nothing is checked but what a run gives, nothing can
 * be debugged, and a fault of the guest ends the VM: it is what remains when all
 * that makes a sandbox is left out.  Source: Linux, Documentation/virt/kvm/api.rst;
 * Intel SDM volume 3, 4.5 (page tables), 8.7 (TSS).
 */
#define _GNU_SOURCE /* memfd_create */
#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Guest memory begins at GUEST_BASE, in guest-virtual and guest-physical addresses alike. */
enum {
	PAGE = 4096,
	GUEST_BASE = 0x10000,
	CODE = 0x0000,
	TSS = 0x1000,
	TABLES = 0x2000, /* four levels; memory fits one table of pages */
	BLOCK = 0x10000,
	TSS_BYTES = 0x68,
	BITMAP_BYTES = 0x400 / 8,
	CPUID_ENTRIES = 256,
};

#define PORT 0x50
#define PRESENT 1ull
#define WRITE 2ull
#define USER 4ull
#define ACCESSED_DIRTY 0x60ull
#define NO_EXECUTE (1ull << 63)

struct floor_host {
	struct bench *bench;
	int kvm_fd;
	size_t run_bytes;
	unsigned tss_type;
	struct kvm_cpuid2 *cpuid;
};

bool floor_open(struct bench *bench, struct floor_host **opened)
{
	const char *bed = getenv("MOTE_TEST_BED");
	struct floor_host *host = calloc(1, sizeof(*host));

	if (!host)
		return bench_fail(bench, "no memory");
	host->bench = bench;
	/* QEMU's emulation of SVM reads the I/O bitmap only in a TSS that is not busy. */
	host->tss_type = bed && !strcmp(bed, "svm") ? 9 : 11;
	host->kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	host->cpuid =
		calloc(1, sizeof(*host->cpuid) + CPUID_ENTRIES * sizeof(struct kvm_cpuid_entry2));
	*opened = host;
	if (host->kvm_fd < 0 || !host->cpuid)
		return bench_fail(bench, "/dev/kvm: %s", strerror(errno));
	host->cpuid->nent = CPUID_ENTRIES;
	host->run_bytes = (size_t)ioctl(host->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (ioctl(host->kvm_fd, KVM_GET_SUPPORTED_CPUID, host->cpuid) < 0)
		return bench_fail(bench, "KVM_GET_SUPPORTED_CPUID: %s", strerror(errno));
	return true;
}

void floor_close(struct floor_host *host)
{
	if (!host)
		return;
	if (host->kvm_fd >= 0)
		close(host->kvm_fd);
	free(host->cpuid);
	free(host);
}

static void fill_tables(uint8_t *ram)
{
	uint64_t *tables = (uint64_t *)(void *)(ram + TABLES);
	const uint64_t above = PRESENT | WRITE | USER | ACCESSED_DIRTY;

	for (unsigned level = 0; level < 3; level++)
		tables[512 * level] = (uint64_t)(GUEST_BASE + TABLES + PAGE * (level + 1)) | above;
	for (unsigned page = 0; page < BENCH_SMALL_MEMORY / PAGE; page++) {
		uint64_t address = GUEST_BASE + (uint64_t)page * PAGE;
		uint64_t flags = above | NO_EXECUTE;

		if (page == CODE / PAGE)
			flags = PRESENT | USER | ACCESSED_DIRTY;
		else if (page < BLOCK / PAGE)
			flags = PRESENT | ACCESSED_DIRTY | NO_EXECUTE;
		tables[512 * 3 + address / PAGE] = address | flags;
	}
}

static void fill_memory(uint8_t *ram, enum floor_program program)
{
	static const uint8_t ring[] = {0xe7, PORT, 0xeb, 0xfc}; /* 1: out %eax, $PORT; jmp 1b */
	static const uint8_t spin[] = {0xeb, 0xfe};		/* 1: jmp 1b */

	if (program == FLOOR_RING)
		memcpy(ram + CODE, ring, sizeof(ring));
	else
		memcpy(ram + CODE, spin, sizeof(spin));
	ram[TSS + 102] = TSS_BYTES; /* where the I/O bitmap is */
	memset(ram + TSS + TSS_BYTES, 0xff, BITMAP_BYTES + 1);
	ram[TSS + TSS_BYTES + PORT / 8] = 0xf0;
	fill_tables(ram);
}

static struct kvm_segment user_segment(uint16_t selector, uint8_t type)
{
	return (struct kvm_segment){
		.limit = 0xffffffff,
		.selector = selector,
		.type = type,
		.present = 1,
		.dpl = 3,
		.s = 1,
		.l = type == 11,
		.db = type != 11,
		.g = 1,
	};
}

static bool set_registers(const struct floor_host *host, const struct floor_vm *vm)
{
	const struct kvm_segment data = user_segment(0x1b, 3);
	const struct kvm_sregs sregs = {
		.cs = user_segment(0x23, 11),
		.ss = data,
		.ds = data,
		.es = data,
		.fs = data,
		.gs = data,
		.tr = {.base = GUEST_BASE + TSS,
		       .limit = TSS_BYTES + BITMAP_BYTES,
		       .selector = 0x40,
		       .type = (uint8_t)host->tss_type,
		       .present = 1},
		.ldt = {.unusable = 1},
		.cr0 = 0x80050033, /* PG AM WP NE ET MP PE */
		.cr3 = GUEST_BASE + TABLES,
		.cr4 = 0x620,  /* OSXMMEXCPT OSFXSR PAE */
		.efer = 0xd00, /* NXE LMA LME */
		.apic_base = 0xfee00900,
	};
	const struct kvm_regs regs = {.rip = GUEST_BASE + CODE, .rflags = 2};

	return ioctl(vm->vcpu_fd, KVM_SET_SREGS, &sregs) == 0 &&
	       ioctl(vm->vcpu_fd, KVM_SET_REGS, &regs) == 0;
}

static bool set_up(struct floor_host *host, enum floor_program program, struct floor_vm *vm)
{
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = GUEST_BASE,
		.memory_size = BENCH_SMALL_MEMORY,
	};

	vm->memory_fd = memfd_create("bare", MFD_CLOEXEC);
	if (vm->memory_fd < 0 || ftruncate(vm->memory_fd, BENCH_SMALL_MEMORY) != 0)
		return false;
	vm->ram = mmap(NULL, BENCH_SMALL_MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED, vm->memory_fd,
		       0);
	if (vm->ram == MAP_FAILED)
		return false;
	fill_memory(vm->ram, program);
	region.userspace_addr = (uintptr_t)vm->ram;
	vm->vm_fd = ioctl(host->kvm_fd, KVM_CREATE_VM, 0);
	if (vm->vm_fd < 0 || ioctl(vm->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) != 0)
		return false;
	vm->vcpu_fd = ioctl(vm->vm_fd, KVM_CREATE_VCPU, 0);
	if (vm->vcpu_fd < 0)
		return false;
	vm->run = mmap(NULL, host->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vcpu_fd, 0);
	return vm->run != MAP_FAILED && ioctl(vm->vcpu_fd, KVM_SET_CPUID2, host->cpuid) == 0 &&
	       set_registers(host, vm);
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

bool floor_ring(struct floor_host *host, struct floor_vm *vm)
{
	const struct kvm_run *run = vm->run;
	int result;

	do
		result = ioctl(vm->vcpu_fd, KVM_RUN, 0);
	while (result < 0 && errno == EINTR);
	if (result == 0 && run->exit_reason == KVM_EXIT_IO && run->io.port == PORT)
		return true;
	return bench_fail(host->bench, "bare VM: exit reason %u", run->exit_reason);
}

bool floor_spin(struct floor_host *host, struct floor_vm *vm)
{
	const struct kvm_run *run = vm->run;

	if (ioctl(vm->vcpu_fd, KVM_RUN, 0) < 0 && errno == EINTR)
		return true;
	return bench_fail(host->bench, "bare VM: exit reason %u", run->exit_reason);
}

void *floor_block(struct floor_vm *vm)
{
	return (uint8_t *)vm->ram + BLOCK;
}

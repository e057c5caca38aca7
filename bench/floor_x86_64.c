/* SPDX-License-Identifier: Apache-2.0
 *
 * The bare VM on KVM x86_64.  Source: Linux, Documentation/virt/kvm/api.rst;
 * Intel SDM volume 3, 4.5 (page tables), 8.7 (TSS).
 */
#include <errno.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "floor_arch.h"

/* In guest memory. */
enum {
	CODE = 0x0000,
	TSS = 0x1000,
	TABLES = 0x2000, /* four levels; memory fits one table of pages */
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

struct floor_arch {
	unsigned tss_type;
	struct kvm_cpuid2 *cpuid;
};

bool floor_arch_open(struct floor_host *host)
{
	const char *bed = getenv("MOTE_TEST_BED");
	struct floor_arch *arch = calloc(1, sizeof(*arch));

	host->arch = arch;
	if (!arch)
		return bench_fail(host->bench, "no memory");
	/* QEMU's emulation of SVM reads the I/O bitmap only in a TSS that is not busy. */
	arch->tss_type = bed && !strcmp(bed, "svm") ? 9 : 11;
	arch->cpuid =
		calloc(1, sizeof(*arch->cpuid) + CPUID_ENTRIES * sizeof(struct kvm_cpuid_entry2));
	if (!arch->cpuid)
		return bench_fail(host->bench, "no memory");
	arch->cpuid->nent = CPUID_ENTRIES;
	if (ioctl(host->kvm_fd, KVM_GET_SUPPORTED_CPUID, arch->cpuid) < 0)
		return bench_fail(host->bench, "KVM_GET_SUPPORTED_CPUID: %s", strerror(errno));
	return true;
}

void floor_arch_close(struct floor_host *host)
{
	if (host->arch)
		free(host->arch->cpuid);
	free(host->arch);
}

static void fill_tables(uint8_t *ram)
{
	uint64_t *tables = (uint64_t *)(void *)(ram + TABLES);
	const uint64_t above = PRESENT | WRITE | USER | ACCESSED_DIRTY;

	for (unsigned level = 0; level < 3; level++)
		tables[512 * level] =
			(uint64_t)(FLOOR_BASE + TABLES + FLOOR_PAGE * (level + 1)) | above;
	for (unsigned page = 0; page < BENCH_SMALL_MEMORY / FLOOR_PAGE; page++) {
		uint64_t address = FLOOR_BASE + (uint64_t)page * FLOOR_PAGE;
		uint64_t flags = above | NO_EXECUTE;

		if (page == CODE / FLOOR_PAGE)
			flags = PRESENT | USER | ACCESSED_DIRTY;
		else if (page < FLOOR_BLOCK / FLOOR_PAGE)
			flags = PRESENT | ACCESSED_DIRTY | NO_EXECUTE;
		tables[512 * 3 + address / FLOOR_PAGE] = address | flags;
	}
}

void floor_arch_fill_memory(uint8_t *ram, enum floor_program program)
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

static bool set_registers(const struct floor_arch *arch, const struct floor_vm *vm)
{
	const struct kvm_segment data = user_segment(0x1b, 3);
	const struct kvm_sregs sregs = {
		.cs = user_segment(0x23, 11),
		.ss = data,
		.ds = data,
		.es = data,
		.fs = data,
		.gs = data,
		.tr = {.base = FLOOR_BASE + TSS,
		       .limit = TSS_BYTES + BITMAP_BYTES,
		       .selector = 0x40,
		       .type = (uint8_t)arch->tss_type,
		       .present = 1},
		.ldt = {.unusable = 1},
		.cr0 = 0x80050033, /* PG AM WP NE ET MP PE */
		.cr3 = FLOOR_BASE + TABLES,
		.cr4 = 0x620,  /* OSXMMEXCPT OSFXSR PAE */
		.efer = 0xd00, /* NXE LMA LME */
		.apic_base = 0xfee00900,
	};
	const struct kvm_regs regs = {.rip = FLOOR_BASE + CODE, .rflags = 2};

	return ioctl(vm->vcpu_fd, KVM_SET_SREGS, &sregs) == 0 &&
	       ioctl(vm->vcpu_fd, KVM_SET_REGS, &regs) == 0;
}

bool floor_arch_start(const struct floor_host *host, const struct floor_vm *vm)
{
	return ioctl(vm->vcpu_fd, KVM_SET_CPUID2, host->arch->cpuid) == 0 &&
	       set_registers(host->arch, vm);
}

bool floor_arch_rang(const struct floor_vm *vm)
{
	const struct kvm_run *run = vm->run;

	return run->exit_reason == KVM_EXIT_IO && run->io.port == PORT;
}

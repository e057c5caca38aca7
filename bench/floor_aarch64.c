/* SPDX-License-Identifier: Apache-2.0
 *
 * The bare VM on KVM aarch64: EL0 under stage-1 tables, no vectors, no floating
 * point.  Source: Linux, Documentation/virt/kvm/api.rst; Arm ARM (DDI 0487), D8
 * (translation), D19.2 (registers).
 */
#include <errno.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "floor_arch.h"

/* In guest memory. */
enum { CODE = 0x0000, TABLES = 0x1000 /* four levels; memory fits one table of pages */ };

#define DOORBELL 0xe000 /* below guest memory: nothing is mapped there */

#define PAGE_OR_TABLE 3ull
#define DEVICE (1ull << 2) /* attribute 1 of MAIR */
#define USER (1ull << 6)
#define READ_ONLY (1ull << 7)
#define INNER_SHAREABLE (3ull << 8)
#define ACCESSED (1ull << 10)
#define NOT_GLOBAL (1ull << 11)
#define NO_EXECUTE_EL1 (1ull << 53)
#define NO_EXECUTE_EL0 (1ull << 54)

#define CORE(field)                                                                                \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |                                     \
	 offsetof(struct kvm_regs, regs.field) / sizeof(uint32_t))

struct floor_arch {
	struct kvm_vcpu_init init;
};

/* A vCPU's initialization data depends only on the machine, but querying it takes a VM. */
bool floor_arch_open(struct floor_host *host)
{
	struct floor_arch *arch = calloc(1, sizeof(*arch));
	int vm_fd, result;

	host->arch = arch;
	if (!arch)
		return bench_fail(host->bench, "no memory");
	vm_fd = ioctl(host->kvm_fd, KVM_CREATE_VM, 0);
	result = ioctl(vm_fd, KVM_ARM_PREFERRED_TARGET, &arch->init);
	close(vm_fd);
	return result == 0 || bench_fail(host->bench, "no target for a vCPU");
}

void floor_arch_close(struct floor_host *host)
{
	free(host->arch);
}

static void fill_tables(uint8_t *ram)
{
	uint64_t *tables = (uint64_t *)(void *)(ram + TABLES);
	uint64_t *pages = tables + 512 * 3;
	const uint64_t page_flags = PAGE_OR_TABLE | ACCESSED | NOT_GLOBAL | NO_EXECUTE_EL1;

	for (unsigned level = 0; level < 3; level++)
		tables[512 * level] =
			(uint64_t)(FLOOR_BASE + TABLES + FLOOR_PAGE * (level + 1)) | PAGE_OR_TABLE;
	for (unsigned page = 0; page < BENCH_SMALL_MEMORY / FLOOR_PAGE; page++) {
		uint64_t address = FLOOR_BASE + (uint64_t)page * FLOOR_PAGE;
		uint64_t flags = page_flags | INNER_SHAREABLE;

		if (page == CODE / FLOOR_PAGE)
			flags |= USER | READ_ONLY;
		else if (page < FLOOR_BLOCK / FLOOR_PAGE)
			flags |= NO_EXECUTE_EL0;
		else
			flags |= USER | NO_EXECUTE_EL0;
		pages[address / FLOOR_PAGE] = address | flags;
	}
	pages[DOORBELL / FLOOR_PAGE] = DOORBELL | page_flags | DEVICE | USER | NO_EXECUTE_EL0;
}

void floor_arch_fill_memory(uint8_t *ram, enum floor_program program)
{
	/* mov x1, #DOORBELL; 1: str x0, [x1]; b 1b */
	static const uint32_t ring[] = {0xd2800001 | DOORBELL << 5, 0xf9000020, 0x17ffffff};
	static const uint32_t spin[] = {0x14000000}; /* 1: b 1b */

	if (program == FLOOR_RING)
		memcpy(ram + CODE, ring, sizeof(ring));
	else
		memcpy(ram + CODE, spin, sizeof(spin));
	fill_tables(ram);
}

/* The other registers of a new vCPU are irrelevant or zero. */
static bool set_registers(const struct floor_vm *vm)
{
	const struct {
		uint64_t id, value;
	} registers[] = {
		/* WXN I SA0 SA C M, and the bits that read as one */
		{ARM64_SYS_REG(3, 0, 1, 0, 0), 0x30d8181d},
		{ARM64_SYS_REG(3, 0, 2, 0, 0), FLOOR_BASE + TABLES}, /* TTBR0_EL1 */
		/* TCR_EL1: 40 physical bits, 16 bits of ASID, no TTBR1, cached walks, 48 bits */
		{ARM64_SYS_REG(3, 0, 2, 0, 2), 0x1200803510},
		{ARM64_SYS_REG(3, 0, 10, 2, 0), 0xff}, /* MAIR_EL1: write-back, device */
		{CORE(pc), FLOOR_BASE + CODE},
		{CORE(pstate), 0x3c0}, /* EL0, no interrupts */
	};

	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
		const struct kvm_one_reg one = {registers[i].id, (uintptr_t)&registers[i].value};

		if (ioctl(vm->vcpu_fd, KVM_SET_ONE_REG, &one) != 0)
			return false;
	}
	return true;
}

bool floor_arch_start(const struct floor_host *host, const struct floor_vm *vm)
{
	return ioctl(vm->vcpu_fd, KVM_ARM_VCPU_INIT, &host->arch->init) == 0 && set_registers(vm);
}

bool floor_arch_rang(const struct floor_vm *vm)
{
	const struct kvm_run *run = vm->run;

	return run->exit_reason == KVM_EXIT_MMIO && run->mmio.phys_addr == DOORBELL &&
	       run->mmio.is_write;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The part of the KVM ABI that this backend uses, declared here so that it
 * compiles on any host.  kvm_abi_check.c compares every number and offset with
 * the official headers wherever the build finds them.
 * Source: Linux, Documentation/virt/kvm/api.rst.
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_KVM_ABI_H
#define MOTE_HYPERVISOR_BACKENDS_KVM_ABI_H

#include <stdint.h>

/* _IO, _IOR, _IOW and _IOWR of asm-generic/ioctl.h, for the magic number 0xae. */
#define MOTE_KVM_IO(number) (0xae00ul | (number))
#define MOTE_KVM_IOW(number, type)                                                                 \
	(0x40000000ul | (unsigned long)sizeof(type) << 16 | MOTE_KVM_IO(number))
#define MOTE_KVM_IOR(number, type)                                                                 \
	(0x80000000ul | (unsigned long)sizeof(type) << 16 | MOTE_KVM_IO(number))
#define MOTE_KVM_IOWR(number, type)                                                                \
	(0xc0000000ul | (unsigned long)sizeof(type) << 16 | MOTE_KVM_IO(number))

#define MOTE_KVM_API_VERSION 12

#define MOTE_KVM_CAP_USER_MEMORY 3
#define MOTE_KVM_CAP_NR_MEMSLOTS 10
#define MOTE_KVM_CAP_READONLY_MEM 81
#define MOTE_KVM_CAP_IMMEDIATE_EXIT 136

#define MOTE_KVM_MEM_READONLY (1u << 1)

struct mote_kvm_memory_region {
	uint32_t slot;
	uint32_t flags;
	uint64_t guest_phys_addr;
	uint64_t memory_size;
	uint64_t userspace_addr;
};

struct mote_kvm_enable_cap {
	uint32_t cap;
	uint32_t flags;
	uint64_t args[4];
	uint8_t pad[64];
};

#define MOTE_KVM_EXIT_IO 2
#define MOTE_KVM_EXIT_DEBUG 4
#define MOTE_KVM_EXIT_HLT 5
#define MOTE_KVM_EXIT_MMIO 6
#define MOTE_KVM_EXIT_SHUTDOWN 8
#define MOTE_KVM_EXIT_FAIL_ENTRY 9
#define MOTE_KVM_EXIT_INTR 10
#define MOTE_KVM_EXIT_INTERNAL_ERROR 17
#define MOTE_KVM_EXIT_SYSTEM_EVENT 24
#define MOTE_KVM_EXIT_ARM_NISV 28

#define MOTE_KVM_EXIT_IO_OUT 1

#define MOTE_KVM_SYSTEM_EVENT_SHUTDOWN 1

/* The page shared with the kernel.  Only the beginning: the rest is not used here. */
struct mote_kvm_run {
	uint8_t request_interrupt_window;
	uint8_t immediate_exit;
	uint8_t padding1[6];
	uint32_t exit_reason;
	uint8_t ready_for_interrupt_injection;
	uint8_t if_flag;
	uint16_t flags;
	uint64_t cr8;
	uint64_t apic_base;
	union {
		struct {
			uint64_t hardware_entry_failure_reason;
			uint32_t cpu;
		} fail_entry;
		struct {
			uint8_t direction;
			uint8_t size;
			uint16_t port;
			uint32_t count;
			uint64_t data_offset;
		} io;
		struct {
			uint32_t exception;
			uint32_t pad;
			uint64_t pc;
			uint64_t dr6;
			uint64_t dr7;
		} debug; /* x86_64 */
		struct {
			uint32_t hsr;
			uint32_t hsr_high;
			uint64_t far;
		} arm_debug;
		struct {
			uint64_t phys_addr;
			uint8_t data[8];
			uint32_t len;
			uint8_t is_write;
		} mmio;
		struct {
			uint32_t suberror;
			uint32_t ndata;
			uint64_t data[16];
		} internal;
		struct {
			uint32_t type;
		} system_event;
		struct {
			uint64_t esr_iss;
			uint64_t fault_ipa;
		} arm_nisv;
		uint8_t padding[256];
	} as;
	uint64_t valid_regs;
	uint64_t dirty_regs; /* what of sync_regs the next run loads, before all else */
	uint8_t sync_regs[2048];
};

#define MOTE_KVM_GET_API_VERSION MOTE_KVM_IO(0x00u)
#define MOTE_KVM_CREATE_VM MOTE_KVM_IO(0x01u)
#define MOTE_KVM_CHECK_EXTENSION MOTE_KVM_IO(0x03u)
#define MOTE_KVM_GET_VCPU_MMAP_SIZE MOTE_KVM_IO(0x04u)
#define MOTE_KVM_CREATE_VCPU MOTE_KVM_IO(0x41u)
#define MOTE_KVM_SET_USER_MEMORY_REGION MOTE_KVM_IOW(0x46u, struct mote_kvm_memory_region)
#define MOTE_KVM_RUN MOTE_KVM_IO(0x80u)
#define MOTE_KVM_ENABLE_CAP MOTE_KVM_IOW(0xa3u, struct mote_kvm_enable_cap)

/* ---- x86_64 ------------------------------------------------------------------------------ */

#define MOTE_KVM_CAP_DEBUGREGS 50
#define MOTE_KVM_CAP_XSAVE 55
#define MOTE_KVM_CAP_SYNC_REGS 74
#define MOTE_KVM_CAP_XCRS 56
#define MOTE_KVM_CAP_XSAVE2 208
#define MOTE_KVM_CAP_DISABLE_QUIRKS2 213

#define MOTE_KVM_X86_QUIRK_FIX_HYPERCALL_INSN (1u << 5)

struct mote_kvm_x86_regs {
	uint64_t rax, rbx, rcx, rdx, rsi, rdi, rsp, rbp;
	uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
	uint64_t rip, rflags;
};

struct mote_kvm_x86_segment {
	uint64_t base;
	uint32_t limit;
	uint16_t selector;
	uint8_t type;
	uint8_t present, dpl, db, s, l, g, avl;
	uint8_t unusable;
	uint8_t padding;
};

struct mote_kvm_x86_table {
	uint64_t base;
	uint16_t limit;
	uint16_t padding[3];
};

struct mote_kvm_x86_sregs {
	struct mote_kvm_x86_segment cs, ds, es, fs, gs, ss, tr, ldt;
	struct mote_kvm_x86_table gdt, idt;
	uint64_t cr0, cr2, cr3, cr4, cr8, efer, apic_base;
	uint64_t interrupt_bitmap[4];
};

/* The beginning of sync_regs. */
struct mote_kvm_x86_sync_regs {
	struct mote_kvm_x86_regs regs;
	struct mote_kvm_x86_sregs sregs;
};

#define MOTE_KVM_X86_SYNC_REGS (1u << 0)
#define MOTE_KVM_X86_SYNC_SREGS (1u << 1)

struct mote_kvm_x86_debugregs {
	uint64_t db[4];
	uint64_t dr6, dr7;
	uint64_t flags;
	uint64_t reserved[9];
};

#define MOTE_KVM_X86_XSAVE_BYTES 4096u

struct mote_kvm_x86_xsave {
	uint8_t region[MOTE_KVM_X86_XSAVE_BYTES];
};

struct mote_kvm_x86_xcrs {
	uint32_t nr_xcrs;
	uint32_t flags;
	struct {
		uint32_t xcr;
		uint32_t reserved;
		uint64_t value;
	} xcrs[16];
	uint64_t padding[16];
};

struct mote_kvm_x86_cpuid_entry {
	uint32_t function;
	uint32_t index;
	uint32_t flags;
	uint32_t eax, ebx, ecx, edx;
	uint32_t padding[3];
};

struct mote_kvm_x86_cpuid {
	uint32_t nent;
	uint32_t padding;
	struct mote_kvm_x86_cpuid_entry entries[];
};

struct mote_kvm_x86_vcpu_events {
	uint8_t bytes[64]; /* all zeros: nothing pending, nothing injected */
};

/* Where it says whether there is an exception. */
#define MOTE_KVM_X86_EVENTS_INJECTED 0
#define MOTE_KVM_X86_EVENTS_PENDING 3

struct mote_kvm_x86_mp_state {
	uint32_t mp_state; /* 0: runnable */
};

/* The kernel's structure ends after nent, and its request number encodes that size. */
struct mote_kvm_x86_cpuid_head {
	uint32_t nent;
	uint32_t padding;
};

#define MOTE_KVM_GET_SUPPORTED_CPUID MOTE_KVM_IOWR(0x05u, struct mote_kvm_x86_cpuid_head)
#define MOTE_KVM_GET_REGS MOTE_KVM_IOR(0x81u, struct mote_kvm_x86_regs)
#define MOTE_KVM_SET_REGS MOTE_KVM_IOW(0x82u, struct mote_kvm_x86_regs)
#define MOTE_KVM_GET_SREGS MOTE_KVM_IOR(0x83u, struct mote_kvm_x86_sregs)
#define MOTE_KVM_SET_SREGS MOTE_KVM_IOW(0x84u, struct mote_kvm_x86_sregs)
#define MOTE_KVM_SET_CPUID2 MOTE_KVM_IOW(0x90u, struct mote_kvm_x86_cpuid_head)
#define MOTE_KVM_SET_MP_STATE MOTE_KVM_IOW(0x99u, struct mote_kvm_x86_mp_state)
#define MOTE_KVM_GET_VCPU_EVENTS MOTE_KVM_IOR(0x9fu, struct mote_kvm_x86_vcpu_events)
#define MOTE_KVM_SET_VCPU_EVENTS MOTE_KVM_IOW(0xa0u, struct mote_kvm_x86_vcpu_events)
#define MOTE_KVM_GET_DEBUGREGS MOTE_KVM_IOR(0xa1u, struct mote_kvm_x86_debugregs)
#define MOTE_KVM_SET_DEBUGREGS MOTE_KVM_IOW(0xa2u, struct mote_kvm_x86_debugregs)
#define MOTE_KVM_GET_XSAVE MOTE_KVM_IOR(0xa4u, struct mote_kvm_x86_xsave)
#define MOTE_KVM_SET_XSAVE MOTE_KVM_IOW(0xa5u, struct mote_kvm_x86_xsave)
#define MOTE_KVM_SET_XCRS MOTE_KVM_IOW(0xa7u, struct mote_kvm_x86_xcrs)
#define MOTE_KVM_GET_XSAVE2 MOTE_KVM_IOR(0xcfu, struct mote_kvm_x86_xsave)

/* ---- aarch64 ----------------------------------------------------------------------------- */

#define MOTE_KVM_CAP_ARM_PSCI_0_2 102
#define MOTE_KVM_CAP_ARM_VM_IPA_SIZE 165
#define MOTE_KVM_CAP_ARM_NISV_TO_USER 177

#define MOTE_KVM_ARM_VCPU_PSCI_0_2 2 /* a bit of features[0] */

struct mote_kvm_arm_vcpu_init {
	uint32_t target;
	uint32_t features[7];
};

struct mote_kvm_one_reg {
	uint64_t id;
	uint64_t addr;
};

/* Ids of registers: core ones by their position in struct kvm_regs, counted in words of 32 bits. */
#define MOTE_KVM_REG_ARM64 0x6000000000000000ull
#define MOTE_KVM_REG_SIZE_MASK 0x00f0000000000000ull
#define MOTE_KVM_REG_SIZE_SHIFT 52
#define MOTE_KVM_REG_SIZE_U32 0x0020000000000000ull
#define MOTE_KVM_REG_SIZE_U64 0x0030000000000000ull
#define MOTE_KVM_REG_SIZE_U128 0x0040000000000000ull
#define MOTE_KVM_REG_ARM_CORE (0x0010ull << 16)
#define MOTE_KVM_REG_ARM64_SYSREG (0x0013ull << 16)

#define MOTE_KVM_ARM_CORE(size, offset)                                                            \
	(MOTE_KVM_REG_ARM64 | MOTE_KVM_REG_SIZE_##size | MOTE_KVM_REG_ARM_CORE | (offset) / 4)
#define MOTE_KVM_ARM_SYSREG(op0, op1, crn, crm, op2)                                               \
	(MOTE_KVM_REG_ARM64 | MOTE_KVM_REG_SIZE_U64 | MOTE_KVM_REG_ARM64_SYSREG |                  \
	 (uint64_t)(op0) << 14 | (op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))

/* struct kvm_regs of arm64.  sp is SP_EL0. */
#define MOTE_KVM_ARM_X(n) (8 * (n))
#define MOTE_KVM_ARM_SP 248
#define MOTE_KVM_ARM_PC 256
#define MOTE_KVM_ARM_PSTATE 264
#define MOTE_KVM_ARM_SP_EL1 272
#define MOTE_KVM_ARM_ELR_EL1 280
#define MOTE_KVM_ARM_SPSR_EL1 288
#define MOTE_KVM_ARM_V(n) (336 + 16 * (n))
#define MOTE_KVM_ARM_FPSR 848
#define MOTE_KVM_ARM_FPCR 852

struct mote_kvm_reg_list {
	uint64_t n;
	uint64_t reg[];
};

#define MOTE_KVM_GET_ONE_REG MOTE_KVM_IOW(0xabu, struct mote_kvm_one_reg)
#define MOTE_KVM_SET_ONE_REG MOTE_KVM_IOW(0xacu, struct mote_kvm_one_reg)
#define MOTE_KVM_ARM_VCPU_INIT MOTE_KVM_IOW(0xaeu, struct mote_kvm_arm_vcpu_init)
#define MOTE_KVM_ARM_PREFERRED_TARGET MOTE_KVM_IOR(0xafu, struct mote_kvm_arm_vcpu_init)
#define MOTE_KVM_GET_REG_LIST MOTE_KVM_IOWR(0xb0u, struct mote_kvm_reg_list)

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What the Microsoft hypervisor has on x86_64: registers, messages, the register page.  Sources:
 * its Top Level Functional Specification; Linux, include/hyperv/hvhdk.h, hvgdk_mini.h.
 */
#ifndef MOTE_MSHV_ABI_X86_64_H
#define MOTE_MSHV_ABI_X86_64_H

#include "hypervisor/backends/hyperv/hyperv_abi_x86_64.h"
#include "hypervisor/backends/mshv/mshv_abi.h"

enum mote_mshv_x64_register {
	/* rax rcx rdx rbx rsp rbp rsi rdi r8 to r15 */
	MOTE_MSHV_X64_RAX = 0x20000,
	MOTE_MSHV_X64_RIP = 0x20010,
	MOTE_MSHV_X64_RFLAGS = 0x20011,
	MOTE_MSHV_X64_XMM0 = 0x30000,
	MOTE_MSHV_X64_FP0 = 0x30010,
	MOTE_MSHV_X64_FP_CONTROL = 0x30018,  /* fcw 16, fsw 16, ftw 8, 0 8, fop 16, rip 64 */
	MOTE_MSHV_X64_XMM_CONTROL = 0x30019, /* rdp 64, mxcsr 32, its mask 32 */
	MOTE_MSHV_X64_CR0 = 0x40000,
	MOTE_MSHV_X64_CR2 = 0x40001,
	MOTE_MSHV_X64_CR3 = 0x40002,
	MOTE_MSHV_X64_CR4 = 0x40003,
	MOTE_MSHV_X64_CR8 = 0x40004,
	MOTE_MSHV_X64_XFEM = 0x40005, /* XCR0 */
	/* The same, set without a look at the others: checked when the VP runs. */
	MOTE_MSHV_X64_INTERMEDIATE_CR0 = 0x41000,
	MOTE_MSHV_X64_INTERMEDIATE_CR3 = 0x41002,
	MOTE_MSHV_X64_INTERMEDIATE_CR4 = 0x41003,
	MOTE_MSHV_X64_INTERMEDIATE_CR8 = 0x41004,
	MOTE_MSHV_X64_DR0 = 0x50000,
	MOTE_MSHV_X64_DR6 = 0x50004,
	MOTE_MSHV_X64_DR7 = 0x50005,
	MOTE_MSHV_X64_ES = 0x60000,
	MOTE_MSHV_X64_CS,
	MOTE_MSHV_X64_SS,
	MOTE_MSHV_X64_DS,
	MOTE_MSHV_X64_FS,
	MOTE_MSHV_X64_GS,
	MOTE_MSHV_X64_LDTR,
	MOTE_MSHV_X64_TR,
	MOTE_MSHV_X64_IDTR = 0x70000,
	MOTE_MSHV_X64_GDTR = 0x70001,
	MOTE_MSHV_X64_TSC = 0x80000,
	MOTE_MSHV_X64_EFER = 0x80001,
	MOTE_MSHV_X64_KERNEL_GS_BASE = 0x80002,
	MOTE_MSHV_X64_APIC_BASE = 0x80003,
	MOTE_MSHV_X64_PAT = 0x80004,
	MOTE_MSHV_X64_SYSENTER_CS = 0x80005,
	MOTE_MSHV_X64_SYSENTER_EIP = 0x80006,
	MOTE_MSHV_X64_SYSENTER_ESP = 0x80007,
	MOTE_MSHV_X64_STAR = 0x80008,
	MOTE_MSHV_X64_LSTAR = 0x80009,
	MOTE_MSHV_X64_CSTAR = 0x8000a,
	MOTE_MSHV_X64_SFMASK = 0x8000b,
	MOTE_MSHV_X64_TSC_AUX = 0x8007b,
};

struct mote_mshv_x64_header { /* hv_x64_intercept_message_header */
	uint32_t vp;
	uint8_t length_cr8; /* the instruction's length: the low 4 bits */
	uint8_t access;	    /* enum mote_hyperv_access */
	uint16_t state;	    /* 0-1 CPL, 2 CR0.PE, 3 CR0.AM, 4 EFER.LMA, 5 debug, 6 interruption */
	struct mote_hyperv_x64_segment cs;
	uint64_t rip; /* of the instruction, which has not retired */
	uint64_t rflags;
};
_Static_assert(sizeof(struct mote_mshv_x64_header) == 40, "hv_x64_intercept_message_header");

struct mote_mshv_x64_port { /* hv_x64_io_port_intercept_message */
	struct mote_mshv_x64_header header;
	uint16_t port;
	uint8_t information; /* 0-2 bytes of the access, 3 string, 4 repeated */
	uint8_t instruction_bytes;
	uint32_t zero;
	uint64_t rax;
	uint8_t instruction[MOTE_HYPERV_X64_INSTRUCTION_BYTES];
	struct mote_hyperv_x64_segment ds, es;
	uint64_t rcx, rsi, rdi;
};
_Static_assert(sizeof(struct mote_mshv_x64_port) == 128, "hv_x64_io_port_intercept_message");
_Static_assert(offsetof(struct mote_mshv_x64_port, rcx) == 104, "rcx");

struct mote_mshv_x64_memory { /* hv_x64_memory_intercept_message */
	struct mote_mshv_x64_header header;
	uint32_t cache_type;
	uint8_t instruction_bytes;
	uint8_t information; /* 0: the virtual address is valid */
	uint8_t tpr, zero;
	uint64_t virtual_address, physical_address;
	uint8_t instruction[MOTE_HYPERV_X64_INSTRUCTION_BYTES];
};
_Static_assert(sizeof(struct mote_mshv_x64_memory) == 80, "hv_x64_memory_intercept_message");

struct mote_mshv_x64_exception { /* hv_x64_exception_intercept_message */
	struct mote_mshv_x64_header header;
	uint16_t vector;
	uint8_t information; /* 0: there is an error code, 1: by an instruction for it */
	uint8_t instruction_bytes;
	uint32_t error_code;
	uint64_t parameter, zero;
	uint8_t instruction[MOTE_HYPERV_X64_INSTRUCTION_BYTES];
	struct mote_hyperv_x64_segment ds, ss;
	uint64_t registers[16];
};
_Static_assert(sizeof(struct mote_mshv_x64_exception) == 240, "hv_x64_exception_intercept_message");

/* Input and output of GET_CPUID: the head, and one of these for each leaf. */
struct mote_mshv_x64_cpuid_head {
	uint64_t partition;
	uint32_t vp, flags;
	uint32_t zero[2];
};
_Static_assert(sizeof(struct mote_mshv_x64_cpuid_head) == 24, "hv_input_get_vp_cpuid_values");

struct mote_mshv_x64_cpuid_leaf {
	uint32_t function, index;
	uint64_t xfem, xss;
};
_Static_assert(sizeof(struct mote_mshv_x64_cpuid_leaf) == 24, "hv_cpuid_leaf_info");

struct mote_mshv_x64_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

/* Classes of registers that the register page has, and that the hypervisor takes from it. */
enum mote_mshv_x64_page_class {
	MOTE_MSHV_X64_PAGE_GENERAL = 1u << 0,
	MOTE_MSHV_X64_PAGE_RIP = 1u << 1,
	MOTE_MSHV_X64_PAGE_XMM = 1u << 2,
	MOTE_MSHV_X64_PAGE_SEGMENTS = 1u << 3,
	MOTE_MSHV_X64_PAGE_RFLAGS = 1u << 4,
	MOTE_MSHV_X64_PAGE_ALL = 0x1f,
};

/* hv_vp_register_page: the first page of a VP's file, where the hypervisor has one. */
struct mote_mshv_x64_page {
	uint16_t version;
	uint8_t valid, zero;
	uint32_t dirty; /* enum mote_mshv_x64_page_class */
	uint64_t registers[16], rip, rflags, reserved;
	uint64_t xmm[6][2];
	struct mote_hyperv_x64_segment segments[6]; /* es cs ss ds fs gs */
	uint64_t cr0, cr3, cr4, cr8, efer, dr7;
	uint64_t pending_interruption, interrupt_state, hints, xfem;
	uint8_t reserved_2[256];
	uint64_t interrupt_vectors;
};
_Static_assert(sizeof(struct mote_mshv_x64_page) == 696, "hv_vp_register_page");
_Static_assert(offsetof(struct mote_mshv_x64_page, xmm) == 160, "xmm");
_Static_assert(offsetof(struct mote_mshv_x64_page, cr0) == 352, "cr0");

#endif

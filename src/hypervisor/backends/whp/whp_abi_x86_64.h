/* SPDX-License-Identifier: Apache-2.0
 *
 * What the Windows Hypervisor Platform has on x86_64.  Sources as in whp_abi.h.
 */
#ifndef MOTE_WHP_ABI_X86_64_H
#define MOTE_WHP_ABI_X86_64_H

#include "hypervisor/backends/hyperv/hyperv_abi_x86_64.h"
#include "hypervisor/backends/whp/whp_abi.h"

enum mote_whp_x64_register {
	MOTE_WHP_X64_RAX = 0, /* rax rcx rdx rbx rsp rbp rsi rdi r8 to r15 */
	MOTE_WHP_X64_RIP = 0x10,
	MOTE_WHP_X64_RFLAGS,
	MOTE_WHP_X64_ES,
	MOTE_WHP_X64_CS,
	MOTE_WHP_X64_SS,
	MOTE_WHP_X64_DS,
	MOTE_WHP_X64_FS,
	MOTE_WHP_X64_GS,
	MOTE_WHP_X64_LDTR,
	MOTE_WHP_X64_TR,
	MOTE_WHP_X64_IDTR,
	MOTE_WHP_X64_GDTR,
	MOTE_WHP_X64_CR0,
	MOTE_WHP_X64_CR2,
	MOTE_WHP_X64_CR3,
	MOTE_WHP_X64_CR4,
	MOTE_WHP_X64_CR8,
	MOTE_WHP_X64_DR0,
	MOTE_WHP_X64_DR6 = 0x25,
	MOTE_WHP_X64_DR7,
	MOTE_WHP_X64_XCR0,
	MOTE_WHP_X64_XMM0 = 0x1000,
	MOTE_WHP_X64_FP0 = 0x1010,
	MOTE_WHP_X64_FP_CONTROL = 0x1018,
	MOTE_WHP_X64_XMM_CONTROL = 0x1019,
	MOTE_WHP_X64_TSC = 0x2000,
	MOTE_WHP_X64_EFER,
	MOTE_WHP_X64_KERNEL_GS_BASE,
	MOTE_WHP_X64_APIC_BASE,
	MOTE_WHP_X64_PAT,
	MOTE_WHP_X64_SYSENTER_CS,
	MOTE_WHP_X64_SYSENTER_EIP,
	MOTE_WHP_X64_SYSENTER_ESP,
	MOTE_WHP_X64_STAR,
	MOTE_WHP_X64_LSTAR,
	MOTE_WHP_X64_CSTAR,
	MOTE_WHP_X64_SFMASK,
};

/* The same on old and new versions of Windows.  As values, for they are beyond int. */
#define MOTE_WHP_X64_PENDING_INTERRUPTION 0x80000000u
#define MOTE_WHP_X64_INTERRUPT_STATE 0x80000001u
#define MOTE_WHP_X64_PENDING_EVENT 0x80000002u
#define MOTE_WHP_X64_INTERNAL_ACTIVITY 0x80000005u
#define MOTE_WHP_X64_PENDING_DEBUG_EXCEPTION 0x80000006u

enum mote_whp_x64_exit_reason {
	MOTE_WHP_X64_EXIT_MEMORY = 1,
	MOTE_WHP_X64_EXIT_PORT = 2,
	MOTE_WHP_X64_EXIT_UNRECOVERABLE = 4,
	MOTE_WHP_X64_EXIT_INVALID_REGISTER = 5,
	MOTE_WHP_X64_EXIT_HALT = 8,
	MOTE_WHP_X64_EXIT_CANCELED = 0x2001,
};

struct mote_whp_x64_memory { /* WHV_MEMORY_ACCESS_CONTEXT */
	uint8_t instruction_bytes, zero[3];
	uint8_t instruction[MOTE_HYPERV_X64_INSTRUCTION_BYTES];
	uint32_t
		information; /* 0-1: enum mote_hyperv_access, 2: nothing is there, 3: gva is valid */
	uint64_t gpa, gva;
};
_Static_assert(sizeof(struct mote_whp_x64_memory) == 40, "WHV_MEMORY_ACCESS_CONTEXT");

struct mote_whp_x64_port { /* WHV_X64_IO_PORT_ACCESS_CONTEXT */
	uint8_t instruction_bytes, zero[3];
	uint8_t instruction[MOTE_HYPERV_X64_INSTRUCTION_BYTES];
	uint32_t information; /* 0: output, 1-3: bytes, 4: string, 5: repeated */
	uint16_t port, zero_2[3];
	uint64_t rax, rcx, rsi, rdi;
	struct mote_hyperv_x64_segment ds, es;
};
_Static_assert(sizeof(struct mote_whp_x64_port) == 96, "WHV_X64_IO_PORT_ACCESS_CONTEXT");

struct mote_whp_exit {	 /* WHV_RUN_VP_EXIT_CONTEXT */
	uint32_t reason; /* enum mote_whp_x64_exit_reason */
	uint32_t zero;
	uint16_t state;		    /* as in hv_x64_intercept_message_header */
	uint8_t length_cr8, zero_2; /* the instruction's length: the low 4 bits */
	uint32_t zero_3;
	struct mote_hyperv_x64_segment cs;
	uint64_t rip, rflags;
	union {
		struct mote_whp_x64_memory memory;
		struct mote_whp_x64_port port;
		uint64_t words[22];
	} as;
};
_Static_assert(sizeof(struct mote_whp_exit) == 224, "WHV_RUN_VP_EXIT_CONTEXT");
_Static_assert(offsetof(struct mote_whp_exit, as) == 48, "WHV_VP_EXIT_CONTEXT");

#endif

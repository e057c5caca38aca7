/* SPDX-License-Identifier: Apache-2.0
 *
 * x86_64 VPs: their registers, and the instructions of their exits.
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_HYPERV_X86_64_H
#define MOTE_HYPERVISOR_BACKENDS_HYPERV_X86_64_H

#include "hypervisor/arch/x86_64/x86_64_access.h"
#include "hypervisor/arch/x86_64/x86_64_cpuid.h"
#include "hypervisor/backends/hyperv/hyperv.h"
#include "hypervisor/backends/hyperv/hyperv_abi_x86_64.h"

/* The order of mote_hyperv_ops.names, and of the values of a block: rax rcx rdx rbx rsp rbp rsi rdi
 * r8 to r15, rip, rflags; cs ds es fs gs ss tr ldt gdt idt cr0 cr2 cr3 cr4 cr8 efer apic_base
 * (MOTE_X86_64_SREGS_MAP); dr0 to dr3, dr6, dr7; what is pending.  Those that user code can change,
 * and CR2, which its faults do, come first. */
enum {
	MOTE_HYPERV_RSP = 4,
	MOTE_HYPERV_RIP = 16,
	MOTE_HYPERV_GENERAL_COUNT = 18,
	MOTE_HYPERV_CS = 18,
	MOTE_HYPERV_FS = 21,
	MOTE_HYPERV_GS = 22,
	MOTE_HYPERV_CR2 = 29,
	MOTE_HYPERV_CR3 = 30,
	MOTE_HYPERV_USER_COUNT = 30,
	MOTE_HYPERV_SPECIAL_COUNT = 17,
	MOTE_HYPERV_DR0 = 35,
	MOTE_HYPERV_DR6 = 39,
	MOTE_HYPERV_DEBUG_COUNT = 6,
	MOTE_HYPERV_EVENTS = 41,
	MOTE_HYPERV_EVENT_COUNT = 5,
	MOTE_HYPERV_NAME_COUNT = 46,
};

struct mote_hyperv_facts {
	struct mote_x86_64_cpuid_facts cpuid;
	size_t xsave_bytes;    /* of an area; 0: not known yet */
	uint64_t xsave_format; /* XCOMP_BV of every area */
};

/* What the instruction of the last exit, which has not retired, still has to do. */
enum mote_hyperv_pending {
	MOTE_HYPERV_NOTHING_PENDING = 0,
	MOTE_HYPERV_SKIP_PENDING,   /* the program counter moves on */
	MOTE_HYPERV_IN_PENDING,	    /* and the low bytes of RAX are those of data */
	MOTE_HYPERV_STRING_PENDING, /* one iteration of INS or OUTS */
	MOTE_HYPERV_ACCESS_PENDING, /* access: of memory */
	/* The same on two pages: only the first of its exits has been reported. */
	MOTE_HYPERV_PART_PENDING,
};

struct mote_hyperv_vcpu {
	enum mote_hyperv_pending pending;
	/* As they were at the exit, as far as they are known: to see what retiring changes. */
	mote_regs regs;
	uint64_t next_rip;
	uint8_t bytes;		    /* of the exit's access */
	uint8_t data[8];	    /* of the exit */
	bool is_input, is_repeated; /* of a string instruction */
	uint64_t string_address;    /* of memory, guest-virtual */
	struct mote_x86_64_access access;
	uint64_t value; /* of an access on two pages */
	uint64_t second_gpa;
	void *allocation;
	uint8_t *area; /* in it, of facts->xsave_bytes, at the begin of a page */
};

/* The state of a VP as one block; the XSAVE area comes next. */
struct mote_hyperv_block {
	struct mote_hyperv_value values[MOTE_HYPERV_NAME_COUNT];
};

/* ---- hyperv_x86_64_registers.c --------------------------------------------------------------- */

/* A VP that has been made: vcpu, with an area if areas are known, and XCR0. */
mote_status mote_hyperv_make_vcpu(struct mote_hyperv_vm *vm, uint32_t xcr0_name, mote_error *error);
void mote_hyperv_free_vcpu(struct mote_hyperv_vm *vm);

/* Sets those general registers that differ. */
mote_status mote_hyperv_set_changed(struct mote_hyperv_vm *vm, const mote_regs *before,
				    const mote_regs *after, mote_error *error);

/* The general registers and the bases of FS and GS, as they are. */
mote_status mote_hyperv_access_registers(struct mote_hyperv_vm *vm, mote_regs *regs,
					 uint64_t *fs_base, uint64_t *gs_base, mote_error *error);

/* ---- hyperv_x86_64_exits.c ------------------------------------------------------------------- */

/* What an exit tells of its instruction. */
struct mote_hyperv_instruction {
	uint64_t rip, rflags;
	bool is_64_bit;
	uint8_t length; /* 0: unknown */
	const uint8_t *bytes;
	size_t byte_count; /* that are known */
};

struct mote_hyperv_port {
	struct mote_hyperv_instruction instruction;
	uint16_t port;
	uint8_t bytes; /* 1, 2 or 4 */
	bool is_output, is_string, is_repeated;
	uint64_t rax, rcx, rsi, rdi;
};

void mote_hyperv_port_exit(struct mote_hyperv_vm *vm, const struct mote_hyperv_port *port,
			   struct mote_vm_exit *exit);
mote_status mote_hyperv_memory_exit(struct mote_hyperv_vm *vm,
				    const struct mote_hyperv_instruction *instruction,
				    enum mote_hyperv_access access, uint64_t gpa,
				    struct mote_vm_exit *exit, mote_error *error);
/* Of a halt whose instruction is at RIP. */
void mote_hyperv_skip_halt(struct mote_hyperv_vm *vm,
			   const struct mote_hyperv_instruction *instruction);

/* Before a run: there is another exit of the same instruction. */
bool mote_hyperv_next_part(struct mote_hyperv_vm *vm, struct mote_vm_exit *exit);
/* Retires what is pending. */
mote_status mote_hyperv_retire(struct mote_hyperv_vm *vm, mote_error *error);
/* What it sets, for an interface that has another way. */
mote_regs mote_hyperv_retired(struct mote_hyperv_vm *vm);

/* Retires what is pending.  Before any look at a register. */
mote_status mote_hyperv_touch(struct mote_hyperv_vm *vm, mote_error *error);
/* What is pending will not happen: all registers that it could change are set next. */
void mote_hyperv_forget(struct mote_hyperv_vm *vm);

/* ---- hyperv_x86_64_xsave.c: extended state, through the VP's area ---------------------------- */

enum { MOTE_HYPERV_AREA_PAGE = 4096 };

/* Room for an area, in whole pages. */
mote_status mote_hyperv_make_area(struct mote_hyperv_vm *vm, size_t bytes, mote_error *error);
/* How large areas are, and their format: with a VP that has just been made, whose area has them. */
void mote_hyperv_learn_format(struct mote_hyperv_vm *vm);
mote_status mote_hyperv_reset_area(struct mote_hyperv_vm *vm, mote_error *error);

#endif

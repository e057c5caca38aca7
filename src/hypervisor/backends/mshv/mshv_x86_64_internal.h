/* SPDX-License-Identifier: Apache-2.0
 *
 * What the x86_64 files of this backend share.
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_MSHV_X86_64_INTERNAL_H
#define MOTE_HYPERVISOR_BACKENDS_MSHV_X86_64_INTERNAL_H

#include "hypervisor/arch/x86_64/x86_64_access.h"
#include "hypervisor/arch/x86_64/x86_64_cpuid.h"
#include "hypervisor/backends/mshv/mshv_abi_x86_64.h"
#include "hypervisor/backends/mshv/mshv_internal.h"

struct mote_mshv_arch {
	struct mote_x86_64_cpuid_facts facts;
	size_t xsave_bytes;    /* whole pages; 0: not known yet */
	uint64_t xsave_format; /* XCOMP_BV of every area */
	bool halt_leaves_rip;  /* RIP of a halt is on the instruction, not after it */
};

/* What the instruction of the last exit, which has not retired, still has to do. */
enum mote_mshv_pending {
	MOTE_MSHV_NOTHING_PENDING = 0,
	MOTE_MSHV_SKIP_PENDING,	  /* the program counter moves on */
	MOTE_MSHV_IN_PENDING,	  /* and the low bytes of RAX are those of data */
	MOTE_MSHV_STRING_PENDING, /* one iteration of INS or OUTS */
	MOTE_MSHV_ACCESS_PENDING, /* access: of memory */
	/* The same on two pages: only the first of its exits has been reported. */
	MOTE_MSHV_PART_PENDING,
};

struct mote_mshv_vcpu {
	enum mote_mshv_pending pending;
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
	uint8_t *area; /* in it, of arch->xsave_bytes, at the begin of a page */
};

/* The state of a VP as one block; the XSAVE area comes next. */
enum {
	MOTE_MSHV_BLOCK_VALUES = 46,
	MOTE_MSHV_BLOCK_DR6 = 39,
	MOTE_MSHV_BLOCK_EVENTS = 41, /* the last of them */
};

struct mote_mshv_block {
	struct mote_mshv_value values[MOTE_MSHV_BLOCK_VALUES];
};

/* Retires what is pending.  Before any look at a register. */
mote_status mote_mshv_touch(struct mote_mshv_vm *vm, mote_error *error);
/* What is pending will not happen: all registers that it could change are set next. */
void mote_mshv_forget(struct mote_mshv_vm *vm);

/* Sets those general registers that differ. */
mote_status mote_mshv_set_changed(struct mote_mshv_vm *vm, const mote_regs *before,
				  const mote_regs *after, mote_error *error);

/* The general registers and the bases of FS and GS, as they are. */
mote_status mote_mshv_access_registers(struct mote_mshv_vm *vm, mote_regs *regs, uint64_t *fs_base,
				       uint64_t *gs_base, mote_error *error);

/* ---- mshv_x86_64_xsave.c: extended state, through the VP's area ------------------------------ */

/* How large areas are, and their format: with a VP that has just been made. */
mote_status mote_mshv_learn_area(struct mote_mshv_vm *vm, mote_error *error);
/* Room for one. */
mote_status mote_mshv_make_area(struct mote_mshv_vm *vm, mote_error *error);
/* Between the hypervisor and vcpu->area. */
mote_status mote_mshv_get_area(struct mote_mshv_vm *vm, mote_error *error);
mote_status mote_mshv_put_area(struct mote_mshv_vm *vm, mote_error *error);
mote_status mote_mshv_reset_area(struct mote_mshv_vm *vm, mote_error *error);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What the interfaces to the Microsoft hypervisor share: mshv, which Linux has in its root
 * partition, and whp, which Windows has.  A sandbox's VM is a partition with one virtual processor
 * (VP).  Its registers have names and values of 128 bits; its exits leave the instruction undone,
 * and do not say what it does.
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_HYPERV_H
#define MOTE_HYPERVISOR_BACKENDS_HYPERV_H

#include "hypervisor/backends/hyperv/hyperv_abi.h"
#include "hypervisor/vm.h"

struct mote_hyperv_vm;

/* What one architecture knows of all VPs, and of one. */
struct mote_hyperv_facts;
struct mote_hyperv_vcpu;

/* An interface. */
struct mote_hyperv_ops {
	/* Of the only VP, by names; count: any number. */
	mote_status (*get_registers)(struct mote_hyperv_vm *vm, const uint32_t *names,
				     struct mote_hyperv_value *values, size_t count,
				     mote_error *error);
	mote_status (*set_registers)(struct mote_hyperv_vm *vm, const uint32_t *names,
				     const struct mote_hyperv_value *values, size_t count,
				     mote_error *error);

	/* Whole pages of a slot, which are or are not in the partition. */
	mote_status (*map)(struct mote_hyperv_vm *vm, const struct mote_memory_region *slot,
			   uint64_t gpa, uint64_t bytes, mote_error *error);
	mote_status (*unmap)(struct mote_hyperv_vm *vm, const struct mote_memory_region *slot,
			     uint64_t gpa, uint64_t bytes, mote_error *error);

	/* ---- x86_64 ---- */
	const uint32_t *names; /* of registers, in the order of hyperv_x86_64.h */
	/* The guest-physical address of a virtual one that the VP itself may use so.  False: there
	 * is none. */
	bool (*translate)(struct mote_hyperv_vm *vm, uint64_t address, bool write, uint64_t *gpa);
	/* Registers that the VP was to run with, and has not, are set like others. */
	mote_status (*settle)(struct mote_hyperv_vm *vm, mote_error *error);
	/* They will not be needed. */
	void (*forget)(struct mote_hyperv_vm *vm);
	/* The extended state, in an area of facts->xsave_bytes. */
	mote_status (*get_area)(struct mote_hyperv_vm *vm, void *area, mote_error *error);
	mote_status (*set_area)(struct mote_hyperv_vm *vm, const void *area, mote_error *error);
};

/* A backend's VM begins with it. */
struct mote_hyperv_vm {
	struct mote_vm base;
	const struct mote_hyperv_ops *ops;
	struct mote_hyperv_facts *facts;
	struct mote_hyperv_vcpu *vcpu;
	/* The page tables' root, mapped by itself: see hyperv_memory.c. */
	uint64_t root;
	bool root_apart;
};

static inline struct mote_hyperv_vm *mote_hyperv_vm(struct mote_vm *base)
{
	return (struct mote_hyperv_vm *)base;
}

/* ---- hyperv_memory.c ------------------------------------------------------------------------- */

mote_status mote_hyperv_map_memory(struct mote_vm *base, uint32_t slot,
				   const struct mote_memory_region *region, mote_error *error);
mote_status mote_hyperv_unmap_memory(struct mote_vm *base, uint32_t slot, mote_error *error);

/* Makes the hypervisor forget every translation that went through the page tables with this root,
 * by taking the root's page away for a moment. */
mote_status mote_hyperv_drop_root(struct mote_hyperv_vm *vm, uint64_t root, mote_error *error);

/* What the guest sees at a guest-physical address, to the end of its page; NULL: nothing.
 * writable: only what the guest may write. */
uint8_t *mote_hyperv_memory(const struct mote_hyperv_vm *vm, uint64_t gpa, bool writable);

/* ---- hyperv_<arch>_registers.c: of mote_vm_ops ----------------------------------------------- */

mote_status mote_hyperv_regs(struct mote_vm *base, mote_regs *regs, mote_error *error);
mote_status mote_hyperv_set_regs(struct mote_vm *base, const mote_regs *regs, mote_error *error);
mote_status mote_hyperv_sregs(struct mote_vm *base, mote_sregs *sregs, mote_error *error);
mote_status mote_hyperv_set_sregs(struct mote_vm *base, const mote_sregs *sregs, mote_error *error);
mote_status mote_hyperv_fpu(struct mote_vm *base, mote_fpu *fpu, mote_error *error);
mote_status mote_hyperv_set_fpu(struct mote_vm *base, const mote_fpu *fpu, mote_error *error);
mote_status mote_hyperv_debug_regs(struct mote_vm *base, mote_debug_regs *debug, mote_error *error);
mote_status mote_hyperv_set_debug_regs(struct mote_vm *base, const mote_debug_regs *debug,
				       mote_error *error);
mote_status mote_hyperv_exception_state(struct mote_vm *base, mote_exception_state *state,
					mote_error *error);
mote_status mote_hyperv_set_exception_return(struct mote_vm *base,
					     const mote_exception_state *state, mote_error *error);
mote_status mote_hyperv_state_bytes(struct mote_vm *base, size_t *bytes, mote_error *error);
mote_status mote_hyperv_save_state(struct mote_vm *base, void *state, size_t bytes,
				   mote_error *error);
mote_status mote_hyperv_load_state(struct mote_vm *base, const void *state, size_t bytes,
				   mote_error *error);
mote_status mote_hyperv_load_user_state(struct mote_vm *base, const void *state, size_t bytes,
					const struct mote_user_gate *gate, mote_error *error);
mote_status mote_hyperv_begin_reset(struct mote_vm *base, mote_error *error);
mote_status mote_hyperv_invalidate_translations(struct mote_vm *base, uint64_t gpa, uint64_t bytes,
						mote_error *error);

/* Of a hypervisor that is opened; freed by mote_release. */
mote_status mote_hyperv_make_facts(const mote_allocator *allocator,
				   struct mote_hyperv_facts **facts, mote_error *error);

/* Of all backends here, whose VPs belong to no thread. */
mote_status mote_hyperv_park(struct mote_vm *base, mote_error *error);

/* The operations that all backends here have in common: in a struct mote_vm_ops. */
#define MOTE_HYPERV_VM_OPS                                                                         \
	.reserve_gpa = mote_vm_reserve_gpa, .release_gpa = mote_vm_release_gpa,                    \
	.regs = mote_hyperv_regs, .set_regs = mote_hyperv_set_regs, .sregs = mote_hyperv_sregs,    \
	.set_sregs = mote_hyperv_set_sregs, .fpu = mote_hyperv_fpu,                                \
	.set_fpu = mote_hyperv_set_fpu, .debug_regs = mote_hyperv_debug_regs,                      \
	.set_debug_regs = mote_hyperv_set_debug_regs,                                              \
	.exception_state = mote_hyperv_exception_state,                                            \
	.set_exception_return = mote_hyperv_set_exception_return,                                  \
	.state_bytes = mote_hyperv_state_bytes, .save_state = mote_hyperv_save_state,              \
	.load_state = mote_hyperv_load_state, .load_user_state = mote_hyperv_load_user_state,      \
	.begin_reset = mote_hyperv_begin_reset,                                                    \
	.invalidate_translations = mote_hyperv_invalidate_translations, .park = mote_hyperv_park

#endif

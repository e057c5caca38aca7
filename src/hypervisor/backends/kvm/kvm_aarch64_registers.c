/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM's aarch64 registers, one by one, through tables of their ids.  Each costs a call, so what was
 * read is kept until the vCPU runs, and what is known to be there is not written.
 * Source: Linux, Documentation/virt/kvm/api.rst, 4.68 (KVM_SET_ONE_REG); Arm ARM
 * (DDI 0487), D19 (encodings of system registers).
 */
#include <stddef.h>
#include <string.h>

#include "error_internal.h"
#include "hypervisor/backends/kvm/kvm_aarch64_internal.h"

enum { GENERAL_REGISTERS = 31, VECTOR_REGISTERS = 32 };

/* The numbers of values that can be known; x0 is 0. */
enum value {
	VALUE_pc = GENERAL_REGISTERS,
	VALUE_pstate,
#define VALUE(name, ...) VALUE_##name,
	MOTE_AARCH64_SREGS_MAP(VALUE)
#undef VALUE
		VALUES,
};

/* In what is known: the vCPU is new, no register was set, and it has not run. */
#define NEW (1ull << (MOTE_KVM_KNOWN_REGISTERS - 1))

_Static_assert((int)VALUES < (int)MOTE_KVM_KNOWN_REGISTERS, "each value has a bit, and NEW");

/* A register of 64 bits, and its place in one of the neutral structures. */
struct place {
	uint64_t id;
	size_t offset;
	enum value value;
};

#define CORE(type, number, field)                                                                  \
	{                                                                                          \
		MOTE_KVM_ARM_CORE(U64, MOTE_KVM_ARM_##number), offsetof(type, field),              \
			VALUE_##field                                                              \
	}
#define SYSTEM(type, field, ...)                                                                   \
	{                                                                                          \
		MOTE_KVM_ARM_SYSREG(__VA_ARGS__), offsetof(type, field), VALUE_##field             \
	}
#define SREG(field, ...) SYSTEM(mote_sregs, field, __VA_ARGS__),

/* KVM counts the banked registers among the core registers. */
static const struct place sreg_places[] = {CORE(mote_sregs, SP, sp_el0),
					   CORE(mote_sregs, SP_EL1, sp_el1),
					   CORE(mote_sregs, ELR_EL1, elr),
					   CORE(mote_sregs, SPSR_EL1, spsr),
					   MOTE_AARCH64_UNBANKED_MAP(SREG)};

_Static_assert(sizeof(mote_sregs) == 8 * (sizeof(sreg_places) / sizeof(sreg_places[0])),
	       "every system register has a place");

/* First where the exception returns to. */
enum { RETURN_PLACES = 3 };
static const struct place exception_places[] = {
	CORE(mote_exception_state, ELR_EL1, elr),
	CORE(mote_exception_state, SPSR_EL1, spsr),
	CORE(mote_exception_state, SP, sp_el0),
	CORE(mote_exception_state, PC, pc),
	CORE(mote_exception_state, PSTATE, pstate),
	SYSTEM(mote_exception_state, esr, 3, 0, 5, 2, 0),
	SYSTEM(mote_exception_state, far, 3, 0, 6, 0, 0),
};

#define PLACES(places) (places), sizeof(places) / sizeof((places)[0])

#define MDSCR_EL1 MOTE_KVM_ARM_SYSREG(2, 0, 0, 2, 2)
#define DBGBVR_EL1(n) MOTE_KVM_ARM_SYSREG(2, 0, 0, n, 4)
#define DBGBCR_EL1(n) MOTE_KVM_ARM_SYSREG(2, 0, 0, n, 5)
#define DBGWVR_EL1(n) MOTE_KVM_ARM_SYSREG(2, 0, 0, n, 6)
#define DBGWCR_EL1(n) MOTE_KVM_ARM_SYSREG(2, 0, 0, n, 7)
#define ID_AA64DFR0_EL1 MOTE_KVM_ARM_SYSREG(3, 0, 0, 5, 0)
#define DFR0_BREAKPOINTS(dfr0) ((unsigned)((dfr0) >> 12 & 15) + 1)
#define DFR0_WATCHPOINTS(dfr0) ((unsigned)((dfr0) >> 20 & 15) + 1)

/* Moves registers between the vCPU and a structure; request selects the direction. */
struct mover {
	struct mote_kvm_vm *vm;
	unsigned long request; /* MOTE_KVM_GET_ONE_REG or MOTE_KVM_SET_ONE_REG */
	mote_error *error;
	mote_status status; /* the first failure; nothing is moved after it */
};

static void move(struct mover *mover, uint64_t id, void *value)
{
	/* Only read, in both directions: it says where the value is. */
	const struct mote_kvm_one_reg one = {.id = id, .addr = (uintptr_t)value};

	if (mover->status == MOTE_OK)
		mover->status = mote_kvm_vcpu_set(mover->vm, mover->request, &one,
						  mover->request == MOTE_KVM_GET_ONE_REG
							  ? "KVM_GET_ONE_REG"
							  : "KVM_SET_ONE_REG",
						  mover->error);
}

/* The same for a register whose value may be known.  What the vCPU makes of a value that is written
 * is not. */
static void move_known(struct mover *mover, uint64_t id, enum value number, uint64_t *value)
{
	struct mote_kvm_vm *vm = mover->vm;
	const uint64_t bit = 1ull << number;
	const bool known = (vm->known & bit) != 0;

	if (mover->request == MOTE_KVM_GET_ONE_REG) {
		if (!known)
			move(mover, id, &vm->values[number]);
		if (mover->status != MOTE_OK)
			return;
		vm->known |= bit;
		*value = vm->values[number];
	} else if (!known || *value != vm->values[number]) {
		vm->known &= ~(bit | NEW);
		move(mover, id, value);
	}
}

void mote_kvm_know_reset(struct mote_kvm_vm *vm)
{
	vm->known = (1ull << GENERAL_REGISTERS) - 1;
	memset(vm->values, 0, sizeof(vm->values));
}

void mote_kvm_know_new(struct mote_kvm_vm *vm)
{
	const struct mote_kvm_arch *arch = vm->kvm->arch;

	vm->known |= NEW | atomic_load_explicit(&arch->new_known, memory_order_acquire);
	for (unsigned i = GENERAL_REGISTERS; i < VALUES; i++)
		vm->values[i] = atomic_load_explicit(&arch->new_values[i], memory_order_relaxed);
}

/* Others may read the same of another vCPU meanwhile. */
static void keep_new(const struct mote_kvm_vm *vm)
{
	struct mote_kvm_arch *arch = vm->kvm->arch;

	if (atomic_load_explicit(&arch->new_known, memory_order_relaxed) != 0)
		return;
	for (unsigned i = GENERAL_REGISTERS; i < VALUES; i++)
		atomic_store_explicit(&arch->new_values[i], vm->values[i], memory_order_relaxed);
	atomic_store_explicit(&arch->new_known, vm->known, memory_order_release);
}

/* A mover for a vCPU whose last exit's instruction has retired. */
static struct mover begin(struct mote_vm *base, unsigned long request, mote_error *error)
{
	struct mover mover = {.vm = (struct mote_kvm_vm *)base, .request = request, .error = error};

	mover.status = mote_kvm_retire(mover.vm, error);
	return mover;
}

mote_status mote_kvm_get_register(struct mote_kvm_vm *vm, uint64_t id, void *value,
				  mote_error *error)
{
	struct mover mover = {.vm = vm, .request = MOTE_KVM_GET_ONE_REG, .error = error};

	move(&mover, id, value);
	return mover.status;
}

mote_status mote_kvm_set_register(struct mote_kvm_vm *vm, uint64_t id, const void *value,
				  mote_error *error)
{
	struct mover mover = {.vm = vm, .request = MOTE_KVM_SET_ONE_REG, .error = error};

	vm->known = 0;
	move(&mover, id, (void *)(uintptr_t)value);
	return mover.status;
}

/* ---- General registers ------------------------------------------------------------------- */

/* The stack pointer of the level that pstate selects. */
static void move_sp(struct mover *mover, uint64_t pstate, uint64_t *sp)
{
	if ((pstate & MOTE_AARCH64_PSTATE_MODE) == MOTE_AARCH64_PSTATE_EL1H)
		move_known(mover, MOTE_KVM_ARM_CORE(U64, MOTE_KVM_ARM_SP_EL1), VALUE_sp_el1, sp);
	else
		move_known(mover, MOTE_KVM_ARM_CORE(U64, MOTE_KVM_ARM_SP), VALUE_sp_el0, sp);
}

static void move_regs(struct mover *mover, mote_regs *regs)
{
	for (unsigned i = 0; i < GENERAL_REGISTERS; i++)
		move_known(mover, MOTE_KVM_ARM_CORE(U64, MOTE_KVM_ARM_X(i)), (enum value)i,
			   &regs->x[i]);
	move_known(mover, MOTE_KVM_ARM_CORE(U64, MOTE_KVM_ARM_PC), VALUE_pc, &regs->pc);
	move_known(mover, MOTE_KVM_ARM_CORE(U64, MOTE_KVM_ARM_PSTATE), VALUE_pstate, &regs->pstate);
	move_sp(mover, regs->pstate, &regs->sp);
}

mote_status mote_kvm_regs(struct mote_vm *base, mote_regs *regs, mote_error *error)
{
	struct mover mover = begin(base, MOTE_KVM_GET_ONE_REG, error);
	mote_regs read = {.pstate = 0};

	move_regs(&mover, &read);
	if (mover.status == MOTE_OK)
		*regs = read;
	return mover.status;
}

mote_status mote_kvm_set_regs(struct mote_vm *base, const mote_regs *regs, mote_error *error)
{
	struct mover mover = begin(base, MOTE_KVM_SET_ONE_REG, error);
	mote_regs written = *regs;

	move_regs(&mover, &written);
	return mover.status;
}

/* ---- System registers -------------------------------------------------------------------- */

static void move_places(struct mover *mover, void *structure, const struct place *places,
			size_t count)
{
	for (size_t i = 0; i < count; i++)
		move_known(mover, places[i].id, places[i].value,
			   (uint64_t *)(void *)((uint8_t *)structure + places[i].offset));
}

mote_status mote_kvm_sregs(struct mote_vm *base, mote_sregs *sregs, mote_error *error)
{
	struct mover mover = begin(base, MOTE_KVM_GET_ONE_REG, error);
	mote_sregs read;

	move_places(&mover, &read, PLACES(sreg_places));
	if (mover.status == MOTE_OK)
		*sregs = read;
	if (mover.status == MOTE_OK && mover.vm->known & NEW)
		keep_new(mover.vm);
	return mover.status;
}

mote_status mote_kvm_set_sregs(struct mote_vm *base, const mote_sregs *sregs, mote_error *error)
{
	struct mover mover = begin(base, MOTE_KVM_SET_ONE_REG, error);
	mote_sregs written = *sregs;

	move_places(&mover, &written, PLACES(sreg_places));
	return mover.status;
}

mote_status mote_kvm_exception_state(struct mote_vm *base, mote_exception_state *state,
				     mote_error *error)
{
	struct mover mover = begin(base, MOTE_KVM_GET_ONE_REG, error);
	mote_exception_state read;

	move_places(&mover, &read, PLACES(exception_places));
	if (mover.status == MOTE_OK)
		*state = read;
	return mover.status;
}

mote_status mote_kvm_set_exception_return(struct mote_vm *base, const mote_exception_state *state,
					  mote_error *error)
{
	struct mover mover = begin(base, MOTE_KVM_SET_ONE_REG, error);
	mote_exception_state written = *state;

	move_places(&mover, &written, exception_places, RETURN_PLACES);
	return mover.status;
}

/* ---- Floating point ---------------------------------------------------------------------- */

static void move_fpu(struct mover *mover, mote_fpu *fpu)
{
	for (unsigned i = 0; i < VECTOR_REGISTERS; i++)
		move(mover, MOTE_KVM_ARM_CORE(U128, MOTE_KVM_ARM_V(i)), fpu->v[i]);
	move(mover, MOTE_KVM_ARM_CORE(U32, MOTE_KVM_ARM_FPSR), &fpu->fpsr);
	move(mover, MOTE_KVM_ARM_CORE(U32, MOTE_KVM_ARM_FPCR), &fpu->fpcr);
}

mote_status mote_kvm_fpu(struct mote_vm *base, mote_fpu *fpu, mote_error *error)
{
	struct mover mover = begin(base, MOTE_KVM_GET_ONE_REG, error);
	mote_fpu read;

	move_fpu(&mover, &read);
	if (mover.status == MOTE_OK)
		*fpu = read;
	return mover.status;
}

mote_status mote_kvm_set_fpu(struct mote_vm *base, const mote_fpu *fpu, mote_error *error)
{
	struct mover mover = begin(base, MOTE_KVM_SET_ONE_REG, error);
	mote_fpu written = *fpu;

	move_fpu(&mover, &written);
	return mover.status;
}

/* ---- Debug registers --------------------------------------------------------------------- */

static void move_debug_regs(struct mover *mover, mote_debug_regs *debug)
{
	uint64_t dfr0 = 0;

	if (mover->status == MOTE_OK)
		mover->status =
			mote_kvm_get_register(mover->vm, ID_AA64DFR0_EL1, &dfr0, mover->error);
	for (unsigned i = 0; i < DFR0_BREAKPOINTS(dfr0); i++) {
		move(mover, DBGBVR_EL1(i), &debug->bvr[i]);
		move(mover, DBGBCR_EL1(i), &debug->bcr[i]);
	}
	for (unsigned i = 0; i < DFR0_WATCHPOINTS(dfr0); i++) {
		move(mover, DBGWVR_EL1(i), &debug->wvr[i]);
		move(mover, DBGWCR_EL1(i), &debug->wcr[i]);
	}
	move(mover, MDSCR_EL1, &debug->mdscr_el1);
}

mote_status mote_kvm_debug_regs(struct mote_vm *base, mote_debug_regs *debug, mote_error *error)
{
	struct mover mover = begin(base, MOTE_KVM_GET_ONE_REG, error);
	mote_debug_regs read = {.mdscr_el1 = 0};

	move_debug_regs(&mover, &read);
	if (mover.status == MOTE_OK)
		*debug = read;
	return mover.status;
}

mote_status mote_kvm_set_debug_regs(struct mote_vm *base, const mote_debug_regs *debug,
				    mote_error *error)
{
	struct mover mover = begin(base, MOTE_KVM_SET_ONE_REG, error);
	mote_debug_regs written = *debug;

	move_debug_regs(&mover, &written);
	return mover.status;
}

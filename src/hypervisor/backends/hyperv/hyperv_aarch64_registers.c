/* SPDX-License-Identifier: Apache-2.0
 *
 * The registers of an aarch64 VP, by class: each operation is one call for all that it needs.  The
 * state of a VP as one block is the structure of all of them.
 */
#include <string.h>

#include "error_internal.h"
#include "hypervisor/arch/aarch64/aarch64_registers.h"
#include "hypervisor/backends/hyperv/hyperv_aarch64.h"

enum {
	GENERAL = 1, /* of regs, but for the stack pointer */
	STACK = 2,   /* of both levels */
	SPECIAL = 4, /* the rest of sregs */
	VECTOR = 8,  /* fpu */
	DEBUG = 16,
	USER = 32,	/* in addition: what user code can change */
	EXCEPTION = 64, /* in addition: what tells an exception */
	ALL = GENERAL | STACK | SPECIAL | VECTOR | DEBUG,
};

/* Registers with consecutive names and places. */
struct place {
	uint32_t name;
	uint8_t classes;
	uint8_t count;
	uint8_t bytes; /* of each */
	size_t offset; /* in struct mote_hyperv_block */
};

#define PLACES(name, classes, count, field)                                                        \
	{                                                                                          \
		MOTE_HYPERV_A64_##name, classes, count,                                            \
			sizeof(((struct mote_hyperv_block *)NULL)->field) / (count),               \
			offsetof(struct mote_hyperv_block, field)                                  \
	}

static const struct place places[] = {
	PLACES(X0, GENERAL | USER, 31, regs.x),
	PLACES(PC, GENERAL | USER | EXCEPTION, 1, regs.pc),
	PLACES(PSTATE, GENERAL | USER | EXCEPTION, 1, regs.pstate),
	PLACES(SP_EL0, STACK | USER | EXCEPTION, 1, sregs.sp_el0),
	PLACES(SP_EL1, STACK, 1, sregs.sp_el1),
	PLACES(SCTLR, SPECIAL, 1, sregs.sctlr),
	PLACES(TTBR0, SPECIAL, 1, sregs.ttbr0),
	PLACES(TTBR1, SPECIAL, 1, sregs.ttbr1),
	PLACES(TCR, SPECIAL, 1, sregs.tcr),
	PLACES(MAIR, SPECIAL, 1, sregs.mair),
	PLACES(VBAR, SPECIAL, 1, sregs.vbar),
	PLACES(ESR, SPECIAL | EXCEPTION, 1, sregs.esr),
	PLACES(FAR, SPECIAL | EXCEPTION, 1, sregs.far),
	PLACES(CPACR, SPECIAL, 1, sregs.cpacr),
	PLACES(CNTKCTL, SPECIAL, 1, sregs.cntkctl),
	PLACES(TPIDR_EL0, SPECIAL | USER, 1, sregs.tpidr_el0),
	PLACES(TPIDR_EL1, SPECIAL, 1, sregs.tpidr_el1),
	PLACES(TPIDRRO_EL0, SPECIAL, 1, sregs.tpidrro_el0),
	PLACES(CONTEXTIDR, SPECIAL, 1, sregs.contextidr),
	PLACES(ELR, SPECIAL | EXCEPTION, 1, sregs.elr),
	PLACES(SPSR, SPECIAL | EXCEPTION, 1, sregs.spsr),
	PLACES(Q0, VECTOR | USER, 32, fpu.v),
	PLACES(FPCR, VECTOR | USER, 1, fpu.fpcr),
	PLACES(FPSR, VECTOR | USER, 1, fpu.fpsr),
	PLACES(DBGBVR0, DEBUG, MOTE_AARCH64_DEBUG_PAIRS, debug.bvr),
	PLACES(DBGBCR0, DEBUG, MOTE_AARCH64_DEBUG_PAIRS, debug.bcr),
	PLACES(DBGWVR0, DEBUG, MOTE_AARCH64_DEBUG_PAIRS, debug.wvr),
	PLACES(DBGWCR0, DEBUG, MOTE_AARCH64_DEBUG_PAIRS, debug.wcr),
	PLACES(MDSCR, DEBUG, 1, debug.mdscr_el1),
};

enum {
	PLACE_COUNT = sizeof(places) / sizeof(places[0]),
	MOST = 160, /* registers */
};

/* As one call takes them. */
struct list {
	size_t count;
	uint32_t names[MOST];
	struct mote_hyperv_value values[MOST];
	struct {
		size_t offset;
		uint8_t bytes;
	} at[MOST];
};

/* How many of a place a VP has. */
static unsigned count_of(const struct mote_hyperv_vm *vm, const struct place *place)
{
	switch (place->name) {
	case MOTE_HYPERV_A64_DBGBVR0:
	case MOTE_HYPERV_A64_DBGBCR0:
		return vm->facts->breakpoints;
	case MOTE_HYPERV_A64_DBGWVR0:
	case MOTE_HYPERV_A64_DBGWCR0:
		return vm->facts->watchpoints;
	default:
		return place->count;
	}
}

static void choose(const struct mote_hyperv_vm *vm, unsigned classes, struct list *list)
{
	list->count = 0;
	for (unsigned p = 0; p < PLACE_COUNT; p++) {
		const struct place *place = &places[p];

		if (!(place->classes & classes))
			continue;
		for (unsigned i = 0; i < count_of(vm, place); i++) {
			list->names[list->count] = place->name + i;
			list->at[list->count].bytes = place->bytes;
			list->at[list->count++].offset = place->offset + (size_t)i * place->bytes;
		}
	}
}

static mote_status get(struct mote_hyperv_vm *vm, unsigned classes,
		       struct mote_hyperv_block *registers, mote_error *error)
{
	struct list list;
	mote_status status = mote_hyperv_touch(vm, error);

	if (status != MOTE_OK)
		return status;
	choose(vm, classes, &list);
	status = vm->ops->get_registers(vm, list.names, list.values, list.count, error);
	for (size_t i = 0; status == MOTE_OK && i < list.count; i++)
		memcpy((uint8_t *)registers + list.at[i].offset, &list.values[i], list.at[i].bytes);
	return status;
}

static mote_status set(struct mote_hyperv_vm *vm, unsigned classes,
		       const struct mote_hyperv_block *registers, mote_error *error)
{
	struct list list;

	choose(vm, classes, &list);
	for (size_t i = 0; i < list.count; i++) {
		list.values[i] = (struct mote_hyperv_value){0, 0};
		memcpy(&list.values[i], (const uint8_t *)registers + list.at[i].offset,
		       list.at[i].bytes);
	}
	return vm->ops->set_registers(vm, list.names, list.values, list.count, error);
}

/* ---- Classes --------------------------------------------------------------------------------- */

/* The stack pointer of regs is that of the level that pstate selects, and one of sregs too. */
static bool uses_el1(const mote_regs *regs)
{
	return (regs->pstate & MOTE_AARCH64_PSTATE_MODE) == MOTE_AARCH64_PSTATE_EL1H;
}

mote_status mote_hyperv_regs(struct mote_vm *base, mote_regs *regs, mote_error *error)
{
	struct mote_hyperv_block all;
	mote_status status = get(mote_hyperv_vm(base), GENERAL | STACK, &all, error);

	if (status != MOTE_OK)
		return status;
	*regs = all.regs;
	regs->sp = uses_el1(regs) ? all.sregs.sp_el1 : all.sregs.sp_el0;
	return MOTE_OK;
}

mote_status mote_hyperv_set_regs(struct mote_vm *base, const mote_regs *regs, mote_error *error)
{
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	const struct mote_hyperv_block all = {.regs = *regs};
	mote_status status = mote_hyperv_touch(vm, error);

	if (status == MOTE_OK)
		status = set(vm, GENERAL, &all, error);
	return status == MOTE_OK ? mote_hyperv_set_register(vm,
							    uses_el1(regs) ? MOTE_HYPERV_A64_SP_EL1
									   : MOTE_HYPERV_A64_SP_EL0,
							    regs->sp, error)
				 : status;
}

mote_status mote_hyperv_sregs(struct mote_vm *base, mote_sregs *sregs, mote_error *error)
{
	struct mote_hyperv_block all;
	mote_status status = get(mote_hyperv_vm(base), STACK | SPECIAL, &all, error);

	if (status == MOTE_OK)
		*sregs = all.sregs;
	return status;
}

mote_status mote_hyperv_set_sregs(struct mote_vm *base, const mote_sregs *sregs, mote_error *error)
{
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	const struct mote_hyperv_block all = {.sregs = *sregs};
	mote_status status = mote_hyperv_touch(vm, error);

	return status == MOTE_OK ? set(vm, STACK | SPECIAL, &all, error) : status;
}

mote_status mote_hyperv_fpu(struct mote_vm *base, mote_fpu *fpu, mote_error *error)
{
	struct mote_hyperv_block all;
	mote_status status = get(mote_hyperv_vm(base), VECTOR, &all, error);

	if (status == MOTE_OK)
		*fpu = all.fpu;
	return status;
}

mote_status mote_hyperv_set_fpu(struct mote_vm *base, const mote_fpu *fpu, mote_error *error)
{
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	const struct mote_hyperv_block all = {.fpu = *fpu};
	mote_status status = mote_hyperv_touch(vm, error);

	return status == MOTE_OK ? set(vm, VECTOR, &all, error) : status;
}

mote_status mote_hyperv_debug_regs(struct mote_vm *base, mote_debug_regs *debug, mote_error *error)
{
	struct mote_hyperv_block all = {.debug = {.mdscr_el1 = 0}};
	mote_status status = get(mote_hyperv_vm(base), DEBUG, &all, error);

	if (status == MOTE_OK)
		*debug = all.debug;
	return status;
}

mote_status mote_hyperv_set_debug_regs(struct mote_vm *base, const mote_debug_regs *debug,
				       mote_error *error)
{
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	const struct mote_hyperv_block all = {.debug = *debug};
	mote_status status = mote_hyperv_touch(vm, error);

	return status == MOTE_OK ? set(vm, DEBUG, &all, error) : status;
}

mote_status mote_hyperv_exception_state(struct mote_vm *base, mote_exception_state *state,
					mote_error *error)
{
	struct mote_hyperv_block all;
	mote_status status = get(mote_hyperv_vm(base), EXCEPTION, &all, error);

	if (status == MOTE_OK)
		*state = (mote_exception_state){
			.pc = all.regs.pc,
			.pstate = all.regs.pstate,
			.elr = all.sregs.elr,
			.spsr = all.sregs.spsr,
			.esr = all.sregs.esr,
			.far = all.sregs.far,
			.sp_el0 = all.sregs.sp_el0,
		};
	return status;
}

mote_status mote_hyperv_set_exception_return(struct mote_vm *base,
					     const mote_exception_state *state, mote_error *error)
{
	static const uint32_t names[] = {MOTE_HYPERV_A64_ELR, MOTE_HYPERV_A64_SPSR,
					 MOTE_HYPERV_A64_SP_EL0};
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	const struct mote_hyperv_value values[] = {
		{state->elr, 0}, {state->spsr, 0}, {state->sp_el0, 0}};
	mote_status status = mote_hyperv_touch(vm, error);

	return status == MOTE_OK ? vm->ops->set_registers(vm, names, values, 3, error) : status;
}

/* ---- All of them ----------------------------------------------------------------------------- */

mote_status mote_hyperv_state_bytes(struct mote_vm *base, size_t *bytes, mote_error *error)
{
	(void)base;
	(void)error;
	*bytes = sizeof(struct mote_hyperv_block);
	return MOTE_OK;
}

mote_status mote_hyperv_save_state(struct mote_vm *base, void *state, size_t bytes,
				   mote_error *error)
{
	mote_status status = mote_vm_check_state(bytes, sizeof(struct mote_hyperv_block), error);

	if (status != MOTE_OK)
		return status;
	memset(state, 0, bytes);
	return get(mote_hyperv_vm(base), ALL, state, error);
}

static mote_status load(struct mote_vm *base, unsigned classes, const void *state, size_t bytes,
			mote_error *error)
{
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	mote_status status = mote_vm_check_state(bytes, sizeof(struct mote_hyperv_block), error);

	if (status != MOTE_OK)
		return status;
	vm->vcpu->pending = false;
	return set(vm, classes, state, error);
}

mote_status mote_hyperv_load_state(struct mote_vm *base, const void *state, size_t bytes,
				   mote_error *error)
{
	return load(base, ALL, state, bytes, error);
}

/* A gate saves nothing: all of it is one call. */
mote_status mote_hyperv_load_user_state(struct mote_vm *base, const void *state, size_t bytes,
					const struct mote_user_gate *gate, mote_error *error)
{
	(void)gate;
	return load(base, USER, state, bytes, error);
}

/* All registers are set then. */
mote_status mote_hyperv_begin_reset(struct mote_vm *base, mote_error *error)
{
	(void)error;
	mote_hyperv_vm(base)->vcpu->pending = false;
	return MOTE_OK;
}

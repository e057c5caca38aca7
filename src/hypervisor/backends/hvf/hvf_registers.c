/* SPDX-License-Identifier: Apache-2.0
 *
 * A sandbox's registers.  They live in memory; the vCPU of the thread that runs the sandbox gets
 * them when it has to, and they come back when somebody asks or the call ends.
 */
#include <string.h>

#include "error_internal.h"
#include "hypervisor/arch/aarch64/aarch64_registers.h"
#include "hypervisor/backends/hvf/hvf_internal.h"

enum { GENERAL_REGISTERS = 31, VECTOR_REGISTERS = 32 };

#define TTBR0_EL1 MOTE_HV_SYS_REG(3, 0, 2, 0, 0)
#define MDSCR_EL1 MOTE_HV_SYS_REG(2, 0, 0, 2, 2)
#define ID_AA64DFR0_EL1 MOTE_HV_SYS_REG(3, 0, 0, 5, 0)
#define ASID_MASK (0xffffull << MOTE_AARCH64_TTBR_ASID_SHIFT)

/* A system register and its place. */
struct place {
	uint16_t reg;
	size_t offset; /* in mote_sregs */
};

#define PLACE(field, ...) {MOTE_HV_SYS_REG(__VA_ARGS__), offsetof(mote_sregs, field)},
static const struct place places[] = {MOTE_AARCH64_SREGS_MAP(PLACE)};
#undef PLACE

_Static_assert(sizeof(mote_sregs) == 8 * (sizeof(places) / sizeof(places[0])),
	       "every system register has a place");

/* Moves registers between the vCPU of this thread and memory. */
struct mover {
	const struct mote_hvf_system *system;
	uint64_t vcpu;
	bool writes;	     /* to the vCPU */
	mote_hv_return code; /* the first failure; nothing is moved after it */
};

static void move(struct mover *mover, uint32_t reg, uint64_t *value)
{
	if (mover->code != MOTE_HV_SUCCESS)
		return;
	mover->code = mover->writes ? mover->system->vcpu_set_reg(mover->vcpu, reg, *value)
				    : mover->system->vcpu_get_reg(mover->vcpu, reg, value);
}

static void move_short(struct mover *mover, uint32_t reg, uint32_t *value)
{
	uint64_t wide = *value;

	move(mover, reg, &wide);
	*value = (uint32_t)wide;
}

static void move_system(struct mover *mover, uint16_t reg, uint64_t *value)
{
	if (mover->code != MOTE_HV_SUCCESS)
		return;
	mover->code = mover->writes ? mover->system->vcpu_set_sys_reg(mover->vcpu, reg, *value)
				    : mover->system->vcpu_get_sys_reg(mover->vcpu, reg, value);
}

static void move_vector(struct mover *mover, uint32_t reg, uint8_t *bytes)
{
	mote_hv_vector value;

	memcpy(&value, bytes, sizeof(value));
	if (mover->code != MOTE_HV_SUCCESS)
		return;
	mover->code = mover->writes ? mover->system->vcpu_set_simd_fp_reg(mover->vcpu, reg, value)
				    : mover->system->vcpu_get_simd_fp_reg(mover->vcpu, reg, &value);
	memcpy(bytes, &value, sizeof(value));
}

/* The stack pointer of regs is that of the level that pstate selects, and one of sregs too. */
static uint64_t *stack_of(struct mote_hvf_registers *registers)
{
	return (registers->regs.pstate & MOTE_AARCH64_PSTATE_MODE) == MOTE_AARCH64_PSTATE_EL1H
		       ? &registers->sregs.sp_el1
		       : &registers->sregs.sp_el0;
}

static bool is_stack(const struct place *place)
{
	return place->offset == offsetof(mote_sregs, sp_el0) ||
	       place->offset == offsetof(mote_sregs, sp_el1);
}

static void move_places(struct mover *mover, mote_sregs *sregs, bool stacks)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (is_stack(&places[i]) == stacks)
			move_system(mover, places[i].reg,
				    (uint64_t *)(void *)((uint8_t *)sregs + places[i].offset));
}

/* ASIDs are the backend's. */
static void move_system_registers(struct mover *mover, mote_sregs *sregs, uint16_t asid)
{
	sregs->ttbr0 |= (uint64_t)asid << MOTE_AARCH64_TTBR_ASID_SHIFT;
	move_places(mover, sregs, false);
	sregs->ttbr0 &= ~ASID_MASK;
}

static void move_general_registers(struct mover *mover, struct mote_hvf_registers *registers)
{
	for (uint32_t i = 0; i < GENERAL_REGISTERS; i++)
		move(mover, i, &registers->regs.x[i]);
	move(mover, MOTE_HV_REG_PC, &registers->regs.pc);
	move(mover, MOTE_HV_REG_CPSR, &registers->regs.pstate);
	move_places(mover, &registers->sregs, true);
	registers->regs.sp = *stack_of(registers);
}

static void move_vector_registers(struct mover *mover, mote_fpu *fpu)
{
	for (uint32_t i = 0; i < VECTOR_REGISTERS; i++)
		move_vector(mover, i, fpu->v[i]);
	move_short(mover, MOTE_HV_REG_FPCR, &fpu->fpcr);
	move_short(mover, MOTE_HV_REG_FPSR, &fpu->fpsr);
}

static void move_debug_registers(struct mover *mover, mote_debug_regs *debug)
{
	uint64_t dfr0 = 0;
	unsigned breakpoints, watchpoints;

	if (mover->code == MOTE_HV_SUCCESS)
		mover->code = mover->system->vcpu_get_sys_reg(mover->vcpu, ID_AA64DFR0_EL1, &dfr0);
	breakpoints = (unsigned)(dfr0 >> 12 & 15) + 1;
	watchpoints = (unsigned)(dfr0 >> 20 & 15) + 1;
	for (unsigned i = 0; i < breakpoints; i++) {
		move_system(mover, MOTE_HV_SYS_REG(2, 0, 0, i, 4), &debug->bvr[i]);
		move_system(mover, MOTE_HV_SYS_REG(2, 0, 0, i, 5), &debug->bcr[i]);
	}
	for (unsigned i = 0; i < watchpoints; i++) {
		move_system(mover, MOTE_HV_SYS_REG(2, 0, 0, i, 6), &debug->wvr[i]);
		move_system(mover, MOTE_HV_SYS_REG(2, 0, 0, i, 7), &debug->wcr[i]);
	}
	move_system(mover, MDSCR_EL1, &debug->mdscr_el1);
}

static void move_classes(struct mover *mover, struct mote_hvf_vm *vm, uint8_t classes)
{
	if (classes & MOTE_HVF_REGS)
		move_general_registers(mover, &vm->registers);
	if (classes & MOTE_HVF_SREGS)
		move_system_registers(mover, &vm->registers.sregs, vm->asid);
	if (classes & MOTE_HVF_FPU)
		move_vector_registers(mover, &vm->registers.fpu);
	if (classes & MOTE_HVF_DEBUG)
		move_debug_registers(mover, &vm->registers.debug);
}

static struct mover mover_of(const struct mote_hvf_thread *thread, bool writes)
{
	return (struct mover){.system = thread->system, .vcpu = thread->vcpu, .writes = writes};
}

/* ---- Between memory and the vCPU ----------------------------------------------------------- */

/* In memory: an access that waits has happened. */
static void retire(struct mote_hvf_vm *vm)
{
	uint64_t data;

	if (!vm->pending)
		return;
	vm->pending = false;
	memcpy(&data, vm->data, sizeof(data));
	mote_aarch64_access_complete(&vm->access, data, &vm->registers.regs);
	vm->in_memory |= MOTE_HVF_REGS;
}

static mote_hv_return fetch(struct mote_hvf_thread *thread, uint8_t classes)
{
	struct mote_hvf_vm *vm = thread->unsaved;
	struct mover mover = mover_of(thread, false);

	if (vm == NULL)
		return MOTE_HV_SUCCESS;
	move_classes(&mover, vm, vm->in_vcpu & classes);
	if (mover.code != MOTE_HV_SUCCESS)
		return mover.code;
	vm->in_vcpu &= (uint8_t)~classes;
	if (vm->in_vcpu == 0)
		thread->unsaved = NULL;
	return MOTE_HV_SUCCESS;
}

mote_hv_return mote_hvf_rescue(struct mote_hvf_thread *thread)
{
	return fetch(thread, MOTE_HVF_ALL);
}

static mote_status rescue(struct mote_hvf_thread *thread, uint8_t classes, mote_error *error)
{
	mote_hv_return code;

	mote_hvf_lock();
	code = fetch(thread, classes);
	mote_hvf_unlock();
	return code == MOTE_HV_SUCCESS ? MOTE_OK
				       : mote_hvf_fail(error, code, "registers of a vCPU");
}

void mote_hvf_forget(struct mote_hvf_vm *vm)
{
	mote_hvf_lock();
	if (vm->in_vcpu != 0 && vm->thread != NULL && vm->thread->unsaved == vm)
		vm->thread->unsaved = NULL;
	vm->in_vcpu = 0;
	vm->in_memory = MOTE_HVF_ALL;
	mote_hvf_unlock();
	vm->pending = false;
}

mote_status mote_hvf_sync(struct mote_hvf_vm *vm, uint8_t classes, mote_error *error)
{
	mote_status status = MOTE_OK;

	if (vm->pending)
		classes |= MOTE_HVF_REGS;
	if ((vm->in_vcpu & classes) != 0) {
		if (vm->thread == NULL || vm->thread != mote_hvf_thread_find())
			return mote_fail(error, MOTE_HYPERVISOR,
					 "the vCPU belongs to another thread");
		status = rescue(vm->thread, classes, error);
	}
	if (status == MOTE_OK)
		retire(vm);
	return status;
}

/* On the vCPU itself: an access that waits has happened.  Fewer registers than all. */
static void retire_loaded(struct mover *mover, struct mote_hvf_vm *vm)
{
	mote_regs regs = {.pc = vm->access_pc};
	uint64_t data;

	if (!vm->pending)
		return;
	memcpy(&data, vm->data, sizeof(data));
	mote_aarch64_access_complete(&vm->access, data, &regs);
	if (!vm->access.write && vm->access.register_index != MOTE_AARCH64_XZR)
		move(mover, vm->access.register_index, &regs.x[vm->access.register_index]);
	move(mover, MOTE_HV_REG_PC, &regs.pc);
	vm->pending = mover->code != MOTE_HV_SUCCESS;
}

static void load_asid(struct mover *mover, struct mote_hvf_vm *vm)
{
	uint64_t ttbr0 = vm->registers.sregs.ttbr0 | (uint64_t)vm->asid
							     << MOTE_AARCH64_TTBR_ASID_SHIFT;

	if (vm->loaded_asid != vm->asid)
		move_system(mover, TTBR0_EL1, &ttbr0);
}

/* A step that such an access was is not only a matter of the program counter. */
static bool steps(const struct mote_hvf_vm *vm)
{
	return vm->pending && (vm->registers.debug.mdscr_el1 & MOTE_AARCH64_MDSCR_SS) != 0;
}

/* Into a vCPU that has its registers, but for those that memory has newer. */
static void load_changes(struct mover *mover, struct mote_hvf_vm *vm,
			 struct mote_hvf_thread *thread)
{
	const bool pending = vm->pending;

	retire_loaded(mover, vm);
	if (pending && !vm->pending) {
		vm->in_vcpu |= MOTE_HVF_REGS;
		thread->unsaved = vm;
	}
	move_classes(mover, vm, vm->in_memory);
	load_asid(mover, vm);
}

mote_status mote_hvf_load(struct mote_hvf_vm *vm, struct mote_hvf_thread *thread, mote_error *error)
{
	struct mover mover = mover_of(thread, true);
	mote_status status = steps(vm) ? mote_hvf_sync(vm, MOTE_HVF_REGS, error) : MOTE_OK;
	const bool has = vm->thread == thread && thread->holds == vm->serial;

	if (status != MOTE_OK)
		return status;
	if (vm->in_vcpu != 0 && !has)
		return mote_fail(error, MOTE_HYPERVISOR, "the vCPU belongs to another thread");
	if (has) {
		load_changes(&mover, vm, thread);
	} else {
		status = rescue(thread, MOTE_HVF_ALL, error); /* of another sandbox */
		if (status != MOTE_OK)
			return status;
		retire(vm);
		thread->holds = 0;
		move_classes(&mover, vm, MOTE_HVF_ALL);
	}
	if (mover.code != MOTE_HV_SUCCESS)
		return mote_hvf_fail(error, mover.code, "registers of a vCPU");
	vm->thread = thread;
	vm->loaded_asid = vm->asid;
	vm->in_memory = 0;
	thread->holds = vm->serial;
	return MOTE_OK;
}

mote_status mote_hvf_park(struct mote_vm *base, mote_error *error)
{
	struct mote_hvf_vm *vm = mote_hvf_vm(base);
	const bool pending = vm->pending;
	mote_status status;

	if (mote_hvf_is_of_parent(base))
		return MOTE_OK;
	/* What waits may still be retired on the vCPU, if it is this thread that goes on. */
	vm->pending = false;
	status = mote_hvf_sync(vm, MOTE_HVF_ALL, error);
	vm->pending = pending;
	return status;
}

/* ---- Operations ---------------------------------------------------------------------------- */

/* Gives a part of the registers: bytes at an offset. */
static mote_status give(struct mote_vm *base, uint8_t classes, size_t offset, void *to,
			size_t bytes, mote_error *error)
{
	struct mote_hvf_vm *vm = mote_hvf_vm(base);
	const mote_status status = mote_hvf_sync(vm, classes, error);

	if (status == MOTE_OK)
		memcpy(to, (const uint8_t *)&vm->registers + offset, bytes);
	return status;
}

static mote_status take(struct mote_vm *base, uint8_t classes, size_t offset, const void *from,
			size_t bytes, mote_error *error)
{
	struct mote_hvf_vm *vm = mote_hvf_vm(base);
	const mote_status status = mote_hvf_sync(vm, classes, error);

	if (status != MOTE_OK)
		return status;
	memcpy((uint8_t *)&vm->registers + offset, from, bytes);
	vm->in_memory |= classes;
	return MOTE_OK;
}

/* Both have the stack pointers. */
#define WITH_STACKS (MOTE_HVF_SREGS | MOTE_HVF_REGS)
#define PART(part, pointer) offsetof(struct mote_hvf_registers, part), pointer, sizeof(*(pointer))

mote_status mote_hvf_regs(struct mote_vm *base, mote_regs *regs, mote_error *error)
{
	return give(base, MOTE_HVF_REGS, PART(regs, regs), error);
}

mote_status mote_hvf_set_regs(struct mote_vm *base, const mote_regs *regs, mote_error *error)
{
	const mote_status status = take(base, MOTE_HVF_REGS, PART(regs, regs), error);

	if (status == MOTE_OK)
		*stack_of(&mote_hvf_vm(base)->registers) = regs->sp;
	return status;
}

mote_status mote_hvf_sregs(struct mote_vm *base, mote_sregs *sregs, mote_error *error)
{
	return give(base, WITH_STACKS, PART(sregs, sregs), error);
}

mote_status mote_hvf_set_sregs(struct mote_vm *base, const mote_sregs *sregs, mote_error *error)
{
	struct mote_hvf_registers *registers = &mote_hvf_vm(base)->registers;
	const mote_status status = take(base, WITH_STACKS, PART(sregs, sregs), error);

	if (status != MOTE_OK)
		return status;
	registers->sregs.ttbr0 &= ~ASID_MASK;
	registers->regs.sp = *stack_of(registers);
	return MOTE_OK;
}

mote_status mote_hvf_fpu(struct mote_vm *base, mote_fpu *fpu, mote_error *error)
{
	return give(base, MOTE_HVF_FPU, PART(fpu, fpu), error);
}

mote_status mote_hvf_set_fpu(struct mote_vm *base, const mote_fpu *fpu, mote_error *error)
{
	return take(base, MOTE_HVF_FPU, PART(fpu, fpu), error);
}

mote_status mote_hvf_debug_regs(struct mote_vm *base, mote_debug_regs *debug, mote_error *error)
{
	return give(base, MOTE_HVF_DEBUG, PART(debug, debug), error);
}

mote_status mote_hvf_set_debug_regs(struct mote_vm *base, const mote_debug_regs *debug,
				    mote_error *error)
{
	return take(base, MOTE_HVF_DEBUG, PART(debug, debug), error);
}

mote_status mote_hvf_exception_state(struct mote_vm *base, mote_exception_state *state,
				     mote_error *error)
{
	struct mote_hvf_vm *vm = mote_hvf_vm(base);
	mote_status status = mote_hvf_sync(vm, WITH_STACKS, error);
	const struct mote_hvf_registers *registers = &vm->registers;

	if (status == MOTE_OK)
		*state = (mote_exception_state){
			.pc = registers->regs.pc,
			.pstate = registers->regs.pstate,
			.elr = registers->sregs.elr,
			.spsr = registers->sregs.spsr,
			.esr = registers->sregs.esr,
			.far = registers->sregs.far,
			.sp_el0 = registers->sregs.sp_el0,
		};
	return status;
}

mote_status mote_hvf_set_exception_return(struct mote_vm *base, const mote_exception_state *state,
					  mote_error *error)
{
	struct mote_hvf_vm *vm = mote_hvf_vm(base);
	mote_status status = mote_hvf_sync(vm, WITH_STACKS, error);

	if (status != MOTE_OK)
		return status;
	vm->registers.sregs.elr = state->elr;
	vm->registers.sregs.spsr = state->spsr;
	vm->registers.sregs.sp_el0 = state->sp_el0;
	vm->registers.regs.sp = *stack_of(&vm->registers);
	vm->in_memory |= WITH_STACKS;
	return MOTE_OK;
}

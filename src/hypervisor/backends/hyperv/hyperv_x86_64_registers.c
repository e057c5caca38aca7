/* SPDX-License-Identifier: Apache-2.0
 *
 * The registers of an x86_64 VP, and its state as one block: the values of all that are named, then
 * the XSAVE area in the hypervisor's format.
 */
#include <string.h>

#include "allocator.h"
#include "error_internal.h"
#include "hypervisor/backends/hyperv/hyperv_x86_64.h"

enum {
	GENERAL_COUNT = MOTE_HYPERV_GENERAL_COUNT,
	SPECIAL_COUNT = MOTE_HYPERV_SPECIAL_COUNT,
	SEGMENT_COUNT = 8,
	ACCESS_COUNT = GENERAL_COUNT + SEGMENT_COUNT,
	DEBUG_COUNT = MOTE_HYPERV_DEBUG_COUNT,
	EVENT_COUNT = MOTE_HYPERV_EVENT_COUNT,
	ALL = MOTE_HYPERV_NAME_COUNT,
};

_Static_assert((int)GENERAL_COUNT == (int)MOTE_HYPERV_CS &&
		       (int)GENERAL_COUNT + (int)SPECIAL_COUNT == (int)MOTE_HYPERV_DR0 &&
		       (int)MOTE_HYPERV_DR0 + (int)DEBUG_COUNT == (int)MOTE_HYPERV_EVENTS &&
		       (int)MOTE_HYPERV_EVENTS + (int)EVENT_COUNT == (int)ALL,
	       "the parts are the whole");

/* The members of mote_regs, in the order of the names. */
static const size_t general_offsets[GENERAL_COUNT] = {
	offsetof(mote_regs, rax), offsetof(mote_regs, rcx), offsetof(mote_regs, rdx),
	offsetof(mote_regs, rbx), offsetof(mote_regs, rsp), offsetof(mote_regs, rbp),
	offsetof(mote_regs, rsi), offsetof(mote_regs, rdi), offsetof(mote_regs, r8),
	offsetof(mote_regs, r9),  offsetof(mote_regs, r10), offsetof(mote_regs, r11),
	offsetof(mote_regs, r12), offsetof(mote_regs, r13), offsetof(mote_regs, r14),
	offsetof(mote_regs, r15), offsetof(mote_regs, rip), offsetof(mote_regs, rflags),
};

static uint64_t get_general(const mote_regs *regs, unsigned i)
{
	uint64_t value;

	memcpy(&value, (const uint8_t *)regs + general_offsets[i], sizeof(value));
	return value;
}

static void put_general(mote_regs *regs, unsigned i, uint64_t value)
{
	memcpy((uint8_t *)regs + general_offsets[i], &value, sizeof(value));
}

static mote_status get(struct mote_hyperv_vm *vm, unsigned first, unsigned count,
		       struct mote_hyperv_value *values, mote_error *error)
{
	return vm->ops->get_registers(vm, vm->ops->names + first, values, count, error);
}

static mote_status set(struct mote_hyperv_vm *vm, unsigned first, unsigned count,
		       const struct mote_hyperv_value *values, mote_error *error)
{
	return vm->ops->set_registers(vm, vm->ops->names + first, values, count, error);
}

/* ---- General registers ----------------------------------------------------------------------- */

mote_status mote_hyperv_regs(struct mote_vm *base, mote_regs *regs, mote_error *error)
{
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	struct mote_hyperv_value values[GENERAL_COUNT];
	mote_status status = mote_hyperv_touch(vm, error);

	if (status == MOTE_OK)
		status = get(vm, 0, GENERAL_COUNT, values, error);
	for (unsigned i = 0; status == MOTE_OK && i < GENERAL_COUNT; i++)
		put_general(regs, i, values[i].low);
	return status;
}

mote_status mote_hyperv_set_regs(struct mote_vm *base, const mote_regs *regs, mote_error *error)
{
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	struct mote_hyperv_value values[GENERAL_COUNT];
	mote_status status = mote_hyperv_touch(vm, error);

	for (unsigned i = 0; i < GENERAL_COUNT; i++)
		values[i] = (struct mote_hyperv_value){get_general(regs, i), 0};
	if (status == MOTE_OK)
		status = set(vm, 0, GENERAL_COUNT, values, error);
	if (status == MOTE_OK)
		mote_hyperv_forget(vm); /* the other part of an access on two pages */
	return status;
}

mote_status mote_hyperv_set_changed(struct mote_hyperv_vm *vm, const mote_regs *before,
				    const mote_regs *after, mote_error *error)
{
	uint32_t changed[GENERAL_COUNT];
	struct mote_hyperv_value values[GENERAL_COUNT];
	size_t count = 0;

	for (unsigned i = 0; i < GENERAL_COUNT; i++) {
		const uint64_t value = get_general(after, i);

		if (value == get_general(before, i))
			continue;
		changed[count] = vm->ops->names[i];
		values[count++] = (struct mote_hyperv_value){value, 0};
	}
	return vm->ops->set_registers(vm, changed, values, count, error);
}

/* ---- Special registers ----------------------------------------------------------------------- */

static struct mote_x86_64_segment from_segment(const struct mote_hyperv_value *value)
{
	struct mote_hyperv_x64_segment hv;

	memcpy(&hv, value, sizeof(hv));
	return (struct mote_x86_64_segment){
		.base = hv.base,
		.limit = hv.limit,
		.selector = hv.selector,
		.type = hv.attributes & 0xf,
		.s = hv.attributes >> 4 & 1,
		.dpl = hv.attributes >> 5 & 3,
		.present = hv.attributes >> 7 & 1,
		.avl = hv.attributes >> 12 & 1,
		.l = hv.attributes >> 13 & 1,
		.db = hv.attributes >> 14 & 1,
		.g = hv.attributes >> 15 & 1,
		.unusable = !(hv.attributes >> 7 & 1),
	};
}

static struct mote_hyperv_value to_segment(const struct mote_x86_64_segment *segment)
{
	const unsigned present = segment->present && !segment->unusable;
	const struct mote_hyperv_x64_segment hv = {
		.base = segment->base,
		.limit = segment->limit,
		.selector = segment->selector,
		.attributes = (uint16_t)(segment->type | segment->s << 4 | segment->dpl << 5 |
					 present << 7 | segment->avl << 12 | segment->l << 13 |
					 segment->db << 14 | segment->g << 15),
	};
	struct mote_hyperv_value value;

	memcpy(&value, &hv, sizeof(value));
	return value;
}

static struct mote_x86_64_table from_table(const struct mote_hyperv_value *value)
{
	struct mote_hyperv_x64_table hv;

	memcpy(&hv, value, sizeof(hv));
	return (struct mote_x86_64_table){.base = hv.base, .limit = hv.limit};
}

static struct mote_hyperv_value to_table(const struct mote_x86_64_table *table)
{
	const struct mote_hyperv_x64_table hv = {.limit = table->limit, .base = table->base};
	struct mote_hyperv_value value;

	memcpy(&value, &hv, sizeof(value));
	return value;
}

/* The names are in the order of MOTE_X86_64_SREGS_MAP. */
static void take_sregs(const struct mote_hyperv_value *values, mote_sregs *sregs)
{
	*sregs = (mote_sregs){.cr0 = 0};
#define SEGMENT(name) sregs->name = from_segment(values++);
#define TABLE(name) sregs->name = from_table(values++);
#define CONTROL(name) sregs->name = (values++)->low;
	MOTE_X86_64_SREGS_MAP(SEGMENT, TABLE, CONTROL)
#undef SEGMENT
#undef TABLE
#undef CONTROL
}

static void give_sregs(const mote_sregs *sregs, struct mote_hyperv_value *values)
{
#define SEGMENT(name) *values++ = to_segment(&sregs->name);
#define TABLE(name) *values++ = to_table(&sregs->name);
#define CONTROL(name) *values++ = (struct mote_hyperv_value){sregs->name, 0};
	MOTE_X86_64_SREGS_MAP(SEGMENT, TABLE, CONTROL)
#undef SEGMENT
#undef TABLE
#undef CONTROL
}

mote_status mote_hyperv_sregs(struct mote_vm *base, mote_sregs *sregs, mote_error *error)
{
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	struct mote_hyperv_value values[SPECIAL_COUNT];
	mote_status status = mote_hyperv_touch(vm, error);

	if (status == MOTE_OK)
		status = get(vm, MOTE_HYPERV_CS, SPECIAL_COUNT, values, error);
	if (status == MOTE_OK)
		take_sregs(values, sregs);
	return status;
}

mote_status mote_hyperv_set_sregs(struct mote_vm *base, const mote_sregs *sregs, mote_error *error)
{
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	struct mote_hyperv_value values[SPECIAL_COUNT];
	mote_status status = mote_hyperv_touch(vm, error);

	give_sregs(sregs, values);
	return status == MOTE_OK ? set(vm, MOTE_HYPERV_CS, SPECIAL_COUNT, values, error) : status;
}

mote_status mote_hyperv_exception_state(struct mote_vm *base, mote_exception_state *state,
					mote_error *error)
{
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	const uint32_t *names = vm->ops->names;
	const uint32_t wanted[] = {names[MOTE_HYPERV_RIP], names[MOTE_HYPERV_RSP],
				   names[MOTE_HYPERV_CR2], names[MOTE_HYPERV_CS]};
	struct mote_hyperv_value values[sizeof(wanted) / sizeof(wanted[0])];
	mote_status status = mote_hyperv_touch(vm, error);

	if (status == MOTE_OK)
		status = vm->ops->get_registers(vm, wanted, values,
						sizeof(wanted) / sizeof(wanted[0]), error);
	if (status == MOTE_OK)
		*state = (mote_exception_state){
			.rip = values[0].low,
			.rsp = values[1].low,
			.cr2 = values[2].low,
			.cs = from_segment(&values[3]).selector,
		};
	return status;
}

/* The processor keeps it in the frame on the stack, which is memory. */
mote_status mote_hyperv_set_exception_return(struct mote_vm *base,
					     const mote_exception_state *state, mote_error *error)
{
	(void)base;
	(void)state;
	(void)error;
	return MOTE_OK;
}

mote_status mote_hyperv_access_registers(struct mote_hyperv_vm *vm, mote_regs *regs,
					 uint64_t *fs_base, uint64_t *gs_base, mote_error *error)
{
	struct mote_hyperv_value values[ACCESS_COUNT];
	mote_status status = get(vm, 0, ACCESS_COUNT, values, error);

	if (status != MOTE_OK)
		return status;
	for (unsigned i = 0; i < GENERAL_COUNT; i++)
		put_general(regs, i, values[i].low);
	*fs_base = from_segment(&values[MOTE_HYPERV_FS]).base;
	*gs_base = from_segment(&values[MOTE_HYPERV_GS]).base;
	return MOTE_OK;
}

/* ---- Debug registers ------------------------------------------------------------------------- */

mote_status mote_hyperv_debug_regs(struct mote_vm *base, mote_debug_regs *debug, mote_error *error)
{
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	struct mote_hyperv_value values[DEBUG_COUNT];
	mote_status status = mote_hyperv_touch(vm, error);

	if (status == MOTE_OK)
		status = get(vm, MOTE_HYPERV_DR0, DEBUG_COUNT, values, error);
	if (status != MOTE_OK)
		return status;
	for (unsigned i = 0; i < 4; i++)
		debug->dr[i] = values[i].low;
	debug->dr6 = values[4].low;
	debug->dr7 = values[5].low;
	return MOTE_OK;
}

mote_status mote_hyperv_set_debug_regs(struct mote_vm *base, const mote_debug_regs *debug,
				       mote_error *error)
{
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	struct mote_hyperv_value values[DEBUG_COUNT] = {
		[4] = {debug->dr6, 0},
		[5] = {debug->dr7, 0},
	};
	mote_status status = mote_hyperv_touch(vm, error);

	for (unsigned i = 0; i < 4; i++)
		values[i].low = debug->dr[i];
	return status == MOTE_OK ? set(vm, MOTE_HYPERV_DR0, DEBUG_COUNT, values, error) : status;
}

/* ---- All of them ----------------------------------------------------------------------------- */

static size_t block_bytes(const struct mote_hyperv_vm *vm)
{
	return sizeof(struct mote_hyperv_block) + vm->facts->xsave_bytes;
}

mote_status mote_hyperv_state_bytes(struct mote_vm *base, size_t *bytes, mote_error *error)
{
	(void)error;
	*bytes = block_bytes(mote_hyperv_vm(base));
	return MOTE_OK;
}

mote_status mote_hyperv_save_state(struct mote_vm *base, void *state, size_t bytes,
				   mote_error *error)
{
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	struct mote_hyperv_block *block = state;
	mote_status status = mote_vm_check_state(bytes, block_bytes(vm), error);

	if (status == MOTE_OK)
		status = mote_hyperv_touch(vm, error);
	if (status == MOTE_OK)
		status = get(vm, 0, ALL, block->values, error);
	if (status == MOTE_OK)
		status = vm->ops->get_area(vm, vm->vcpu->area, error);
	if (status == MOTE_OK)
		memcpy(block + 1, vm->vcpu->area, vm->facts->xsave_bytes);
	return status;
}

/* The first registers, and the area. */
static mote_status load(struct mote_hyperv_vm *vm, const struct mote_hyperv_block *block,
			unsigned count, mote_error *error)
{
	mote_status status;

	mote_hyperv_forget(vm);
	status = set(vm, 0, count, block->values, error);
	if (status != MOTE_OK)
		return status;
	memcpy(vm->vcpu->area, block + 1, vm->facts->xsave_bytes);
	return vm->ops->set_area(vm, vm->vcpu->area, error);
}

mote_status mote_hyperv_load_state(struct mote_vm *base, const void *state, size_t bytes,
				   mote_error *error)
{
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	mote_status status = mote_vm_check_state(bytes, block_bytes(vm), error);

	return status == MOTE_OK ? load(vm, state, ALL, error) : status;
}

/* No event is pending after a doorbell, but for a trap.  A gate saves nothing: all of it is two
 * calls. */
mote_status mote_hyperv_load_user_state(struct mote_vm *base, const void *state, size_t bytes,
					const struct mote_user_gate *gate, mote_error *error)
{
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	const struct mote_hyperv_block *block = state;
	mote_status status = mote_vm_check_state(bytes, block_bytes(vm), error);
	bool has_event = false;

	(void)gate;
	if (status != MOTE_OK)
		return status;
	for (unsigned i = MOTE_HYPERV_EVENTS; i < ALL; i++)
		has_event |= block->values[i].low != 0;
	return load(vm, block, has_event ? ALL : MOTE_HYPERV_USER_COUNT, error);
}

mote_status mote_hyperv_begin_reset(struct mote_vm *base, mote_error *error)
{
	static const struct mote_hyperv_value none[EVENT_COUNT];
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	mote_status status;

	mote_hyperv_forget(vm);
	status = set(vm, MOTE_HYPERV_EVENTS, EVENT_COUNT, none, error);
	return status == MOTE_OK ? mote_hyperv_reset_area(vm, error) : status;
}

/* ---- A VP ------------------------------------------------------------------------------------ */

mote_status mote_hyperv_make_facts(const mote_allocator *allocator,
				   struct mote_hyperv_facts **facts, mote_error *error)
{
	*facts = mote_allocate(allocator, sizeof(**facts));
	return *facts != NULL ? MOTE_OK : mote_fail_memory(error, "hypervisor");
}

/* One that shows what there is knows nothing yet, and needs nothing. */
mote_status mote_hyperv_make_vcpu(struct mote_hyperv_vm *vm, uint32_t xcr0_name, mote_error *error)
{
	const struct mote_hyperv_facts *facts = vm->facts;
	const struct mote_hyperv_value xcr0 = {facts->cpuid.xcr0, 0};
	mote_status status;

	vm->vcpu = mote_allocate(vm->base.hypervisor->allocator, sizeof(*vm->vcpu));
	if (vm->vcpu == NULL)
		return mote_fail_memory(error, "VM");
	if (facts->xsave_bytes == 0)
		return MOTE_OK;
	status = mote_hyperv_make_area(vm, facts->xsave_bytes, error);
	if (status != MOTE_OK || facts->cpuid.xcr0 == 0)
		return status;
	return vm->ops->set_registers(vm, &xcr0_name, &xcr0, 1, error);
}

void mote_hyperv_free_vcpu(struct mote_hyperv_vm *vm)
{
	if (vm->vcpu == NULL)
		return;
	mote_release(vm->base.hypervisor->allocator, vm->vcpu->allocation);
	mote_release(vm->base.hypervisor->allocator, vm->vcpu);
	vm->vcpu = NULL;
}

mote_status mote_hyperv_park(struct mote_vm *base, mote_error *error)
{
	(void)base;
	(void)error;
	return MOTE_OK;
}

/* ---- Translations ---------------------------------------------------------------------------- */

mote_status mote_hyperv_invalidate_translations(struct mote_vm *base, uint64_t gpa, uint64_t bytes,
						mote_error *error)
{
	struct mote_hyperv_vm *vm = mote_hyperv_vm(base);
	struct mote_hyperv_value root;
	mote_status status;

	(void)gpa;
	if (bytes == 0)
		return MOTE_OK;
	status = mote_hyperv_touch(vm, error);
	if (status == MOTE_OK)
		status = get(vm, MOTE_HYPERV_CR3, 1, &root, error);
	return status == MOTE_OK ? mote_hyperv_drop_root(vm, root.low, error) : status;
}

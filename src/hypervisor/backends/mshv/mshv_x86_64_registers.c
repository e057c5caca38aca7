/* SPDX-License-Identifier: Apache-2.0
 *
 * The registers of an x86_64 VP, and its state as one block: the values of all that are named here,
 * then the XSAVE area in the hypervisor's format.
 */
#include <string.h>

#include "error_internal.h"
#include "hypervisor/backends/mshv/mshv_x86_64_internal.h"

/* The control registers by the names that take any value until the VP runs: registers are set one
 * after the other, and a call may end between two.  Those that user code can change come first. */
static const uint32_t names[] = {
	MOTE_MSHV_X64_RAX,
	MOTE_MSHV_X64_RAX + 1,
	MOTE_MSHV_X64_RAX + 2,
	MOTE_MSHV_X64_RAX + 3,
	MOTE_MSHV_X64_RAX + 4,
	MOTE_MSHV_X64_RAX + 5,
	MOTE_MSHV_X64_RAX + 6,
	MOTE_MSHV_X64_RAX + 7,
	MOTE_MSHV_X64_RAX + 8,
	MOTE_MSHV_X64_RAX + 9,
	MOTE_MSHV_X64_RAX + 10,
	MOTE_MSHV_X64_RAX + 11,
	MOTE_MSHV_X64_RAX + 12,
	MOTE_MSHV_X64_RAX + 13,
	MOTE_MSHV_X64_RAX + 14,
	MOTE_MSHV_X64_RAX + 15,
	MOTE_MSHV_X64_RIP,
	MOTE_MSHV_X64_RFLAGS,
	MOTE_MSHV_X64_CS,
	MOTE_MSHV_X64_DS,
	MOTE_MSHV_X64_ES,
	MOTE_MSHV_X64_FS,
	MOTE_MSHV_X64_GS,
	MOTE_MSHV_X64_SS,
	MOTE_MSHV_X64_TR,
	MOTE_MSHV_X64_LDTR,
	MOTE_MSHV_X64_GDTR,
	MOTE_MSHV_X64_IDTR,
	MOTE_MSHV_X64_INTERMEDIATE_CR0,
	MOTE_MSHV_X64_CR2,
	MOTE_MSHV_X64_INTERMEDIATE_CR3,
	MOTE_MSHV_X64_INTERMEDIATE_CR4,
	MOTE_MSHV_X64_CR8,
	MOTE_MSHV_X64_EFER,
	MOTE_MSHV_X64_APIC_BASE,
	MOTE_MSHV_X64_DR0,
	MOTE_MSHV_X64_DR0 + 1,
	MOTE_MSHV_X64_DR0 + 2,
	MOTE_MSHV_X64_DR0 + 3,
	MOTE_MSHV_X64_DR6,
	MOTE_MSHV_X64_DR7,
	MOTE_MSHV_PENDING_INTERRUPTION,
	MOTE_MSHV_INTERRUPT_STATE,
	MOTE_MSHV_PENDING_EVENT_0,
	MOTE_MSHV_PENDING_EVENT_1,
	MOTE_MSHV_INTERNAL_ACTIVITY,
};

enum {
	GENERAL = 0,
	RSP = GENERAL + 4,
	RIP = GENERAL + 16,
	GENERAL_COUNT = 18,
	SPECIAL = GENERAL + GENERAL_COUNT,
	CS = SPECIAL,
	FS = SPECIAL + 3,
	GS = SPECIAL + 4,
	SEGMENT_COUNT = 8,
	CR2 = SPECIAL + SEGMENT_COUNT + 3,
	CR3,
	SPECIAL_COUNT = SEGMENT_COUNT + 9,
	/* What user code can change, and CR2, which its faults do. */
	USER_COUNT = CR2 + 1,
	ACCESS_COUNT = GENERAL_COUNT + SEGMENT_COUNT,
	DEBUG = SPECIAL + SPECIAL_COUNT,
	DEBUG_COUNT = 6,
	EVENTS = DEBUG + DEBUG_COUNT,
	EVENT_COUNT = 5,
	ALL = EVENTS + EVENT_COUNT,
};

_Static_assert(ALL == sizeof(names) / sizeof(names[0]) && (int)ALL == MOTE_MSHV_BLOCK_VALUES &&
		       (int)DEBUG + 4 == (int)MOTE_MSHV_BLOCK_DR6 &&
		       (int)EVENTS == MOTE_MSHV_BLOCK_EVENTS,
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

static mote_status get(struct mote_mshv_vm *vm, unsigned first, unsigned count,
		       struct mote_mshv_value *values, mote_error *error)
{
	return mote_mshv_get_registers(vm, names + first, values, count, error);
}

static mote_status set(struct mote_mshv_vm *vm, unsigned first, unsigned count,
		       const struct mote_mshv_value *values, mote_error *error)
{
	return mote_mshv_set_registers(vm, names + first, values, count, error);
}

/* ---- General registers ----------------------------------------------------------------------- */

mote_status mote_mshv_regs(struct mote_vm *base, mote_regs *regs, mote_error *error)
{
	struct mote_mshv_vm *vm = mote_mshv_vm(base);
	struct mote_mshv_value values[GENERAL_COUNT];
	mote_status status = mote_mshv_touch(vm, error);

	if (status == MOTE_OK)
		status = get(vm, GENERAL, GENERAL_COUNT, values, error);
	for (unsigned i = 0; status == MOTE_OK && i < GENERAL_COUNT; i++)
		put_general(regs, i, values[i].low);
	return status;
}

mote_status mote_mshv_set_regs(struct mote_vm *base, const mote_regs *regs, mote_error *error)
{
	struct mote_mshv_vm *vm = mote_mshv_vm(base);
	struct mote_mshv_value values[GENERAL_COUNT];
	mote_status status = mote_mshv_touch(vm, error);

	for (unsigned i = 0; i < GENERAL_COUNT; i++)
		values[i] = (struct mote_mshv_value){get_general(regs, i), 0};
	if (status == MOTE_OK)
		status = set(vm, GENERAL, GENERAL_COUNT, values, error);
	if (status == MOTE_OK)
		mote_mshv_forget(vm); /* the other part of an access on two pages */
	return status;
}

mote_status mote_mshv_set_changed(struct mote_mshv_vm *vm, const mote_regs *before,
				  const mote_regs *after, mote_error *error)
{
	uint32_t changed[GENERAL_COUNT];
	struct mote_mshv_value values[GENERAL_COUNT];
	size_t count = 0;

	for (unsigned i = 0; i < GENERAL_COUNT; i++) {
		const uint64_t value = get_general(after, i);

		if (value == get_general(before, i))
			continue;
		changed[count] = names[GENERAL + i];
		values[count++] = (struct mote_mshv_value){value, 0};
	}
	return mote_mshv_set_registers(vm, changed, values, count, error);
}

/* ---- Special registers ----------------------------------------------------------------------- */

static struct mote_x86_64_segment from_segment(const struct mote_mshv_value *value)
{
	struct mote_mshv_x64_segment hv;

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

static struct mote_mshv_value to_segment(const struct mote_x86_64_segment *segment)
{
	const unsigned present = segment->present && !segment->unusable;
	const struct mote_mshv_x64_segment hv = {
		.base = segment->base,
		.limit = segment->limit,
		.selector = segment->selector,
		.attributes = (uint16_t)(segment->type | segment->s << 4 | segment->dpl << 5 |
					 present << 7 | segment->avl << 12 | segment->l << 13 |
					 segment->db << 14 | segment->g << 15),
	};
	struct mote_mshv_value value;

	memcpy(&value, &hv, sizeof(value));
	return value;
}

static struct mote_x86_64_table from_table(const struct mote_mshv_value *value)
{
	struct mote_mshv_x64_table hv;

	memcpy(&hv, value, sizeof(hv));
	return (struct mote_x86_64_table){.base = hv.base, .limit = hv.limit};
}

static struct mote_mshv_value to_table(const struct mote_x86_64_table *table)
{
	const struct mote_mshv_x64_table hv = {.limit = table->limit, .base = table->base};
	struct mote_mshv_value value;

	memcpy(&value, &hv, sizeof(value));
	return value;
}

/* The names are in the order of MOTE_X86_64_SREGS_MAP. */
static void take_sregs(const struct mote_mshv_value *values, mote_sregs *sregs)
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

static void give_sregs(const mote_sregs *sregs, struct mote_mshv_value *values)
{
#define SEGMENT(name) *values++ = to_segment(&sregs->name);
#define TABLE(name) *values++ = to_table(&sregs->name);
#define CONTROL(name) *values++ = (struct mote_mshv_value){sregs->name, 0};
	MOTE_X86_64_SREGS_MAP(SEGMENT, TABLE, CONTROL)
#undef SEGMENT
#undef TABLE
#undef CONTROL
}

mote_status mote_mshv_sregs(struct mote_vm *base, mote_sregs *sregs, mote_error *error)
{
	struct mote_mshv_vm *vm = mote_mshv_vm(base);
	struct mote_mshv_value values[SPECIAL_COUNT];
	mote_status status = mote_mshv_touch(vm, error);

	if (status == MOTE_OK)
		status = get(vm, SPECIAL, SPECIAL_COUNT, values, error);
	if (status == MOTE_OK)
		take_sregs(values, sregs);
	return status;
}

mote_status mote_mshv_set_sregs(struct mote_vm *base, const mote_sregs *sregs, mote_error *error)
{
	struct mote_mshv_vm *vm = mote_mshv_vm(base);
	struct mote_mshv_value values[SPECIAL_COUNT];
	mote_status status = mote_mshv_touch(vm, error);

	give_sregs(sregs, values);
	return status == MOTE_OK ? set(vm, SPECIAL, SPECIAL_COUNT, values, error) : status;
}

mote_status mote_mshv_exception_state(struct mote_vm *base, mote_exception_state *state,
				      mote_error *error)
{
	static const uint32_t wanted[] = {MOTE_MSHV_X64_RIP, MOTE_MSHV_X64_RAX + RSP,
					  MOTE_MSHV_X64_CR2, MOTE_MSHV_X64_CS};
	struct mote_mshv_vm *vm = mote_mshv_vm(base);
	struct mote_mshv_value values[sizeof(wanted) / sizeof(wanted[0])];
	mote_status status = mote_mshv_touch(vm, error);

	if (status == MOTE_OK)
		status = mote_mshv_get_registers(vm, wanted, values,
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
mote_status mote_mshv_set_exception_return(struct mote_vm *base, const mote_exception_state *state,
					   mote_error *error)
{
	(void)base;
	(void)state;
	(void)error;
	return MOTE_OK;
}

mote_status mote_mshv_access_registers(struct mote_mshv_vm *vm, mote_regs *regs, uint64_t *fs_base,
				       uint64_t *gs_base, mote_error *error)
{
	struct mote_mshv_value values[ACCESS_COUNT];
	mote_status status = get(vm, GENERAL, ACCESS_COUNT, values, error);

	if (status != MOTE_OK)
		return status;
	for (unsigned i = 0; i < GENERAL_COUNT; i++)
		put_general(regs, i, values[i].low);
	*fs_base = from_segment(&values[FS]).base;
	*gs_base = from_segment(&values[GS]).base;
	return MOTE_OK;
}

/* ---- Debug registers ------------------------------------------------------------------------- */

mote_status mote_mshv_debug_regs(struct mote_vm *base, mote_debug_regs *debug, mote_error *error)
{
	struct mote_mshv_vm *vm = mote_mshv_vm(base);
	struct mote_mshv_value values[DEBUG_COUNT];
	mote_status status = mote_mshv_touch(vm, error);

	if (status == MOTE_OK)
		status = get(vm, DEBUG, DEBUG_COUNT, values, error);
	if (status != MOTE_OK)
		return status;
	for (unsigned i = 0; i < 4; i++)
		debug->dr[i] = values[i].low;
	debug->dr6 = values[4].low;
	debug->dr7 = values[5].low;
	return MOTE_OK;
}

mote_status mote_mshv_set_debug_regs(struct mote_vm *base, const mote_debug_regs *debug,
				     mote_error *error)
{
	struct mote_mshv_vm *vm = mote_mshv_vm(base);
	struct mote_mshv_value values[DEBUG_COUNT] = {
		[4] = {debug->dr6, 0},
		[5] = {debug->dr7, 0},
	};
	mote_status status = mote_mshv_touch(vm, error);

	for (unsigned i = 0; i < 4; i++)
		values[i].low = debug->dr[i];
	return status == MOTE_OK ? set(vm, DEBUG, DEBUG_COUNT, values, error) : status;
}

/* ---- All of them ----------------------------------------------------------------------------- */

static size_t block_bytes(const struct mote_mshv_vm *vm)
{
	return sizeof(struct mote_mshv_block) + vm->mshv->arch->xsave_bytes;
}

mote_status mote_mshv_state_bytes(struct mote_vm *base, size_t *bytes, mote_error *error)
{
	(void)error;
	*bytes = block_bytes(mote_mshv_vm(base));
	return MOTE_OK;
}

mote_status mote_mshv_save_state(struct mote_vm *base, void *state, size_t bytes, mote_error *error)
{
	struct mote_mshv_vm *vm = mote_mshv_vm(base);
	struct mote_mshv_block *block = state;
	mote_status status = mote_vm_check_state(bytes, block_bytes(vm), error);

	if (status == MOTE_OK)
		status = mote_mshv_touch(vm, error);
	if (status == MOTE_OK)
		status = get(vm, 0, ALL, block->values, error);
	if (status == MOTE_OK)
		status = mote_mshv_get_area(vm, error);
	if (status == MOTE_OK)
		memcpy(block + 1, vm->vcpu->area, vm->mshv->arch->xsave_bytes);
	return status;
}

/* The first registers, and the area. */
static mote_status load(struct mote_mshv_vm *vm, const struct mote_mshv_block *block,
			unsigned count, mote_error *error)
{
	mote_status status;

	mote_mshv_forget(vm);
	status = set(vm, 0, count, block->values, error);
	if (status != MOTE_OK)
		return status;
	memcpy(vm->vcpu->area, block + 1, vm->mshv->arch->xsave_bytes);
	return mote_mshv_put_area(vm, error);
}

mote_status mote_mshv_load_state(struct mote_vm *base, const void *state, size_t bytes,
				 mote_error *error)
{
	struct mote_mshv_vm *vm = mote_mshv_vm(base);
	mote_status status = mote_vm_check_state(bytes, block_bytes(vm), error);

	return status == MOTE_OK ? load(vm, state, ALL, error) : status;
}

/* No event is pending after a doorbell, but for a trap.  A gate saves nothing: all of it is two
 * calls. */
mote_status mote_mshv_load_user_state(struct mote_vm *base, const void *state, size_t bytes,
				      const struct mote_user_gate *gate, mote_error *error)
{
	struct mote_mshv_vm *vm = mote_mshv_vm(base);
	const struct mote_mshv_block *block = state;
	mote_status status = mote_vm_check_state(bytes, block_bytes(vm), error);
	bool has_event = false;

	(void)gate;
	if (status != MOTE_OK)
		return status;
	for (unsigned i = EVENTS; i < ALL; i++)
		has_event |= block->values[i].low != 0;
	return load(vm, block, has_event ? ALL : USER_COUNT, error);
}

mote_status mote_mshv_begin_reset(struct mote_vm *base, mote_error *error)
{
	static const struct mote_mshv_value none[EVENT_COUNT];
	struct mote_mshv_vm *vm = mote_mshv_vm(base);
	mote_status status;

	mote_mshv_forget(vm);
	status = set(vm, EVENTS, EVENT_COUNT, none, error);
	return status == MOTE_OK ? mote_mshv_reset_area(vm, error) : status;
}

/* ---- Translations ---------------------------------------------------------------------------- */

mote_status mote_mshv_invalidate_translations(struct mote_vm *base, uint64_t gpa, uint64_t bytes,
					      mote_error *error)
{
	struct mote_mshv_vm *vm = mote_mshv_vm(base);
	struct mote_mshv_value root;
	mote_status status;

	(void)gpa;
	if (bytes == 0)
		return MOTE_OK;
	status = mote_mshv_touch(vm, error);
	if (status == MOTE_OK)
		status = get(vm, CR3, 1, &root, error);
	return status == MOTE_OK ? mote_mshv_drop_root(vm, root.low, error) : status;
}

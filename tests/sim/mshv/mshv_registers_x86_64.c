/* SPDX-License-Identifier: Apache-2.0
 *
 * The registers of an x86_64 VP by their names: each is in one of KVM's structures, or an MSR, or
 * only has a value.
 */
#include "hypervisor/backends/mshv/mshv_abi_x86_64.h"

#include <string.h>

#include "sim/core/core_x86_64.h"
#include "sim/mshv/mshv_internal_x86_64.h"

#define X64(name) MOTE_MSHV_X64_##name

/* ---- Segments -------------------------------------------------------------------------------- */

struct mote_hyperv_x64_segment mshv_segment_of(const struct kvm_segment *segment)
{
	const unsigned attributes = segment->type | (unsigned)segment->s << 4 |
				    (unsigned)segment->dpl << 5 | (unsigned)segment->present << 7 |
				    (unsigned)segment->avl << 12 | (unsigned)segment->l << 13 |
				    (unsigned)segment->db << 14 | (unsigned)segment->g << 15;

	return (struct mote_hyperv_x64_segment){segment->base, segment->limit, segment->selector,
						(uint16_t)attributes};
}

struct kvm_segment mshv_to_segment(const struct mote_hyperv_x64_segment *segment)
{
	const unsigned attributes = segment->attributes;

	return (struct kvm_segment){
		.base = segment->base,
		.limit = segment->limit,
		.selector = segment->selector,
		.type = attributes & 15,
		.s = attributes >> 4 & 1,
		.dpl = attributes >> 5 & 3,
		.present = attributes >> 7 & 1,
		.avl = attributes >> 12 & 1,
		.l = attributes >> 13 & 1,
		.db = attributes >> 14 & 1,
		.g = attributes >> 15 & 1,
		.unusable = !(attributes >> 7 & 1),
	};
}

size_t mshv_segment_offset(uint32_t index)
{
	static const size_t offsets[] = {
		offsetof(struct kvm_sregs, es),	 offsetof(struct kvm_sregs, cs),
		offsetof(struct kvm_sregs, ss),	 offsetof(struct kvm_sregs, ds),
		offsetof(struct kvm_sregs, fs),	 offsetof(struct kvm_sregs, gs),
		offsetof(struct kvm_sregs, ldt), offsetof(struct kvm_sregs, tr),
	};

	return offsets[index];
}

/* ---- Registers that are a number in a structure ---------------------------------------------- */

enum part { GENERAL, SPECIAL, DEBUG };

struct place {
	uint32_t name;
	enum part part;
	size_t offset;
};

#define IN_GENERAL(name, member)                                                                   \
	{                                                                                          \
		X64(name), GENERAL, offsetof(struct kvm_regs, member)                              \
	}
#define IN_SPECIAL(name, member)                                                                   \
	{                                                                                          \
		X64(name), SPECIAL, offsetof(struct kvm_sregs, member)                             \
	}
#define IN_DEBUG(name, member)                                                                     \
	{                                                                                          \
		X64(name), DEBUG, offsetof(struct kvm_debugregs, member)                           \
	}

static const size_t general_offsets[] = {
	offsetof(struct kvm_regs, rax), offsetof(struct kvm_regs, rcx),
	offsetof(struct kvm_regs, rdx), offsetof(struct kvm_regs, rbx),
	offsetof(struct kvm_regs, rsp), offsetof(struct kvm_regs, rbp),
	offsetof(struct kvm_regs, rsi), offsetof(struct kvm_regs, rdi),
	offsetof(struct kvm_regs, r8),	offsetof(struct kvm_regs, r9),
	offsetof(struct kvm_regs, r10), offsetof(struct kvm_regs, r11),
	offsetof(struct kvm_regs, r12), offsetof(struct kvm_regs, r13),
	offsetof(struct kvm_regs, r14), offsetof(struct kvm_regs, r15),
};

size_t mshv_general_offset(uint32_t index)
{
	return general_offsets[index];
}

static const struct place places[] = {
	IN_GENERAL(RIP, rip),
	IN_GENERAL(RFLAGS, rflags),
	IN_SPECIAL(CR0, cr0),
	IN_SPECIAL(CR2, cr2),
	IN_SPECIAL(CR3, cr3),
	IN_SPECIAL(CR4, cr4),
	IN_SPECIAL(CR8, cr8),
	IN_SPECIAL(INTERMEDIATE_CR0, cr0),
	IN_SPECIAL(INTERMEDIATE_CR3, cr3),
	IN_SPECIAL(INTERMEDIATE_CR4, cr4),
	IN_SPECIAL(INTERMEDIATE_CR8, cr8),
	IN_SPECIAL(EFER, efer),
	IN_SPECIAL(APIC_BASE, apic_base),
	IN_DEBUG(DR6, dr6),
	IN_DEBUG(DR7, dr7),
};

static bool find_place(uint32_t name, struct place *place)
{
	if (name >= X64(RAX) && name < X64(RIP)) {
		*place = (struct place){name, GENERAL, general_offsets[name - X64(RAX)]};
		return true;
	}
	if (name >= X64(DR0) && name < X64(DR0) + 4) {
		const size_t db = offsetof(struct kvm_debugregs, db);

		*place = (struct place){name, DEBUG, db + 8 * (name - X64(DR0))};
		return true;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i].name == name) {
			*place = places[i];
			return true;
		}
	return false;
}

static uint64_t read_place(struct vp *vp, const struct place *place)
{
	const void *part = place->part == GENERAL   ? (const void *)sim_general(vp->core)
			   : place->part == SPECIAL ? (const void *)sim_special(vp->core)
						    : (const void *)sim_debug(vp->core);
	uint64_t value;

	memcpy(&value, (const char *)part + place->offset, sizeof(value));
	return value;
}

static void write_place(struct vp *vp, const struct place *place, uint64_t value)
{
	void *part = place->part == GENERAL   ? (void *)sim_change_general(vp->core)
		     : place->part == SPECIAL ? (void *)sim_change_special(vp->core)
					      : (void *)sim_change_debug(vp->core);

	memcpy((char *)part + place->offset, &value, sizeof(value));
}

enum { CR0_PE = 1, CR4_PAE = 1 << 5, EFER_LME = 1 << 8 };
#define CR0_PG (1ull << 31)
#define RFLAGS_ONE 2ull
#define IS_HIGH(value) ((value) >> 32 != 0)

/* With the rule "strict" the registers agree with each other after each change: the order in which
 * they are set by their plain names then matters. */
static bool agrees(struct vp *vp, uint32_t name, uint64_t value)
{
	uint64_t cr0 = sim_special(vp->core)->cr0, cr4 = sim_special(vp->core)->cr4;
	uint64_t efer = sim_special(vp->core)->efer;

	if (!sim_mshv_rules()->strict)
		return true;
	if (name == X64(CR0))
		cr0 = value;
	else if (name == X64(CR4))
		cr4 = value;
	else if (name == X64(EFER))
		efer = value;
	else
		return true;
	if (!(cr0 & CR0_PG))
		return true;
	return cr0 & CR0_PE && (!(efer & EFER_LME) || cr4 & CR4_PAE);
}

static bool is_possible(struct vp *vp, uint32_t name, uint64_t value)
{
	switch (name) {
	case X64(RFLAGS):
		return value & RFLAGS_ONE && !IS_HIGH(value);
	case X64(DR6):
	case X64(DR7):
	case X64(CR0):
	case X64(INTERMEDIATE_CR0):
		return !IS_HIGH(value) && agrees(vp, name, value);
	case X64(CR8):
	case X64(INTERMEDIATE_CR8):
		return value < 16;
	default:
		return agrees(vp, name, value);
	}
}

/* ---- Extended registers ---------------------------------------------------------------------- */

enum { FCW = 0, FTW = 4, FOP = 6, RDP = 16, MXCSR = 24, FP = 32, XMM = 160, STATE_BITS = 512 };
enum { FP_REGISTERS = 8, XMM_REGISTERS = 16 };
enum { MXCSR_RESERVED_SHIFT = 16 };

static bool is_extended(uint32_t name)
{
	return name >= X64(XMM0) && name <= X64(XMM_CONTROL);
}

static void get_extended(struct vp *vp, uint32_t name, struct mote_hyperv_value *value)
{
	const uint8_t *area = sim_extended(vp->core);
	uint8_t *bytes = (uint8_t *)value;

	if (name < X64(FP0)) {
		memcpy(bytes, area + XMM + 16 * (name - X64(XMM0)), 16);
	} else if (name < X64(FP_CONTROL)) {
		memcpy(bytes, area + FP + 16 * (name - X64(FP0)), 16);
	} else if (name == X64(FP_CONTROL)) {
		memcpy(bytes, area + FCW, 16);
		bytes[FTW + 1] = 0;
	} else {
		memcpy(bytes, area + RDP, 16);
	}
}

static uint16_t set_extended(struct vp *vp, uint32_t name, const struct mote_hyperv_value *value)
{
	const uint8_t *bytes = (const uint8_t *)value;
	uint8_t *area;

	if (name == X64(XMM_CONTROL) && (uint32_t)value->high >> MXCSR_RESERVED_SHIFT)
		return MOTE_MSHV_INVALID_REGISTER_VALUE;
	area = sim_change_extended(vp->core);
	area[STATE_BITS] |= 3;
	if (name < X64(FP0)) {
		memcpy(area + XMM + 16 * (name - X64(XMM0)), bytes, 16);
	} else if (name < X64(FP_CONTROL)) {
		memcpy(area + FP + 16 * (name - X64(FP0)), bytes, 16);
	} else if (name == X64(FP_CONTROL)) {
		memcpy(area + FCW, bytes, FTW + 1);
		memcpy(area + FOP, bytes + FOP, 16 - FOP);
	} else { /* the mask is the processor's */
		memcpy(area + RDP, bytes, MXCSR + 4 - RDP);
	}
	return MOTE_MSHV_SUCCESS;
}

/* ---- XCR0 ------------------------------------------------------------------------------------ */

static uint16_t set_xfem(struct vp *vp, uint64_t value)
{
	struct kvm_xcrs *control;

	if (!(value & 1) || value & ~(mshv_arch_xsave_states(vp->partition) | 3))
		return MOTE_MSHV_INVALID_REGISTER_VALUE;
	control = sim_change_control(vp->core);
	control->nr_xcrs = 1;
	control->xcrs[0].xcr = 0;
	control->xcrs[0].value = value;
	return MOTE_MSHV_SUCCESS;
}

/* ---- Events ---------------------------------------------------------------------------------- */

/* hv_x64_pending_interruption_register, hv_x64_interrupt_state_register */
enum { PENDING = 1, TYPE_SHIFT = 1, TYPE_NMI = 2, TYPE_EXCEPTION = 3, HAS_ERROR = 1 << 4 };
enum { VECTOR_SHIFT = 16, ERROR_SHIFT = 32, SHADOW = 1, NMI_MASKED = 2 };

static uint64_t get_interruption(struct vp *vp)
{
	const struct kvm_vcpu_events *events = sim_events(vp->core);
	uint64_t value;

	if (events->nmi.injected)
		return PENDING | TYPE_NMI << TYPE_SHIFT | 2 << VECTOR_SHIFT;
	if (!events->exception.injected)
		return 0;
	value = PENDING | TYPE_EXCEPTION << TYPE_SHIFT |
		(uint64_t)events->exception.nr << VECTOR_SHIFT;
	if (events->exception.has_error_code)
		value |= HAS_ERROR | (uint64_t)events->exception.error_code << ERROR_SHIFT;
	return value;
}

static uint16_t set_interruption(struct vp *vp, uint64_t value)
{
	const unsigned type = value >> TYPE_SHIFT & 7;
	struct kvm_vcpu_events *events = sim_change_events(vp->core);

	memset(&events->exception, 0, sizeof(events->exception));
	events->interrupt.injected = events->nmi.injected = 0;
	if (!(value & PENDING))
		return MOTE_MSHV_SUCCESS;
	if (type == TYPE_NMI) {
		events->nmi.injected = 1;
		return MOTE_MSHV_SUCCESS;
	}
	if (type != TYPE_EXCEPTION)
		return MOTE_MSHV_INVALID_REGISTER_VALUE;
	events->exception.injected = 1;
	events->exception.nr = (uint8_t)(value >> VECTOR_SHIFT);
	events->exception.has_error_code = (value & HAS_ERROR) != 0;
	events->exception.error_code = (uint32_t)(value >> ERROR_SHIFT);
	return MOTE_MSHV_SUCCESS;
}

static uint64_t get_interrupt_state(struct vp *vp)
{
	const struct kvm_vcpu_events *events = sim_events(vp->core);

	return (events->interrupt.shadow ? SHADOW : 0) | (events->nmi.masked ? NMI_MASKED : 0);
}

static uint16_t set_interrupt_state(struct vp *vp, uint64_t value)
{
	struct kvm_vcpu_events *events = sim_change_events(vp->core);

	events->flags |= KVM_VCPUEVENT_VALID_SHADOW;
	events->interrupt.shadow = value & SHADOW ? KVM_X86_SHADOW_INT_STI : 0;
	events->nmi.masked = (value & NMI_MASKED) != 0;
	return MOTE_MSHV_SUCCESS;
}

/* ---- MSRs ------------------------------------------------------------------------------------ */

static const struct {
	uint32_t first, last, msr, step;
} msrs[] = {
	{X64(TSC), X64(TSC), 0x10, 0},
	{X64(KERNEL_GS_BASE), X64(KERNEL_GS_BASE), 0xc0000102, 0},
	{X64(PAT), X64(PAT), 0x277, 0},
	{X64(SYSENTER_CS), X64(SYSENTER_CS), 0x174, 0},
	{X64(SYSENTER_EIP), X64(SYSENTER_EIP), 0x176, 0},
	{X64(SYSENTER_ESP), X64(SYSENTER_ESP), 0x175, 0},
	{X64(STAR), X64(SFMASK), 0xc0000081, 1},
	{X64(TSC_AUX), X64(TSC_AUX), 0xc0000103, 0},
	{0x8000d, 0x8000d, 0xfe, 0},  /* MTRR_CAP */
	{0x8000e, 0x8000e, 0x2ff, 0}, /* MTRR_DEF_TYPE */
	{0x80010, 0x8001f, 0x200, 2}, /* MTRR_PHYSBASE */
	{0x80040, 0x8004f, 0x201, 2}, /* MTRR_PHYSMASK */
	{0x80070, 0x80070, 0x250, 0}, /* MTRR_FIX64K */
	{0x80071, 0x80072, 0x258, 1}, /* MTRR_FIX16K */
	{0x80073, 0x8007a, 0x268, 1}, /* MTRR_FIX4K */
	{0x8007d, 0x8007d, 0x1d9, 0}, /* DEBUGCTL */
	{0x80084, 0x80084, 0x48, 0},  /* SPEC_CTRL */
	{0x80096, 0x80096, 0x3b, 0},  /* TSC_ADJUST */
};

static bool find_msr(uint32_t name, uint32_t *msr)
{
	for (size_t i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++)
		if (name >= msrs[i].first && name <= msrs[i].last) {
			*msr = msrs[i].msr + msrs[i].step * (name - msrs[i].first);
			return true;
		}
	return false;
}

/* Registers that the hypervisor has, and nothing here depends on. */
static bool is_plain(uint32_t name)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{2, MOTE_MSHV_INTERNAL_ACTIVITY},
		{MOTE_MSHV_PENDING_EVENT_0, 0x10007},
		{0x210, 0x215},
		{X64(TSC), 0x80100},
		{0x90000, 0x90050},
		{0xa0000, 0xa0015},
		{0xb0000, 0xb0007},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (name >= ranges[i].first && name <= ranges[i].last)
			return true;
	return false;
}

/* ---- By name --------------------------------------------------------------------------------- */

static void get_segment(struct vp *vp, uint32_t name, struct mote_hyperv_value *value)
{
	const char *special = (const char *)sim_special(vp->core);
	struct kvm_segment segment;
	struct mote_hyperv_x64_segment got;

	memcpy(&segment, special + mshv_segment_offset(name - X64(ES)), sizeof(segment));
	got = mshv_segment_of(&segment);
	memcpy(value, &got, sizeof(*value));
}

static void set_segment(struct vp *vp, uint32_t name, const struct mote_hyperv_value *value)
{
	char *special = (char *)sim_change_special(vp->core);
	struct kvm_segment segment;
	struct mote_hyperv_x64_segment set;

	memcpy(&set, value, sizeof(set));
	segment = mshv_to_segment(&set);
	memcpy(special + mshv_segment_offset(name - X64(ES)), &segment, sizeof(segment));
}

static void get_table(struct vp *vp, uint32_t name, struct mote_hyperv_value *value)
{
	const struct kvm_sregs *special = sim_special(vp->core);
	const struct kvm_dtable *table = name == X64(IDTR) ? &special->idt : &special->gdt;
	const struct mote_hyperv_x64_table got = {.limit = table->limit, .base = table->base};

	memcpy(value, &got, sizeof(*value));
}

static void set_table(struct vp *vp, uint32_t name, const struct mote_hyperv_value *value)
{
	struct kvm_sregs *special = sim_change_special(vp->core);
	struct kvm_dtable *table = name == X64(IDTR) ? &special->idt : &special->gdt;
	struct mote_hyperv_x64_table set;

	memcpy(&set, value, sizeof(set));
	table->limit = set.limit;
	table->base = set.base;
}

static bool is_segment(uint32_t name)
{
	return name >= X64(ES) && name <= X64(TR);
}

static bool is_table(uint32_t name)
{
	return name == X64(IDTR) || name == X64(GDTR);
}

uint16_t mshv_arch_get(struct vp *vp, uint32_t name, struct mote_hyperv_value *value)
{
	struct place place;
	uint32_t msr;

	*value = (struct mote_hyperv_value){0, 0};
	if (find_place(name, &place))
		value->low = read_place(vp, &place);
	else if (is_segment(name))
		get_segment(vp, name, value);
	else if (is_table(name))
		get_table(vp, name, value);
	else if (is_extended(name))
		get_extended(vp, name, value);
	else if (name == X64(XFEM))
		value->low = sim_control(vp->core)->xcrs[0].value;
	else if (name == MOTE_MSHV_PENDING_INTERRUPTION)
		value->low = get_interruption(vp);
	else if (name == MOTE_MSHV_INTERRUPT_STATE)
		value->low = get_interrupt_state(vp);
	else if (find_msr(name, &msr) && sim_get_msr(vp->core, msr, &value->low))
		return MOTE_MSHV_SUCCESS;
	else if (is_plain(name))
		return mshv_get_shadow(vp, name, value);
	else
		return MOTE_MSHV_INVALID_PARAMETER;
	return MOTE_MSHV_SUCCESS;
}

static uint16_t set_msr(struct vp *vp, uint32_t name, const struct mote_hyperv_value *value)
{
	uint32_t msr;

	if (find_msr(name, &msr) && sim_set_msr(vp->core, msr, value->low))
		return MOTE_MSHV_SUCCESS;
	/* What deliverability asks for is told by messages that there are not here. */
	if (!is_plain(name) || (name == MOTE_MSHV_DELIVERABILITY && value->low & 1))
		return MOTE_MSHV_INVALID_PARAMETER;
	return mshv_set_shadow(vp, name, value);
}

uint16_t mshv_arch_set(struct vp *vp, uint32_t name, const struct mote_hyperv_value *value)
{
	struct place place;

	if (find_place(name, &place)) {
		if (!is_possible(vp, name, value->low))
			return MOTE_MSHV_INVALID_REGISTER_VALUE;
		write_place(vp, &place, value->low);
	} else if (is_segment(name)) {
		set_segment(vp, name, value);
	} else if (is_table(name)) {
		set_table(vp, name, value);
	} else if (is_extended(name)) {
		return set_extended(vp, name, value);
	} else if (name == X64(XFEM)) {
		return set_xfem(vp, value->low);
	} else if (name == MOTE_MSHV_PENDING_INTERRUPTION) {
		return set_interruption(vp, value->low);
	} else if (name == MOTE_MSHV_INTERRUPT_STATE) {
		return set_interrupt_state(vp, value->low);
	} else {
		return set_msr(vp, name, value);
	}
	return MOTE_MSHV_SUCCESS;
}

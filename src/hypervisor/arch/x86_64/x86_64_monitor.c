/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes the x86_64 monitor and reads the exception frames that it leaves.
 * There is no logic in the guest: a stub stops the vCPU, and resumes where the
 * host left the saved frame pointing.
 */
#include "x86_64_monitor.h"

#include <string.h>

#include "bytes.h"
#include "x86_64_exception.h"
#include "x86_64_instructions.h"
#include "x86_64_paging.h"

/* Page 0: the stubs. Page 1: GDT, IDT and TSS, read-only. Page 2: the stack, the only writable
 * one. */
enum {
	TABLES_OFFSET = MOTE_PAGE_BYTES,
	STACK_OFFSET = 2 * MOTE_PAGE_BYTES,
	GDT_OFFSET = TABLES_OFFSET,
	GDT_BYTES = 10 * 8,
	IDT_OFFSET = TABLES_OFFSET + 0x200,
	IDT_BYTES = MOTE_X86_64_VECTORS * 16,
	TSS_OFFSET = TABLES_OFFSET + 0x400,
	TSS_BYTES = 0x68,
	BITMAP_BYTES = 0x400 / 8, /* ports 0 to 0x3ff; every port above is closed by the limit */
};

_Static_assert(TSS_OFFSET + TSS_BYTES + BITMAP_BYTES + 1 <= STACK_OFFSET,
	       "the tables fit their page");

enum {
	KERNEL_CODE_SELECTOR = 0x08,
	KERNEL_DATA_SELECTOR = 0x10,
	TSS_SELECTOR = 0x40,
};

/* Segment types with the accessed bit preset: the GDT is read-only (SDM volume 3, 3.4.5.1). */
enum { TYPE_DATA = 3, TYPE_CODE = 11, TYPE_TSS_BUSY = 11 };

/* What the processor pushes for an exception from user mode (SDM volume 3, 6.14.2), from the
 * lowest address up. */
struct frame {
	uint64_t rip, cs, rflags, rsp, ss;
};

/* A flat code or data descriptor; the base and, in 64-bit mode, the limit are ignored. */
static uint64_t descriptor(unsigned type, unsigned dpl, bool code)
{
	uint64_t access = 0x90u | dpl << 5 | type; /* present, not a system segment */
	uint64_t flags = code ? 0xau : 0xcu;	   /* granularity, and long mode or 32-bit */

	return flags << 52 | 0xfull << 48 | access << 40 | 0xffffu;
}

static void build_gdt(uint8_t *gdt, uint64_t tss)
{
	const uint64_t limit = TSS_BYTES + BITMAP_BYTES;

	mote_put64(gdt + KERNEL_CODE_SELECTOR, descriptor(TYPE_CODE, 0, true));
	mote_put64(gdt + KERNEL_DATA_SELECTOR, descriptor(TYPE_DATA, 0, false));
	mote_put64(gdt + (MOTE_X86_64_USER_DATA_SELECTOR & ~7u), descriptor(TYPE_DATA, 3, false));
	mote_put64(gdt + (MOTE_X86_64_USER_CODE_SELECTOR & ~7u), descriptor(TYPE_CODE, 3, true));
	mote_put64(gdt + TSS_SELECTOR, limit | (tss & 0xffffff) << 16 |
					       (uint64_t)(0x80u | TYPE_TSS_BUSY) << 40 |
					       (tss >> 24 & 0xff) << 56);
	mote_put64(gdt + TSS_SELECTOR + 8, tss >> 32);
}

static void build_idt(uint8_t *idt, uint64_t stubs)
{
	for (unsigned vector = 0; vector < MOTE_X86_64_VECTORS; vector++) {
		uint64_t target = stubs + vector * MOTE_X86_64_STUB_BYTES;
		/* int3 is the only one that the guest itself may raise with an instruction. */
		uint64_t access = vector == MOTE_X86_64_VECTOR_BREAKPOINT ? 0xee : 0x8e;

		mote_put64(idt + 16 * vector, (target & 0xffff) | KERNEL_CODE_SELECTOR << 16 |
						      access << 40 | (target >> 16 & 0xffff) << 48);
		mote_put64(idt + 16 * vector + 8, target >> 32);
	}
}

static void build_tss(uint8_t *tss, uint64_t stack_top, const uint16_t *ports, uint32_t count)
{
	uint8_t *bitmap = tss + TSS_BYTES;

	mote_put64(tss + 4, stack_top); /* RSP0 */
	tss[102] = TSS_BYTES;		/* I/O map base */
	/* One byte more than the bitmap: the processor reads two bytes at a time. */
	memset(bitmap, 0xff, BITMAP_BYTES + 1);
	for (uint32_t i = 0; i < count; i++)
		bitmap[ports[i] / 8] &=
			(uint8_t) ~(((1u << MOTE_X86_64_DOORBELL_BYTES) - 1) << ports[i] % 8);
}

static void build_stubs(uint8_t *stubs)
{
	/* Anything that runs outside a stub stops the vCPU too. */
	memset(stubs, MOTE_X86_64_HLT, MOTE_PAGE_BYTES);
	for (unsigned vector = 0; vector < MOTE_X86_64_VECTORS; vector++) {
		uint8_t *stub = stubs + vector * MOTE_X86_64_STUB_BYTES + 1;

		if (mote_x86_64_vector_has_error_code(vector)) {
			memcpy(stub, mote_x86_64_add_8_rsp, sizeof(mote_x86_64_add_8_rsp));
			stub += sizeof(mote_x86_64_add_8_rsp);
		}
		memcpy(stub, mote_x86_64_iretq, sizeof(mote_x86_64_iretq));
	}
}

void mote_x86_64_monitor_build(const struct mote_monitor *monitor, const uint16_t *ports,
			       uint32_t count)
{
	memset(monitor->memory + TABLES_OFFSET, 0, MOTE_PAGE_BYTES);
	build_stubs(monitor->memory);
	build_gdt(monitor->memory + GDT_OFFSET, monitor->gva + TSS_OFFSET);
	build_idt(monitor->memory + IDT_OFFSET, monitor->gva);
	build_tss(monitor->memory + TSS_OFFSET, monitor->gva + MOTE_X86_64_MONITOR_BYTES, ports,
		  count);
}

bool mote_x86_64_monitor_map(const struct mote_monitor *monitor, struct mote_page_tables *tables)
{
	static const uint32_t flags[MOTE_X86_64_MONITOR_PAGES] = {MOTE_PAGE_EXECUTE, 0,
								  MOTE_PAGE_WRITE};

	for (unsigned page = 0; page < MOTE_X86_64_MONITOR_PAGES; page++)
		if (!mote_x86_64_paging_map(tables, monitor->gva + page * MOTE_PAGE_BYTES,
					    monitor->gpa + page * MOTE_PAGE_BYTES, MOTE_PAGE_BYTES,
					    flags[page]))
			return false;
	return true;
}

static struct mote_x86_64_segment user_segment(uint16_t selector, uint8_t type, uint64_t base)
{
	bool code = type == TYPE_CODE;

	return (struct mote_x86_64_segment){
		.base = base,
		.limit = 0xffffffff,
		.selector = selector,
		.type = type,
		.dpl = 3,
		.present = 1,
		.s = 1,
		.l = code,
		.db = !code,
		.g = 1,
	};
}

static uint64_t control_register_4(const struct mote_user_start *start)
{
	uint64_t cr4 = MOTE_X86_64_CR4_PAE | MOTE_X86_64_CR4_OSFXSR | MOTE_X86_64_CR4_OSXMMEXCPT;

	if (start->features & MOTE_X86_64_FEATURE_UMIP)
		cr4 |= MOTE_X86_64_CR4_UMIP;
	if (start->features & MOTE_X86_64_FEATURE_FSGSBASE)
		cr4 |= MOTE_X86_64_CR4_FSGSBASE;
	if (start->features & MOTE_X86_64_FEATURE_XSAVE)
		cr4 |= MOTE_X86_64_CR4_OSXSAVE;
	if (start->forbid_timestamp)
		cr4 |= MOTE_X86_64_CR4_TSD;
	return cr4;
}

void mote_x86_64_monitor_start(const struct mote_monitor *monitor,
			       const struct mote_user_start *start, mote_x86_64_regs *regs,
			       struct mote_x86_64_sregs *sregs)
{
	const struct mote_x86_64_segment data =
		user_segment(MOTE_X86_64_USER_DATA_SELECTOR, TYPE_DATA, 0);

	*regs = (mote_x86_64_regs){
		.rip = start->entry,
		.rsp = start->stack,
		.rdi = start->argument,
		/* No IF: there are no interrupts.  No IOPL: only the bitmap opens ports. */
		.rflags = MOTE_X86_64_RFLAGS_FIXED,
	};
	sregs->cs = user_segment(MOTE_X86_64_USER_CODE_SELECTOR, TYPE_CODE, 0);
	sregs->ss = sregs->ds = sregs->es = sregs->gs = data;
	sregs->fs = user_segment(MOTE_X86_64_USER_DATA_SELECTOR, TYPE_DATA, start->thread_pointer);
	sregs->tr = (struct mote_x86_64_segment){
		.base = monitor->gva + TSS_OFFSET,
		.limit = TSS_BYTES + BITMAP_BYTES,
		.selector = TSS_SELECTOR,
		.type = TYPE_TSS_BUSY,
		.present = 1,
	};
	sregs->ldt = (struct mote_x86_64_segment){.unusable = 1};
	sregs->gdt = (struct mote_x86_64_table){monitor->gva + GDT_OFFSET, GDT_BYTES - 1};
	sregs->idt = (struct mote_x86_64_table){monitor->gva + IDT_OFFSET, IDT_BYTES - 1};
	sregs->cr0 = MOTE_X86_64_CR0_PE | MOTE_X86_64_CR0_MP | MOTE_X86_64_CR0_ET |
		     MOTE_X86_64_CR0_NE | MOTE_X86_64_CR0_WP | MOTE_X86_64_CR0_AM |
		     MOTE_X86_64_CR0_PG;
	sregs->cr3 = start->root_gpa;
	sregs->cr4 = control_register_4(start);
	sregs->efer = MOTE_X86_64_EFER_LME | MOTE_X86_64_EFER_LMA | MOTE_X86_64_EFER_NXE;
}

/* At a stub the stack holds only a frame and, below it, an error code for some vectors. */
static bool read_frame(const struct mote_monitor *monitor, uint64_t rsp, bool has_error_code,
		       uint64_t *error_code, struct frame *frame)
{
	uint64_t bytes = sizeof(*frame) + (has_error_code ? 8 : 0);
	const uint8_t *at = monitor->memory + MOTE_X86_64_MONITOR_BYTES - bytes;

	if (rsp != monitor->gva + MOTE_X86_64_MONITOR_BYTES - bytes)
		return false;
	*error_code = has_error_code ? mote_get64(at) : 0;
	at += has_error_code ? 8 : 0;
	frame->rip = mote_get64(at);
	frame->cs = mote_get64(at + 8);
	frame->rflags = mote_get64(at + 16);
	frame->rsp = mote_get64(at + 24);
	frame->ss = mote_get64(at + 32);
	return true;
}

bool mote_x86_64_monitor_exception(const struct mote_monitor *monitor,
				   const struct mote_x86_64_exception_state *state,
				   struct mote_exception *exception)
{
	/* A stub's first instruction is its hlt, one byte long, which has retired. */
	uint64_t offset = state->rip - 1 - monitor->gva;
	uint32_t vector = (uint32_t)(offset / MOTE_X86_64_STUB_BYTES);
	struct frame frame;
	uint64_t error_code;

	if ((state->cs & 3) != 0 || offset % MOTE_X86_64_STUB_BYTES != 0 ||
	    offset >= MOTE_X86_64_VECTORS * MOTE_X86_64_STUB_BYTES)
		return false;
	if (!read_frame(monitor, state->rsp, mote_x86_64_vector_has_error_code(vector), &error_code,
			&frame))
		return false;
	*exception = (struct mote_exception){
		.kind = mote_x86_64_vector_fault_kind(vector),
		.vector = vector,
		.error_code = error_code,
		.pc = frame.rip,
		.sp = frame.rsp,
		.flags = frame.rflags,
	};
	if (vector == MOTE_X86_64_VECTOR_PAGE_FAULT) {
		exception->address = state->cr2;
		exception->access = mote_x86_64_page_fault_access(error_code);
	}
	return true;
}

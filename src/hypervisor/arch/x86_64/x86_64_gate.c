/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes the gate.  RFLAGS is not loaded by it: the host sets it with the program counter, and no
 * instruction here changes it.  User code on ordinary KVM changes CS and SS only to what they are:
 * the monitor's table has one descriptor for each.  Intel SDM volume 1, 13.8 (XRSTOR); volume 2
 * (encodings).
 */
#include "x86_64_gate.h"

#include <string.h>

#include "bytes.h"
#include "x86_64_monitor.h"
#include "x86_64_paging.h"
#include "x86_64_xsave.h"

/* What the instructions load, in the page. */
enum {
	AREA = 0x200, /* in the XSAVE format */
	AREA_BYTES = 832,
	GENERAL = AREA + AREA_BYTES,
	FS_BASE = GENERAL + 16 * 8,
	GS_BASE = FS_BASE + 8,
	PC = GS_BASE + 8,
};

#define LOADED_COMPONENTS (MOTE_X86_64_XCR0_X87 | MOTE_X86_64_XCR0_SSE | MOTE_X86_64_XCR0_AVX)
#define NEEDED_CR4 (MOTE_X86_64_CR4_OSXSAVE | MOTE_X86_64_CR4_FSGSBASE)

struct writer {
	uint8_t *page;
	uint32_t length;
};

static void put(struct writer *writer, const uint8_t *bytes, size_t count)
{
	memcpy(writer->page + writer->length, bytes, count);
	writer->length += (uint32_t)count;
}

#define PUT(writer, ...)                                                                           \
	put(writer, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void put_word(struct writer *writer, uint32_t word)
{
	mote_put32(writer->page + writer->length, word);
	writer->length += sizeof(word);
}

/* The end of an instruction: a place in the page, relative to the next instruction. */
static void put_place(struct writer *writer, uint32_t offset)
{
	put_word(writer, offset - writer->length - (uint32_t)sizeof(uint32_t));
}

/* mov place(%rip), %register: number in the order of the instruction set. */
static void put_load(struct writer *writer, unsigned number, uint32_t offset)
{
	PUT(writer, (uint8_t)(0x48 | (number & 8) >> 1), 0x8b, (uint8_t)(0x05 | (number & 7) << 3));
	put_place(writer, offset);
}

static void put_extended_state(struct writer *writer)
{
	/* All that there is: what the area does not have gets its initial state, whatever it is. */
	static const uint8_t everything[] = {
		0xb8, 0xff, 0xff, 0xff, 0xff, /* mov $-1, %eax */
		0xba, 0xff, 0xff, 0xff, 0xff, /* mov $-1, %edx */
		0xdb, 0xe3,		      /* fninit */
		0x48, 0x0f, 0xae, 0x2d,	      /* xrstor64 area(%rip) */
	};

	/* Some processors leave the pointers to the last x87 instruction, which fninit clears. */
	put(writer, everything, sizeof(everything));
	put_place(writer, AREA);
}

/* mov $selector, %eax; mov %eax, %segment */
static void put_selector(struct writer *writer, uint16_t selector, uint8_t segment)
{
	PUT(writer, 0xb8);
	put_word(writer, selector);
	PUT(writer, 0x8e, (uint8_t)(0xc0 | segment << 3));
}

/* The bases come after the selectors, which change them. */
static void put_segments(struct writer *writer, const struct mote_x86_64_sregs *sregs)
{
	put_selector(writer, sregs->es.selector, 0);
	put_selector(writer, sregs->ds.selector, 3);
	put_selector(writer, sregs->fs.selector, 4);
	put_selector(writer, sregs->gs.selector, 5);
	put_load(writer, 0, FS_BASE);
	PUT(writer, 0xf3, 0x48, 0x0f, 0xae, 0xd0); /* wrfsbase %rax */
	put_load(writer, 0, GS_BASE);
	PUT(writer, 0xf3, 0x48, 0x0f, 0xae, 0xd8); /* wrgsbase %rax */
}

static void put_values(uint8_t *page, const mote_x86_64_regs *regs,
		       const struct mote_x86_64_sregs *sregs, const struct mote_x86_64_fpu *fpu)
{
	const uint64_t general[16] = {
		regs->rax, regs->rcx, regs->rdx, regs->rbx, regs->rsp, regs->rbp,
		regs->rsi, regs->rdi, regs->r8,	 regs->r9,  regs->r10, regs->r11,
		regs->r12, regs->r13, regs->r14, regs->r15,
	};

	mote_x86_64_fpu_to_xsave(fpu, page + AREA, AREA_BYTES);
	mote_x86_64_xsave_set_marks(page + AREA, fpu->in_use);
	for (unsigned i = 0; i < 16; i++)
		mote_put64(page + GENERAL + 8 * i, general[i]);
	mote_put64(page + FS_BASE, sregs->fs.base);
	mote_put64(page + GS_BASE, sregs->gs.base);
}

/* Whether user code can load everything that it can change. */
static bool loads(const struct mote_x86_64_sregs *sregs, const struct mote_x86_64_fpu *fpu)
{
	return (sregs->cr4 & NEEDED_CR4) == NEEDED_CR4 && !(fpu->in_use & ~LOADED_COMPONENTS);
}

bool mote_x86_64_gate_put(const struct mote_monitor *monitor, const mote_x86_64_regs *regs,
			  const struct mote_x86_64_sregs *sregs, const struct mote_x86_64_fpu *fpu,
			  struct mote_user_gate *gate)
{
	struct writer writer = {.page = monitor->memory + MOTE_X86_64_MONITOR_BYTES};
	const bool complete = loads(sregs, fpu);

	if ((sregs->cs.selector & 3) != 3 || !sregs->cs.l || (regs->rflags & MOTE_X86_64_RFLAGS_TF))
		return false;
	memset(writer.page, 0, MOTE_X86_64_GATE_BYTES);
	if (complete) {
		put_extended_state(&writer);
		put_segments(&writer, sregs);
		for (unsigned i = 0; i < 16; i++)
			put_load(&writer, i, GENERAL + 8 * i);
		put_values(writer.page, regs, sregs, fpu);
	}
	PUT(&writer, 0xff, 0x25); /* jmp *pc(%rip) */
	put_place(&writer, PC);
	mote_put64(writer.page + PC, regs->rip);
	*gate = (struct mote_user_gate){
		.pc = monitor->gva + MOTE_X86_64_MONITOR_BYTES,
		.flags = regs->rflags,
		.bytes = writer.length,
		.loads = complete,
	};
	return true;
}

bool mote_x86_64_gate_map(const struct mote_monitor *monitor, struct mote_page_tables *tables)
{
	return mote_x86_64_paging_map(tables, monitor->gva + MOTE_X86_64_MONITOR_BYTES,
				      monitor->gpa + MOTE_X86_64_MONITOR_BYTES,
				      MOTE_X86_64_GATE_BYTES, MOTE_PAGE_USER | MOTE_PAGE_EXECUTE);
}

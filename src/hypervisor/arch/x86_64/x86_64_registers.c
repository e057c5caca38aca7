/* SPDX-License-Identifier: Apache-2.0
 *
 * Power-on values of an x86_64 vCPU (Intel SDM volume 3, table 10-1, column
 * "power up") and human-readable text of its registers.
 */
#include "x86_64_registers.h"

#include <stdbool.h>

#include "../register_text.h"

enum { TYPE_DATA = 3, TYPE_CODE = 11, TYPE_LDT = 2, TYPE_TSS_BUSY = 11 };

static struct mote_x86_64_segment reset_segment(uint8_t type, bool system)
{
	return (struct mote_x86_64_segment){
		.limit = 0xffff,
		.type = type,
		.present = 1,
		.s = !system,
	};
}

static struct mote_x86_64_sregs reset_sregs(void)
{
	const struct mote_x86_64_segment data = reset_segment(TYPE_DATA, false);
	struct mote_x86_64_sregs sregs = {
		.cs = reset_segment(TYPE_CODE, false),
		.ds = data,
		.es = data,
		.fs = data,
		.gs = data,
		.ss = data,
		.tr = reset_segment(TYPE_TSS_BUSY, true),
		.ldt = reset_segment(TYPE_LDT, true),
		.gdt = {.limit = 0xffff},
		.idt = {.limit = 0xffff},
		.cr0 = 0x60000010,	 /* CD, NW, ET */
		.apic_base = 0xfee00900, /* enabled, bootstrap processor */
	};

	/* The first instruction is 16 bytes below 4 GiB. */
	sregs.cs.selector = 0xf000;
	sregs.cs.base = 0xffff0000;
	return sregs;
}

void mote_x86_64_power_on(mote_x86_64_regs *regs, struct mote_x86_64_sregs *sregs,
			  struct mote_x86_64_fpu *fpu, struct mote_x86_64_debug_regs *debug)
{
	if (regs)
		*regs = (mote_x86_64_regs){
			.rdx = 0x600, /* family 6, the rest of the signature unspecified */
			.rip = 0xfff0,
			.rflags = MOTE_X86_64_RFLAGS_FIXED,
		};
	if (sregs)
		*sregs = reset_sregs();
	if (fpu)
		*fpu = (struct mote_x86_64_fpu){
			/* As after FNINIT: hypervisors start with this, not with a cold processor's
			 * 0x40, and guests rely on it. */
			.fcw = 0x37f,
			.mxcsr = 0x1f80,
		};
	if (debug)
		*debug = (struct mote_x86_64_debug_regs){.dr6 = 0xffff0ff0, .dr7 = 0x400};
}

#define REGISTER(name)                                                                             \
	{                                                                                          \
#name, offsetof(mote_x86_64_regs, name)                                            \
	}

size_t mote_x86_64_regs_print(const mote_x86_64_regs *regs, char *text, size_t capacity)
{
	static const struct mote_register_name names[] = {
		REGISTER(rax), REGISTER(rbx), REGISTER(rcx),	REGISTER(rdx), REGISTER(rsi),
		REGISTER(rdi), REGISTER(rsp), REGISTER(rbp),	REGISTER(r8),  REGISTER(r9),
		REGISTER(r10), REGISTER(r11), REGISTER(r12),	REGISTER(r13), REGISTER(r14),
		REGISTER(r15), REGISTER(rip), REGISTER(rflags),
	};
	struct mote_register_text out = {.text = text, .capacity = capacity};

	mote_register_text_table(&out, regs, names, sizeof(names) / sizeof(names[0]), 4);
	return mote_register_text_end(&out);
}

static void add_segment(struct mote_register_text *out, const char *name,
			const struct mote_x86_64_segment *segment)
{
	mote_register_text_hex(out, name, segment->selector, 4, " ");
	mote_register_text_hex(out, "base", segment->base, 16, " ");
	mote_register_text_hex(out, "limit", segment->limit, 8, " ");
	mote_register_text_hex(out, "type", segment->type, 1, " ");
	mote_register_text_hex(out, "dpl", segment->dpl, 1, "");
	mote_register_text_add(out, segment->present ? " present" : "");
	mote_register_text_add(out, segment->s ? " s" : "");
	mote_register_text_add(out, segment->l ? " l" : "");
	mote_register_text_add(out, segment->db ? " db" : "");
	mote_register_text_add(out, segment->g ? " g" : "");
	mote_register_text_add(out, segment->avl ? " avl" : "");
	mote_register_text_add(out, segment->unusable ? " unusable" : "");
	mote_register_text_add(out, "\n");
}

static void add_table(struct mote_register_text *out, const char *name,
		      const struct mote_x86_64_table *table)
{
	mote_register_text_add(out, name);
	mote_register_text_hex(out, " base", table->base, 16, " ");
	mote_register_text_hex(out, "limit", table->limit, 4, "\n");
}

size_t mote_x86_64_sregs_print(const struct mote_x86_64_sregs *sregs, char *text, size_t capacity)
{
	struct mote_register_text out = {.text = text, .capacity = capacity};

	add_segment(&out, "cs", &sregs->cs);
	add_segment(&out, "ds", &sregs->ds);
	add_segment(&out, "es", &sregs->es);
	add_segment(&out, "fs", &sregs->fs);
	add_segment(&out, "gs", &sregs->gs);
	add_segment(&out, "ss", &sregs->ss);
	add_segment(&out, "tr", &sregs->tr);
	add_segment(&out, "ldt", &sregs->ldt);
	add_table(&out, "gdt", &sregs->gdt);
	add_table(&out, "idt", &sregs->idt);
	mote_register_text_hex(&out, "cr0", sregs->cr0, 16, " ");
	mote_register_text_hex(&out, "cr2", sregs->cr2, 16, " ");
	mote_register_text_hex(&out, "cr3", sregs->cr3, 16, "\n");
	mote_register_text_hex(&out, "cr4", sregs->cr4, 16, " ");
	mote_register_text_hex(&out, "cr8", sregs->cr8, 16, " ");
	mote_register_text_hex(&out, "efer", sregs->efer, 16, "\n");
	mote_register_text_hex(&out, "apic_base", sregs->apic_base, 16, "\n");
	mote_register_text_hex(&out, "interrupt_bitmap", sregs->interrupt_bitmap[0], 16, " ");
	mote_register_text_hex(&out, "1", sregs->interrupt_bitmap[1], 16, " ");
	mote_register_text_hex(&out, "2", sregs->interrupt_bitmap[2], 16, " ");
	mote_register_text_hex(&out, "3", sregs->interrupt_bitmap[3], 16, "\n");
	return mote_register_text_end(&out);
}

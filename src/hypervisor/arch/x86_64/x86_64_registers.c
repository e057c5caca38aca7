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

#define GENERAL(name) {#name, offsetof(mote_x86_64_regs, name)},
#define CONTROL(name) {#name, offsetof(struct mote_x86_64_sregs, name)},

static const struct mote_register_name general_names[] = {MOTE_X86_64_REGS_MAP(GENERAL)};
static const struct mote_register_name control_names[] = {MOTE_X86_64_CONTROL_MAP(CONTROL)};

_Static_assert(sizeof(mote_x86_64_regs) == 8 * (sizeof(general_names) / sizeof(general_names[0])),
	       "the list has every general register");

size_t mote_x86_64_regs_print(const mote_x86_64_regs *regs, char *text, size_t capacity)
{
	struct mote_register_text out = {.text = text, .capacity = capacity};

	mote_register_text_table(&out, regs, general_names,
				 sizeof(general_names) / sizeof(general_names[0]), 4);
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

#define ADD_SEGMENT(name) add_segment(&out, #name, &sregs->name);
#define ADD_TABLE(name) add_table(&out, #name, &sregs->name);

size_t mote_x86_64_sregs_print(const struct mote_x86_64_sregs *sregs, char *text, size_t capacity)
{
	struct mote_register_text out = {.text = text, .capacity = capacity};

	MOTE_X86_64_SEGMENTS_MAP(ADD_SEGMENT)
	MOTE_X86_64_TABLES_MAP(ADD_TABLE)
	mote_register_text_table(&out, sregs, control_names,
				 sizeof(control_names) / sizeof(control_names[0]), 3);
	mote_register_text_hex(&out, "interrupt_bitmap", sregs->interrupt_bitmap[0], 16, " ");
	mote_register_text_hex(&out, "1", sregs->interrupt_bitmap[1], 16, " ");
	mote_register_text_hex(&out, "2", sregs->interrupt_bitmap[2], 16, " ");
	mote_register_text_hex(&out, "3", sregs->interrupt_bitmap[3], 16, "\n");
	return mote_register_text_end(&out);
}

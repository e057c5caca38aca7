/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate: its bytes, its page, what only jumps, and what has none.
 */
#include "hypervisor/arch/x86_64/x86_64_gate.h"

#include <string.h>

#include "bytes.h"
#include "hypervisor/arch/x86_64/x86_64_monitor.h"
#include "hypervisor/arch/x86_64/x86_64_paging.h"

#include "../../../unit_test.h"

enum {
	GVA = 0x10000,
	GATE_GVA = GVA + MOTE_X86_64_MONITOR_BYTES,
	POOL_BYTES = 0x8000,
	AREA = 0x200,
	XSTATE_BV = AREA + 512,
	GENERAL = 0x540,
	PC = 0x5d0,
};

#define CR4 (MOTE_X86_64_CR4_OSXSAVE | MOTE_X86_64_CR4_FSGSBASE)

static _Alignas(4096) uint8_t memory[MOTE_X86_64_MONITOR_BYTES + MOTE_X86_64_GATE_BYTES];
static _Alignas(4096) uint8_t pool[POOL_BYTES];
static const struct mote_monitor monitor = {memory, GVA, 0x40010000};
static const uint8_t *const page = memory + MOTE_X86_64_MONITOR_BYTES;

/* A vCPU at a doorbell; the cases change it. */
static mote_x86_64_regs regs;
static struct mote_x86_64_sregs sregs;
static struct mote_x86_64_fpu fpu;

static void set_registers(void)
{
	regs = (mote_x86_64_regs){
		.rax = 0x100,
		.rcx = 0x101,
		.rdx = 0x102,
		.rbx = 0x103,
		.rsp = 0x104,
		.rbp = 0x105,
		.rsi = 0x106,
		.rdi = 0x107,
		.r8 = 0x108,
		.r9 = 0x109,
		.r10 = 0x10a,
		.r11 = 0x10b,
		.r12 = 0x10c,
		.r13 = 0x10d,
		.r14 = 0x10e,
		.r15 = 0x10f,
		.rip = 0x200,
		.rflags = 3,
	};
	sregs = (struct mote_x86_64_sregs){
		.cs = {.selector = MOTE_X86_64_USER_CODE_SELECTOR, .l = 1},
		.es = {.selector = 0x23},
		.fs = {.selector = 0x22, .base = 0x1111},
		.gs = {.selector = 0x2b, .base = 0x2222},
		.cr4 = CR4,
	};
	fpu = (struct mote_x86_64_fpu){.fcw = 0x27f, .mxcsr = 0x1fa0, .in_use = 3};
	memset(fpu.xmm, 0x77, sizeof(fpu.xmm));
	memset(fpu.ymm_high, 0x66, sizeof(fpu.ymm_high));
}

static bool put(struct mote_user_gate *gate)
{
	memset(memory, 0xa5, sizeof(memory));
	*gate = (struct mote_user_gate){0};
	return mote_x86_64_gate_put(&monitor, &regs, &sregs, &fpu, gate);
}

static void the_gate_is_what_an_assembler_makes_of_it(void)
{
	/* of the instructions in x86_64_gate.c, with their data where the page has it */
	static const uint8_t bytes[] = {
		0xb8, 0xff, 0xff, 0xff, 0xff, 0xba, 0xff, 0xff, 0xff, 0xff, 0xdb, 0xe3, 0x48, 0x0f,
		0xae, 0x2d, 0xec, 0x01, 0x00, 0x00, 0xb8, 0x23, 0x00, 0x00, 0x00, 0x8e, 0xc0, 0xb8,
		0x00, 0x00, 0x00, 0x00, 0x8e, 0xd8, 0xb8, 0x22, 0x00, 0x00, 0x00, 0x8e, 0xe0, 0xb8,
		0x2b, 0x00, 0x00, 0x00, 0x8e, 0xe8, 0x48, 0x8b, 0x05, 0x89, 0x05, 0x00, 0x00, 0xf3,
		0x48, 0x0f, 0xae, 0xd0, 0x48, 0x8b, 0x05, 0x85, 0x05, 0x00, 0x00, 0xf3, 0x48, 0x0f,
		0xae, 0xd8, 0x48, 0x8b, 0x05, 0xf1, 0x04, 0x00, 0x00, 0x48, 0x8b, 0x0d, 0xf2, 0x04,
		0x00, 0x00, 0x48, 0x8b, 0x15, 0xf3, 0x04, 0x00, 0x00, 0x48, 0x8b, 0x1d, 0xf4, 0x04,
		0x00, 0x00, 0x48, 0x8b, 0x25, 0xf5, 0x04, 0x00, 0x00, 0x48, 0x8b, 0x2d, 0xf6, 0x04,
		0x00, 0x00, 0x48, 0x8b, 0x35, 0xf7, 0x04, 0x00, 0x00, 0x48, 0x8b, 0x3d, 0xf8, 0x04,
		0x00, 0x00, 0x4c, 0x8b, 0x05, 0xf9, 0x04, 0x00, 0x00, 0x4c, 0x8b, 0x0d, 0xfa, 0x04,
		0x00, 0x00, 0x4c, 0x8b, 0x15, 0xfb, 0x04, 0x00, 0x00, 0x4c, 0x8b, 0x1d, 0xfc, 0x04,
		0x00, 0x00, 0x4c, 0x8b, 0x25, 0xfd, 0x04, 0x00, 0x00, 0x4c, 0x8b, 0x2d, 0xfe, 0x04,
		0x00, 0x00, 0x4c, 0x8b, 0x35, 0xff, 0x04, 0x00, 0x00, 0x4c, 0x8b, 0x3d, 0x00, 0x05,
		0x00, 0x00, 0xff, 0x25, 0x12, 0x05, 0x00, 0x00};
	struct mote_user_gate gate;

	set_registers();
	REQUIRE(put(&gate));
	REQUIRE_EQ(gate.pc, GATE_GVA);
	REQUIRE_EQ(gate.flags, 3);
	REQUIRE_EQ(gate.bytes, sizeof(bytes));
	REQUIRE(gate.loads);
	REQUIRE_MEM(page, bytes, sizeof(bytes));
	for (size_t i = sizeof(bytes); i < AREA; i++)
		REQUIRE_EQ(page[i], 0);
	for (size_t i = 0; i < MOTE_X86_64_MONITOR_BYTES; i++)
		REQUIRE_EQ(memory[i], 0xa5);
}

static void its_page_has_the_registers(void)
{
	struct mote_user_gate gate;

	set_registers();
	for (fpu.in_use = 0; fpu.in_use < 8; fpu.in_use++) {
		REQUIRE(put(&gate));
		REQUIRE(gate.loads);
		REQUIRE_EQ(mote_get64(page + XSTATE_BV), fpu.in_use);
		REQUIRE_EQ(mote_get64(page + XSTATE_BV + 8), 0);
		REQUIRE_EQ(mote_get32(page + AREA + 24), 0x1fa0);
	}
	REQUIRE_EQ(mote_get16(page + AREA), 0x27f);
	REQUIRE_MEM(page + AREA + 160, fpu.xmm, sizeof(fpu.xmm));
	REQUIRE_MEM(page + AREA + 576, fpu.ymm_high, sizeof(fpu.ymm_high));
	for (unsigned i = 0; i < 16; i++)
		REQUIRE_EQ(mote_get64(page + GENERAL + 8 * i), 0x100 + i);
	REQUIRE_EQ(mote_get64(page + GENERAL + 128), 0x1111);
	REQUIRE_EQ(mote_get64(page + GENERAL + 136), 0x2222);
	REQUIRE_EQ(mote_get64(page + PC), 0x200);
}

/* Where user code cannot load all that it can change, the host does, and this only goes on. */
static void what_only_jumps(void)
{
	static const struct {
		uint64_t cr4, in_use;
	} cases[] = {
		{0, 3},
		{MOTE_X86_64_CR4_OSXSAVE, 3},
		{MOTE_X86_64_CR4_FSGSBASE, 3},
		{CR4, 0x200},
		{CR4, 0xe7},
	};
	static const uint8_t jump[] = {0xff, 0x25, 0xca, 0x05, 0x00, 0x00};
	struct mote_user_gate gate;

	for (size_t i = 0; i < COUNT(cases); i++) {
		set_registers();
		sregs.cr4 = cases[i].cr4;
		fpu.in_use = cases[i].in_use;
		REQUIRE(put(&gate));
		REQUIRE(!gate.loads);
		REQUIRE_EQ(gate.pc, GATE_GVA);
		REQUIRE_EQ(gate.bytes, sizeof(jump));
		REQUIRE_MEM(page, jump, sizeof(jump));
		REQUIRE_EQ(mote_get64(page + PC), 0x200);
		REQUIRE_EQ(mote_get64(page + GENERAL), 0);
	}
}

/* Those registers are put back without one. */
static void what_has_no_gate(void)
{
	struct mote_user_gate gate;

	for (unsigned i = 0; i < 3; i++) {
		set_registers();
		if (i == 0)
			regs.rflags |= MOTE_X86_64_RFLAGS_TF;
		else if (i == 1)
			sregs.cs.selector = 8;
		else
			sregs.cs.l = 0;
		REQUIRE(!put(&gate));
		REQUIRE_EQ(gate.bytes, 0);
		REQUIRE_EQ(page[0], 0xa5);
	}
}

/* The guest may read it and run it, and nobody in the machine may write to it. */
static void its_page_is_read_only_and_of_users(void)
{
	struct mote_page_tables tables;
	struct mote_translation mapped;

	REQUIRE(mote_x86_64_paging_init(&tables, pool, 0x50000000, POOL_BYTES));
	REQUIRE(mote_x86_64_gate_map(&monitor, &tables));
	REQUIRE(mote_x86_64_paging_walk(&tables, GATE_GVA, &mapped));
	REQUIRE_EQ(mapped.gpa, 0x40010000 + MOTE_X86_64_MONITOR_BYTES);
	REQUIRE_EQ(mapped.flags, MOTE_PAGE_USER | MOTE_PAGE_EXECUTE);
	REQUIRE(!mote_x86_64_paging_walk(&tables, GATE_GVA - 1, &mapped));
	REQUIRE(!mote_x86_64_paging_walk(&tables, GATE_GVA + 0x1000, &mapped));
}

static const struct test_case cases[] = {
	CASE(the_gate_is_what_an_assembler_makes_of_it),
	CASE(its_page_has_the_registers),
	CASE(what_only_jumps),
	CASE(what_has_no_gate),
	CASE(its_page_is_read_only_and_of_users),
};

int main(int argc, char **argv)
{
	return test_main("x86_64_gate", cases, COUNT(cases), argc, argv);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The gate: its words, its page, and what has none.
 */
#include "hypervisor/arch/aarch64/aarch64_gate.h"

#include <string.h>

#include "bytes.h"
#include "hypervisor/arch/aarch64/aarch64_monitor.h"
#include "hypervisor/arch/aarch64/aarch64_paging.h"

#include "../../../unit_test.h"

enum { GVA = 0x10000, GATE_GVA = GVA + 0x1000, POOL_BYTES = 0x8000 };

static _Alignas(4096) uint8_t memory[MOTE_AARCH64_MONITOR_BYTES + MOTE_AARCH64_GATE_BYTES];
static _Alignas(4096) uint8_t pool[POOL_BYTES];
static const struct mote_monitor monitor = {memory, GVA, 0x40010000};

static bool put(uint64_t pc, uint64_t pstate, struct mote_user_gate *gate)
{
	mote_aarch64_regs regs = {.pc = pc, .pstate = pstate, .sp = 0x7000};
	struct mote_aarch64_sregs sregs = {.tpidr_el0 = 0x1111};
	struct mote_aarch64_fpu fpu = {.fpcr = 0x22, .fpsr = 0x33};

	for (unsigned i = 0; i < 31; i++)
		regs.x[i] = 0x100 + i;
	for (unsigned i = 0; i < 32; i++)
		memset(fpu.v[i], (int)i + 1, sizeof(fpu.v[i]));
	memset(memory, 0xa5, sizeof(memory));
	return mote_aarch64_gate_put(&monitor, &regs, &sregs, &fpu, gate);
}

static void the_gate_is_what_an_assembler_makes_of_it(void)
{
	/* as -march=armv8-a, of the instructions in aarch64_gate.c */
	static const uint32_t words[] = {
		0xd503201f, 0x10002ff0, 0xad700600, 0xad710e02, 0xad721604, 0xad731e06, 0xad742608,
		0xad752e0a, 0xad76360c, 0xad773e0e, 0xad784610, 0xad794e12, 0xad7a5614, 0xad7b5e16,
		0xad7c6618, 0xad7d6e1a, 0xad7e761c, 0xad7f7e1e, 0xa94f8600, 0x9100001f, 0xd51b4401,
		0xa9508600, 0xd51b4420, 0xd51bd041, 0xa9400600, 0xa9410e02, 0xa9421604, 0xa9431e06,
		0xa9442608, 0xa9452e0a, 0xa946360c, 0xa9473e0e, 0xa9494e12, 0xa94a5614, 0xa94b5e16,
		0xa94c6618, 0xa94d6e1a, 0xa94e761c, 0xf9407a1e, 0xa9484610, 0x140003d8};
	const uint8_t *page = memory + MOTE_AARCH64_MONITOR_BYTES;
	struct mote_user_gate gate = {0};

	REQUIRE(put(GATE_GVA + 0x1000, 0x60000000, &gate));
	REQUIRE_EQ(gate.pc, GATE_GVA);
	REQUIRE_EQ(gate.flags, 0x60000000);
	REQUIRE_EQ(gate.bytes, sizeof(words));
	for (size_t i = 0; i < COUNT(words); i++)
		REQUIRE_EQ(mote_get32(page + 4 * i), words[i]);
	for (size_t i = sizeof(words); i < 0x400; i++)
		REQUIRE_EQ(page[i], 0); /* udf */
	for (unsigned i = 0; i < 32; i++)
		REQUIRE_EQ(page[0x400 + 16 * i + 15], i + 1);
	for (unsigned i = 0; i < 31; i++)
		REQUIRE_EQ(mote_get64(page + 0x600 + 8 * i), 0x100 + i);
	REQUIRE_EQ(mote_get64(page + 0x6f8), 0x7000);
	REQUIRE_EQ(mote_get64(page + 0x700), 0x22);
	REQUIRE_EQ(mote_get64(page + 0x708), 0x33);
	REQUIRE_EQ(mote_get64(page + 0x710), 0x1111);
	for (size_t i = 0; i < MOTE_AARCH64_MONITOR_BYTES; i++)
		REQUIRE_EQ(memory[i], 0xa5);
}

/* Those registers are put back without one. */
static void what_has_no_gate(void)
{
	static const struct {
		uint64_t pc, pstate;
		bool good;
	} cases[] = {
		{GATE_GVA + 0x1000, 0, true},
		{GATE_GVA + (1 << 27) - 4, 0, true},
		{GATE_GVA + (1 << 27), 0, false},
		{GATE_GVA - 4, 0, false},
		{0, 0, false},
		{~0ull - 3, 0, false},
		{GATE_GVA + 0x1002, 0, false},
		{GATE_GVA + 0x1000, 5, false},	  /* EL1h */
		{GATE_GVA + 0x1000, 0x10, false}, /* AArch32 */
		{GATE_GVA + 0x1000, 0x3c0, true},
	};
	struct mote_user_gate gate;

	for (size_t i = 0; i < COUNT(cases); i++) {
		REQUIRE_EQ(put(cases[i].pc, cases[i].pstate, &gate), cases[i].good);
		if (!cases[i].good)
			REQUIRE_EQ(memory[MOTE_AARCH64_MONITOR_BYTES], 0xa5);
	}
}

/* The guest may read it and run it, and nobody in the machine may write to it. */
static void its_page_is_read_only_and_of_users(void)
{
	struct mote_page_tables tables;
	struct mote_translation page;

	REQUIRE(mote_aarch64_paging_init(&tables, pool, 0x50000000, POOL_BYTES));
	REQUIRE(mote_aarch64_gate_map(&monitor, &tables));
	REQUIRE(mote_aarch64_paging_walk(&tables, GATE_GVA, &page));
	REQUIRE_EQ(page.gpa, 0x40011000);
	REQUIRE_EQ(page.flags, MOTE_PAGE_USER | MOTE_PAGE_EXECUTE);
	REQUIRE(!mote_aarch64_paging_walk(&tables, GATE_GVA - 1, &page));
	REQUIRE(!mote_aarch64_paging_walk(&tables, GATE_GVA + 0x1000, &page));
}

static const struct test_case cases[] = {
	CASE(the_gate_is_what_an_assembler_makes_of_it),
	CASE(what_has_no_gate),
	CASE(its_page_is_read_only_and_of_users),
};

int main(int argc, char **argv)
{
	return test_main("aarch64_gate", cases, COUNT(cases), argc, argv);
}

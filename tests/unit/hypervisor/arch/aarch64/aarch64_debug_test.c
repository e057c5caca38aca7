/* SPDX-License-Identifier: Apache-2.0
 *
 * A debugger's view of an aarch64 vCPU: where it is, what the user program's registers are, what of
 * them may be set; exclusive sequences.
 */
#include "hypervisor/arch/aarch64/aarch64_debug.h"
#include "hypervisor/arch/aarch64/aarch64_syndrome.h"

#include "../../../unit_test.h"
#include "bytes.h"

#define MONITOR_GVA 0x10000ull
#define EL1H 0x3c5ull
#define EL0 0x3c0ull
#define SS (1ull << 21)
#define ZERO_FLAG (1ull << 30)

static const struct mote_monitor monitor = {.gva = MONITOR_GVA};

static void user_code_has_the_registers_of_the_vcpu(void)
{
	mote_aarch64_regs regs = {.x[3] = 7, .pc = 0x400000, .sp = 0x8000, .pstate = EL0 | SS},
			  user;
	struct mote_aarch64_sregs sregs = {.elr = 1};

	REQUIRE_EQ(mote_aarch64_debug_settle(&monitor, &sregs, &regs), MOTE_DEBUG_USER);
	mote_aarch64_debug_get(&monitor, &regs, &sregs, &user);
	REQUIRE_EQ(user.x[3], 7);
	REQUIRE_EQ(user.pc, 0x400000);
	REQUIRE_EQ(user.pstate, EL0);
	user.pc += 4;
	REQUIRE(!mote_aarch64_debug_put(&user, true, &sregs, &regs));
	REQUIRE_EQ(regs.pc, 0x400004);
	REQUIRE_EQ(regs.pstate, EL0 | SS);
}

static void the_monitor_has_them_in_elr_spsr_and_sp_el0(void)
{
	mote_aarch64_regs regs = {.pc = MONITOR_GVA + 0x404, .sp = 0xf000, .pstate = EL1H}, user;
	struct mote_aarch64_sregs sregs = {
		.elr = 0x400120, .spsr = EL0 | ZERO_FLAG | SS, .sp_el0 = 0x7000};
	struct mote_aarch64_exception_state state = {0};

	REQUIRE_EQ(mote_aarch64_debug_settle(&monitor, &sregs, &regs), MOTE_DEBUG_SAVED);
	mote_aarch64_debug_get(&monitor, &regs, &sregs, &user);
	REQUIRE_EQ(user.pc, 0x400120);
	REQUIRE_EQ(user.sp, 0x7000);
	REQUIRE_EQ(user.pstate, EL0 | ZERO_FLAG);
	user.pc = 0x500000;
	user.sp = 0x6ff0;
	user.x[0] = 2;
	REQUIRE(mote_aarch64_debug_put(&user, true, &sregs, &regs));
	mote_aarch64_debug_put_return(&monitor, &user, true, &state);
	REQUIRE_EQ(state.elr, 0x500000);
	REQUIRE_EQ(state.spsr, EL0 | ZERO_FLAG | SS);
	REQUIRE_EQ(state.sp_el0, 0x6ff0);
	REQUIRE_EQ(regs.x[0], 2);
	REQUIRE_EQ(regs.pc, MONITOR_GVA + 0x404);
	REQUIRE_EQ(regs.sp, 0xf000);
	REQUIRE_EQ(regs.pstate, EL1H);
}

static void an_exception_that_the_host_has_not_seen_comes_first(void)
{
	mote_aarch64_regs regs = {.pc = MONITOR_GVA + 0x400, .pstate = EL1H};

	REQUIRE_EQ(mote_aarch64_debug_settle(&monitor, NULL, &regs), MOTE_DEBUG_ENTERING);
	regs.pc = MONITOR_GVA + 0x800;
	REQUIRE_EQ(mote_aarch64_debug_settle(&monitor, NULL, &regs), MOTE_DEBUG_LOST);
}

static void only_the_condition_flags_are_set(void)
{
	mote_aarch64_regs user = {.pstate = UINT64_MAX}, regs = {.pstate = EL0};
	struct mote_aarch64_sregs sregs = {0};

	mote_aarch64_debug_put(&user, false, &sregs, &regs);
	REQUIRE_EQ(regs.pstate, 0xf00003c0);
	user.pstate = 0;
	mote_aarch64_debug_put(&user, false, &sregs, &regs);
	REQUIRE_EQ(regs.pstate, EL0);
}

static void the_step_facility_is_one_bit(void)
{
	struct mote_aarch64_debug_regs debug = {.mdscr_el1 = 0x8000};

	mote_aarch64_debug_set_step_facility(&debug, true);
	REQUIRE_EQ(debug.mdscr_el1, 0x8001);
	mote_aarch64_debug_set_step_facility(&debug, false);
	REQUIRE_EQ(debug.mdscr_el1, 0x8000);
}

static void traps_are_told_apart(void)
{
	const struct mote_exception step = {.vector = MOTE_AARCH64_EC_STEP_LOWER},
				    breakpoint = {.vector = MOTE_AARCH64_EC_BRK, .pc = 12},
				    other = {.vector = MOTE_AARCH64_EC_DATA_ABORT_LOWER};

	REQUIRE_EQ(mote_aarch64_debug_trap(&step), MOTE_DEBUG_TRAP_STEP);
	REQUIRE_EQ(mote_aarch64_debug_trap(&breakpoint), MOTE_DEBUG_TRAP_BREAKPOINT);
	REQUIRE_EQ(mote_aarch64_debug_trap_pc(&breakpoint), 12);
	REQUIRE_EQ(mote_aarch64_debug_trap(&other), MOTE_DEBUG_NO_TRAP);
	REQUIRE_EQ(mote_get32(mote_aarch64_breakpoint), MOTE_AARCH64_BRK(0));
}

/* ---- Exclusives -------------------------------------------------------------------------- */

/* As an assembler has them. */
#define LDAXR_X1 0xc85ffc01u  /* ldaxr x1, [x0] */
#define STLXR_W3 0xc803fc02u  /* stlxr w3, x2, [x0] */
#define STXP_W4 0xc8240801u   /* stxp w4, x1, x2, [x0] */
#define LDXP 0xc87f0801u      /* ldxp x1, x2, [x0] */
#define CASP 0x08207c82u      /* casp w0, w1, w2, w3, [x4] */
#define LDAR 0xc8dffc01u      /* ldar x1, [x0] */
#define B_NE_12 0x54000061u   /* b.ne .+12 */
#define CBNZ_BACK 0x35ffffa3u /* cbnz w3, .-12 */

static struct mote_debug_ends ends_of(const uint32_t *words, size_t count)
{
	struct mote_debug_ends ends;
	uint8_t code[4 * 24];

	for (size_t i = 0; i < count; i++)
		mote_put32(code + 4 * i, words[i]);
	mote_aarch64_debug_exclusive(code, 4 * count, 0x1000, &ends);
	return ends;
}

static void a_sequence_ends_behind_its_store(void)
{
	static const uint32_t add[] = {LDAXR_X1, 0x91000c22, STLXR_W3, CBNZ_BACK};
	static const uint32_t pair[] = {LDXP, STXP_W4};
	struct mote_debug_ends ends = ends_of(add, COUNT(add));

	REQUIRE_EQ(ends.count, 1);
	REQUIRE_EQ(ends.gva[0], 0x100c);
	ends = ends_of(pair, COUNT(pair));
	REQUIRE_EQ(ends.count, 1);
	REQUIRE_EQ(ends.gva[0], 0x1008);
}

static void a_branch_out_is_an_end_too(void)
{
	static const uint32_t swap[] = {LDAXR_X1, 0xeb05003f, B_NE_12, STLXR_W3, CBNZ_BACK};
	static const uint32_t many[] = {LDAXR_X1, B_NE_12, B_NE_12, B_NE_12, B_NE_12, STLXR_W3};
	const struct mote_debug_ends ends = ends_of(swap, COUNT(swap));

	REQUIRE_EQ(ends.count, 2);
	REQUIRE_EQ(ends.gva[0], 0x1014);
	REQUIRE_EQ(ends.gva[1], 0x1010);
	REQUIRE_EQ(ends_of(many, COUNT(many)).count, 0);
}

static void other_code_has_no_end(void)
{
	static const uint32_t ordinary[] = {0x91000c22, STLXR_W3}, swap[] = {CASP, STLXR_W3},
			      acquire[] = {LDAR, STLXR_W3}, lone[] = {LDAXR_X1, 0x91000c22};
	uint32_t far[18] = {LDAXR_X1};

	REQUIRE_EQ(ends_of(ordinary, 2).count, 0);
	REQUIRE_EQ(ends_of(swap, 2).count, 0);
	REQUIRE_EQ(ends_of(acquire, 2).count, 0);
	REQUIRE_EQ(ends_of(lone, 2).count, 0);
	REQUIRE_EQ(ends_of(lone, 0).count, 0);
	for (size_t i = 1; i < 17; i++)
		far[i] = MOTE_AARCH64_NOP;
	far[17] = STLXR_W3;
	REQUIRE_EQ(ends_of(far, 18).count, 1);
	REQUIRE_EQ(ends_of(far, 17).count, 0);
}

static void a_stores_status_says_whether_it_failed(void)
{
	mote_aarch64_regs user = {.x[3] = 1ull << 32};
	uint8_t code[4];

	mote_put32(code, STLXR_W3);
	REQUIRE_EQ(mote_aarch64_debug_store_exclusive(code, 4), 3);
	REQUIRE_EQ(mote_aarch64_debug_store_exclusive(code, 3), -1);
	mote_put32(code, STXP_W4);
	REQUIRE_EQ(mote_aarch64_debug_store_exclusive(code, 4), 4);
	mote_put32(code, LDAXR_X1);
	REQUIRE_EQ(mote_aarch64_debug_store_exclusive(code, 4), -1);
	REQUIRE(!mote_aarch64_debug_store_failed(&user, 3));
	user.x[3] = 1;
	REQUIRE(mote_aarch64_debug_store_failed(&user, 3));
	REQUIRE(!mote_aarch64_debug_store_failed(&user, 31)); /* wzr: nobody knows */
}

static const struct test_case cases[] = {
	CASE(user_code_has_the_registers_of_the_vcpu),
	CASE(the_monitor_has_them_in_elr_spsr_and_sp_el0),
	CASE(an_exception_that_the_host_has_not_seen_comes_first),
	CASE(only_the_condition_flags_are_set),
	CASE(the_step_facility_is_one_bit),
	CASE(traps_are_told_apart),
	CASE(a_sequence_ends_behind_its_store),
	CASE(a_branch_out_is_an_end_too),
	CASE(other_code_has_no_end),
	CASE(a_stores_status_says_whether_it_failed),
};

int main(int argc, char **argv)
{
	return test_main("aarch64_debug", cases, TEST_COUNT(cases), argc, argv);
}

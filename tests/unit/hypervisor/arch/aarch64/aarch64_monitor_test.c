/* SPDX-License-Identifier: Apache-2.0
 *
 * The aarch64 monitor: vectors, mappings, control registers, which exits are exceptions.
 */
#include "hypervisor/arch/aarch64/aarch64_instructions.h"
#include "hypervisor/arch/aarch64/aarch64_monitor.h"
#include "hypervisor/arch/aarch64/aarch64_paging.h"

#include <mote/abi.h>

#include "../../../unit_test.h"

#define MONITOR_GVA 0x10000ull
#define OFFSET 0x40000000ull /* of guest-physical addresses */

static struct mote_monitor monitor_at(uint8_t *memory)
{
	return (struct mote_monitor){
		.memory = memory,
		.gva = MONITOR_GVA,
		.gpa = MONITOR_GVA + OFFSET,
	};
}

static uint32_t word(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static void instructions_have_their_encodings(void)
{
	/* As an assembler has them. */
	REQUIRE_EQ(MOTE_AARCH64_STR_XZR_SP(0), 0xf90003ff);
	REQUIRE_EQ(MOTE_AARCH64_STR_XZR_SP(8), 0xf90023ff);   /* str xzr, [sp, #64] */
	REQUIRE_EQ(MOTE_AARCH64_STR_X(9, 10, 2), 0xf9000949); /* str x9, [x10, #16] */
	REQUIRE_EQ(MOTE_AARCH64_ERET, 0xd69f03e0);
	REQUIRE_EQ(MOTE_AARCH64_BRK(0x123), 0xd4202460);
	REQUIRE_EQ(MOTE_AARCH64_SVC(7), 0xd40000e1);
	REQUIRE_EQ(MOTE_AARCH64_NOP, 0xd503201f);
}

static void vectors_store_and_return(void)
{
	uint8_t *memory = malloc(MOTE_AARCH64_MONITOR_BYTES);
	const struct mote_monitor monitor = monitor_at(memory);
	unsigned used = 0;

	memset(memory, 0xa5, MOTE_AARCH64_MONITOR_BYTES);
	mote_aarch64_monitor_build(&monitor, NULL, 0);
	for (unsigned vector = 0; vector < 16; vector++) {
		REQUIRE_EQ(word(memory + 0x80 * vector), 0xf90003ff + (vector << 10));
		REQUIRE_EQ(word(memory + 0x80 * vector + 4), 0xd69f03e0);
	}
	for (unsigned at = 0; at < MOTE_AARCH64_MONITOR_BYTES; at += 4)
		used += word(memory + at) != 0;
	REQUIRE_EQ(used, 32);
	free(memory);
}

static void assert_translation(const struct mote_page_tables *tables, uint64_t gva, uint32_t flags)
{
	struct mote_translation found;

	REQUIRE(mote_aarch64_paging_walk(tables, gva, &found));
	REQUIRE_EQ(found.gpa, gva + OFFSET);
	REQUIRE_EQ(found.flags, flags);
}

static void three_pages_are_mapped_and_no_more(void)
{
	const struct mote_monitor monitor = monitor_at(NULL);
	struct mote_page_tables tables;
	struct mote_translation found;
	uint8_t *pool = calloc(4, MOTE_PAGE_BYTES);
	unsigned mapped = 0;

	REQUIRE(mote_aarch64_paging_init(&tables, pool, 0x100000, 4 * MOTE_PAGE_BYTES));
	REQUIRE(mote_aarch64_monitor_map(&monitor, &tables));
	assert_translation(&tables, MONITOR_GVA, MOTE_PAGE_EXECUTE);
	assert_translation(&tables, MOTE_ABI_AARCH64_DOORBELL_GVA,
			   MOTE_PAGE_USER | MOTE_PAGE_WRITE | MOTE_PAGE_DEVICE);
	assert_translation(&tables, 0xf000, MOTE_PAGE_WRITE | MOTE_PAGE_DEVICE);
	for (uint64_t gva = 0; gva < 2 << 20; gva += MOTE_PAGE_BYTES)
		mapped += mote_aarch64_paging_walk(&tables, gva, &found);
	REQUIRE_EQ(mapped, 3);
	free(pool);
}

static void map_says_when_the_pool_is_used_up(void)
{
	const struct mote_monitor monitor = monitor_at(NULL);

	for (unsigned pages = 1; pages < 3; pages++) {
		struct mote_page_tables tables;
		uint8_t *pool = calloc(pages, MOTE_PAGE_BYTES);

		REQUIRE(mote_aarch64_paging_init(&tables, pool, 0, pages * MOTE_PAGE_BYTES));
		REQUIRE(!mote_aarch64_monitor_map(&monitor, &tables));
		free(pool);
	}
}

static void start_enters_el0_with_everything_closed(void)
{
	const struct mote_monitor monitor = monitor_at(NULL);
	const struct mote_user_start start = {
		.entry = 0x212340,
		.stack = 0x300000,
		.argument = 0x400000,
		.thread_pointer = 0x999,
		.root_gpa = 0x40100000,
		.features = UINT64_MAX,
		.address_bits = 40,
		.forbid_timestamp = true,
	};
	mote_aarch64_regs regs, expected_regs;
	struct mote_aarch64_sregs sregs, expected;

	mote_aarch64_power_on(&regs, &sregs, NULL, NULL);
	mote_aarch64_monitor_start(&monitor, &start, &regs, &sregs);

	memset(&expected_regs, 0, sizeof(expected_regs));
	expected_regs.x[0] = 0x400000;
	expected_regs.sp = 0x300000;
	expected_regs.pc = 0x212340;
	expected_regs.pstate = 0x3c0;
	REQUIRE_MEM(&regs, &expected_regs, sizeof(regs));

	memset(&expected, 0, sizeof(expected));
	expected.sctlr = 0x30d8181d;
	expected.ttbr0 = 0x40100000;
	expected.tcr = 0x1200803519;
	expected.mair = 0xff;
	expected.vbar = MONITOR_GVA;
	expected.cpacr = 3 << 20;
	expected.sp_el0 = 0x300000;
	expected.sp_el1 = 0xf000;
	REQUIRE_MEM(&sregs, &expected, sizeof(sregs));
}

static void translations_reach_as_far_as_guest_physical_addresses(void)
{
	/* Bits of an address, and the value of TCR_EL1.IPS. */
	static const struct {
		uint32_t bits;
		uint64_t ips;
	} sizes[] = {{30, 0}, {32, 0}, {33, 1}, {36, 1}, {37, 2}, {39, 2},
		     {40, 2}, {41, 3}, {42, 3}, {44, 4}, {45, 5}, {48, 5}};
	const struct mote_monitor monitor = monitor_at(NULL);

	for (size_t i = 0; i < COUNT(sizes); i++) {
		const struct mote_user_start start = {.address_bits = sizes[i].bits};
		mote_aarch64_regs regs;
		struct mote_aarch64_sregs sregs;

		mote_aarch64_monitor_start(&monitor, &start, &regs, &sregs);
		REQUIRE_EQ(sregs.tcr, 0x1000803519 | sizes[i].ips << 32);
	}
}

/* Nothing that user code sees or that decides what it may do. */
static void only_what_means_nothing_is_kept(void)
{
	const struct mote_aarch64_sregs has = {.ttbr1 = 1,
					       .esr = 2,
					       .far = 3,
					       .tpidr_el1 = 4,
					       .sp_el0 = 5,
					       .sctlr = 6,
					       .tpidr_el0 = 7,
					       .tpidrro_el0 = 8,
					       .cntkctl = 9,
					       .contextidr = 10};
	struct mote_aarch64_sregs sregs = {.sctlr = 11}, expected = sregs;

	expected.ttbr1 = 1;
	expected.esr = 2;
	expected.far = 3;
	expected.tpidr_el1 = 4;
	expected.sp_el0 = 5;
	mote_aarch64_monitor_keep(&has, &sregs);
	REQUIRE_MEM(&sregs, &expected, sizeof(sregs));
}

/* What the vCPU shows after the store of a vector, after a read of an unmapped address at EL0. */
static struct mote_aarch64_exception_state at_vector(unsigned vector)
{
	return (struct mote_aarch64_exception_state){
		.pc = MONITOR_GVA + 0x80 * vector + 4,
		.pstate = 0x800003c5,
		.elr = 0x212344,
		.spsr = 0x600003c0,
		.esr = 0xffffffff92000007,
		.far = 0x9128,
		.sp_el0 = 0x2fff80,
	};
}

static bool decode(const struct mote_aarch64_exception_state *state,
		   struct mote_exception *exception)
{
	const struct mote_monitor monitor = monitor_at(NULL);

	return mote_aarch64_monitor_exception(&monitor, state, exception);
}

static void a_synchronous_exception_is_decoded(void)
{
	const struct mote_aarch64_exception_state state = at_vector(8);
	struct mote_exception got;

	memset(&got, 0xa5, sizeof(got));
	REQUIRE(decode(&state, &got));
	REQUIRE_EQ(got.kind, MOTE_FAULT_MEMORY);
	REQUIRE_EQ(got.vector, 0x24);
	REQUIRE_EQ(got.error_code, 0x92000007);
	REQUIRE_EQ(got.pc, 0x212344);
	REQUIRE_EQ(got.address, 0x9128);
	REQUIRE_EQ(got.access, MOTE_ACCESS_READ);
	REQUIRE_EQ(got.sp, 0x2fff80);
	REQUIRE_EQ(got.flags, 0x600003c0);
}

static void an_address_that_says_nothing_is_left_out(void)
{
	struct mote_aarch64_exception_state state;
	struct mote_exception got;

	state = at_vector(8);
	state.esr = 0x56000007; /* svc */
	REQUIRE(decode(&state, &got));
	REQUIRE_EQ(got.kind, MOTE_FAULT_PRIVILEGE);
	REQUIRE_EQ(got.vector, 0x15);
	REQUIRE_EQ(got.error_code, 0x56000007);
	REQUIRE_EQ(got.address, 0);
	REQUIRE_EQ(got.access, MOTE_ACCESS_NONE);
	state.esr = 0x92000410; /* external abort, FAR not valid */
	REQUIRE(decode(&state, &got));
	REQUIRE_EQ(got.kind, MOTE_FAULT_PHYSICAL);
	REQUIRE_EQ(got.address, 0);
}

static void interrupts_have_no_syndrome(void)
{
	struct mote_aarch64_exception_state state;
	struct mote_exception got;

	for (unsigned vector = 9; vector <= 10; vector++) {
		state = at_vector(vector);
		REQUIRE(decode(&state, &got));
		REQUIRE_EQ(got.kind, MOTE_FAULT_OTHER);
		REQUIRE_EQ(got.vector, MOTE_FAULT_NO_VECTOR);
		REQUIRE_EQ(got.error_code, 0);
		REQUIRE_EQ(got.address, 0);
		REQUIRE_EQ(got.access, MOTE_ACCESS_NONE);
	}
	state = at_vector(11);
	state.esr = 0xbe000011;
	REQUIRE(decode(&state, &got));
	REQUIRE_EQ(got.kind, MOTE_FAULT_OTHER);
	REQUIRE_EQ(got.vector, 0x2f);
	REQUIRE_EQ(got.error_code, 0xbe000011);
}

static void only_vectors_of_el0_in_aarch64_count(void)
{
	struct mote_aarch64_exception_state state;
	struct mote_exception got;

	for (unsigned vector = 0; vector < 40; vector++) {
		state = at_vector(vector);
		REQUIRE_EQ(decode(&state, &got), vector >= 8 && vector <= 11);
	}
	/* Every program counter beside the one behind the store. */
	for (uint64_t pc = 0; pc < 0x40000; pc++) {
		state = at_vector(8);
		state.pc = pc;
		REQUIRE_EQ(decode(&state, &got),
			   pc == MONITOR_GVA + 0x404 || pc == MONITOR_GVA + 0x484 ||
				   pc == MONITOR_GVA + 0x504 || pc == MONITOR_GVA + 0x584);
	}
	state.pc = UINT64_MAX;
	REQUIRE(!decode(&state, &got));
}

static void only_el1_interrupting_el0_counts(void)
{
	struct mote_aarch64_exception_state state;
	struct mote_exception got;

	for (uint64_t mode = 0; mode < 32; mode++) {
		state = at_vector(8);
		state.spsr = 0x600003c0 | mode;
		REQUIRE_EQ(decode(&state, &got), mode == 0);
		state = at_vector(8);
		state.pstate = 0x3c0 | mode;
		memset(&got, 0xa5, sizeof(got));
		REQUIRE_EQ(decode(&state, &got), mode == 5);
		if (mode != 5)
			REQUIRE_EQ(got.vector, 0xa5a5a5a5);
	}
}

static const struct test_case cases[] = {
	CASE(instructions_have_their_encodings),
	CASE(vectors_store_and_return),
	CASE(three_pages_are_mapped_and_no_more),
	CASE(map_says_when_the_pool_is_used_up),
	CASE(start_enters_el0_with_everything_closed),
	CASE(translations_reach_as_far_as_guest_physical_addresses),
	CASE(only_what_means_nothing_is_kept),
	CASE(a_synchronous_exception_is_decoded),
	CASE(an_address_that_says_nothing_is_left_out),
	CASE(interrupts_have_no_syndrome),
	CASE(only_vectors_of_el0_in_aarch64_count),
	CASE(only_el1_interrupting_el0_counts),
};

int main(int argc, char **argv)
{
	return test_main("aarch64_monitor", cases, TEST_COUNT(cases), argc, argv);
}

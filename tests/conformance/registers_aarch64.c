/* SPDX-License-Identifier: Apache-2.0
 *
 * General, system and debug registers of aarch64, both ways: what the host sets is
 * what the guest has, and the other way round.  Arm ARM (DDI 0487), D19.
 */
#include <string.h>

#include "code_aarch64.h"
#include "hypervisor/arch/aarch64/aarch64_syndrome.h"
#include "machine.h"

#define PATTERN 0x0123456789abcdefull

static void check_regs(struct machine *machine, const mote_regs *expected)
{
	mote_regs regs;

	machine_set_regs(machine, expected);
	regs = machine_regs(machine);
	REQUIRE_MEM(&regs, expected, sizeof(regs));
}

static mote_regs patterned(const mote_regs *from)
{
	mote_regs regs = *from;

	for (unsigned i = 0; i < TEST_COUNT(regs.x); i++)
		regs.x[i] = PATTERN * (i + 1);
	return regs;
}

static void every_bit_of_every_register_round_trips(void)
{
	struct machine machine;
	mote_regs regs;

	machine_make(&machine, NULL);
	regs = machine_regs(&machine);
	regs = patterned(&regs);
	check_regs(&machine, &regs);
	for (unsigned i = 0; i < TEST_COUNT(regs.x); i++)
		regs.x[i] = ~regs.x[i];
	check_regs(&machine, &regs);
	for (unsigned bit = 0; bit < 64; bit++) {
		regs.x[bit % 31] = 1ull << bit;
		regs.sp = 1ull << bit;
		regs.pc = 1ull << bit;
		check_regs(&machine, &regs);
	}
	machine_destroy(&machine);
}

/* A new vCPU has zeros already, so a backend need not write them; later it must. */
static void zeros_round_trip(void)
{
	struct machine machine;
	mote_regs zeros, regs;

	mote_power_on(&zeros, NULL, NULL, NULL);
	machine_make(&machine, NULL);
	regs = machine_regs(&machine);
	CHECK_MEM(regs.x, zeros.x, sizeof(regs.x));
	regs = patterned(&regs);
	check_regs(&machine, &regs);
	check_regs(&machine, &zeros);
	machine_destroy(&machine);
}

/* From reset on: at EL1 without translation, at address 0. */
static void zeros_round_trip_after_a_first_run(void)
{
	static const struct code code = CODE(WORD(A64_MOVZ(5u, 0x55)), A64_DOORBELL);
	struct machine machine;
	struct mote_memory_region page;
	mote_regs zeros, regs;

	machine_prepare(&machine, NULL);
	machine_put(&machine, CODE_GVA, &code);
	page = (struct mote_memory_region){
		.hva = machine_host(&machine, CODE_GVA),
		.bytes = 4 * MOTE_PAGE_BYTES,
		.flags = MOTE_REGION_READ | MOTE_REGION_WRITE | MOTE_REGION_EXECUTE,
	};
	machine.own_hypervisor = true;
	machine.hypervisor = open_hypervisor(backend_under_test()->systems());
	REQUIRE_OK(machine.hypervisor->backend->create(machine.hypervisor, &machine.vm,
						       &machine.error),
		   &machine.error);
	MACHINE_OK(&machine, reserve_gpa, 0, page.bytes, &page.gpa);
	MACHINE_MAP(&machine, 0, &page);
	mote_power_on(&zeros, NULL, NULL, NULL);
	if (page.gpa != 0) {
		/* Where it is at another address, the vCPU cannot be as new. */
		zeros.pc = page.gpa;
		machine_set_regs(&machine, &zeros);
	}
	/* A physical address that is no doorbell where the VM's own begin elsewhere. */
	machine_expect(&machine,
		       machine.vm->address_base == 0 ? MOTE_EXIT_IO_OUT : MOTE_EXIT_MMIO_WRITE);
	regs = machine_regs(&machine);
	CHECK_EQ(regs.x[5], 0x55);
	mote_power_on(&zeros, NULL, NULL, NULL);
	check_regs(&machine, &zeros);
	machine_destroy(&machine);
}

static void the_flags_round_trip(void)
{
	struct machine machine;
	mote_regs regs;

	machine_make(&machine, NULL);
	regs = machine_regs(&machine);
	for (unsigned bit = 28; bit < 32; bit++) {
		regs.pstate ^= 1ull << bit;
		check_regs(&machine, &regs);
	}
	machine_destroy(&machine);
}

static void the_guest_has_the_registers_that_the_host_set(void)
{
	const struct code code = code_aarch64_store_registers();
	struct machine machine;
	mote_regs regs, end;
	uint64_t *stored;

	machine_make(&machine, &code);
	stored = machine_host(&machine, DATA_GVA);
	regs = machine_regs(&machine);
	regs = patterned(&regs);
	regs.sp = DATA_GVA;
	regs.pstate |= 0xaull << 28;
	machine_set_regs(&machine, &regs);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	CHECK_MEM(stored, regs.x, sizeof(regs.x));
	CHECK_EQ(stored[31], DATA_GVA);
	CHECK_EQ(stored[32], 0xaull << 28);
	end = machine_regs(&machine);
	CHECK_EQ(end.pc, CODE_GVA + code.length - 4);
	CHECK_MEM(&end.x[11], &regs.x[11], 20 * sizeof(regs.x[0]));
	machine_destroy(&machine);
}

/* sp is that of the level at which the vCPU stands; both are system registers too. */
static void each_level_has_its_stack_pointer(void)
{
	struct machine machine;
	mote_regs regs;
	mote_sregs sregs;

	machine_make(&machine, NULL);
	regs = machine_regs(&machine);
	regs.sp = 0x1230;
	machine_set_regs(&machine, &regs);
	sregs = machine_sregs(&machine);
	CHECK_EQ(sregs.sp_el0, 0x1230);
	CHECK_EQ(sregs.sp_el1, MOTE_AARCH64_MONITOR_DOORBELL_GVA);
	code_enter_supervisor(&regs, &sregs, KERNEL_GVA);
	regs.sp = 0x4560;
	machine_set_regs(&machine, &regs);
	sregs = machine_sregs(&machine);
	CHECK_EQ(sregs.sp_el0, 0x1230);
	CHECK_EQ(sregs.sp_el1, 0x4560);
	CHECK_EQ(machine_regs(&machine).sp, 0x4560);
	machine_destroy(&machine);
}

/* ---- System registers --------------------------------------------------------------------- */

static void check_sregs(struct machine *machine, const mote_sregs *expected)
{
	mote_sregs sregs;

	machine_set_sregs(machine, expected);
	sregs = machine_sregs(machine);
	REQUIRE_MEM(&sregs, expected, sizeof(sregs));
}

/* Of the ASID in ttbr0, what is the host's. */
static uint64_t own_asid(const struct machine *machine, uint64_t asid)
{
	return machine->hypervisor->capabilities.chooses_asids ? 0 : asid;
}

static void system_registers_round_trip(void)
{
	struct machine machine;
	mote_sregs sregs;

	machine_make(&machine, NULL);
	sregs = machine_sregs(&machine);
	check_sregs(&machine, &sregs);
	for (unsigned bit = 0; bit < 64; bit++) {
		sregs.far = 1ull << bit;
		sregs.elr = ~sregs.far;
		sregs.tpidr_el0 = PATTERN + bit;
		sregs.tpidr_el1 = PATTERN - bit;
		sregs.tpidrro_el0 = PATTERN ^ sregs.far;
		sregs.contextidr = 1ull << bit % 32;
		sregs.esr = 1ull << bit % 32;
		sregs.sp_el0 = 16ull << bit % 40;
		sregs.sp_el1 = 32ull << bit % 40;
		sregs.ttbr0 = own_asid(&machine, bit) << MOTE_AARCH64_TTBR_ASID_SHIFT | TABLES_GVA;
		sregs.ttbr1 = (uint64_t)bit << 48 | KERNEL_GVA;
		sregs.mair = PATTERN * bit;
		check_sregs(&machine, &sregs);
	}
	sregs.vbar = KERNEL_GVA;
	sregs.spsr = MOTE_AARCH64_PSTATE_DAIF | 0xfull << 28;
	sregs.cntkctl = 3;
	sregs.cpacr = 1ull << 20;
	sregs.sctlr ^= MOTE_AARCH64_SCTLR_UCI | MOTE_AARCH64_SCTLR_WXN;
	sregs.tcr ^= MOTE_AARCH64_TCR_EPD1;
	check_sregs(&machine, &sregs);
	machine_destroy(&machine);
}

/* op0, op1, CRn, CRm, op2 of a system register, and its place. */
#define SYSTEM(field, ...)                                                                         \
	{                                                                                          \
		A64_MRS(0u, __VA_ARGS__), offsetof(mote_sregs, field), #field                      \
	}
static const struct {
	uint32_t read; /* mrs x0 */
	size_t offset;
	const char *name;
} system_registers[] = {
	SYSTEM(sctlr, 3, 0, 1, 0, 0),	   SYSTEM(cpacr, 3, 0, 1, 0, 2),
	SYSTEM(ttbr0, 3, 0, 2, 0, 0),	   SYSTEM(ttbr1, 3, 0, 2, 0, 1),
	SYSTEM(tcr, 3, 0, 2, 0, 2),	   SYSTEM(esr, 3, 0, 5, 2, 0),
	SYSTEM(far, 3, 0, 6, 0, 0),	   SYSTEM(mair, 3, 0, 10, 2, 0),
	SYSTEM(vbar, 3, 0, 12, 0, 0),	   SYSTEM(contextidr, 3, 0, 13, 0, 1),
	SYSTEM(tpidr_el1, 3, 0, 13, 0, 4), SYSTEM(cntkctl, 3, 0, 14, 1, 0),
	SYSTEM(tpidr_el0, 3, 3, 13, 0, 2), SYSTEM(tpidrro_el0, 3, 3, 13, 0, 3),
	SYSTEM(sp_el0, 3, 0, 4, 1, 0),	   SYSTEM(elr, 3, 0, 4, 0, 1),
	SYSTEM(spsr, 3, 0, 4, 0, 0),
};

/* Runs code in supervisor mode to its halt. */
static mote_regs run_supervisor(struct machine *machine, const struct code *code, mote_sregs *sregs)
{
	mote_regs regs = machine_regs(machine);

	machine_put(machine, KERNEL_GVA, code);
	code_enter_supervisor(&regs, sregs, KERNEL_GVA);
	machine_set_sregs(machine, sregs);
	machine_set_regs(machine, &regs);
	machine_expect(machine, MOTE_EXIT_HALT);
	return machine_regs(machine);
}

static void the_guest_has_the_system_registers_that_the_host_set(void)
{
	struct machine machine;
	mote_sregs sregs;
	mote_regs regs;

	machine_make(&machine, NULL);
	sregs = machine_sregs(&machine);
	sregs.ttbr1 = KERNEL_GVA;
	sregs.esr = 0x56000007;
	sregs.far = PATTERN;
	sregs.contextidr = 0x77;
	sregs.tpidr_el1 = PATTERN * 3;
	sregs.tpidr_el0 = PATTERN * 5;
	sregs.tpidrro_el0 = PATTERN * 7;
	sregs.cntkctl = 3;
	sregs.sp_el0 = 0x1230;
	sregs.elr = PATTERN * 9;
	sregs.spsr = MOTE_AARCH64_PSTATE_DAIF | 5ull << 28;
	for (size_t i = 0; i < TEST_COUNT(system_registers); i++) {
		struct code code = {.length = 0};
		uint64_t expected;

		code_aarch64_add(&code, system_registers[i].read);
		code_aarch64_add(&code, A64_STR(A64_XZR, A64_SP, 0));
		regs = run_supervisor(&machine, &code, &sregs);
		memcpy(&expected, (uint8_t *)&sregs + system_registers[i].offset, 8);
		if (system_registers[i].offset == offsetof(mote_sregs, ttbr0))
			regs.x[0] &= own_asid(&machine, 0xffff) << MOTE_AARCH64_TTBR_ASID_SHIFT |
				     ((1ull << MOTE_AARCH64_TTBR_ASID_SHIFT) - 1);
		if (!CHECK_EQ(regs.x[0], expected))
			test_note("in %s", system_registers[i].name);
	}
	machine_destroy(&machine);
}

static void the_host_reads_where_the_guest_faulted(void)
{
	struct mote_exception exception;
	struct machine machine;
	mote_regs regs;
	mote_sregs sregs;

	machine_make(&machine, &code_store_loop);
	regs = machine_regs(&machine);
	*code_address(&regs) = 0x123456789000ull;
	machine_set_regs(&machine, &regs);
	exception = machine_expect_exception(&machine);
	sregs = machine_sregs(&machine);
	CHECK_EQ(exception.kind, MOTE_FAULT_MEMORY);
	CHECK_EQ(exception.address, 0x123456789000ull);
	CHECK_EQ(sregs.far, 0x123456789000ull);
	CHECK_EQ(sregs.elr, CODE_GVA);
	CHECK_EQ(mote_aarch64_exception_class(sregs.esr), MOTE_AARCH64_EC_DATA_ABORT_LOWER);
	machine_destroy(&machine);
}

/* ---- Debug registers ---------------------------------------------------------------------- */

static void the_debug_registers_round_trip(void)
{
	mote_debug_regs debug = {.mdscr_el1 = 0}, read;
	struct machine machine;

	machine_make(&machine, NULL);
	MACHINE_OK(&machine, debug_regs, &read);
	CHECK_MEM(&read, &debug, sizeof(debug));
	debug.mdscr_el1 = MOTE_AARCH64_MDSCR_MDE;
	/* Every processor has at least two of each (D2.8). */
	for (unsigned i = 0; i < 2; i++) {
		debug.bvr[i] = CODE_GVA + 4 * i;
		debug.bcr[i] = 0xfull << 5 | 2ull << 1;
		debug.wvr[i] = DATA_GVA + 8 * i;
		debug.wcr[i] = 0xffull << 5 | 3ull << 3 | 2ull << 1;
	}
	MACHINE_OK(&machine, set_debug_regs, &debug);
	MACHINE_OK(&machine, debug_regs, &read);
	CHECK_MEM(&read, &debug, sizeof(debug));
	machine_destroy(&machine);
}

static void a_breakpoint_of_the_host_stops_the_guest(void)
{
	mote_debug_regs debug = {.mdscr_el1 = MOTE_AARCH64_MDSCR_MDE};
	struct mote_exception exception;
	struct machine machine;
	mote_sregs sregs;

	machine_make(&machine, &code_doorbell_loop);
	debug.bvr[0] = CODE_GVA + 4;
	debug.bcr[0] = 0xfull << 5 | 2ull << 1 | 1; /* all bytes, EL0, enabled */
	MACHINE_OK(&machine, set_debug_regs, &debug);
	exception = machine_expect_exception(&machine);
	CHECK_EQ(exception.kind, MOTE_FAULT_SINGLE_STEP);
	CHECK_EQ(exception.vector, MOTE_AARCH64_EC_BREAKPOINT_LOWER);
	CHECK_EQ(exception.pc, CODE_GVA + 4);
	/* The monitor's eret resumes where ELR_EL1 points: on, without the breakpoint. */
	debug.bcr[0] = 0;
	MACHINE_OK(&machine, set_debug_regs, &debug);
	sregs = machine_sregs(&machine);
	CHECK_EQ(sregs.elr, CODE_GVA + 4);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
}

/* MDSCR_EL1.SS and SPSR_EL1.SS: one instruction, then an exception. */
static void single_steps_come_one_by_one(void)
{
	mote_debug_regs debug = {.mdscr_el1 = MOTE_AARCH64_MDSCR_SS};
	struct mote_exception exception;
	struct machine machine;
	mote_sregs sregs;

	machine_make(&machine, &code_end);
	machine_put(&machine, ELSEWHERE_GVA, &code_count);
	machine_expect_exception(&machine);
	MACHINE_OK(&machine, set_debug_regs, &debug);
	sregs = machine_sregs(&machine);
	sregs.elr = ELSEWHERE_GVA;
	for (unsigned i = 1; i <= 20; i++) {
		sregs.spsr |= MOTE_AARCH64_PSTATE_SS;
		machine_set_sregs(&machine, &sregs);
		exception = machine_expect_exception(&machine);
		CHECK_EQ(exception.kind, MOTE_FAULT_SINGLE_STEP);
		CHECK_EQ(exception.vector, MOTE_AARCH64_EC_STEP_LOWER);
		CHECK_EQ(exception.pc, ELSEWHERE_GVA + 4 * (i % 2));
		CHECK_EQ(machine_regs(&machine).x[0], (i + 1) / 2);
		sregs = machine_sregs(&machine);
	}
	machine_destroy(&machine);
}

static const struct test_case cases[] = {
	CASE(every_bit_of_every_register_round_trips),
	CASE(zeros_round_trip),
	CASE(zeros_round_trip_after_a_first_run),
	CASE(the_flags_round_trip),
	CASE(the_guest_has_the_registers_that_the_host_set),
	CASE(each_level_has_its_stack_pointer),
	CASE(system_registers_round_trip),
	CASE(the_guest_has_the_system_registers_that_the_host_set),
	CASE(the_host_reads_where_the_guest_faulted),
	CASE(the_debug_registers_round_trip),
	CASE(a_breakpoint_of_the_host_stops_the_guest),
	CASE(single_steps_come_one_by_one),
};

const struct case_list register_cases = {cases, TEST_COUNT(cases)};

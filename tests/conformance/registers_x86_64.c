/* SPDX-License-Identifier: Apache-2.0
 *
 * Every register class of x86_64, both ways, bit by bit; that the guest has what
 * the host set, and the host reads what the guest has.  Intel SDM volume 1,
 * chapters 3, 8, 10 and 13; volume 3, chapters 2, 3 and 17.
 */
#include <string.h>

#include "code_x86_64.h"
#include "machine.h"

enum { GPRS = 16 };

/* The bits of RFLAGS that are state: CF PF AF ZF SF DF OF NT AC ID, and TF.  IF, IOPL, RF, VM, VIF
 * and VIP concern interrupts, ports and other modes. */
#define RFLAGS_BITS (0x8d5ull | 1ull << 10 | 1ull << 14 | 1ull << 18 | 1ull << 21)

/* ---- General-purpose registers ------------------------------------------------------------ */

static void check_regs(struct machine *machine, const mote_regs *expected)
{
	mote_regs regs;

	machine_set_regs(machine, expected);
	regs = machine_regs(machine);
	REQUIRE_MEM(&regs, expected, sizeof(regs));
}

static void every_bit_of_every_register_round_trips(void)
{
	struct machine machine;
	mote_regs regs;

	machine_make(&machine, NULL);
	for (unsigned number = 0; number < GPRS; number++)
		for (unsigned bit = 0; bit < 64; bit++) {
			regs = (mote_regs){.rip = CODE_GVA, .rflags = MOTE_X86_64_RFLAGS_FIXED};
			(&regs.rax)[number] = 1ull << bit;
			check_regs(&machine, &regs);
			(&regs.rax)[number] = ~(1ull << bit);
			check_regs(&machine, &regs);
		}
	machine_destroy(&machine);
}

static void every_bit_of_rip_and_rflags_round_trips(void)
{
	struct machine machine;
	mote_regs regs = {.rflags = MOTE_X86_64_RFLAGS_FIXED};

	machine_make(&machine, NULL);
	for (unsigned bit = 0; bit < 47; bit++) {
		regs.rip = 1ull << bit;
		check_regs(&machine, &regs);
		regs.rip = ~regs.rip; /* the upper canonical half */
		check_regs(&machine, &regs);
	}
	for (unsigned bit = 0; bit < 64; bit++) {
		if (!(RFLAGS_BITS >> bit & 1))
			continue;
		regs.rflags = MOTE_X86_64_RFLAGS_FIXED | 1ull << bit;
		check_regs(&machine, &regs);
	}
	regs.rflags = MOTE_X86_64_RFLAGS_FIXED | RFLAGS_BITS;
	check_regs(&machine, &regs);
	regs.rflags = MOTE_X86_64_RFLAGS_FIXED | MOTE_X86_64_RFLAGS_TF;
	check_regs(&machine, &regs);
	machine_destroy(&machine);
}

/* A different value for each register. */
static mote_regs distinct_regs(uint64_t seed)
{
	mote_regs regs = {.rip = CODE_GVA};

	for (unsigned number = 0; number < GPRS; number++)
		(&regs.rax)[number] = (seed + number) * 0x9e3779b97f4a7c15ull;
	regs.rsp = STACK_TOP_GVA;
	regs.rflags = MOTE_X86_64_RFLAGS_FIXED | 0x8d5;
	return regs;
}

/* The order of the registers' numbers in instructions. */
static void by_number(const mote_regs *regs, uint64_t values[GPRS])
{
	const uint64_t ordered[GPRS] = {regs->rax, regs->rcx, regs->rdx, regs->rbx,
					regs->rsp, regs->rbp, regs->rsi, regs->rdi,
					regs->r8,  regs->r9,  regs->r10, regs->r11,
					regs->r12, regs->r13, regs->r14, regs->r15};

	memcpy(values, ordered, sizeof(ordered));
}

static void the_guest_has_the_registers_that_the_host_set(void)
{
	const struct code code = code_x86_64_store_registers();
	uint64_t expected[GPRS], flags;
	struct machine machine;
	mote_regs regs;

	machine_make(&machine, &code);
	for (uint64_t seed = 1; seed <= 8; seed++) {
		regs = distinct_regs(seed);
		machine_set_regs(&machine, &regs);
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		by_number(&regs, expected);
		CHECK_MEM(machine_host(&machine, DATA_GVA), expected, sizeof(expected));
		memcpy(&flags, machine_host(&machine, DATA_GVA + 128), 8);
		CHECK_EQ(flags & RFLAGS_BITS, regs.rflags & RFLAGS_BITS);
		/* And the host reads them back after the run. */
		expected[0] = machine_regs(&machine).r15;
		CHECK_EQ(expected[0], regs.r15);
	}
	machine_destroy(&machine);
}

/* ---- Special registers -------------------------------------------------------------------- */

/* Compared as text: the structure has padding. */
static void check_sregs(struct machine *machine, const mote_sregs *set)
{
	static char text[2048], expected_text[2048];
	mote_sregs expected = *set, sregs;

	machine_set_sregs(machine, set);
	sregs = machine_sregs(machine);
	/* Whether a segment is unusable is a matter of VMX; elsewhere it follows from present. */
	expected.ldt.unusable = sregs.ldt.unusable;
	expected.ldt.limit = sregs.ldt.limit;
	REQUIRE(mote_sregs_print(&sregs, text, sizeof(text)) < sizeof(text));
	mote_sregs_print(&expected, expected_text, sizeof(expected_text));
	REQUIRE_STR(text, expected_text);
}

static void user_mode_sregs_round_trip(void)
{
	struct machine machine;
	mote_sregs sregs;

	machine_make(&machine, NULL);
	sregs = machine_sregs(&machine);
	check_sregs(&machine, &sregs);
	machine_destroy(&machine);
}

static void segment_bases_round_trip(void)
{
	struct machine machine;
	mote_sregs sregs;

	machine_make(&machine, NULL);
	sregs = machine_sregs(&machine);
	for (unsigned bit = 0; bit < 47; bit++) {
		sregs.fs.base = 1ull << bit;
		sregs.gs.base = ~(1ull << bit);
		check_sregs(&machine, &sregs);
	}
	machine_destroy(&machine);
}

static void table_registers_round_trip(void)
{
	struct machine machine;
	mote_sregs sregs;

	machine_make(&machine, NULL);
	sregs = machine_sregs(&machine);
	for (unsigned bit = 0; bit < 47; bit++) {
		sregs.gdt.base = 1ull << bit;
		sregs.idt.base = ~(1ull << bit);
		sregs.gdt.limit = (uint16_t)(1u << bit % 16);
		sregs.idt.limit = (uint16_t)~sregs.gdt.limit;
		check_sregs(&machine, &sregs);
	}
	machine_destroy(&machine);
}

static void fault_address_and_root_round_trip(void)
{
	struct mote_capabilities capabilities;
	struct machine machine;
	mote_sregs sregs;

	machine_make(&machine, NULL);
	capabilities = machine.hypervisor->capabilities;
	sregs = machine_sregs(&machine);
	for (unsigned bit = 0; bit < 64; bit++) {
		sregs.cr2 = 1ull << bit;
		check_sregs(&machine, &sregs);
		sregs.cr2 = ~sregs.cr2;
		check_sregs(&machine, &sregs);
	}
	for (unsigned bit = 12; bit < capabilities.address_bits; bit++) {
		sregs.cr3 = 1ull << bit;
		check_sregs(&machine, &sregs);
	}
	machine_destroy(&machine);
}

static void control_registers_round_trip(void)
{
	/* WP and AM of CR0; TSD, DE, PCE, OSFXSR and OSXMMEXCPT of CR4: every processor has them.
	 */
	static const uint64_t cr0_bits[] = {1ull << 16, 1ull << 18};
	static const uint64_t cr4_bits[] = {1ull << 2, 1ull << 3, 1ull << 8, 1ull << 9, 1ull << 10};
	struct machine machine;
	mote_sregs sregs;

	machine_make(&machine, NULL);
	sregs = machine_sregs(&machine);
	for (size_t i = 0; i < TEST_COUNT(cr0_bits); i++) {
		sregs.cr0 ^= cr0_bits[i];
		check_sregs(&machine, &sregs);
	}
	for (size_t i = 0; i < TEST_COUNT(cr4_bits); i++) {
		sregs.cr4 ^= cr4_bits[i];
		check_sregs(&machine, &sregs);
	}
	sregs.efer ^= MOTE_X86_64_EFER_NXE;
	check_sregs(&machine, &sregs);
	sregs.efer ^= MOTE_X86_64_EFER_NXE;
	sregs.cr8 = 5;
	check_sregs(&machine, &sregs);
	machine_destroy(&machine);
}

static void selectors_and_limits_round_trip(void)
{
	struct machine machine;
	mote_sregs sregs;

	machine_make(&machine, NULL);
	sregs = machine_sregs(&machine);
	for (unsigned bit = 2; bit < 16; bit++) {
		sregs.ds.selector = (uint16_t)(3 | 1u << bit);
		sregs.es.selector = (uint16_t)~sregs.ds.selector;
		sregs.tr.selector = (uint16_t)(8u << bit % 13);
		check_sregs(&machine, &sregs);
	}
	machine_destroy(&machine);
}

static void the_guest_has_the_segments_that_the_host_set(void)
{
	static const uint64_t at_fs = 0x1111222233334444ull, at_gs = 0x5555666677778888ull;
	struct machine machine;
	mote_sregs sregs;
	mote_regs regs;

	machine_make(&machine, &code_x86_64_read_fs_gs);
	memcpy(machine_host(&machine, DATA_GVA + 0x100), &at_fs, 8);
	memcpy(machine_host(&machine, DATA_GVA + 0x1230), &at_gs, 8);
	sregs = machine_sregs(&machine);
	sregs.fs.base = DATA_GVA + 0x100;
	sregs.gs.base = DATA_GVA + 0x1230;
	machine_set_sregs(&machine, &sregs);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	regs = machine_regs(&machine);
	CHECK_EQ(regs.rax, at_fs);
	CHECK_EQ(regs.rbx, at_gs);
	sregs = machine_sregs(&machine);
	CHECK_EQ(sregs.fs.base, DATA_GVA + 0x100);
	CHECK_EQ(sregs.gs.base, DATA_GVA + 0x1230);
	machine_destroy(&machine);
}

/* Runs code in supervisor mode to its hlt. */
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

static void the_guest_has_the_control_registers_that_the_host_set(void)
{
	struct machine machine;
	mote_sregs sregs;
	mote_regs regs;

	machine_make(&machine, NULL);
	sregs = machine_sregs(&machine);
	sregs.cr2 = 0x1234567890abcdefull;
	sregs.cr4 |= MOTE_X86_64_CR4_TSD;
	regs = run_supervisor(&machine, &code_x86_64_read_control, &sregs);
	CHECK_EQ(regs.rax, sregs.cr2);
	CHECK_EQ(regs.rbx, sregs.cr3);
	CHECK_EQ(regs.rcx, sregs.cr0);
	CHECK_EQ(regs.rdx, sregs.cr4);
	machine_destroy(&machine);
}

static void the_host_reads_where_the_guest_faulted(void)
{
	struct mote_exception exception;
	struct machine machine;
	mote_regs regs;

	machine_make(&machine, &code_store_loop);
	regs = machine_regs(&machine);
	regs.rbx = 0x123456789000ull;
	machine_set_regs(&machine, &regs);
	exception = machine_expect_exception(&machine);
	CHECK_EQ(exception.kind, MOTE_FAULT_MEMORY);
	CHECK_EQ(exception.address, 0x123456789000ull);
	CHECK_EQ(machine_sregs(&machine).cr2, 0x123456789000ull);
	machine_destroy(&machine);
}

/* ---- Debug registers ---------------------------------------------------------------------- */

static void check_debug(struct machine *machine, const mote_debug_regs *expected)
{
	mote_debug_regs debug;

	MACHINE_OK(machine, set_debug_regs, expected);
	MACHINE_OK(machine, debug_regs, &debug);
	REQUIRE_MEM(&debug, expected, sizeof(debug));
}

static void every_bit_of_the_debug_registers_round_trips(void)
{
	mote_debug_regs debug;
	struct machine machine;

	machine_make(&machine, NULL);
	for (unsigned number = 0; number < 4; number++)
		for (unsigned bit = 0; bit < 64; bit++) {
			mote_power_on(NULL, NULL, NULL, &debug);
			debug.dr[number] = 1ull << bit;
			check_debug(&machine, &debug);
			debug.dr[number] = ~debug.dr[number];
			check_debug(&machine, &debug);
		}
	mote_power_on(NULL, NULL, NULL, &debug);
	/* L0 to GE, GD; R/W and LEN of each breakpoint. */
	for (unsigned bit = 0; bit < 32; bit++) {
		if (bit >= 10 && bit < 16 && bit != 13)
			continue;
		debug.dr7 = 0x400 | 1ull << bit;
		check_debug(&machine, &debug);
	}
	/* B0 to B3, BD, BS, BT. */
	debug.dr7 = 0x400;
	for (unsigned bit = 0; bit < 16; bit++) {
		if (bit >= 4 && bit < 13)
			continue;
		debug.dr6 = 0xffff0ff0 | 1ull << bit;
		check_debug(&machine, &debug);
	}
	machine_destroy(&machine);
}

static void the_guest_has_the_debug_registers_that_the_host_set(void)
{
	mote_debug_regs debug;
	struct machine machine;
	mote_sregs sregs;
	mote_regs regs;

	machine_make(&machine, NULL);
	mote_power_on(NULL, NULL, NULL, &debug);
	for (unsigned number = 0; number < 4; number++)
		debug.dr[number] = 0x1000ull * (number + 1) + 0x123;
	MACHINE_OK(&machine, set_debug_regs, &debug);
	sregs = machine_sregs(&machine);
	regs = run_supervisor(&machine, &code_x86_64_read_debug, &sregs);
	CHECK_EQ(regs.rax, debug.dr[0]);
	CHECK_EQ(regs.rbx, debug.dr[1]);
	CHECK_EQ(regs.rcx, debug.dr[2]);
	CHECK_EQ(regs.rdx, debug.dr[3]);
	machine_destroy(&machine);
}

/* ---- Repeated string instructions --------------------------------------------------------- */

static void make_string(struct machine *machine, const struct code *code)
{
	mote_regs regs;

	machine_make(machine, code);
	memcpy(machine_host(machine, DATA_GVA), "abcdefgh", 8);
	regs = machine_regs(machine);
	regs.rcx = 8;
	regs.rdx = CODE_PORT;
	regs.rsi = DATA_GVA;
	regs.rdi = DATA_GVA + 0x100;
	machine_set_regs(machine, &regs);
}

static void a_repeated_write_is_an_exit_per_iteration(void)
{
	struct machine machine;
	mote_regs regs;

	for (unsigned touch = 0; touch < 2; touch++) {
		make_string(&machine, &code_x86_64_repeat_out);
		for (unsigned i = 0; i < 8; i++) {
			struct mote_vm_exit exit = machine_expect(&machine, MOTE_EXIT_IO_OUT);

			CHECK_EQ(exit.as.io.port, CODE_PORT);
			CHECK_EQ(exit.as.io.size, 1);
			if (!machine.hypervisor->capabilities.described_accesses)
				MACHINE_SKIP(
					&machine,
					"this hypervisor does not describe string instructions");
			REQUIRE_EQ(exit.as.io.count, 1);
			CHECK_EQ(exit.as.io.data[0], 'a' + i);
			if (!touch)
				continue;
			regs = machine_regs(&machine);
			CHECK_EQ(regs.rcx, 7 - i);
			CHECK_EQ(regs.rsi, DATA_GVA + 1 + i);
		}
		machine_expect_end(&machine, CODE_GVA + 2);
		machine_destroy(&machine);
	}
}

/* A hypervisor may ask for several elements at once. */
static void a_repeated_read_gets_the_hosts_values(void)
{
	struct machine machine;
	mote_regs regs;

	for (unsigned touch = 0; touch < 2; touch++) {
		unsigned done = 0;

		make_string(&machine, &code_x86_64_repeat_in);
		while (done < 8) {
			struct mote_vm_exit exit = machine_expect(&machine, MOTE_EXIT_IO_IN);

			CHECK_EQ(exit.as.io.port, CODE_PORT);
			CHECK_EQ(exit.as.io.size, 1);
			if (!machine.hypervisor->capabilities.described_accesses)
				MACHINE_SKIP(
					&machine,
					"this hypervisor does not describe string instructions");
			REQUIRE(exit.as.io.count >= 1 && exit.as.io.count <= 8 - done);
			memcpy(exit.as.io.data, &"stuvwxyz"[done], exit.as.io.count);
			done += exit.as.io.count;
			if (!touch)
				continue;
			regs = machine_regs(&machine);
			CHECK_EQ(regs.rcx, 8 - done);
			CHECK_EQ(regs.rdi, DATA_GVA + 0x100 + done);
		}
		machine_expect_end(&machine, CODE_GVA + 2);
		CHECK_MEM(machine_host(&machine, DATA_GVA + 0x100), "stuvwxyz", 9);
		machine_destroy(&machine);
	}
}

static void undescribed_string_instructions_do_not_retire(void)
{
	static const struct code *const codes[] = {&code_x86_64_repeat_out, &code_x86_64_repeat_in};
	struct machine machine;
	mote_regs before, after;

	for (unsigned i = 0; i < 2; i++) {
		make_string(&machine, codes[i]);
		if (machine.hypervisor->capabilities.described_accesses)
			MACHINE_SKIP(&machine, "this hypervisor describes string instructions");
		before = machine_regs(&machine);
		for (unsigned again = 0; again < 3; again++) {
			struct mote_vm_exit exit =
				machine_expect(&machine, i ? MOTE_EXIT_IO_IN : MOTE_EXIT_IO_OUT);

			CHECK_EQ(exit.as.io.port, CODE_PORT);
			CHECK_EQ(exit.as.io.count, 0);
			CHECK(exit.as.io.data == NULL);
			after = machine_regs(&machine);
			after.rflags &= ~0x10000ull; /* RF: it is being repeated */
			CHECK_MEM(&after, &before, sizeof(after));
		}
		machine_destroy(&machine);
	}
}

static void a_repeated_instruction_can_be_left(void)
{
	static const struct code *const codes[] = {&code_x86_64_repeat_out, &code_x86_64_repeat_in};
	struct machine machine;
	mote_regs regs;

	for (unsigned i = 0; i < 2; i++) {
		make_string(&machine, codes[i]);
		machine_run(&machine);
		regs = machine_regs(&machine);
		regs.rip = ELSEWHERE_GVA;
		regs.rcx = 5;
		machine_set_regs(&machine, &regs);
		machine_expect_end(&machine, ELSEWHERE_GVA);
		CHECK_EQ(machine_regs(&machine).rcx, 5);
		machine_destroy(&machine);
	}
}

static const struct test_case cases[] = {
	CASE(every_bit_of_every_register_round_trips),
	CASE(every_bit_of_rip_and_rflags_round_trips),
	CASE(the_guest_has_the_registers_that_the_host_set),
	CASE(user_mode_sregs_round_trip),
	CASE(segment_bases_round_trip),
	CASE(table_registers_round_trip),
	CASE(fault_address_and_root_round_trip),
	CASE(control_registers_round_trip),
	CASE(selectors_and_limits_round_trip),
	CASE(the_guest_has_the_segments_that_the_host_set),
	CASE(the_guest_has_the_control_registers_that_the_host_set),
	CASE(the_host_reads_where_the_guest_faulted),
	CASE(every_bit_of_the_debug_registers_round_trips),
	CASE(the_guest_has_the_debug_registers_that_the_host_set),
	CASE(a_repeated_write_is_an_exit_per_iteration),
	CASE(a_repeated_read_gets_the_hosts_values),
	CASE(undescribed_string_instructions_do_not_retire),
	CASE(a_repeated_instruction_can_be_left),
};

const struct case_list register_cases = {cases, TEST_COUNT(cases)};

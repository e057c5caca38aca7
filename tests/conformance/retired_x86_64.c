/* SPDX-License-Identifier: Apache-2.0
 *
 * Retired exits that only x86_64 has: an access that is split over two pages is
 * two exits of one instruction.
 */
#include <string.h>

#include "code_x86_64.h"
#include "machine.h"

#define MARK 0x77u
#define PATTERN 0x1122334455667788ull

static void make_split(struct machine *machine, const struct code *code,
		       enum mote_vm_exit_kind kind)
{
	struct mote_vm_exit exit;
	mote_regs regs;

	machine_make(machine, code);
	if (!machine->hypervisor->capabilities.described_accesses)
		MACHINE_SKIP(machine, "this hypervisor describes no accesses to memory");
	regs = machine_regs(machine);
	*code_value(&regs) = PATTERN;
	machine_set_regs(machine, &regs);
	exit = machine_expect(machine, kind);
	CHECK_EQ(exit.as.mmio.gpa, machine_gpa(machine, OUTSIDE_GVA + 0xffc));
	CHECK_EQ(exit.as.mmio.size, 4);
	if (kind == MOTE_EXIT_MMIO_READ)
		memset(exit.as.mmio.data, 0x11, 4);
}

static void a_split_read_is_two_exits(bool touched)
{
	struct machine machine;
	struct mote_vm_exit exit;
	mote_regs end;

	make_split(&machine, &code_x86_64_split_load, MOTE_EXIT_MMIO_READ);
	if (touched)
		machine_regs(&machine);
	exit = machine_expect(&machine, MOTE_EXIT_MMIO_READ);
	CHECK_EQ(exit.as.mmio.gpa, machine_gpa(&machine, OUTSIDE_GVA + 0x1000));
	CHECK_EQ(exit.as.mmio.size, 4);
	memset(exit.as.mmio.data, 0x22, 4);
	if (touched)
		machine_regs(&machine);
	end = machine_regs_at_end(&machine, CODE_GVA + code_x86_64_split_bytes);
	CHECK_EQ(*code_value(&end), 0x2222222211111111ull);
	machine_destroy(&machine);
}

static void a_split_write_is_two_exits(bool touched)
{
	const uint64_t pattern = PATTERN;
	struct machine machine;
	struct mote_vm_exit exit;

	make_split(&machine, &code_x86_64_split_store, MOTE_EXIT_MMIO_WRITE);
	if (touched)
		machine_regs(&machine);
	exit = machine_expect(&machine, MOTE_EXIT_MMIO_WRITE);
	CHECK_EQ(exit.as.mmio.gpa, machine_gpa(&machine, OUTSIDE_GVA + 0x1000));
	CHECK_EQ(exit.as.mmio.size, 4);
	CHECK_MEM(exit.as.mmio.data, (const uint8_t *)&pattern + 4, 4);
	machine_regs_at_end(&machine, CODE_GVA + code_x86_64_split_bytes);
	machine_destroy(&machine);
}

static void split_accesses_are_two_exits(void)
{
	a_split_read_is_two_exits(false);
	a_split_read_is_two_exits(true);
	a_split_write_is_two_exits(false);
	a_split_write_is_two_exits(true);
}

static void registers_that_are_set_within_a_split_read_stick(void)
{
	struct machine machine;
	mote_regs regs, end;

	make_split(&machine, &code_x86_64_split_load, MOTE_EXIT_MMIO_READ);
	regs = machine_regs(&machine);
	mote_regs_pc(&regs) = ELSEWHERE_GVA;
	*code_value(&regs) = MARK;
	machine_set_regs(&machine, &regs);
	end = machine_regs_at_end(&machine, ELSEWHERE_GVA);
	CHECK_EQ(*code_value(&end), MARK);
	machine_destroy(&machine);
}

static void a_reset_within_a_split_access_forgets_the_rest(void)
{
	mote_regs regs, expected;
	struct machine machine;

	for (unsigned i = 0; i < 4; i++) {
		make_split(&machine, i % 2 ? &code_x86_64_split_load : &code_x86_64_split_store,
			   i % 2 ? MOTE_EXIT_MMIO_READ : MOTE_EXIT_MMIO_WRITE);
		if (i < 2)
			machine_sregs(&machine); /* somebody looked */
		MACHINE_RESET(&machine);
		mote_power_on(&expected, NULL, NULL, NULL);
		regs = machine_regs(&machine);
		CHECK_MEM(&regs, &expected, sizeof(regs));
		machine_start(&machine);
		mote_regs_pc(&regs) = ELSEWHERE_GVA;
		machine_set_regs(&machine, &regs);
		machine_regs_at_end(&machine, ELSEWHERE_GVA);
		machine_destroy(&machine);
	}
}

static const struct test_case cases[] = {
	CASE(split_accesses_are_two_exits),
	CASE(registers_that_are_set_within_a_split_read_stick),
	CASE(a_reset_within_a_split_access_forgets_the_rest),
};

const struct case_list retired_arch_cases = {cases, TEST_COUNT(cases)};

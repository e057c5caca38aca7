/* SPDX-License-Identifier: Apache-2.0
 *
 * Every kind of exit that guest code can cause, with what it carries.  Kinds that
 * only the hypervisor can cause (UNKNOWN, DEBUG) are in the backends' own cases;
 * CANCELLED and RETRY in interrupts.c.
 */
#include <string.h>

#include "machine.h"

#define PATTERN 0x1122334455667788ull
#define ANSWER 0x99aabbccddeeff10ull

static void halt_in_supervisor_mode_is_halt(void)
{
	struct machine machine;
	mote_regs regs;
	mote_sregs sregs;

	machine_make(&machine, NULL);
	machine_put(&machine, KERNEL_GVA, &code_halt);
	regs = machine_regs(&machine);
	sregs = machine_sregs(&machine);
	code_enter_supervisor(&regs, &sregs, KERNEL_GVA);
	machine_set_sregs(&machine, &sregs);
	machine_set_regs(&machine, &regs);
	machine_expect(&machine, MOTE_EXIT_HALT);
	regs = machine_regs(&machine);
	CHECK_EQ(mote_regs_pc(&regs), KERNEL_GVA + code_halt.length / 2);
	/* The next halt is another exit. */
	machine_expect(&machine, MOTE_EXIT_HALT);
	regs = machine_regs(&machine);
	CHECK_EQ(mote_regs_pc(&regs), KERNEL_GVA + code_halt.length);
	machine_destroy(&machine);
}

static void exception_of_user_code_halts_in_the_monitor(void)
{
	struct machine machine;

	machine_make(&machine, &code_end);
	machine_expect_end(&machine, CODE_GVA);
	/* Nobody edited the frame: the stub returns to the same instruction. */
	machine_expect_end(&machine, CODE_GVA);
	machine_destroy(&machine);
}

static void make_for_access(struct machine *machine, const struct code_access *access)
{
	struct code code = access->code;
	mote_regs regs;

	memcpy(code.bytes + code.length, code_end.bytes, code_end.length);
	code.length += code_end.length;
	machine_make(machine, &code);
	machine->what = access->name;
	regs = machine_regs(machine);
	code_prepare(access, &regs);
	*code_value(&regs) = PATTERN;
	machine_set_regs(machine, &regs);
}

static void check_port(const struct machine *machine, const struct code_access *access,
		       const struct mote_vm_exit *exit)
{
	CHECK_IN(machine, exit->as.io.port, access->target);
	CHECK_IN(machine, exit->as.io.size, access->size);
	CHECK_IN(machine, exit->as.io.count, 1);
	REQUIRE(exit->as.io.data != NULL);
}

static void check_address(const struct machine *machine, const struct code_access *access,
			  const struct mote_vm_exit *exit)
{
	CHECK_IN(machine, exit->as.mmio.gpa, machine_gpa(machine, access->target));
	CHECK_IN(machine, exit->as.mmio.size, access->size);
	REQUIRE(exit->as.mmio.data != NULL);
}

static bool is_port(const struct code_access *access)
{
	return access->exit == MOTE_EXIT_IO_OUT || access->exit == MOTE_EXIT_IO_IN;
}

static bool is_read(const struct code_access *access)
{
	return access->exit == MOTE_EXIT_IO_IN || access->exit == MOTE_EXIT_MMIO_READ;
}

/* Runs to the access and checks what the exit says.  Returns its data. */
static uint8_t *run_to_access(struct machine *machine, const struct code_access *access)
{
	struct mote_vm_exit exit = machine_expect(machine, access->exit);

	if (is_port(access))
		check_port(machine, access, &exit);
	else
		check_address(machine, access, &exit);
	return is_port(access) ? exit.as.io.data : exit.as.mmio.data;
}

static void writes_carry_their_value(bool ports)
{
	const uint64_t pattern = PATTERN;
	struct machine machine;
	mote_regs regs;

	for (size_t i = 0; i < code_access_count; i++) {
		const struct code_access *access = &code_accesses[i];

		if (is_read(access) || is_port(access) != ports)
			continue;
		make_for_access(&machine, access);
		if (!code_is_described(access, &machine.hypervisor->capabilities)) {
			machine_destroy(&machine);
			continue;
		}
		if (!CHECK_MEM(run_to_access(&machine, access), &pattern, access->size))
			test_note("in %s", access->name);
		machine_expect_end(&machine, CODE_GVA + access->code.length);
		regs = machine_user_regs(&machine);
		CHECK_EQ(*code_value(&regs), PATTERN);
		machine_destroy(&machine);
	}
}

/* touch: whether registers are read between the answer and the next run. */
static void reads_reach_the_guest(bool ports, bool touch)
{
	const uint64_t answer = ANSWER, zeros = 0;
	struct machine machine;
	mote_regs regs;

	for (size_t i = 0; i < code_access_count; i++) {
		const struct code_access *access = &code_accesses[i];
		uint8_t *data;

		if (!is_read(access) || is_port(access) != ports)
			continue;
		make_for_access(&machine, access);
		if (!code_is_described(access, &machine.hypervisor->capabilities)) {
			machine_destroy(&machine);
			continue;
		}
		data = run_to_access(&machine, access);
		CHECK_MEM(data, &zeros, access->size);
		memcpy(data, &answer, access->size);
		if (touch) {
			regs = machine_regs(&machine);
			CHECK_EQ(*code_value(&regs), code_read_result(access, PATTERN, ANSWER));
		}
		machine_expect_end(&machine, CODE_GVA + access->code.length);
		regs = machine_user_regs(&machine);
		CHECK_IN(&machine, *code_value(&regs), code_read_result(access, PATTERN, ANSWER));
		machine_destroy(&machine);
	}
}

static void port_writes_carry_their_value(void)
{
	writes_carry_their_value(true);
}

static void memory_writes_carry_their_value(void)
{
	writes_carry_their_value(false);
}

static void port_reads_give_the_guest_the_hosts_value(void)
{
	reads_reach_the_guest(true, false);
	reads_reach_the_guest(true, true);
}

static void memory_reads_give_the_guest_the_hosts_value(void)
{
	reads_reach_the_guest(false, false);
	reads_reach_the_guest(false, true);
}

static void reads_that_nobody_answers_give_zero(void)
{
	struct machine machine;
	mote_regs regs;

	for (size_t i = 0; i < code_access_count; i++) {
		const struct code_access *access = &code_accesses[i];

		if (!is_read(access))
			continue;
		make_for_access(&machine, access);
		if (!code_is_described(access, &machine.hypervisor->capabilities)) {
			machine_destroy(&machine);
			continue;
		}
		run_to_access(&machine, access);
		machine_expect_end(&machine, CODE_GVA + access->code.length);
		regs = machine_user_regs(&machine);
		CHECK_IN(&machine, *code_value(&regs), code_read_result(access, PATTERN, 0));
		machine_destroy(&machine);
	}
}

static void what_ends_a_machine_is_a_shutdown(void)
{
	struct machine machine;

	code_make_shutdown(&machine);
	machine_expect(&machine, MOTE_EXIT_SHUTDOWN);
	machine_destroy(&machine);
}

static void a_vcpu_that_shut_down_runs_again_after_a_reset(void)
{
	struct machine machine;

	code_make_shutdown(&machine);
	machine_expect(&machine, MOTE_EXIT_SHUTDOWN);
	MACHINE_RESET(&machine);
	if (expected_here()->runs_after_triple_fault) {
		machine_put(&machine, CODE_GVA, &code_end);
		machine_start(&machine);
		machine_expect_end(&machine, CODE_GVA);
	}
	machine_destroy(&machine);
}

static void a_doorbell_rings_every_time(void)
{
	struct machine machine;

	machine_make(&machine, &code_doorbell_loop);
	for (uint64_t i = test_scale(1000); i > 0; i--) {
		struct mote_vm_exit exit = machine_expect(&machine, MOTE_EXIT_IO_OUT);

		CHECK_EQ(exit.as.io.port, CODE_PORT);
		CHECK_EQ(exit.as.io.size, MOTE_DOORBELL_BYTES);
		CHECK_EQ(exit.as.io.count, 1);
	}
	machine_destroy(&machine);
}

static const struct test_case cases[] = {
	CASE(halt_in_supervisor_mode_is_halt),
	CASE(exception_of_user_code_halts_in_the_monitor),
	CASE(port_writes_carry_their_value),
	CASE(memory_writes_carry_their_value),
	CASE(port_reads_give_the_guest_the_hosts_value),
	CASE(memory_reads_give_the_guest_the_hosts_value),
	CASE(reads_that_nobody_answers_give_zero),
	CASE(what_ends_a_machine_is_a_shutdown),
	CASE(a_vcpu_that_shut_down_runs_again_after_a_reset),
	CASE(a_doorbell_rings_every_time),
};

const struct case_list exit_cases = {cases, TEST_COUNT(cases)};

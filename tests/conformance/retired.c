/* SPDX-License-Identifier: Apache-2.0
 *
 * Retired exits: whatever the hypervisor keeps pending, after an exit the vCPU
 * looks and behaves as if the exiting instruction were behind it.
 */
#include <stdlib.h>
#include <string.h>

#include "machine.h"

#define MARK 0x77u
#define PATTERN 0x1122334455667788ull
#define ANSWER 0x5a5a5a5a5a5a5a5aull

/* A machine that stands at the exit of an access. */
static struct mote_vm_exit make_at(struct machine *machine, const struct code_access *access)
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
	return machine_expect(machine, access->exit);
}

static uint64_t value_after(const struct code_access *access, uint64_t answer)
{
	bool read = access->exit == MOTE_EXIT_IO_IN || access->exit == MOTE_EXIT_MMIO_READ;

	return read ? code_read_result(access, PATTERN, answer) : PATTERN;
}

/* Runs check for every access, each in a machine of its own that stands at the exit. */
static void for_each_access(void (*check)(struct machine *, const struct code_access *,
					  struct mote_vm_exit *))
{
	for (size_t i = 0; i < code_access_count; i++) {
		struct machine machine;
		struct mote_vm_exit exit = make_at(&machine, &code_accesses[i]);

		if (code_is_described(&code_accesses[i], &machine.hypervisor->capabilities))
			check(&machine, &code_accesses[i], &exit);
		machine_destroy(&machine);
	}
}

/* An access that is not described has not happened, and happens again. */
static void undescribed_accesses_do_not_retire(void)
{
	for (size_t i = 0; i < code_access_count; i++) {
		const struct code_access *access = &code_accesses[i];
		struct machine machine;
		struct mote_vm_exit exit = make_at(&machine, access);
		mote_regs regs, end;

		for (unsigned again = 0; again < 3; again++) {
			if (code_is_described(access, &machine.hypervisor->capabilities))
				break;
			CHECK_IN(&machine, exit.as.mmio.gpa, machine_gpa(&machine, access->target));
			CHECK_IN(&machine, exit.as.mmio.size, 0);
			CHECK(exit.as.mmio.data == NULL);
			regs = machine_regs(&machine);
			CHECK_IN(&machine, mote_regs_pc(&regs), CODE_GVA);
			CHECK_IN(&machine, *code_value(&regs), PATTERN);
			if (access->stack != 0)
				CHECK_IN(&machine, mote_regs_sp(&regs), access->stack);
			exit = machine_expect(&machine, access->exit);
		}
		regs = machine_regs(&machine);
		mote_regs_pc(&regs) = ELSEWHERE_GVA;
		*code_value(&regs) = MARK;
		machine_set_regs(&machine, &regs);
		end = machine_regs_at_end(&machine, ELSEWHERE_GVA);
		CHECK_IN(&machine, *code_value(&end), MARK);
		machine_destroy(&machine);
	}
}

static void check_pc(struct machine *machine, const struct code_access *access,
		     struct mote_vm_exit *exit)
{
	mote_regs regs = machine_regs(machine);

	(void)exit;
	CHECK_IN(machine, mote_regs_pc(&regs), CODE_GVA + access->code.length);
	CHECK_IN(machine, *code_value(&regs), value_after(access, 0));
	/* Reading again changes nothing. */
	regs = machine_regs(machine);
	CHECK_IN(machine, mote_regs_pc(&regs), CODE_GVA + access->code.length);
	machine_expect_end(machine, CODE_GVA + access->code.length);
}

static void pc_stands_behind_the_instruction(void)
{
	for_each_access(check_pc);
}

static void check_elsewhere(struct machine *machine, const struct code_access *access,
			    struct mote_vm_exit *exit)
{
	mote_regs regs = machine_regs(machine), end;

	(void)access;
	(void)exit;
	mote_regs_pc(&regs) = ELSEWHERE_GVA;
	*code_value(&regs) = MARK;
	machine_set_regs(machine, &regs);
	end = machine_regs_at_end(machine, ELSEWHERE_GVA);
	CHECK_IN(machine, *code_value(&end), MARK);
}

static void registers_that_are_set_stick(void)
{
	for_each_access(check_elsewhere);
}

/* set_regs as the first touch, with registers from elsewhere. */
static void check_blind(struct machine *machine, const struct code_access *access,
			struct mote_vm_exit *exit)
{
	mote_regs regs, end;

	(void)access;
	(void)exit;
	mote_power_on(&regs, NULL, NULL, NULL);
	code_enter_user(&regs, ELSEWHERE_GVA);
	*code_value(&regs) = MARK;
	machine_set_regs(machine, &regs);
	regs = machine_regs(machine);
	CHECK_IN(machine, mote_regs_pc(&regs), ELSEWHERE_GVA);
	CHECK_IN(machine, *code_value(&regs), MARK);
	end = machine_regs_at_end(machine, ELSEWHERE_GVA);
	CHECK_IN(machine, *code_value(&end), MARK);
}

static void registers_that_are_set_without_reading_stick(void)
{
	for_each_access(check_blind);
}

static void check_restart(struct machine *machine, const struct code_access *access,
			  struct mote_vm_exit *exit)
{
	mote_regs regs = machine_regs(machine);
	struct mote_vm_exit again;

	mote_regs_pc(&regs) = CODE_GVA;
	code_prepare(access, &regs);
	*code_value(&regs) = MARK;
	machine_set_regs(machine, &regs);
	again = machine_expect(machine, access->exit);
	if (access->exit == MOTE_EXIT_IO_OUT || access->exit == MOTE_EXIT_IO_IN) {
		CHECK_IN(machine, again.as.io.port, access->target);
		CHECK_IN(machine, again.as.io.size, access->size);
		CHECK_IN(machine, again.as.io.count, 1);
	} else {
		CHECK_IN(machine, again.as.mmio.gpa, machine_gpa(machine, access->target));
		CHECK_IN(machine, again.as.mmio.size, access->size);
	}
	if (access->exit == MOTE_EXIT_IO_OUT)
		CHECK_IN(machine, again.as.io.data[0], MARK);
	if (access->exit == MOTE_EXIT_MMIO_WRITE)
		CHECK_IN(machine, again.as.mmio.data[0], MARK);
	(void)exit;
	machine_expect_end(machine, CODE_GVA + access->code.length);
}

static void an_instruction_can_be_restarted(void)
{
	for_each_access(check_restart);
}

/* Each class of state, read and written back. */
static void touch_sregs(struct machine *machine)
{
	mote_sregs state = machine_sregs(machine);

	machine_set_sregs(machine, &state);
}

static void touch_fpu(struct machine *machine)
{
	mote_fpu state;

	MACHINE_OK(machine, fpu, &state);
	MACHINE_OK(machine, set_fpu, &state);
}

static void touch_debug(struct machine *machine)
{
	mote_debug_regs state;

	MACHINE_OK(machine, debug_regs, &state);
	MACHINE_OK(machine, set_debug_regs, &state);
}

static void touch_state(struct machine *machine)
{
	size_t bytes;
	void *state;

	MACHINE_OK(machine, state_bytes, &bytes);
	state = malloc(bytes);
	REQUIRE(state != NULL);
	MACHINE_OK(machine, save_state, state, bytes);
	MACHINE_OK(machine, load_state, state, bytes);
	free(state);
}

static void touch_regs(struct machine *machine)
{
	mote_regs state = machine_regs(machine);

	machine_set_regs(machine, &state);
}

static void (*touch)(struct machine *machine);

static void check_touch(struct machine *machine, const struct code_access *access,
			struct mote_vm_exit *exit)
{
	const uint64_t answer = ANSWER;
	mote_regs end;

	if (access->exit == MOTE_EXIT_IO_IN)
		memcpy(exit->as.io.data, &answer, access->size);
	if (access->exit == MOTE_EXIT_MMIO_READ)
		memcpy(exit->as.mmio.data, &answer, access->size);
	touch(machine);
	end = machine_regs_at_end(machine, CODE_GVA + access->code.length);
	CHECK_IN(machine, *code_value(&end), value_after(access, ANSWER));
}

static void touching_any_state_is_safe(void)
{
	static void (*const touches[])(struct machine *) = {touch_regs, touch_sregs, touch_fpu,
							    touch_debug, touch_state};

	for (size_t i = 0; i < TEST_COUNT(touches); i++) {
		touch = touches[i];
		for_each_access(check_touch);
	}
}

static void check_reset(struct machine *machine, const struct code_access *access,
			struct mote_vm_exit *exit)
{
	mote_regs regs, expected, end;

	(void)access;
	(void)exit;
	MACHINE_RESET(machine);
	mote_power_on(&expected, NULL, NULL, NULL);
	regs = machine_regs(machine);
	CHECK_IN(machine, mote_regs_pc(&regs), mote_regs_pc(&expected));
	CHECK_IN(machine, *code_value(&regs), 0);
	/* And it starts anew. */
	machine_start(machine);
	code_enter_user(&regs, ELSEWHERE_GVA);
	*code_value(&regs) = MARK;
	machine_set_regs(machine, &regs);
	end = machine_regs_at_end(machine, ELSEWHERE_GVA);
	CHECK_IN(machine, *code_value(&end), MARK);
}

static void a_reset_forgets_the_access(void)
{
	for_each_access(check_reset);
}

/* Whether a simulated hypervisor is told so. */
static bool is_told(const char *variable, const char *word)
{
	return getenv(variable) != NULL && strstr(getenv(variable), word) != NULL;
}

static void a_warm_doorbell_costs_the_calls_that_it_should(void)
{
	struct hypervisor_calls calls = {0};
	uint64_t rounds = test_scale(100);
	struct machine machine;

	machine_make_with(&machine, &code_doorbell_loop, backend_under_test()->interpose(&calls));
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	calls = (struct hypervisor_calls){0};
	for (uint64_t i = 0; i < rounds; i++)
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
	if (is_told("MOTE_TEST_MSHV", "partial") || is_told("MOTE_TEST_WHP", "cancel"))
		MACHINE_SKIP(&machine, "calls are cut short, and take more of them");
	CHECK_EQ(calls.runs, rounds);
	CHECK_EQ(calls.calls, rounds * machine.hypervisor->capabilities.doorbell_calls);
	machine_destroy(&machine);
}

static const struct test_case cases[] = {
	CASE(undescribed_accesses_do_not_retire),
	CASE(pc_stands_behind_the_instruction),
	CASE(registers_that_are_set_stick),
	CASE(registers_that_are_set_without_reading_stick),
	CASE(an_instruction_can_be_restarted),
	CASE(touching_any_state_is_safe),
	CASE(a_reset_forgets_the_access),
	CASE(a_warm_doorbell_costs_the_calls_that_it_should),
};

const struct case_list retired_cases = {cases, TEST_COUNT(cases)};

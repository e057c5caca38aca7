/* SPDX-License-Identifier: Apache-2.0
 *
 * What user code can change, put back at a doorbell: through a gate where there are gates, whose
 * code then runs in the guest, or without.
 */
#include <stdlib.h>
#include <string.h>

#include "os/os.h"
#include "state.h"

/* A guest that rings again and again, and its state at a doorbell. */
struct saved {
	struct machine machine;
	struct hypervisor_calls calls;
	struct state state;
	void *block;
	size_t bytes;
	struct mote_user_gate gate;
	const struct mote_user_gate *used; /* NULL: none here */
};

static void make(struct saved *saved, const struct code *code)
{
	struct machine *machine = &saved->machine;
	struct state busy;

	*saved = (struct saved){.block = NULL};
	machine_make_with(machine, code, backend_under_test()->interpose(&saved->calls));
	REQUIRE(mote_gate_map(&machine->monitor, &machine->tables));
	busy = state_read(machine);
	state_make_busy(&busy);
	state_write(machine, &busy);
	machine_expect(machine, MOTE_EXIT_IO_OUT);
	saved->state = state_read(machine);
	MACHINE_OK(machine, state_bytes, &saved->bytes);
	saved->block = malloc(saved->bytes);
	REQUIRE(saved->block != NULL);
	MACHINE_OK(machine, save_state, saved->block, saved->bytes);
	if (mote_gate_put(&machine->monitor, &saved->state.regs, &saved->state.sregs,
			  &saved->state.fpu, &saved->gate))
		saved->used = &saved->gate;
	mote_os_memory_publish_code(machine->monitor.memory + MOTE_MONITOR_BYTES, MOTE_GATE_BYTES);
}

static void end(struct saved *saved)
{
	free(saved->block);
	machine_destroy(&saved->machine);
}

/* Changes all that user code can change, and rings once more.  retired: somebody looks. */
static void pollute(struct saved *saved, bool retired)
{
	const uint64_t carry = MOTE_ARCH_MACHINE == MOTE_MACHINE_X86_64 ? 1 : 1 << 29;
	struct machine *machine = &saved->machine;
	struct state dirty = saved->state;

	memset(&dirty.regs, 0x5a, sizeof(dirty.regs));
	mote_regs_pc(&dirty.regs) = CODE_GVA;
	mote_regs_flags(&dirty.regs) = mote_regs_flags(&saved->state.regs) ^ carry;
	mote_power_on(NULL, NULL, &dirty.fpu, NULL);
	state_clear_thread(&dirty.sregs);
	state_write(machine, &dirty);
	machine_expect(machine, MOTE_EXIT_IO_OUT);
	if (retired)
		(void)state_read(machine);
}

static mote_status load(struct saved *saved)
{
	struct machine *machine = &saved->machine;

	return machine->vm->ops->load_user_state(machine->vm, saved->block, saved->bytes,
						 saved->used, &machine->error);
}

/* Whether it has happened is not to be seen: who looks before the vCPU has run finds it so. */
static void what_user_code_changed_comes_back(void)
{
	struct saved saved;

	make(&saved, &code_doorbell_loop);
	for (unsigned i = 0; i < 16; i++) {
		pollute(&saved, i & 1);
		REQUIRE_OK(load(&saved), &saved.machine.error);
		if (i & 2)
			state_check(&saved.machine, &saved.state);
		if (i & 4)
			REQUIRE_OK(load(&saved), &saved.machine.error);
		if (i & 8)
			MACHINE_PARK(&saved.machine);
		machine_expect(&saved.machine, MOTE_EXIT_IO_OUT);
		state_check(&saved.machine, &saved.state);
	}
	end(&saved);
}

static void registers_set_after_it_stay(void)
{
	struct saved saved;
	mote_regs regs;

	make(&saved, &code_doorbell_loop);
	pollute(&saved, false);
	REQUIRE_OK(load(&saved), &saved.machine.error);
	regs = machine_regs(&saved.machine);
	mote_regs_frame(&regs) = 0x1234;
	machine_set_regs(&saved.machine, &regs);
	machine_expect(&saved.machine, MOTE_EXIT_IO_OUT);
	saved.state.regs = regs;
	state_check(&saved.machine, &saved.state);
	end(&saved);
}

/* A run that ends before it has begun. */
static void an_interruption_before_it_ran_is_harmless(void)
{
	struct saved saved;
	struct mote_vm_exit exit;

	make(&saved, &code_doorbell_loop);
	for (unsigned looks = 0; looks < 2; looks++) {
		pollute(&saved, false);
		REQUIRE_OK(load(&saved), &saved.machine.error);
		saved.calls = (struct hypervisor_calls){.fail_at = 1,
							.code = backend_under_test()->interruption};
		MACHINE_RUN(&saved.machine, &exit);
		saved.calls = (struct hypervisor_calls){0};
		CHECK_EQ(exit.kind, MOTE_EXIT_RETRY);
		if (looks)
			state_check(&saved.machine, &saved.state);
		machine_expect(&saved.machine, MOTE_EXIT_IO_OUT);
		state_check(&saved.machine, &saved.state);
	}
	end(&saved);
}

/* A doorbell that is pending where the registers say that the next one is: it must not count for
 * that one. */
static void the_next_doorbell_rings(void)
{
	struct saved saved;

	for (unsigned looks = 0; looks < 2; looks++) {
		make(&saved, &code_doorbells);
		machine_expect(&saved.machine, MOTE_EXIT_IO_OUT);
		REQUIRE_OK(load(&saved), &saved.machine.error);
		if (looks)
			state_check(&saved.machine, &saved.state);
		machine_expect(&saved.machine, MOTE_EXIT_IO_OUT);
		machine_expect(&saved.machine, MOTE_EXIT_IO_OUT);
		machine_expect_end(&saved.machine,
				   CODE_GVA + code_doorbells.length - code_end.length);
		end(&saved);
	}
}

/* A guest may run it whenever it likes. */
static void guests_may_jump_to_the_gate(void)
{
	struct saved saved;
	mote_regs regs;

	make(&saved, &code_doorbell_loop);
	if (!saved.gate.loads) {
		end(&saved);
		SKIP("user code cannot load all that it can change on this machine");
	}
	/* aarch64: also without the gate's first instruction. */
	for (uint64_t skipped = 0; skipped <= (MOTE_ARCH_MACHINE == MOTE_MACHINE_X86_64 ? 0 : 4);
	     skipped += 4) {
		pollute(&saved, true);
		regs = machine_regs(&saved.machine);
		mote_regs_pc(&regs) = saved.gate.pc + skipped;
		mote_regs_flags(&regs) = saved.gate.flags;
		machine_set_regs(&saved.machine, &regs);
		machine_expect(&saved.machine, MOTE_EXIT_IO_OUT);
		state_check(&saved.machine, &saved.state);
	}
	end(&saved);
}

/* Loads, and looks, while one call fails.  Returns whether there was such a call. */
static bool fail_once(struct saved *saved, uint64_t number)
{
	struct machine *machine = &saved->machine;
	mote_error error = MOTE_ERROR_INIT;
	mote_status status;
	mote_regs regs;

	pollute(saved, false);
	saved->calls = (struct hypervisor_calls){.fail_at = number, .code = ordinary_failure()};
	status = load(saved);
	if (status == MOTE_OK)
		status = machine->vm->ops->regs(machine->vm, &regs, &error);
	if (saved->calls.failed)
		CHECK_EQ(status, MOTE_HYPERVISOR);
	number = saved->calls.failed;
	saved->calls = (struct hypervisor_calls){0};
	return number != 0;
}

static void a_load_that_fails_can_be_tried_again(void)
{
	struct saved saved;

	make(&saved, &code_doorbell_loop);
	for (uint64_t number = 1; fail_once(&saved, number); number += 1 + number / 4) {
		MACHINE_OK(&saved.machine, load_state, saved.block, saved.bytes);
		state_check(&saved.machine, &saved.state);
		machine_expect(&saved.machine, MOTE_EXIT_IO_OUT);
	}
	state_check(&saved.machine, &saved.state);
	end(&saved);
}

static const struct test_case cases[] = {
	CASE(what_user_code_changed_comes_back),	 CASE(registers_set_after_it_stay),
	CASE(an_interruption_before_it_ran_is_harmless), CASE(guests_may_jump_to_the_gate),
	CASE(a_load_that_fails_can_be_tried_again),	 CASE(the_next_doorbell_rings),
};

const struct case_list gate_cases = {cases, TEST_COUNT(cases)};

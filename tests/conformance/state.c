/* SPDX-License-Identifier: Apache-2.0
 *
 * The vCPU as a whole: reset, and the block of bytes that holds all of its state.
 */
#include "state.h"

#include <stdlib.h>
#include <string.h>

struct state state_power_on(void)
{
	struct state state;

	mote_power_on(&state.regs, &state.sregs, &state.fpu, &state.debug);
	return state;
}

struct state state_read(struct machine *machine)
{
	struct state state;

	memset(&state, 0x5a, sizeof(state));
	MACHINE_OK(machine, debug_regs, &state.debug);
	MACHINE_OK(machine, fpu, &state.fpu);
	MACHINE_OK(machine, sregs, &state.sregs);
	MACHINE_OK(machine, regs, &state.regs);
	return state;
}

void state_write(struct machine *machine, const struct state *state)
{
	MACHINE_OK(machine, set_sregs, &state->sregs);
	MACHINE_OK(machine, set_regs, &state->regs);
	MACHINE_OK(machine, set_fpu, &state->fpu);
	MACHINE_OK(machine, set_debug_regs, &state->debug);
}

void state_check(struct machine *machine, const struct state *expected)
{
	static char text[2048], expected_text[2048];
	const struct state state = state_read(machine);

	CHECK_MEM(&state.regs, &expected->regs, sizeof(state.regs));
	REQUIRE(mote_sregs_print(&state.sregs, text, sizeof(text)) < sizeof(text));
	mote_sregs_print(&expected->sregs, expected_text, sizeof(expected_text));
	CHECK_STR(text, expected_text);
	state_compare_fpu(&state.fpu, &expected->fpu);
	CHECK_MEM(&state.debug, &expected->debug, sizeof(state.debug));
}

static void make_busy(struct machine *machine)
{
	struct state state = state_read(machine);

	state_make_busy(&state);
	state_write(machine, &state);
}

/* ---- Reset -------------------------------------------------------------------------------- */

static void check_reset(struct machine *machine)
{
	const struct state expected = state_power_on();

	MACHINE_RESET(machine);
	state_check(machine, &expected);
}

static void reset_gives_every_class_its_power_on_values(void)
{
	struct machine machine;

	for (unsigned rings = 0; rings < 3; rings++) {
		machine_make(&machine, &code_doorbell_loop);
		for (unsigned i = 0; i < rings; i++)
			machine_expect(&machine, MOTE_EXIT_IO_OUT);
		make_busy(&machine);
		check_reset(&machine);
		/* Again, from that state. */
		check_reset(&machine);
		machine_destroy(&machine);
	}
}

static void reset_at_a_doorbell(void)
{
	struct machine machine;

	machine_make(&machine, &code_doorbell_loop);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	check_reset(&machine);
	machine_destroy(&machine);
}

static void reset_after_an_exception_in_the_monitor(void)
{
	struct machine machine;

	machine_make(&machine, &code_end);
	machine_expect(&machine, MOTE_EXIT_HALT);
	make_busy(&machine);
	check_reset(&machine);
	machine_destroy(&machine);
}

static void reset_after_a_shutdown(void)
{
	struct machine machine;

	code_make_shutdown(&machine);
	machine_expect(&machine, MOTE_EXIT_SHUTDOWN);
	check_reset(&machine);
	machine_destroy(&machine);
}

/* ---- Exceptions --------------------------------------------------------------------------- */

/* exception_state is a short way to ask for a part of the registers, and in few calls. */
static void an_exception_is_told_in_few_calls(void)
{
	struct hypervisor_calls calls = {0};
	mote_exception_state state;
	mote_sregs sregs;
	mote_regs regs;
	struct machine machine;

	machine_make_with(&machine, &code_end, backend_under_test()->interpose(&calls));
	machine_expect(&machine, MOTE_EXIT_HALT);
	calls = (struct hypervisor_calls){0};
	MACHINE_OK(&machine, exception_state, &state);
	CHECK(calls.calls <= backend_under_test()->most_exception_calls);
	regs = machine_regs(&machine);
	sregs = machine_sregs(&machine);
	state_check_exception(&state, &regs, &sregs);
	machine_destroy(&machine);
}

/* ---- The block ---------------------------------------------------------------------------- */

struct block {
	void *bytes;
	size_t length;
};

static struct block save(struct machine *machine)
{
	struct block block;

	MACHINE_OK(machine, state_bytes, &block.length);
	REQUIRE(block.length > 0);
	block.bytes = malloc(block.length);
	REQUIRE(block.bytes != NULL);
	MACHINE_OK(machine, save_state, block.bytes, block.length);
	return block;
}

static void load(struct machine *machine, const struct block *block)
{
	MACHINE_OK(machine, load_state, block->bytes, block->length);
}

static void a_saved_state_comes_back(void)
{
	struct machine machine;
	struct state state;
	struct block block;
	mote_regs regs;

	machine_make(&machine, &code_doorbell_loop);
	state = state_read(&machine);
	block = save(&machine);
	for (unsigned rings = 0; rings < 3; rings++) {
		make_busy(&machine);
		for (unsigned i = 0; i < rings; i++)
			machine_expect(&machine, MOTE_EXIT_IO_OUT);
		load(&machine, &block);
		state_check(&machine, &state);
	}
	/* The guest has it too. */
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	regs = machine_regs(&machine);
	CHECK_EQ(mote_regs_frame(&regs), mote_regs_frame(&state.regs));
	free(block.bytes);
	machine_destroy(&machine);
}

static void a_saved_state_starts_another_vcpu(void)
{
	struct machine machine, other;
	struct state state;
	struct block block;

	machine_make(&machine, &code_doorbell_loop);
	make_busy(&machine);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	state = state_read(&machine);
	block = save(&machine);
	machine_make(&other, &code_doorbell_loop);
	MACHINE_RESET(&other);
	load(&other, &block);
	state_check(&other, &state);
	/* Its tables are at addresses of its own. */
	mote_sregs_root(&state.sregs) = other.tables.gpa;
	machine_set_sregs(&other, &state.sregs);
	machine_expect(&other, MOTE_EXIT_IO_OUT);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	free(block.bytes);
	machine_destroy(&machine);
	machine_destroy(&other);
}

/* What a backend knows of a new vCPU, e.g. that its registers are 0, no longer holds. */
static void a_vcpu_that_loaded_a_state_is_not_new(void)
{
	struct machine machine = {.error = MOTE_ERROR_INIT}, other;
	mote_regs zeros, after;
	struct block block;

	machine_make(&other, &code_doorbell_loop);
	make_busy(&other);
	block = save(&other);
	REQUIRE_OK(other.hypervisor->backend->create(other.hypervisor, &machine.vm, &machine.error),
		   &machine.error);
	load(&machine, &block);
	mote_power_on(&zeros, NULL, NULL, NULL);
	machine_set_regs(&machine, &zeros);
	after = machine_regs(&machine);
	CHECK_MEM(&after, &zeros, sizeof(after));
	free(block.bytes);
	machine.vm->ops->destroy(machine.vm);
	machine_destroy(&other);
}

/* An access that is pending would retire into the registers that are loaded. */
static void loading_forgets_the_access(void)
{
	for (size_t i = 0; i < code_access_count; i++) {
		struct machine machine;
		struct state state;
		struct block block;
		mote_regs regs;

		machine_make(&machine, &code_accesses[i].code);
		machine.what = code_accesses[i].name;
		regs = machine_regs(&machine);
		code_prepare(&code_accesses[i], &regs);
		machine_set_regs(&machine, &regs);
		block = save(&machine);
		state = state_read(&machine);
		for (unsigned round = 0; round < 2; round++) {
			machine_expect(&machine, code_accesses[i].exit);
			load(&machine, &block);
			state_check(&machine, &state);
		}
		free(block.bytes);
		machine_destroy(&machine);
	}
}

static void states_of_another_size_are_refused(void)
{
	struct machine machine;
	struct block block;
	uint8_t *bytes, *before;

	machine_make(&machine, NULL);
	block = save(&machine);
	bytes = calloc(2, block.length + 64);
	REQUIRE(bytes != NULL);
	before = bytes + block.length + 64;
	for (int off = -64; off <= 64; off += 8) {
		const size_t length = block.length + (size_t)off;
		mote_error error = MOTE_ERROR_INIT;

		if (off == 0)
			continue;
		CHECK_STATUS(machine.vm->ops->save_state(machine.vm, bytes, length, &error),
			     MOTE_INVALID_ARGUMENT, &error);
		CHECK_STATUS(machine.vm->ops->load_state(machine.vm, bytes, length, &error),
			     MOTE_INVALID_ARGUMENT, &error);
		CHECK_CONTAINS(error.text, "vCPU state has");
	}
	CHECK_MEM(bytes, before, block.length + 64); /* nothing was written */
	free(bytes);
	free(block.bytes);
	machine_destroy(&machine);
}

/* Saves, or loads, while the call number fail_at fails.  Returns whether there was such a call. */
static bool fail_once(struct machine *machine, struct hypervisor_calls *calls, struct block *block,
		      uint64_t fail_at, bool loads)
{
	const struct mote_vm_ops *ops = machine->vm->ops;
	mote_error error = MOTE_ERROR_INIT;
	mote_status status;

	*calls = (struct hypervisor_calls){.fail_at = fail_at, .code = ordinary_failure()};
	status = loads ? ops->load_state(machine->vm, block->bytes, block->length, &error)
		       : ops->save_state(machine->vm, block->bytes, block->length, &error);
	/* A register that cannot be compared is written. */
	if (calls->failed && !(loads && status == MOTE_OK))
		CHECK_STATUS(status, MOTE_HYPERVISOR, &error);
	if (!calls->failed)
		CHECK_OK(status, &error);
	return calls->failed;
}

static void a_block_that_fails_can_be_tried_again(void)
{
	struct hypervisor_calls calls = {0};
	struct machine machine;
	struct block block;

	for (unsigned loads = 0; loads < 2; loads++) {
		uint64_t number = 1;

		machine_make_with(&machine, &code_doorbell_loop,
				  backend_under_test()->interpose(&calls));
		block = save(&machine);
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		/* An architecture may have a thousand registers. */
		while (fail_once(&machine, &calls, &block, number, loads == 1))
			number += 1 + number / 4;
		/* A backend may put a load off until the vCPU runs. */
		CHECK(number > backend_under_test()->fewest_load_calls || loads == 1);
		calls = (struct hypervisor_calls){0};
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		free(block.bytes);
		machine_destroy(&machine);
	}
}

static const struct test_case cases[] = {
	CASE(reset_gives_every_class_its_power_on_values),
	CASE(reset_at_a_doorbell),
	CASE(reset_after_an_exception_in_the_monitor),
	CASE(reset_after_a_shutdown),
	CASE(an_exception_is_told_in_few_calls),
	CASE(a_saved_state_comes_back),
	CASE(a_saved_state_starts_another_vcpu),
	CASE(a_vcpu_that_loaded_a_state_is_not_new),
	CASE(loading_forgets_the_access),
	CASE(states_of_another_size_are_refused),
	CASE(a_block_that_fails_can_be_tried_again),
};

const struct case_list state_cases = {cases, TEST_COUNT(cases)};

/* SPDX-License-Identifier: Apache-2.0
 *
 * Registers: after a call, and after every kind of death, a guest finds what the snapshot had.  The
 * host compares the vCPU's whole state, and guests look at theirs.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>

#include "bed_systems.h"
#include "clean.h"

static bool is_x86_64(void)
{
	return MOTE_ARCH_MACHINE == MOTE_MACHINE_X86_64;
}

/* ---- What guests see ---------------------------------------------------------------------- */

/* Observes: what a guest reads of its vectors and controls, one after the other. */
struct observation {
	uint8_t bytes[8192];
	size_t length;
};

static void add(struct observation *observation, const void *bytes, size_t length)
{
	REQUIRE(observation->length + length <= sizeof(observation->bytes));
	memcpy(observation->bytes + observation->length, bytes, length);
	observation->length += length;
}

static void add_bytes(struct observation *observation, mote_sandbox *sandbox, const char *name)
{
	const mote_value result = CALL0(sandbox, name);

	add(observation, result.as.bytes.data, result.as.bytes.length);
}

static void add_u32(struct observation *observation, mote_sandbox *sandbox, const char *name)
{
	const uint32_t value = CALL0(sandbox, name).as.u32;

	add(observation, &value, sizeof(value));
}

/* Each look begins in the snapshot's state: to look changes registers. */
static void observe(mote_sandbox *sandbox, mote_snapshot *snapshot, struct observation *seen)
{
	static const char *const x86_64_bytes[] = {"read_xmm", "read_x87", "read_ymm"};
	static const char *const x86_64_numbers[] = {"get_mxcsr", "get_fcw"};
	static const char *const aarch64_numbers[] = {"get_fpcr", "get_fpsr"};
	const char *const *numbers = is_x86_64() ? x86_64_numbers : aarch64_numbers;
	uint32_t widest = 0;

	seen->length = 0;
	if (is_x86_64()) {
		widest = CALL0(sandbox, "vector_bytes").as.u32;
		for (unsigned i = 0; i < (widest >= 32 ? 3 : 2); i++) {
			clean_restore_unseen(sandbox, snapshot);
			add_bytes(seen, sandbox, x86_64_bytes[i]);
		}
	} else {
		add_bytes(seen, sandbox, "read_vectors");
	}
	for (unsigned i = 0; i < 2; i++) {
		clean_restore_unseen(sandbox, snapshot);
		add_u32(seen, sandbox, numbers[i]);
	}
}

static void pollute(mote_sandbox *sandbox)
{
	const uint64_t pattern = 0x123456789abcdef0;

	if (is_x86_64()) {
		CALL(sandbox, "fill_xmm", mote_value_u64(pattern));
		if (CALL0(sandbox, "vector_bytes").as.u32 >= 32)
			CALL(sandbox, "fill_ymm", mote_value_u64(pattern));
		CALL(sandbox, "fill_x87", mote_value_u64(pattern));
		CALL(sandbox, "set_mxcsr", mote_value_u32(0x7fc0)); /* rounding, masks, DAZ */
		CALL(sandbox, "set_fcw", mote_value_u32(0xf7f));
	} else {
		CALL(sandbox, "fill_vectors", mote_value_u64(pattern));
		CALL(sandbox, "set_fpcr", mote_value_u32(3u << 22 | 1u << 24));
		CALL(sandbox, "set_fpsr", mote_value_u32(0x1f));
	}
}

static void a_guest_sees_the_registers_of_the_snapshot(void)
{
	static struct observation before, after;
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "vectors", NULL);
	mote_snapshot *snapshot;

	REQUIRE_OK(mote_sandbox_start(sandbox, NULL, NULL), NULL);
	snapshot = clean_take(sandbox);
	observe(sandbox, snapshot, &before);
	for (unsigned i = 0; i < 6; i++) {
		pollute(sandbox);
		if (i & 1)
			clean_restore(sandbox, snapshot);
		else
			clean_restore_unseen(sandbox, snapshot);
		observe(sandbox, snapshot, &after);
		REQUIRE_EQ(after.length, before.length);
		CHECK_MEM(after.bytes, before.bytes, before.length);
	}
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

/* The state that is put back need not be that of power-on. */
static void a_polluted_snapshot_comes_back_polluted(void)
{
	static struct observation before, after;
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "vectors", NULL);
	mote_sandbox *fresh;
	mote_snapshot *snapshot;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;

	pollute(sandbox);
	snapshot = clean_take(sandbox);
	observe(sandbox, snapshot, &before);
	options.host_functions = fixture_functions(&options.host_function_count);
	REQUIRE_OK(mote_sandbox_create_from_snapshot(snapshot, &options, &fresh, &error), &error);
	observe(fresh, snapshot, &after);
	REQUIRE_EQ(after.length, before.length);
	CHECK_MEM(after.bytes, before.bytes, before.length);
	mote_snapshot_destroy(snapshot);
	mote_sandbox_destroy(fresh);
	fixture_destroy(sandbox, engine);
}

/* ---- After every kind of death ------------------------------------------------------------ */

static const char *const deaths[] = {
	"null_read",
	"null_write",
	"write_code",
	"write_constant",
	"write_relro",
	"jump_heap",
	"jump_stack",
	"jump_data",
	"overflow_stack",
	"halt",
	"system_call",
	"breakpoint",
	"undefined_instruction",
	"disable_interrupts",
	"closed_port",
	"read_port",
	"short_doorbell",
	"call_abort",
	"fail_assertion",
	"smash_stack",
	"free_twice",
	"free_wild",
	"overrun_heap",
	"huge_result",
	"null_string",
};

static void revived_after_every_death(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot;
	uint64_t dead = 0;

	REQUIRE_EQ(CALL0(sandbox, "still_alive").as.u32, 1);
	snapshot = clean_take(sandbox);
	for (unsigned round = 0; round < 3; round++)
		for (size_t i = 0; i < TEST_COUNT(deaths); i++) {
			mote_status status = fixture_try(sandbox, deaths[i], NULL, 0, NULL, &error);

			CHECK_EQ(status != MOTE_OK, mote_sandbox_is_poisoned(sandbox));
			dead += status != MOTE_OK;
			clean_restore(sandbox, snapshot);
			CHECK_EQ(CALL0(sandbox, "still_alive").as.u32, 1);
			if (i % 2 == round % 2)
				clean_restore(sandbox, snapshot);
		}
	CHECK(dead >= 3 * 20);
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

/* A fault is forgotten, and the next one is reported like the first. */
static void faults_after_a_restore_are_reported(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot = clean_take(sandbox);

	for (unsigned i = 0; i < 5; i++) {
		const mote_value address = mote_value_u64(0x100 + i);
		const mote_fault *fault;

		CHECK_STATUS(fixture_try(sandbox, "read_at", &address, 1, NULL, &error),
			     MOTE_GUEST_FAULT, &error);
		fault = mote_sandbox_get_fault(sandbox);
		REQUIRE(fault != NULL);
		CHECK_EQ(fault->address, 0x100 + i);
		CHECK_EQ(fault->access, MOTE_ACCESS_READ);
		CHECK_STR(fault->symbol, "read_at");
		CHECK(mote_regs_pc(&mote_arch_registers(&fault->registers)) != 0);
		clean_restore(sandbox, snapshot);
		/* What may not be written is not served as a first write. */
		CHECK_STATUS(fixture_try(sandbox, "write_code", NULL, 0, NULL, &error),
			     MOTE_GUEST_FAULT, &error);
		clean_restore(sandbox, snapshot);
	}
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

static void deadlines_hold_after_a_restore(void)
{
	mote_call_options limits = MOTE_CALL_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = clean_sandbox(engine, NULL);
	mote_snapshot *snapshot = clean_take(sandbox);
	mote_error error = MOTE_ERROR_INIT;
	mote_function spin;

	REQUIRE_OK(mote_sandbox_find(sandbox, "spin", NULL, &spin, &error), &error);
	for (unsigned i = 0; i < 20; i++) {
		limits.wall_ns = i % 2 ? 0 : 300000 + 1000 * (uint64_t)i;
		limits.cpu_ns = i % 2 ? 300000 : 0;
		CHECK_STATUS(mote_sandbox_call(sandbox, spin, NULL, 0, &limits, NULL, &error),
			     i % 2 ? MOTE_CPU_DEADLINE : MOTE_WALL_DEADLINE, &error);
		clean_restore(sandbox, snapshot);
		(void)CALL0(sandbox, "count");
	}
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

/* A host function that fails in the middle of a call. */
static mote_status refuse(void *user, const mote_value *arguments, size_t count, mote_value *result,
			  mote_error *error)
{
	(void)user, (void)arguments, (void)count, (void)result, (void)error;
	return MOTE_UNSUPPORTED;
}

static void revived_after_a_failed_host_function(void)
{
	const mote_host_function functions[] = {{"host_tick", "u32(u32)", refuse, NULL, NULL}};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot;
	mote_sandbox *sandbox;

	options.host_functions = functions;
	options.host_function_count = 1;
	sandbox = fixture_sandbox(engine, "faults", &options);
	snapshot = clean_take(sandbox);
	for (unsigned i = 0; i < 5; i++) {
		CHECK_STATUS(fixture_try(sandbox, "tick_once", NULL, 0, NULL, &error),
			     MOTE_HOST_FUNCTION, &error);
		clean_restore(sandbox, snapshot);
		CHECK_EQ(CALL0(sandbox, "still_alive").as.u32, 1);
	}
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

/* ---- Memory of the host ------------------------------------------------------------------- */

static unsigned allocations;

static void *count_allocate(void *user, size_t bytes)
{
	(void)user;
	allocations++;
	return malloc(bytes);
}

static void *count_reallocate(void *user, void *old, size_t bytes)
{
	(void)user;
	allocations++;
	return realloc(old, bytes);
}

static void release(void *user, void *pointer)
{
	(void)user;
	free(pointer);
}

/* Neither after a call nor after a death.  (What a thread that gives up a vCPU saves is another
 * matter.) */
static void a_return_takes_no_memory(void)
{
	static const char *const ends[] = {"still_alive", "null_read", "call_abort", "still_alive"};
	mote_engine_options options = MOTE_ENGINE_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot;
	mote_sandbox *sandbox;
	mote_engine *engine;

	test_need_plain_hypervisor();
	options.allocator = (mote_allocator){count_allocate, count_reallocate, release, NULL};
	REQUIRE_OK(mote_engine_create(&options, &engine, &error), &error);
	sandbox = fixture_sandbox(engine, "faults", NULL);
	snapshot = clean_take(sandbox);
	for (size_t i = 0; i < 2 * TEST_COUNT(ends); i++) {
		(void)fixture_try(sandbox, ends[i % TEST_COUNT(ends)], NULL, 0, NULL, &error);
		allocations = 0;
		clean_restore_unseen(sandbox, snapshot);
		CHECK_EQ(allocations, 0);
	}
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

/* ---- Which way ---------------------------------------------------------------------------- */

static const struct mote_vm_ops *real;
static unsigned short_ways;

static mote_status count_short_ways(struct mote_vm *vm, const void *state, size_t bytes,
				    const struct mote_user_gate *gate, mote_error *error)
{
	short_ways++;
	return real->load_user_state(vm, state, bytes, gate, error);
}

/* After anything else the vCPU is put back as a whole, with what is pending. */
static void only_a_clean_doorbell_goes_the_short_way(void)
{
	static const char *const ends[] = {"still_alive", "null_read",	 "call_abort",
					   "halt",	  "system_call", "still_alive"};
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);
	mote_error error = MOTE_ERROR_INIT;
	mote_snapshot *snapshot = clean_take(sandbox);
	struct mote_vm_ops watched = *sandbox->vm.vm->ops;

	real = sandbox->vm.vm->ops;
	watched.load_user_state = count_short_ways;
	sandbox->vm.vm->ops = &watched;
	for (size_t i = 0; i < TEST_COUNT(ends); i++) {
		const bool good = fixture_try(sandbox, ends[i], NULL, 0, NULL, &error) == MOTE_OK;

		short_ways = 0;
		clean_restore_unseen(sandbox, snapshot);
		CHECK_EQ(short_ways, good);
	}
	sandbox->vm.vm->ops = real;
	mote_snapshot_destroy(snapshot);
	fixture_destroy(sandbox, engine);
}

static const struct test_case cases[] = {
	CASE(only_a_clean_doorbell_goes_the_short_way),
	CASE(a_guest_sees_the_registers_of_the_snapshot),
	CASE(a_polluted_snapshot_comes_back_polluted),
	CASE(revived_after_every_death),
	CASE(faults_after_a_restore_are_reported),
	CASE(deadlines_hold_after_a_restore),
	CASE(revived_after_a_failed_host_function),
	CASE(a_return_takes_no_memory),
};

int main(int argc, char **argv)
{
	return test_main("snapshot_registers", cases, TEST_COUNT(cases), argc, argv);
}

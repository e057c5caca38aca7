/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a hostile guest and checks what came of it: exactly the fault that is
 * expected, a sandbox that stays poisoned, and nothing left behind.
 */
#define _POSIX_C_SOURCE 200809L /* nanosleep */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clean.h"
#include "hostile.h"

static const uint64_t SECOND = 1000000000;

static mote_status refuse(void *user, const mote_value *arguments, size_t count, mote_value *result,
			  mote_error *error)
{
	(void)user, (void)arguments, (void)count, (void)result, (void)error;
	CHECK(!"the host function was reached");
	return MOTE_OK;
}

static mote_status create(struct hostile_run *run, const struct hostile_guest *guest,
			  const mote_sandbox_options *options)
{
	size_t bytes;
	void *file = hostile_image(guest, &bytes);
	mote_status status = mote_sandbox_create_from_bytes(run->engine, file, bytes, options,
							    &run->sandbox, &run->error);

	free(file);
	return status;
}

void hostile_open(struct hostile_run *run, const struct hostile_guest *guest)
{
	const mote_host_function host = {
		.name = "host", .signature = guest->import_signature, .call = refuse};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;

	test_need_hypervisor();
	*run = (struct hostile_run){.error = MOTE_ERROR_INIT, .files = test_fd_count()};
	REQUIRE_OK(mote_engine_create(NULL, &run->engine, &run->error), &run->error);
	if (guest->options)
		options = *guest->options;
	/* Neither may be what ends a guest: that has another status. */
	options.cpu_ns = test_slow(5) * SECOND;
	options.wall_ns = test_slow(10) * SECOND;
	if (guest->import_signature && options.host_function_count == 0) {
		options.host_functions = &host;
		options.host_function_count = 1;
	}
	REQUIRE_OK(create(run, guest, &options), &run->error);
}

static mote_value zero_of(uint8_t type)
{
	mote_value value = {.type = (mote_type)type};

	if (type == MOTE_TYPE_STRING)
		value.as.string.data = "";
	return value;
}

void hostile_enter(struct hostile_run *run)
{
	mote_value arguments[MOTE_MAXIMUM_ARGUMENTS];
	mote_function function;

	if (mote_sandbox_find(run->sandbox, "run", NULL, &function, NULL) != MOTE_OK) {
		run->status = mote_sandbox_start(run->sandbox, NULL, &run->error);
	} else {
		for (unsigned int i = 0; i < function.signature.argument_count; i++)
			arguments[i] = zero_of(function.signature.arguments[i]);
		run->status = mote_sandbox_call(run->sandbox, function, arguments,
						function.signature.argument_count, NULL,
						&run->result, &run->error);
	}
	run->fault = mote_sandbox_get_fault(run->sandbox);
}

static void *kill_when_running(void *argument)
{
	mote_interrupt *interrupt = argument;
	struct timespec pause = {0, 20 * 1000000};

	while (!test_interrupt_state(interrupt).running)
		nanosleep(&pause, NULL);
	/* It shall have executed a good deal of its loop. */
	nanosleep(&pause, NULL);
	CHECK(mote_interrupt_kill(interrupt));
	mote_interrupt_release(interrupt);
	return NULL;
}

void hostile_enter_and_kill(struct hostile_run *run)
{
	mote_interrupt *interrupt = mote_interrupt_retain(mote_sandbox_get_interrupt(run->sandbox));
	pthread_t killer;

	REQUIRE(pthread_create(&killer, NULL, kill_when_running, interrupt) == 0);
	hostile_enter(run);
	pthread_join(killer, NULL);
}

/* ---- Checks ------------------------------------------------------------------------------ */

static bool matches(const struct hostile_outcome *outcome, const mote_fault *fault)
{
	return outcome->kind == fault->kind && outcome->vector == fault->vector &&
	       outcome->error_code == fault->error_code && outcome->pc == fault->pc &&
	       outcome->access == fault->access && outcome->address == fault->address;
}

static void describe(char *text, size_t capacity, mote_fault_kind kind, uint32_t vector,
		     uint64_t error_code, uint64_t pc, mote_access access, uint64_t address)
{
	snprintf(text, capacity, "%s, vector %d, code 0x%llx, pc 0x%llx, access %d of 0x%llx",
		 mote_fault_kind_text(kind), (int)vector, (unsigned long long)error_code,
		 (unsigned long long)pc, (int)access, (unsigned long long)address);
}

static void check_fault(const struct hostile_run *run, const struct hostile_outcome *outcomes)
{
	const struct hostile_outcome *expected = NULL;
	const mote_fault *fault = run->fault;
	char is[160], should[160] = "nothing for this machine";

	for (unsigned int i = 0; i < HOSTILE_MAXIMUM_OUTCOMES; i++) {
		if (!hostile_applies(outcomes[i].beds))
			continue;
		expected = &outcomes[i];
		if (matches(expected, fault))
			return;
	}
	describe(is, sizeof(is), fault->kind, fault->vector, fault->error_code, fault->pc,
		 fault->access, fault->address);
	if (expected)
		describe(should, sizeof(should), expected->kind, expected->vector,
			 expected->error_code, expected->pc, expected->access, expected->address);
	FAIL("fault is: %s; expected: %s (%s)", is, should, run->error.text);
}

void hostile_check(struct hostile_run *run, const struct hostile_expectation *expectation)
{
	if (expectation->killed) {
		CHECK_STATUS(run->status, MOTE_KILLED, &run->error);
		CHECK(!run->fault);
		CHECK(mote_interrupt_is_killed(mote_sandbox_get_interrupt(run->sandbox)));
	} else {
		REQUIRE_STATUS(run->status, MOTE_GUEST_FAULT, &run->error);
		REQUIRE(run->fault);
		CHECK_EQ(run->fault->registers.machine, HOSTILE_MACHINE);
		CHECK_EQ(HOSTILE_PC(&run->fault->registers), run->fault->pc);
		check_fault(run, expectation->outcomes);
	}
	CHECK_EQ(run->error.status, run->status);
	if (expectation->part)
		CHECK_CONTAINS(run->error.text, expectation->part);
}

/* On Windows, a lock that is contended for the first time may get a handle, which stays: so many
 * for all guests of this program. */
static void check_files(size_t files)
{
	static size_t spare = 4;
	const size_t now = test_fd_count();

	if (!test_on_posix() && now > files && now - files <= spare) {
		spare -= now - files;
		return;
	}
	CHECK_EQ(now, files);
}

void hostile_close(struct hostile_run *run)
{
	if (run->status != MOTE_OK) {
		mote_error error = MOTE_ERROR_INIT;
		mote_sandbox_statistics before = MOTE_SANDBOX_STATISTICS_INIT, after = before;

		CHECK(mote_sandbox_is_poisoned(run->sandbox));
		mote_sandbox_get_statistics(run->sandbox, &before, NULL);
		CHECK_STATUS(mote_sandbox_start(run->sandbox, NULL, &error), MOTE_POISONED, NULL);
		CHECK_CONTAINS(error.text, "poisoned");
		mote_sandbox_get_statistics(run->sandbox, &after, NULL);
		CHECK_EQ(after.exits, before.exits);
	}
	mote_snapshot_destroy(run->snapshot);
	mote_sandbox_destroy(run->sandbox);
	mote_engine_release(run->engine);
	check_files(run->files);
}

/* ---- All of it --------------------------------------------------------------------------- */

static void enter_and_check(struct hostile_run *run, const struct hostile_expectation *expectation)
{
	if (expectation->killed)
		hostile_enter_and_kill(run);
	else
		hostile_enter(run);
	hostile_check(run, expectation);
}

/* Code that takes the whole page leaves no room to wait. */
static bool is_revived(const struct hostile_guest *guest)
{
	return getenv("MOTE_TEST_REVIVE") &&
	       (size_t)(guest->code_end - guest->code) <= HOSTILE_READY_OFFSET;
}

void hostile_try_once(const struct hostile_guest *guest,
		      const struct hostile_expectation *expectation)
{
	struct hostile_run run;

	hostile_open(&run, guest);
	enter_and_check(&run, expectation);
	hostile_close(&run);
}

static void try_and_revive(const struct hostile_guest *guest,
			   const struct hostile_expectation *expectation)
{
	struct hostile_guest waiting = *guest;
	struct hostile_run run;

	waiting.ready_first = true;
	if (!waiting.export_signature)
		waiting.export_signature = "void()";
	hostile_open(&run, &waiting);
	REQUIRE_OK(mote_snapshot_take(run.sandbox, NULL, &run.snapshot, &run.error), &run.error);
	enter_and_check(&run, expectation);
	for (unsigned int i = 0; i < 2; i++) {
		clean_restore(run.sandbox, run.snapshot);
		enter_and_check(&run, expectation);
	}
	hostile_close(&run);
}

void hostile_try(const struct hostile_guest *guest, const struct hostile_expectation *expectation)
{
	if (is_revived(guest))
		try_and_revive(guest, expectation);
	else
		hostile_try_once(guest, expectation);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * What the interrupt handle promises between one thread and itself: a kill counts
 * for the call in progress and for nothing else, and signals that are no kill
 * change nothing.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "hypervisor/interrupt/interrupt_internal.h"
#include "machine.h"

static mote_interrupt *handle_of(struct machine *machine)
{
	return machine->vm->interrupt;
}

static struct mote_vm_exit run_once(struct machine *machine)
{
	struct mote_vm_exit exit;

	MACHINE_RUN(machine, &exit);
	return exit;
}

static void a_vm_has_one_handle(void)
{
	struct machine machine, other;

	machine_make(&machine, NULL);
	machine_make(&other, NULL);
	REQUIRE(handle_of(&machine) != NULL);
	CHECK(handle_of(&machine) == handle_of(&machine));
	CHECK(handle_of(&machine) != handle_of(&other));
	machine_destroy(&machine);
	machine_destroy(&other);
}

static void a_kill_outside_a_call_has_no_effect(void)
{
	struct machine machine;
	mote_interrupt *handle;

	machine_make(&machine, &code_doorbell_loop);
	handle = handle_of(&machine);
	CHECK(!mote_interrupt_kill(handle)); /* before the first call */
	CHECK(!mote_interrupt_is_killed(handle));
	mote_interrupt_begin_call(handle);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	mote_interrupt_end_call(handle);
	CHECK(!mote_interrupt_kill(handle)); /* between calls */
	mote_interrupt_begin_call(handle);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	mote_interrupt_end_call(handle);
	CHECK(!mote_interrupt_is_killed(handle));
	machine_destroy(&machine);
}

static void a_kill_between_exits_stops_the_call_without_entering(void)
{
	struct hypervisor_calls calls = {0};
	struct machine machine;
	mote_interrupt *handle;

	machine_make_with(&machine, &code_doorbell_loop, backend_under_test()->interpose(&calls));
	handle = handle_of(&machine);
	mote_interrupt_begin_call(handle);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	calls = (struct hypervisor_calls){0};
	CHECK(mote_interrupt_kill(handle));
	CHECK(mote_interrupt_kill(handle)); /* again: still cancelled */
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(run_once(&machine).kind, MOTE_EXIT_CANCELLED);
	CHECK_EQ(calls.runs, 0);
	CHECK(mote_interrupt_is_killed(handle));
	mote_interrupt_end_call(handle);
	/* Over with the call. */
	mote_interrupt_begin_call(handle);
	CHECK(!mote_interrupt_is_killed(handle));
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	mote_interrupt_end_call(handle);
	machine_destroy(&machine);
}

static void kill_now(void *user)
{
	mote_interrupt_kill(user);
}

/* The narrowest moment: the backend has looked at the cancel bit, the vCPU does not run yet. */
static void a_kill_right_before_the_vcpu_is_entered_counts(void)
{
	struct hypervisor_calls calls = {0};
	struct machine machine;
	mote_interrupt *handle;

	machine_make_with(&machine, &code_spin, backend_under_test()->interpose(&calls));
	handle = handle_of(&machine);
	calls.runs = 0; /* a backend may have made one of its own */
	calls.before_run = kill_now;
	calls.user = handle;
	for (unsigned i = 0; i < 10; i++) {
		mote_interrupt_begin_call(handle);
		CHECK_EQ(run_once(&machine).kind, MOTE_EXIT_CANCELLED);
		mote_interrupt_end_call(handle);
	}
	CHECK_EQ(calls.runs, 10);
	machine_destroy(&machine);
}

static void break_now(void *user)
{
	mote_interrupt_break(user);
}

static void a_break_ends_the_run_and_not_the_call(void)
{
	struct hypervisor_calls calls = {0};
	struct machine machine;
	mote_interrupt *handle;

	machine_make_with(&machine, &code_spin, backend_under_test()->interpose(&calls));
	handle = handle_of(&machine);
	calls.runs = 0;
	calls.before_run = break_now;
	calls.user = handle;
	mote_interrupt_begin_call(handle);
	for (unsigned i = 1; i <= 10; i++) {
		CHECK_EQ(run_once(&machine).kind, MOTE_EXIT_RETRY);
		CHECK_EQ(run_once(&machine).kind,
			 MOTE_EXIT_RETRY); /* not entered: to be taken first */
		CHECK_EQ(calls.runs, i);
		mote_interrupt_take_break(handle);
	}
	mote_interrupt_end_call(handle);
	machine_destroy(&machine);
}

static void a_late_kick_after_the_vm_is_gone_does_nothing(void)
{
	struct machine machine;

	machine_make(&machine, &code_doorbell_loop);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
	CHECK_EQ(pthread_kill(pthread_self(), kick_signal()), 0);
}

/* A cancelled run keeps what the guest was about to get. */
static void a_kill_does_not_damage_what_is_pending(void)
{
	struct machine machine;
	mote_interrupt *handle;
	mote_regs regs;

	for (size_t i = 0; i < code_access_count; i++) {
		const struct code_access *access = &code_accesses[i];
		struct code code = access->code;
		struct mote_vm_exit exit;

		memcpy(code.bytes + code.length, code_end.bytes, code_end.length);
		code.length += code_end.length;
		machine_make(&machine, &code);
		machine.what = access->name;
		if (!code_is_described(access, &machine.hypervisor->capabilities)) {
			machine_destroy(&machine);
			continue;
		}
		regs = machine_regs(&machine);
		code_prepare(access, &regs);
		*code_value(&regs) = 0;
		machine_set_regs(&machine, &regs);
		handle = handle_of(&machine);
		mote_interrupt_begin_call(handle);
		exit = machine_expect(&machine, access->exit);
		if (access->exit == MOTE_EXIT_IO_IN)
			memset(exit.as.io.data, 0x42, access->size);
		if (access->exit == MOTE_EXIT_MMIO_READ)
			memset(exit.as.mmio.data, 0x42, access->size);
		mote_interrupt_kill(handle);
		CHECK_EQ(run_once(&machine).kind, MOTE_EXIT_CANCELLED);
		mote_interrupt_end_call(handle);
		mote_interrupt_begin_call(handle);
		machine_expect_end(&machine, CODE_GVA + access->code.length);
		mote_interrupt_end_call(handle);
		regs = machine_regs(&machine);
		if (access->exit == MOTE_EXIT_IO_IN || access->exit == MOTE_EXIT_MMIO_READ)
			CHECK_IN(&machine, *code_value(&regs) & 0xff, 0x42);
		machine_destroy(&machine);
	}
}

static void kill_call_stops_the_call_that_it_names(void)
{
	struct machine machine;
	mote_interrupt *handle;

	machine_make(&machine, &code_doorbell_loop);
	handle = handle_of(&machine);
	for (uint64_t id = 1; id <= 20; id++) {
		mote_interrupt_begin_call(handle);
		CHECK_EQ(test_interrupt_state(handle).call_id, id);
		CHECK(!mote_interrupt_kill_call(handle, id - 1));
		CHECK(!mote_interrupt_kill_call(handle, id + 1));
		CHECK(!mote_interrupt_kill_call(handle, 0));
		CHECK(!mote_interrupt_kill_call(handle, UINT64_MAX));
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		if (id % 2) {
			CHECK(mote_interrupt_kill_call(handle, id));
			CHECK_EQ(run_once(&machine).kind, MOTE_EXIT_CANCELLED);
		}
		mote_interrupt_end_call(handle);
		CHECK(!mote_interrupt_kill_call(handle, id));
	}
	machine_destroy(&machine);
}

static void the_state_tells_what_goes_on(void)
{
	mote_interrupt_state state;
	struct machine machine;
	mote_interrupt *handle;

	machine_make(&machine, &code_doorbell_loop);
	handle = mote_interrupt_retain(handle_of(&machine));
	state = test_interrupt_state(handle);
	CHECK(state.call_id == 0 && !state.in_call && !state.running);
	CHECK(!state.cancelled && !state.dropped);
	mote_interrupt_begin_call(handle);
	state = test_interrupt_state(handle);
	CHECK(state.call_id == 1 && state.in_call && !state.running && !state.cancelled);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	CHECK(!test_interrupt_state(handle).running);
	mote_interrupt_kill(handle);
	CHECK(test_interrupt_state(handle).cancelled);
	mote_interrupt_end_call(handle);
	state = test_interrupt_state(handle);
	CHECK(state.call_id == 1 && !state.in_call && state.cancelled);
	machine_destroy(&machine);
	state = test_interrupt_state(handle);
	CHECK(state.dropped && !state.running);
	mote_interrupt_release(handle);
}

static void the_handle_outlives_the_vm(void)
{
	struct machine machine;
	mote_interrupt *handle;

	machine_make(&machine, &code_doorbell_loop);
	handle = mote_interrupt_retain(handle_of(&machine));
	mote_interrupt_begin_call(handle);
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	mote_interrupt_end_call(handle);
	CHECK(!mote_interrupt_is_dropped(handle));
	machine_destroy(&machine);
	CHECK(mote_interrupt_is_dropped(handle));
	CHECK(!mote_interrupt_kill(handle));
	CHECK(!mote_interrupt_kill_call(handle, 1));
	CHECK(!mote_interrupt_is_killed(handle));
	mote_interrupt_release(handle);
	mote_interrupt_release(NULL);
}

/* ---- Signals that are no kill ------------------------------------------------------------- */

static atomic_uint signals_seen;

static void on_signal(int number)
{
	(void)number;
	atomic_fetch_add(&signals_seen, 1);
}

/* A handler that interrupts system calls, as a profiler's may. */
static void catch (int number)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(number, &action, NULL);
}

/* Runs a loop that rings while something sends signals: rings and retries are all that comes.
 * Returns the number of retries; never leaves the case, as something has to be stopped. */
static uint64_t run_under_fire(struct machine *machine, uint64_t milliseconds)
{
	uint64_t end = test_now_ns() + milliseconds * 1000000, retries = 0;
	struct mote_vm_exit exit;
	mote_status status;

	do {
		status = mote_vcpu_run(machine->vm, &exit, &machine->error);
		CHECK_OK(status, &machine->error);
		if (status != MOTE_OK)
			break;
		retries += exit.kind == MOTE_EXIT_RETRY;
		if (exit.kind != MOTE_EXIT_RETRY && !CHECK_EQ(exit.kind, MOTE_EXIT_IO_OUT))
			break;
	} while (test_now_ns() < end);
	return retries;
}

static void a_profilers_signals_are_retries(void)
{
	const struct itimerval often = {{0, 500}, {0, 500}}, never = {{0, 0}, {0, 0}};
	struct machine machine;
	mote_interrupt *handle;
	uint64_t retries;

	test_need_signals();
	machine_make(&machine, &code_doorbell_loop);
	handle = handle_of(&machine);
	catch (SIGPROF);
	atomic_store(&signals_seen, 0);
	mote_interrupt_begin_call(handle);
	setitimer(ITIMER_PROF, &often, NULL);
	retries = run_under_fire(&machine, 300);
	setitimer(ITIMER_PROF, &never, NULL);
	mote_interrupt_end_call(handle);
	CHECK(atomic_load(&signals_seen) > 0);
	CHECK(!mote_interrupt_is_killed(handle));
	test_note("%u signals, %llu retries", atomic_load(&signals_seen),
		  (unsigned long long)retries);
	machine_destroy(&machine);
}

struct pest {
	pthread_t target;
	int number;
	atomic_bool stop;
};

static void *pester(void *user)
{
	const struct timespec pause = {0, 50000};
	struct pest *pest = user;

	while (!atomic_load(&pest->stop)) {
		pthread_kill(pest->target, pest->number);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

static void pester_with(int number)
{
	struct pest pest = {.target = pthread_self(), .number = number};
	struct machine machine;
	pthread_t thread;
	mote_interrupt *handle;

	test_need_signals();
	machine_make(&machine, &code_doorbell_loop);
	handle = handle_of(&machine);
	REQUIRE_EQ(pthread_create(&thread, NULL, pester, &pest), 0);
	mote_interrupt_begin_call(handle);
	run_under_fire(&machine, 300);
	mote_interrupt_end_call(handle);
	atomic_store(&pest.stop, true);
	pthread_join(thread, NULL);
	CHECK(!mote_interrupt_is_killed(handle));
	machine_expect(&machine, MOTE_EXIT_IO_OUT);
	machine_destroy(&machine);
}

static void the_kick_signal_without_a_kill_is_a_retry(void)
{
	pester_with(kick_signal());
}

static void any_other_signal_is_a_retry(void)
{
	catch (SIGUSR1);
	pester_with(SIGUSR1);
}

static void signals_do_not_disturb_guest_state(void)
{
	static struct pest pest; /* a failure leaves the case and its thread behind */
	struct machine machine;
	pthread_t thread;
	mote_regs regs;

	test_need_signals();
	pest.target = pthread_self();
	pest.number = kick_signal();
	machine_make(&machine, &code_store_loop);
	REQUIRE_EQ(pthread_create(&thread, NULL, pester, &pest), 0);
	for (uint64_t value = 1; value <= test_scale(3000); value++) {
		regs = machine_regs(&machine);
		mote_regs_pc(&regs) = CODE_GVA;
		*code_address(&regs) = DATA_GVA + value % 512 * 8;
		*code_value(&regs) = value;
		machine_set_regs(&machine, &regs);
		machine_expect(&machine, MOTE_EXIT_IO_OUT);
		CHECK_EQ(*(uint64_t *)machine_host(&machine, DATA_GVA + value % 512 * 8), value);
		regs = machine_regs(&machine);
		CHECK_EQ(*code_value(&regs), value);
	}
	atomic_store(&pest.stop, true);
	pthread_join(thread, NULL);
	machine_destroy(&machine);
}

static const struct test_case cases[] = {
	CASE(a_vm_has_one_handle),
	CASE(a_kill_outside_a_call_has_no_effect),
	CASE(a_kill_between_exits_stops_the_call_without_entering),
	CASE(a_kill_right_before_the_vcpu_is_entered_counts),
	CASE(a_break_ends_the_run_and_not_the_call),
	CASE(a_late_kick_after_the_vm_is_gone_does_nothing),
	CASE(a_kill_does_not_damage_what_is_pending),
	CASE(kill_call_stops_the_call_that_it_names),
	CASE(the_state_tells_what_goes_on),
	CASE(the_handle_outlives_the_vm),
	CASE(a_profilers_signals_are_retries),
	CASE(the_kick_signal_without_a_kill_is_a_retry),
	CASE(any_other_signal_is_a_retry),
	CASE(signals_do_not_disturb_guest_state),
};

const struct case_list interrupt_cases = {cases, TEST_COUNT(cases)};

/* SPDX-License-Identifier: Apache-2.0
 *
 * The state machine of the interrupt handle, with an operating system of the
 * test's own: what is sent when, and who waits for whom.
 */
#define _GNU_SOURCE
#include "hypervisor/interrupt/interrupt_internal.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "../../unit_test.h"
#include "allocator.h"
#include "interrupt_state.h"

/* ---- The operating system ----------------------------------------------------------------- */

static struct {
	struct mote_kick kick;
	uintptr_t thread;
	atomic_uint armed, sent, yields, taken;
	atomic_bool hold; /* the sender hangs in send */
	atomic_bool held; /* it does */
	atomic_bool cancellable;
	/* Called when a run is set up, before RUNNING is set. */
	void (*on_arm)(void *user);
	void *user;
} fake;

uintptr_t mote_os_thread_self(void)
{
	return fake.thread;
}

static void arm(struct mote_kick *kick)
{
	CHECK(kick == &fake.kick);
	atomic_fetch_add(&fake.armed, 1);
	if (fake.on_arm != NULL)
		fake.on_arm(fake.user);
}

static void send(struct mote_kick *kick, uintptr_t thread)
{
	CHECK(kick == &fake.kick);
	CHECK_EQ(thread, 77);
	CHECK(!atomic_load(&fake.cancellable));
	while (atomic_load(&fake.hold)) {
		atomic_store(&fake.held, true);
		sched_yield();
	}
	atomic_fetch_add(&fake.sent, 1);
}

int mote_os_hold_cancellation(void)
{
	return atomic_exchange(&fake.cancellable, false);
}

void mote_os_allow_cancellation(int before)
{
	atomic_store(&fake.cancellable, before != 0);
}

static void take(struct mote_kick *kick)
{
	CHECK(kick == &fake.kick);
	atomic_fetch_add(&fake.taken, 1);
}

void mote_os_yield(unsigned tries)
{
	(void)tries;
	atomic_fetch_add(&fake.yields, 1);
	sched_yield();
}

static const struct mote_kick_ops once = {.arm = arm, .send = send, .take = take};

static mote_interrupt *make(void)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_interrupt *interrupt;

	memset(&fake, 0, sizeof(fake));
	atomic_store(&fake.cancellable, true);
	fake.thread = 77;
	fake.kick.ops = &once;
	check_ok(mote_interrupt_create(&mote_default_allocator, &fake.kick, &interrupt, &error),
		 &error);
	return interrupt;
}

/* ---- One thread --------------------------------------------------------------------------- */

static void a_new_handle_is_idle(void)
{
	mote_interrupt *interrupt = make();
	mote_interrupt_state now = test_interrupt_state(interrupt);

	REQUIRE_EQ(now.call_id, 0);
	REQUIRE(!(now.in_call || now.running || now.cancelled || now.dropped));
	REQUIRE(!mote_interrupt_kill(interrupt));
	REQUIRE(!mote_interrupt_kill_call(interrupt, 0));
	REQUIRE(!mote_interrupt_kill_call(interrupt, 1));
	REQUIRE(!mote_interrupt_is_killed(interrupt));
	mote_interrupt_release(interrupt);
}

static void a_kill_while_running_sends_one_signal(void)
{
	mote_interrupt *interrupt = make();

	mote_interrupt_begin_call(interrupt);
	REQUIRE(mote_interrupt_set_running(interrupt));
	REQUIRE_EQ(atomic_load(&fake.armed), 1);
	REQUIRE(test_interrupt_state(interrupt).running);
	for (unsigned i = 0; i < 5; i++)
		REQUIRE(mote_interrupt_kill(interrupt));
	REQUIRE(atomic_load(&fake.cancellable));
	REQUIRE_EQ(atomic_load(&fake.sent), 1);
	mote_interrupt_clear_running(interrupt);
	REQUIRE(mote_interrupt_cancelled(interrupt));
	REQUIRE(!(test_interrupt_state(interrupt).running));
	/* The rest of the call does not run any more. */
	REQUIRE(!mote_interrupt_set_running(interrupt));
	REQUIRE(!(test_interrupt_state(interrupt).running));
	mote_interrupt_end_call(interrupt);
	REQUIRE(!mote_interrupt_kill(interrupt));
	REQUIRE(mote_interrupt_is_killed(interrupt));
	mote_interrupt_begin_call(interrupt);
	REQUIRE(!mote_interrupt_is_killed(interrupt));
	REQUIRE(mote_interrupt_set_running(interrupt));
	mote_interrupt_clear_running(interrupt);
	mote_interrupt_end_call(interrupt);
	REQUIRE_EQ(atomic_load(&fake.sent), 1);
	mote_interrupt_release(interrupt);
}

static void a_kill_while_the_host_runs_sends_nothing(void)
{
	mote_interrupt *interrupt = make();

	mote_interrupt_begin_call(interrupt);
	REQUIRE(mote_interrupt_set_running(interrupt));
	mote_interrupt_clear_running(interrupt);
	REQUIRE(mote_interrupt_kill(interrupt));
	REQUIRE_EQ(atomic_load(&fake.sent), 0);
	REQUIRE(!mote_interrupt_set_running(interrupt));
	mote_interrupt_end_call(interrupt);
	mote_interrupt_release(interrupt);
}

/* None is on its way when the call goes on, and a call that nobody killed pays nothing for that. */
static void a_signal_that_was_sent_is_taken(void)
{
	mote_interrupt *interrupt = make();

	mote_interrupt_begin_call(interrupt);
	for (unsigned runs = 0; runs < 3; runs++) {
		REQUIRE(mote_interrupt_set_running(interrupt));
		mote_interrupt_clear_running(interrupt);
	}
	REQUIRE_EQ(atomic_load(&fake.taken), 0);
	REQUIRE(mote_interrupt_set_running(interrupt));
	REQUIRE(mote_interrupt_kill(interrupt));
	mote_interrupt_clear_running(interrupt);
	REQUIRE_EQ(atomic_load(&fake.taken), 1);
	REQUIRE(!mote_interrupt_set_running(interrupt));
	REQUIRE_EQ(atomic_load(&fake.taken), 1);
	REQUIRE_EQ(atomic_load(&fake.yields), 0);
	mote_interrupt_end_call(interrupt);
	mote_interrupt_release(interrupt);
}

static void a_deadline_is_no_kill(void)
{
	static const uint64_t causes[] = {MOTE_INTERRUPT_WALL_DEADLINE,
					  MOTE_INTERRUPT_CPU_DEADLINE};
	mote_interrupt *interrupt = make();

	for (size_t i = 0; i < COUNT(causes); i++) {
		mote_interrupt_begin_call(interrupt);
		mote_interrupt_expire(interrupt, mote_interrupt_call_id(interrupt), causes[i]);
		REQUIRE(mote_interrupt_kill(interrupt)); /* in progress, and cancelled */
		REQUIRE(!mote_interrupt_is_killed(interrupt));
		REQUIRE(test_interrupt_state(interrupt).cancelled);
		REQUIRE_EQ(mote_interrupt_cause(interrupt), causes[i]);
		mote_interrupt_end_call(interrupt);
		mote_interrupt_begin_call(interrupt);
		mote_interrupt_expire(interrupt, mote_interrupt_call_id(interrupt) - 1, causes[i]);
		REQUIRE(!(test_interrupt_state(interrupt).cancelled));
		REQUIRE(mote_interrupt_kill(interrupt));
		mote_interrupt_expire(interrupt, mote_interrupt_call_id(interrupt), causes[i]);
		REQUIRE(mote_interrupt_is_killed(interrupt));
		mote_interrupt_end_call(interrupt);
	}
	mote_interrupt_release(interrupt);
}

static void kill_on_arm(void *user)
{
	REQUIRE(mote_interrupt_kill(user));
}

/* After the kick is armed, before the run begins. */
static void a_kill_while_the_run_is_set_up_prevents_it(void)
{
	mote_interrupt *interrupt = make();

	mote_interrupt_begin_call(interrupt);
	fake.on_arm = kill_on_arm;
	fake.user = interrupt;
	REQUIRE(!mote_interrupt_set_running(interrupt));
	REQUIRE_EQ(atomic_load(&fake.sent), 0);
	mote_interrupt_end_call(interrupt);
	mote_interrupt_release(interrupt);
}

static void calls_are_numbered_and_killed_by_number(void)
{
	mote_interrupt *interrupt = make();

	for (uint64_t id = 1; id <= 1000; id++) {
		mote_interrupt_begin_call(interrupt);
		REQUIRE_EQ(test_interrupt_state(interrupt).call_id, id);
		REQUIRE(!mote_interrupt_kill_call(interrupt, id - 1));
		REQUIRE(!mote_interrupt_kill_call(interrupt, id + 1));
		REQUIRE(!(mote_interrupt_kill_call(interrupt, id + (1ull << 56))));
		REQUIRE(!mote_interrupt_is_killed(interrupt));
		REQUIRE(mote_interrupt_kill_call(interrupt, id));
		mote_interrupt_end_call(interrupt);
		REQUIRE(!mote_interrupt_kill_call(interrupt, id));
	}
	mote_interrupt_release(interrupt);
}

/* ---- Breaks ------------------------------------------------------------------------------- */

static void a_break_keeps_the_vcpu_from_running_until_it_is_taken(void)
{
	mote_interrupt *interrupt = make();

	mote_interrupt_begin_call(interrupt);
	REQUIRE(mote_interrupt_set_running(interrupt));
	for (unsigned i = 0; i < 5; i++)
		mote_interrupt_break(interrupt);
	REQUIRE(atomic_load(&fake.cancellable));
	REQUIRE_EQ(atomic_load(&fake.sent), 1);
	mote_interrupt_clear_running(interrupt);
	REQUIRE_EQ(atomic_load(&fake.taken), 1);
	REQUIRE(mote_interrupt_breaks(interrupt));
	REQUIRE(!mote_interrupt_cancelled(interrupt));
	REQUIRE(!mote_interrupt_set_running(interrupt));
	REQUIRE(!test_interrupt_state(interrupt).running);
	mote_interrupt_take_break(interrupt);
	REQUIRE(!mote_interrupt_breaks(interrupt));
	REQUIRE(mote_interrupt_set_running(interrupt));
	mote_interrupt_clear_running(interrupt);
	REQUIRE_EQ(atomic_load(&fake.sent), 1);
	REQUIRE_EQ(atomic_load(&fake.taken), 1);
	mote_interrupt_end_call(interrupt);
	mote_interrupt_release(interrupt);
}

static void a_break_without_a_call_waits_for_the_next_one(void)
{
	mote_interrupt *interrupt = make();

	mote_interrupt_break(interrupt);
	REQUIRE_EQ(test_interrupt_state(interrupt).call_id, 0);
	mote_interrupt_begin_call(interrupt);
	REQUIRE_EQ(test_interrupt_state(interrupt).call_id, 1);
	REQUIRE(!mote_interrupt_set_running(interrupt));
	REQUIRE(mote_interrupt_kill(interrupt));
	mote_interrupt_end_call(interrupt);
	mote_interrupt_begin_call(interrupt);
	REQUIRE_EQ(test_interrupt_state(interrupt).call_id, 2);
	REQUIRE(!mote_interrupt_cancelled(interrupt));
	REQUIRE(mote_interrupt_breaks(interrupt));
	mote_interrupt_take_break(interrupt);
	REQUIRE(mote_interrupt_set_running(interrupt));
	mote_interrupt_clear_running(interrupt);
	REQUIRE_EQ(atomic_load(&fake.sent), 0);
	mote_interrupt_end_call(interrupt);
	mote_interrupt_release(interrupt);
}

static void a_kill_wins_over_a_break(void)
{
	mote_interrupt *interrupt = make();

	mote_interrupt_begin_call(interrupt);
	REQUIRE(mote_interrupt_set_running(interrupt));
	mote_interrupt_break(interrupt);
	REQUIRE(mote_interrupt_kill(interrupt));
	REQUIRE_EQ(atomic_load(&fake.sent), 2); /* the first may have been for an earlier exit */
	mote_interrupt_clear_running(interrupt);
	mote_interrupt_take_break(interrupt);
	REQUIRE(mote_interrupt_cancelled(interrupt));
	REQUIRE(!mote_interrupt_set_running(interrupt));
	mote_interrupt_end_call(interrupt);
	mote_interrupt_release(interrupt);
}

/* The refused run was RUNNING for a moment: long enough for a kill to send a kick to it. */
static void a_kill_in_a_refused_run_is_waited_for(void)
{
	mote_interrupt *interrupt = make();
	uint64_t before;

	mote_interrupt_begin_call(interrupt);
	mote_interrupt_break(interrupt);
	before = atomic_fetch_add(&interrupt->word, MOTE_INTERRUPT_RUNNING);
	REQUIRE(mote_interrupt_kill(interrupt));
	REQUIRE_EQ(atomic_load(&fake.sent), 1);
	mote_interrupt_refuse(interrupt, before);
	REQUIRE_EQ(atomic_load(&fake.taken), 1);
	mote_interrupt_end_call(interrupt);
	mote_interrupt_release(interrupt);
}

/* ---- References --------------------------------------------------------------------------- */

static void references_and_the_drop(void)
{
	mote_interrupt *interrupt = make();

	REQUIRE(mote_interrupt_retain(interrupt) == interrupt);
	mote_interrupt_begin_call(interrupt);
	mote_interrupt_end_call(interrupt);
	mote_interrupt_drop(interrupt);
	mote_interrupt_release(interrupt);
	REQUIRE(mote_interrupt_is_dropped(interrupt));
	REQUIRE(!mote_interrupt_kill(interrupt));
	REQUIRE_EQ(test_interrupt_state(interrupt).call_id, 1);
	mote_interrupt_release(interrupt);
	mote_interrupt_release(NULL);
}

/* ---- Two threads -------------------------------------------------------------------------- */

static void *kill_it(void *user)
{
	mote_interrupt_kill(user);
	return NULL;
}

static atomic_bool left;

static void *leave_run(void *user)
{
	mote_interrupt_clear_running(user);
	atomic_store(&left, true);
	return NULL;
}

/* A signal on its way must reach the thread while it is still there. */
static void the_run_ends_only_when_the_signal_is_sent(void)
{
	mote_interrupt *interrupt = make();
	pthread_t killer, runner;

	mote_interrupt_begin_call(interrupt);
	REQUIRE(mote_interrupt_set_running(interrupt));
	atomic_store(&fake.hold, true);
	atomic_store(&left, false);
	pthread_create(&killer, NULL, kill_it, interrupt);
	while (!atomic_load(&fake.held))
		sched_yield();
	pthread_create(&runner, NULL, leave_run, interrupt);
	while (atomic_load(&fake.yields) < 100)
		sched_yield();
	REQUIRE(!atomic_load(&left));
	atomic_store(&fake.hold, false);
	pthread_join(killer, NULL);
	pthread_join(runner, NULL);
	REQUIRE(atomic_load(&left));
	REQUIRE_EQ(atomic_load(&fake.sent), 1);
	mote_interrupt_end_call(interrupt);
	mote_interrupt_release(interrupt);
}

static void *no_memory(void *user, size_t bytes)
{
	(void)user;
	(void)bytes;
	return NULL;
}

static void allocation_failure_is_an_error(void)
{
	mote_allocator allocator = mote_default_allocator;
	mote_error error = MOTE_ERROR_INIT;
	mote_interrupt *interrupt = (mote_interrupt *)0x1;

	allocator.allocate = no_memory;
	check_error(mote_interrupt_create(&allocator, &fake.kick, &interrupt, &error), &error,
		    MOTE_NO_MEMORY, "interrupt handle");
	REQUIRE(interrupt == ((mote_interrupt *)0x1));
}

static const struct test_case cases[] = {
	CASE(a_new_handle_is_idle),
	CASE(a_kill_while_running_sends_one_signal),
	CASE(a_kill_while_the_host_runs_sends_nothing),
	CASE(a_signal_that_was_sent_is_taken),
	CASE(a_deadline_is_no_kill),
	CASE(a_kill_while_the_run_is_set_up_prevents_it),
	CASE(calls_are_numbered_and_killed_by_number),
	CASE(a_break_keeps_the_vcpu_from_running_until_it_is_taken),
	CASE(a_break_without_a_call_waits_for_the_next_one),
	CASE(a_kill_wins_over_a_break),
	CASE(a_kill_in_a_refused_run_is_waited_for),
	CASE(references_and_the_drop),
	CASE(the_run_ends_only_when_the_signal_is_sent),
	CASE(allocation_failure_is_an_error),
};

int main(int argc, char **argv)
{
	return test_main("interrupt", cases, TEST_COUNT(cases), argc, argv);
}

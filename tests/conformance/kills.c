/* SPDX-License-Identifier: Apache-2.0
 *
 * Kills from other threads at random moments: none is lost, none hits anything
 * but the call it was meant for.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "hypervisor/interrupt/interrupt_internal.h"
#include "machine.h"

static mote_interrupt *handle_of(struct machine *machine)
{
	return machine->vm->interrupt;
}

/* The next number of a sequence (xorshift64*). */
static uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

/* Lets up to `most` nanoseconds pass, awake or asleep: where there is one processor only, the guest
 * runs while this thread sleeps. */
static void wait_a_moment(uint64_t *state, uint64_t most)
{
	uint64_t moment = (random_next(state) >> 11) % most, end = test_now_ns() + moment;
	const struct timespec pause = {0, (long)moment};

	if (random_next(state) >> 63)
		nanosleep(&pause, NULL);
	while (test_now_ns() < end)
		;
}

/*
 * The thread sanitizer holds a signal back until the next call that it intercepts, so one that
 * comes right before the run is lost on it. There, and only there, the kick is repeated.
 */

/* ---- A killer ----------------------------------------------------------------------------- */

struct killer {
	mote_interrupt *handle;
	sem_t begun;	  /* posted when a call began that is to be killed, or at the end */
	sem_t answered;	  /* posted when it was */
	atomic_ullong id; /* of that call */
	atomic_bool stop;
	uint64_t most_ns; /* how long after it began a call is killed */
	bool by_id;
	pthread_t thread, victim;
	int signal;
	uint64_t misses; /* kills that gave false */
};

/* Waits for the next call that is to be killed.  False at the end. */
static bool next_call(struct killer *killer)
{
	for (;;) {
		struct timespec soon;

		clock_gettime(CLOCK_REALTIME, &soon);
		soon.tv_nsec += 5000000;
		soon.tv_sec += soon.tv_nsec / 1000000000;
		soon.tv_nsec %= 1000000000;
		if (sem_timedwait(&killer->begun, &soon) == 0)
			return !atomic_load(&killer->stop);
		/* The thread sanitizer loses a signal that comes right before the run. */
		if (TEST_THREAD_SANITIZER && test_interrupt_state(killer->handle).running)
			pthread_kill(killer->victim, killer->signal);
	}
}

static void *kill_each_call(void *user)
{
	struct killer *killer = user;
	uint64_t state = 88172645463325252ull;

	while (next_call(killer)) {
		wait_a_moment(&state, killer->most_ns);
		if (!(killer->by_id
			      ? mote_interrupt_kill_call(killer->handle, atomic_load(&killer->id))
			      : mote_interrupt_kill(killer->handle)))
			killer->misses++;
		sem_post(&killer->answered);
	}
	return NULL;
}

static void start_killer(struct killer *killer, struct machine *machine)
{
	killer->handle = handle_of(machine);
	killer->victim = pthread_self();
	killer->signal = kick_signal();
	REQUIRE_EQ(sem_init(&killer->begun, 0, 0), 0);
	REQUIRE_EQ(sem_init(&killer->answered, 0, 0), 0);
	REQUIRE_EQ(pthread_create(&killer->thread, NULL, kill_each_call, killer), 0);
}

static void stop_killer(struct killer *killer)
{
	atomic_store(&killer->stop, true);
	sem_post(&killer->begun);
	pthread_join(killer->thread, NULL);
	sem_destroy(&killer->begun);
	sem_destroy(&killer->answered);
}

/* Begins a call and tells the killer. */
static void begin_call(struct killer *killer)
{
	mote_interrupt_begin_call(killer->handle);
	atomic_store(&killer->id, test_interrupt_state(killer->handle).call_id);
	sem_post(&killer->begun);
}

/* Ends the call when its kill has come. */
static void end_call(struct killer *killer)
{
	while (sem_wait(&killer->answered) != 0)
		;
	mote_interrupt_end_call(killer->handle);
}

/* Runs until the call is cancelled.  Returns how many other exits came before. */
static uint64_t run_to_cancel(struct machine *machine)
{
	struct mote_vm_exit exit;

	for (uint64_t exits = 0;; exits++) {
		MACHINE_RUN(machine, &exit);
		if (exit.kind == MOTE_EXIT_CANCELLED)
			return exits;
		REQUIRE(exit.kind == MOTE_EXIT_RETRY || exit.kind == MOTE_EXIT_IO_OUT);
	}
}

/* Calls of guest code that never ends by itself, each killed at some moment. */
static void kill_calls(const struct code *code, uint64_t count, uint64_t most_ns, bool by_id)
{
	struct killer killer = {.most_ns = most_ns, .by_id = by_id};
	struct machine machine;

	machine_make(&machine, code);
	start_killer(&killer, &machine);
	for (uint64_t i = 1; i <= count; i++) {
		begin_call(&killer);
		run_to_cancel(&machine);
		CHECK(mote_interrupt_is_killed(killer.handle));
		end_call(&killer);
	}
	stop_killer(&killer);
	CHECK_EQ(killer.misses, 0);
	CHECK_EQ(test_interrupt_state(killer.handle).call_id, count);
	machine_destroy(&machine);
}

static void no_kill_of_an_endless_loop_is_lost(void)
{
	kill_calls(&code_spin, test_scale(10000), 60000, false);
}

static void no_kill_of_a_ringing_guest_is_lost(void)
{
	kill_calls(&code_doorbell_loop, test_scale(10000), 60000, false);
}

static void no_kill_by_number_is_lost(void)
{
	kill_calls(&code_spin, test_scale(5000), 30000, true);
	kill_calls(&code_doorbell_loop, test_scale(5000), 30000, true);
}

/* The guest goes on where it was when it was stopped. */
static void a_killed_guest_keeps_its_state(void)
{
	struct killer killer = {.most_ns = 100000 * test_slow(1)};
	struct machine machine;
	uint64_t before = 0;
	mote_regs regs;

	machine_make(&machine, &code_count);
	start_killer(&killer, &machine);
	/* Until the guest got somewhere at all: on a slow machine most kills come before it
	 * begins. */
	for (uint64_t i = 1; i <= test_scale(1000) || before == 0; i++) {
		begin_call(&killer);
		run_to_cancel(&machine);
		end_call(&killer);
		regs = machine_regs(&machine);
		CHECK(*code_value(&regs) >= before);
		CHECK(mote_regs_pc(&regs) >= CODE_GVA &&
		      mote_regs_pc(&regs) < CODE_GVA + code_count.length);
		before = *code_value(&regs);
	}
	stop_killer(&killer);
	machine_destroy(&machine);
}

/* ---- Misdirection ------------------------------------------------------------------------- */

static void run_bystander(struct machine *machine)
{
	struct mote_vm_exit exit;

	MACHINE_RUN(machine, &exit);
	if (exit.kind != MOTE_EXIT_RETRY)
		REQUIRE_EQ(exit.kind, MOTE_EXIT_IO_OUT);
}

/* Two VMs alternate on one thread, both in a call; one of them is killed. */
static void a_kill_hits_the_right_one_of_two_vms(void)
{
	struct killer killer = {.most_ns = 200000};
	struct machine victim, bystander;

	machine_make(&victim, &code_doorbell_loop);
	machine_make(&bystander, &code_doorbell_loop);
	mote_interrupt_begin_call(handle_of(&bystander));
	start_killer(&killer, &victim);
	for (uint64_t i = 1; i <= test_scale(3000); i++) {
		struct mote_vm_exit exit = {.kind = MOTE_EXIT_RETRY};

		begin_call(&killer);
		while (exit.kind != MOTE_EXIT_CANCELLED) {
			run_bystander(&bystander);
			MACHINE_RUN(&victim, &exit);
		}
		run_bystander(&bystander);
		end_call(&killer);
	}
	stop_killer(&killer);
	CHECK(!mote_interrupt_is_killed(handle_of(&bystander)));
	mote_interrupt_end_call(handle_of(&bystander));
	machine_destroy(&victim);
	machine_destroy(&bystander);
}

/* The calls end by themselves while kills of their number come: late ones hit nothing. */
static void a_late_kill_by_number_hits_no_later_call(void)
{
	struct killer killer = {.most_ns = 100000, .by_id = true};
	uint64_t cancelled = 0, count = test_scale(5000);
	struct machine machine;

	machine_make(&machine, &code_doorbell_loop);
	start_killer(&killer, &machine);
	for (uint64_t i = 1; i <= count; i++) {
		struct mote_vm_exit exit;

		begin_call(&killer);
		exit = machine_run(&machine);
		mote_interrupt_end_call(killer.handle);
		cancelled += exit.kind == MOTE_EXIT_CANCELLED;
		CHECK(exit.kind == MOTE_EXIT_IO_OUT || exit.kind == MOTE_EXIT_CANCELLED);
		CHECK(exit.kind == MOTE_EXIT_IO_OUT || mote_interrupt_is_killed(killer.handle));
		/* The next call is nobody's target, but the kill may come now. */
		mote_interrupt_begin_call(killer.handle);
		exit = machine_run(&machine);
		CHECK_EQ(exit.kind, MOTE_EXIT_IO_OUT);
		end_call(&killer);
		CHECK(!mote_interrupt_is_killed(killer.handle));
	}
	stop_killer(&killer);
	test_note("%llu of %llu calls were killed in time", (unsigned long long)cancelled,
		  (unsigned long long)count);
	machine_destroy(&machine);
}

/* ---- Threads that come and go ------------------------------------------------------------- */

struct visitor {
	struct machine *machine;
	bool ended_well;
};

static void *visit(void *user)
{
	struct visitor *visitor = user;
	struct machine *machine = visitor->machine;
	mote_interrupt *handle = handle_of(machine);
	struct mote_vm_exit exit = {.kind = MOTE_EXIT_RETRY};
	mote_status status = MOTE_OK;

	mote_interrupt_begin_call(handle);
	while (status == MOTE_OK && exit.kind == MOTE_EXIT_RETRY)
		status = mote_vcpu_run(machine->vm, &exit, &machine->error);
	mote_interrupt_end_call(handle);
	if (status == MOTE_OK)
		status = mote_vcpu_park(machine->vm, &machine->error);
	visitor->ended_well = status == MOTE_OK &&
			      (exit.kind == MOTE_EXIT_IO_OUT || exit.kind == MOTE_EXIT_CANCELLED);
	return NULL;
}

struct assassin {
	mote_interrupt *handle;
	atomic_bool stop;
	uint64_t hits;
};

static void *kill_always(void *user)
{
	struct assassin *assassin = user;

	while (!atomic_load(&assassin->stop))
		assassin->hits += mote_interrupt_kill(assassin->handle);
	return NULL;
}

/* The thread is gone right after its run, while others try to signal it. */
static void threads_that_exit_after_their_run_are_safe(void)
{
	enum { ASSASSINS = 2 };
	struct assassin assassins[ASSASSINS];
	pthread_t threads[ASSASSINS], guest;
	struct machine machine;

	machine_make(&machine, &code_doorbell_loop);
	MACHINE_PARK(&machine);
	for (unsigned i = 0; i < ASSASSINS; i++) {
		assassins[i] = (struct assassin){.handle = handle_of(&machine)};
		REQUIRE_EQ(pthread_create(&threads[i], NULL, kill_always, &assassins[i]), 0);
	}
	for (uint64_t i = test_scale(2000); i > 0; i--) {
		struct visitor visitor = {.machine = &machine};

		REQUIRE_EQ(pthread_create(&guest, NULL, visit, &visitor), 0);
		pthread_join(guest, NULL);
		CHECK(visitor.ended_well);
	}
	for (unsigned i = 0; i < ASSASSINS; i++) {
		atomic_store(&assassins[i].stop, true);
		pthread_join(threads[i], NULL);
	}
	machine_destroy(&machine);
}

/* Handles are used while their VM is destroyed. */
static void kills_and_destruction_may_race(void)
{
	struct assassin assassin = {0};
	struct machine machine;
	pthread_t thread;

	for (uint64_t i = test_scale(300); i > 0; i--) {
		struct mote_vm_exit exit;

		machine_make(&machine, &code_doorbell_loop);
		assassin.handle = mote_interrupt_retain(handle_of(&machine));
		atomic_store(&assassin.stop, false);
		REQUIRE_EQ(pthread_create(&thread, NULL, kill_always, &assassin), 0);
		mote_interrupt_begin_call(assassin.handle);
		MACHINE_RUN(&machine, &exit);
		mote_interrupt_end_call(assassin.handle);
		machine_destroy(&machine);
		CHECK(mote_interrupt_is_dropped(assassin.handle));
		atomic_store(&assassin.stop, true);
		pthread_join(thread, NULL);
		mote_interrupt_release(assassin.handle);
	}
}

static const struct test_case cases[] = {
	CASE(no_kill_of_an_endless_loop_is_lost),
	CASE(no_kill_of_a_ringing_guest_is_lost),
	CASE(no_kill_by_number_is_lost),
	CASE(a_killed_guest_keeps_its_state),
	CASE(a_kill_hits_the_right_one_of_two_vms),
	CASE(a_late_kill_by_number_hits_no_later_call),
	CASE(threads_that_exit_after_their_run_are_safe),
	CASE(kills_and_destruction_may_race),
};

const struct case_list kill_cases = {cases, TEST_COUNT(cases)};

/* SPDX-License-Identifier: Apache-2.0
 *
 * Kills: whatever a guest does, another thread can end its call, and nothing
 * else is hit.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "allocator.h"
#include "fixture.h"
#include "sandbox/sandbox_internal.h"

static void check_killed(mote_sandbox *sandbox, const char *name)
{
	mote_interrupt *interrupt = mote_sandbox_get_interrupt(sandbox);
	mote_error error = MOTE_ERROR_INIT;
	mote_interrupt_state state;

	CHECK_STATUS(fixture_try(sandbox, name, NULL, 0, NULL, &error), MOTE_KILLED, &error);
	CHECK_CONTAINS(error.text, "killed");
	CHECK(mote_interrupt_is_killed(interrupt));
	state = test_interrupt_state(interrupt);
	CHECK(state.cancelled && !state.in_call && !state.running && !state.dropped);
	CHECK(mote_sandbox_is_poisoned(sandbox));
	CHECK(!mote_sandbox_get_fault(sandbox));
	CHECK_STATUS(fixture_try(sandbox, "still_alive", NULL, 0, NULL, &error), MOTE_POISONED,
		     &error);
	CHECK_CONTAINS(error.text, "killed");
}

static void kill_loop(const char *name)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);
	struct fixture_killer *killer;
	uint64_t begin;

	CHECK_EQ(CALL0(sandbox, "still_alive").as.u32, 1);
	killer = fixture_kill_later(sandbox, 5000);
	begin = test_now_ns();
	check_killed(sandbox, name);
	CHECK((test_now_ns() - begin) / 1000000000u < test_slow(10));
	fixture_killer_join(killer);
	fixture_destroy(sandbox, engine);
}

static void endless_loop(void)
{
	kill_loop("spin");
}

static void endless_host_calls(void)
{
	kill_loop("spin_host");
}

static void endless_logging(void)
{
	kill_loop("spin_log");
}

/* A loop in the guest's very first instructions, before it is ready. */
static void kill_during_start(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);
	struct fixture_killer *killer = fixture_kill_later(sandbox, 1000);

	check_killed(sandbox, "spin");
	fixture_killer_join(killer);
	fixture_destroy(sandbox, engine);
}

static void at_random_moments(void)
{
	mote_engine *engine = fixture_engine();

	for (uint64_t i = 0; i < test_scale(300); i++) {
		mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);
		struct fixture_killer *killer =
			fixture_kill_later(sandbox, (unsigned int)(i * 37 % 500));

		check_killed(sandbox, i % 2 ? "spin" : "spin_host");
		fixture_killer_join(killer);
		fixture_destroy(sandbox, NULL);
	}
	mote_engine_release(engine);
}

/* ---- In host functions ------------------------------------------------------------------- */

struct victim {
	mote_sandbox *sandbox;
	unsigned int calls;
	uint64_t id; /* to kill; 0: whichever call it is */
	bool hit;
	mote_interrupt_state state;
};

static mote_status kill_own(void *user, const mote_value *arguments, size_t count,
			    mote_value *result, mote_error *error)
{
	struct victim *victim = user;
	mote_interrupt *interrupt = mote_sandbox_get_interrupt(victim->sandbox);

	(void)count, (void)error;
	victim->calls++;
	victim->state = test_interrupt_state(interrupt);
	victim->hit = victim->id ? mote_interrupt_kill_call(interrupt, victim->id)
				 : mote_interrupt_kill(interrupt);
	*result = arguments[0];
	return MOTE_OK;
}

static mote_sandbox *sandbox_of_victim(mote_engine *engine, struct victim *victim)
{
	const mote_host_function tick = {
		.name = "host_tick", .signature = "u32(u32)", .call = kill_own, .user = victim};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;

	options.host_functions = &tick;
	options.host_function_count = 1;
	victim->sandbox = fixture_sandbox(engine, "faults", &options);
	return victim->sandbox;
}

/* The host function finishes; the guest does not come to run again. */
static void kill_in_a_host_function(void)
{
	mote_engine *engine = fixture_engine();
	struct victim victim = {0};
	mote_sandbox *sandbox = sandbox_of_victim(engine, &victim);

	check_killed(sandbox, "spin_host");
	CHECK(victim.hit);
	CHECK_EQ(victim.calls, 1);
	CHECK(victim.state.in_call && !victim.state.running && !victim.state.cancelled);
	CHECK_EQ(victim.state.call_id, 1);
	fixture_destroy(sandbox, engine);
}

static void kill_by_the_right_id(void)
{
	mote_engine *engine = fixture_engine();
	struct victim victim = {.id = 3};
	mote_sandbox *sandbox = sandbox_of_victim(engine, &victim);

	CALL0(sandbox, "still_alive");
	CALL0(sandbox, "still_alive");
	check_killed(sandbox, "spin_host");
	CHECK(victim.hit);
	CHECK_EQ(victim.calls, 1);
	fixture_destroy(sandbox, engine);
}

static mote_status kill_others(void *user, const mote_value *arguments, size_t count,
			       mote_value *result, mote_error *error)
{
	struct victim *victim = user;
	mote_interrupt *interrupt = mote_sandbox_get_interrupt(victim->sandbox);
	uint64_t id = test_interrupt_state(interrupt).call_id;

	(void)count, (void)error;
	CHECK(!mote_interrupt_kill_call(interrupt, id - 1));
	CHECK(!mote_interrupt_kill_call(interrupt, id + 1));
	CHECK(!mote_interrupt_kill_call(interrupt, 0));
	CHECK(!mote_interrupt_kill_call(interrupt, UINT64_MAX));
	CHECK(!mote_interrupt_is_killed(interrupt));
	victim->calls++;
	*result = arguments[0];
	return MOTE_OK;
}

static void kill_by_a_wrong_id(void)
{
	mote_engine *engine = fixture_engine();
	struct victim victim = {0};
	mote_host_function functions[16];
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	size_t count;
	const mote_host_function *echoing = fixture_functions(&count);

	REQUIRE(count <= TEST_COUNT(functions));
	memcpy(functions, echoing, count * sizeof(*functions));
	for (size_t i = 0; i < count; i++)
		if (!strcmp(functions[i].name, "host_u32")) {
			functions[i].call = kill_others;
			functions[i].user = &victim;
		}
	options.host_functions = functions;
	options.host_function_count = count;
	victim.sandbox = fixture_sandbox(engine, "callbacks", &options);
	CHECK_EQ(CALL(victim.sandbox, "call_u32", mote_value_u32(4)).as.u32, 4);
	CHECK_EQ(CALL(victim.sandbox, "call_u32", mote_value_u32(5)).as.u32, 5);
	CHECK_EQ(victim.calls, 2);
	fixture_destroy(victim.sandbox, engine);
}

/* ---- Between calls ----------------------------------------------------------------------- */

static void kill_between_calls(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);
	mote_interrupt *interrupt = mote_sandbox_get_interrupt(sandbox);

	CHECK(!mote_interrupt_kill(interrupt));
	for (uint64_t call = 1; call <= 5; call++) {
		CHECK_EQ(CALL0(sandbox, "still_alive").as.u32, 1);
		CHECK(!mote_interrupt_kill(interrupt));
		CHECK(!mote_interrupt_kill_call(interrupt, call));
		CHECK(!mote_interrupt_kill_call(interrupt, call + 1));
		CHECK(!mote_interrupt_is_killed(interrupt));
		CHECK_EQ(test_interrupt_state(interrupt).call_id, call);
	}
	fixture_destroy(sandbox, engine);
}

static void handle_outlives_the_sandbox(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);
	mote_interrupt *interrupt = mote_interrupt_retain(mote_sandbox_get_interrupt(sandbox));
	mote_interrupt_state state = test_interrupt_state(interrupt);

	CHECK_EQ(state.call_id, 0);
	CHECK(!state.in_call && !state.running && !state.cancelled && !state.dropped);
	CALL0(sandbox, "still_alive");
	CHECK(!mote_interrupt_is_dropped(interrupt));
	fixture_destroy(sandbox, engine);
	CHECK(mote_interrupt_is_dropped(interrupt));
	CHECK(!mote_interrupt_kill(interrupt));
	CHECK(!mote_interrupt_kill_call(interrupt, 1));
	state = test_interrupt_state(interrupt);
	CHECK(state.dropped && !state.in_call);
	CHECK_EQ(state.call_id, 1);
	mote_interrupt_release(interrupt);
	mote_interrupt_release(NULL);
}

/* ---- A storm of kills -------------------------------------------------------------------- */

struct storm {
	mote_interrupt *interrupt;
	atomic_bool stop;
	uint64_t late; /* kills that hit nothing */
};

static void *kill_all_the_time(void *argument)
{
	struct storm *storm = argument;

	do {
		mote_interrupt_state state = test_interrupt_state(storm->interrupt);

		/* A watchdog that is always one call late. */
		if (state.call_id > 1 &&
		    mote_interrupt_kill_call(storm->interrupt, state.call_id - 1))
			CHECK(!"a late kill hit the next call");
		storm->late++;
	} while (!atomic_load(&storm->stop));
	return NULL;
}

/* Late kills never hit the call in progress. */
static void late_kills_hit_nothing(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);
	struct storm storm = {.interrupt = mote_sandbox_get_interrupt(sandbox)};
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, kill_all_the_time, &storm) == 0);
	for (uint64_t i = test_scale(5000); i > 0; i--)
		CHECK_EQ(CALL0(sandbox, "still_alive").as.u32, 1);
	atomic_store(&storm.stop, true);
	pthread_join(thread, NULL);
	CHECK(storm.late > 0);
	fixture_destroy(sandbox, engine);
}

/* A kill of one sandbox does not touch the other, whose call comes right after on the same
 * thread. */
static void only_the_right_sandbox(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *bystander = fixture_sandbox(engine, "faults", NULL);

	for (uint64_t i = test_scale(100); i > 0; i--) {
		mote_sandbox *victim = fixture_sandbox(engine, "faults", NULL);
		struct fixture_killer *killer = fixture_kill_later(victim, 100);
		mote_error error = MOTE_ERROR_INIT;

		CHECK_STATUS(fixture_try(victim, "spin", NULL, 0, NULL, &error), MOTE_KILLED,
			     &error);
		for (int calls = 0; calls < 5; calls++)
			CHECK_EQ(CALL0(bystander, "still_alive").as.u32, 1);
		fixture_killer_join(killer);
		fixture_destroy(victim, NULL);
	}
	CHECK(!mote_sandbox_is_poisoned(bystander));
	fixture_destroy(bystander, engine);
}

/* ---- Another thread destroys -------------------------------------------------------------- */

struct visit {
	mote_sandbox *sandbox;
	mote_status called;
};

static void *call_once(void *argument)
{
	struct visit *visit = argument;
	mote_error error = MOTE_ERROR_INIT;

	visit->called = fixture_try(visit->sandbox, "still_alive", NULL, 0, NULL, &error);
	return NULL;
}

static void *destroy(void *argument)
{
	struct visit *visit = argument;

	mote_sandbox_destroy(visit->sandbox);
	return NULL;
}

static void *kill_until_dropped(void *argument)
{
	mote_interrupt *interrupt = argument;

	while (!mote_interrupt_is_dropped(interrupt))
		mote_interrupt_kill(interrupt);
	CHECK(!mote_interrupt_kill(interrupt));
	mote_interrupt_release(interrupt);
	return NULL;
}

/* One thread creates, one calls, one destroys, while one kills all the time. */
static void destroyed_in_another_thread(void)
{
	mote_engine *engine = fixture_engine();

	for (uint64_t i = test_scale(200); i > 0; i--) {
		struct visit visit = {.sandbox = fixture_sandbox(engine, "faults", NULL)};
		mote_interrupt *interrupt =
			mote_interrupt_retain(mote_sandbox_get_interrupt(visit.sandbox));
		pthread_t killer, caller, destroyer;

		REQUIRE(pthread_create(&killer, NULL, kill_until_dropped, interrupt) == 0);
		REQUIRE(pthread_create(&caller, NULL, call_once, &visit) == 0);
		pthread_join(caller, NULL);
		REQUIRE(pthread_create(&destroyer, NULL, destroy, &visit) == 0);
		pthread_join(destroyer, NULL);
		pthread_join(killer, NULL);
		CHECK(visit.called == MOTE_OK || visit.called == MOTE_KILLED);
	}
	mote_engine_release(engine);
}

static void *spin_until_gone(void *argument)
{
	struct visit *visit = argument;
	mote_error error = MOTE_ERROR_INIT;
	mote_function spin;

	REQUIRE_OK(mote_sandbox_find(visit->sandbox, "spin", NULL, &spin, &error), &error);
	visit->called = mote_sandbox_call(visit->sandbox, spin, NULL, 0, NULL, NULL, &error);
	return NULL;
}

/* In the middle of a call: it is killed, and takes the sandbox with it. */
static void destroyed_during_a_call(void)
{
	mote_engine *engine = fixture_engine();
	size_t fds = test_fd_count();

	for (uint64_t i = test_scale(100); i > 0; i--) {
		struct visit visit = {.sandbox = fixture_sandbox(engine, "faults", NULL)};
		mote_interrupt *interrupt =
			mote_interrupt_retain(mote_sandbox_get_interrupt(visit.sandbox));
		pthread_t caller;

		REQUIRE(pthread_create(&caller, NULL, spin_until_gone, &visit) == 0);
		while (!test_interrupt_state(interrupt).running)
			sched_yield();
		mote_sandbox_destroy(visit.sandbox);
		pthread_join(caller, NULL);
		CHECK_STATUS(visit.called, MOTE_KILLED, NULL);
		CHECK(mote_interrupt_is_dropped(interrupt));
		mote_interrupt_release(interrupt);
	}
	CHECK_EQ(test_fd_count(), fds);
	mote_engine_release(engine);
}

static struct {
	mote_sandbox *sandbox; /* destroyed at the next allocation */
} before_call;

static void *allocate_and_destroy(void *user, size_t bytes)
{
	mote_sandbox *sandbox = before_call.sandbox;

	(void)user;
	before_call.sandbox = NULL;
	mote_sandbox_destroy(sandbox);
	return malloc(bytes);
}

/* After the call has claimed its sandbox, before it can be killed: the first deadline starts a
 * thread, which allocates. */
static void destroyed_before_the_guest_is_entered(void)
{
	mote_engine_options engine_options = MOTE_ENGINE_OPTIONS_INIT;
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine;
	mote_sandbox *sandbox;
	mote_function spin;

	test_need_hypervisor();
	engine_options.allocator = mote_default_allocator;
	engine_options.allocator.allocate = allocate_and_destroy;
	REQUIRE_OK(mote_engine_create(&engine_options, &engine, &error), &error);
	sandbox = fixture_sandbox(engine, "faults", NULL);
	REQUIRE_OK(mote_sandbox_find(sandbox, "spin", NULL, &spin, &error), &error);
	options.wall_ns = test_slow(5) * 1000000000;
	before_call.sandbox = sandbox;
	CHECK_STATUS(mote_sandbox_call(sandbox, spin, NULL, 0, &options, NULL, &error), MOTE_KILLED,
		     &error);
	mote_engine_release(engine);
}

/* ---- Between the guest's doorbell and the host function ----------------------------------- */

static struct {
	const struct mote_vm_ops *real;
	mote_interrupt *interrupt; /* of the call that is killed when its first run returns */
	bool hit;
} doorbell;

static mote_status kill_after_run(struct mote_vm *vm, struct mote_vm_exit *exit, mote_error *error)
{
	const mote_status status = doorbell.real->enter(vm, exit, error);

	if (doorbell.interrupt)
		doorbell.hit = mote_interrupt_kill(doorbell.interrupt);
	return status;
}

static mote_status count_calls(void *user, const mote_value *arguments, size_t count,
			       mote_value *result, mote_error *error)
{
	(void)count, (void)error;
	++*(unsigned int *)user;
	*result = arguments[0];
	return MOTE_OK;
}

/* The guest has asked for a host function, and the kill has been answered: it must not begin. */
static void no_host_function_begins_after_a_kill(void)
{
	unsigned int calls = 0;
	const mote_host_function function = {
		.name = "host_tick", .signature = "u32(u32)", .call = count_calls, .user = &calls};
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_engine *engine = fixture_engine();
	struct mote_vm_ops ops;
	mote_sandbox *sandbox;

	options.host_functions = &function;
	options.host_function_count = 1;
	sandbox = fixture_sandbox(engine, "faults", &options);
	doorbell.real = sandbox->vm.vm->ops;
	doorbell.interrupt = NULL;
	ops = *doorbell.real;
	ops.enter = kill_after_run;
	sandbox->vm.vm->ops = &ops;
	CALL0(sandbox, "tick_once");
	CHECK_EQ(calls, 1);
	doorbell.interrupt = mote_sandbox_get_interrupt(sandbox);
	check_killed(sandbox, "tick_once");
	CHECK(doorbell.hit);
	CHECK_EQ(calls, 1);
	sandbox->vm.vm->ops = doorbell.real;
	fixture_destroy(sandbox, engine);
}

static const struct test_case cases[] = {
	CASE(endless_loop),
	CASE(endless_host_calls),
	CASE(endless_logging),
	CASE(kill_during_start),
	CASE(at_random_moments),
	CASE(kill_in_a_host_function),
	CASE(kill_by_the_right_id),
	CASE(kill_by_a_wrong_id),
	CASE(kill_between_calls),
	CASE(handle_outlives_the_sandbox),
	CASE(late_kills_hit_nothing),
	CASE(only_the_right_sandbox),
	CASE(destroyed_in_another_thread),
	CASE(destroyed_during_a_call),
	CASE(destroyed_before_the_guest_is_entered),
	CASE(no_host_function_begins_after_a_kill),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_kill", cases, TEST_COUNT(cases), argc, argv);
}

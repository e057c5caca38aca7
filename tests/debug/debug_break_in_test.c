/* SPDX-License-Identifier: Apache-2.0
 *
 * Several threads and one debugged sandbox: stops that are asked for, kills and destruction of a
 * stopped call, what the debugger may do between calls.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "machine.h"
#include "session.h"

static bool in_image(const struct session *session, uint64_t pc)
{
	const struct mote_layout_region *image =
		&session->sandbox->layout.regions[MOTE_LAYOUT_IMAGE];

	return pc - image->gva < image->bytes;
}

static struct mote_debugger_answer only_go_on(struct session *session,
					      const struct mote_debug_stop *stop)
{
	(void)session;
	(void)stop;
	return go_on();
}

/* ---- A thread that breaks in -------------------------------------------------------------- */

struct breaker {
	pthread_t thread;
	mote_sandbox *sandbox;
	uint64_t pause_ns; /* between breaks; 0: hardly any */
	atomic_bool done;
};

static void *break_in(void *user)
{
	struct breaker *breaker = user;
	const uint64_t pause_ns = breaker->pause_ns != 0 ? breaker->pause_ns : 20000;
	const struct timespec moment = {(time_t)(pause_ns / 1000000000),
					(long)(pause_ns % 1000000000)};

	while (!atomic_load(&breaker->done)) {
		mote_sandbox_break_in(breaker->sandbox);
		nanosleep(&moment, NULL);
	}
	return NULL;
}

static void start_breaker(struct breaker *breaker, struct session *session)
{
	atomic_init(&breaker->done, false);
	breaker->sandbox = session->sandbox;
	REQUIRE(pthread_create(&breaker->thread, NULL, break_in, breaker) == 0);
}

static void join_breaker(struct breaker *breaker)
{
	atomic_store(&breaker->done, true);
	pthread_join(breaker->thread, NULL);
}

/* A step after each stop, so that the call makes progress however often it is stopped. */
static struct mote_debugger_answer step_and_go_on(struct session *session,
						  const struct mote_debug_stop *stop)
{
	CHECK(stop->kind == MOTE_STOP_INTERRUPT || stop->kind == MOTE_STOP_STEP);
	CHECK(in_image(session, session_pc(session)));
	session->hits += stop->kind == MOTE_STOP_INTERRUPT;
	return stop->kind == MOTE_STOP_INTERRUPT ? step() : go_on();
}

static struct mote_debugger_answer stop_often(struct session *session,
					      const struct mote_debug_stop *stop)
{
	if (stop->kind == MOTE_STOP_INTERRUPT && session->hits == test_scale(200))
		return act(MOTE_DEBUGGER_KILL);
	return step_and_go_on(session, stop);
}

static void break_in_stops_a_loop(void)
{
	struct session session = {.on_stop = stop_often};
	struct breaker breaker = {.pause_ns = 0};
	mote_value result;

	session_begin(&session);
	start_breaker(&breaker, &session);
	CHECK_STATUS(session_try(&session, "spin", 0, &result), MOTE_KILLED, &session.error);
	join_breaker(&breaker);
	CHECK_EQ(session.hits, test_scale(200));
	session_end(&session);
}

static struct mote_debugger_answer watch_and_go_on(struct session *session,
						   const struct mote_debug_stop *stop)
{
	if (session->stops == 1) /* a word that is never written */
		session_watch(session, session_symbol(session, "words") + 4088, 8,
			      MOTE_WATCH_WRITE);
	return step_and_go_on(session, stop);
}

/* With each store a fault: many breaks find the vCPU in the monitor. */
static void break_in_everywhere(void)
{
	struct session session = {.on_stop = watch_and_go_on};
	const uint64_t rounds = test_scale(100);
	struct breaker breaker = {.pause_ns = 0};

	session_begin(&session);
	start_breaker(&breaker, &session);
	for (uint64_t i = 0; i < rounds; i++) {
		CHECK_EQ(session_call(&session, "stores", 30).as.u64, 1);
		session.stops = 1;
	}
	join_breaker(&breaker);
	session_end(&session);
}

/* Every other run steps without end; the others would run into a trap that is left of a step. */
static struct mote_debugger_answer step_or_go_on(struct session *session,
						 const struct mote_debug_stop *stop)
{
	struct mote_debugger_answer answer = step();

	if (!CHECK_EQ(stop->kind, MOTE_STOP_INTERRUPT) || session->hits++ == test_scale(4000))
		return act(MOTE_DEBUGGER_KILL);
	answer.how.step = session->hits % 2 == 0;
	answer.how.end = UINT64_MAX;
	return answer;
}

static void an_interrupted_step_leaves_no_trap(void)
{
	struct session session = {.on_stop = step_or_go_on};
	struct breaker breaker = {.pause_ns = 0};
	mote_value result;

	session_begin(&session);
	start_breaker(&breaker, &session);
	CHECK_STATUS(session_try(&session, "spin", 0, &result), MOTE_KILLED, &session.error);
	join_breaker(&breaker);
	session_end(&session);
}

static mote_regs last_regs;

static struct mote_debugger_answer compare_registers(struct session *session,
						     const struct mote_debug_stop *stop)
{
	const mote_regs regs = session_regs(session);

	(void)stop;
	session->hits += memcmp(&regs, &last_regs, sizeof(regs)) != 0;
	last_regs = regs;
	return session->hits <= 10 ? go_on() : act(MOTE_DEBUGGER_KILL);
}

/* The loop counts in a register, which is not the same again; a stop may come before it went on. */
static void registers_are_those_of_the_stop(void)
{
	struct session session = {.on_stop = compare_registers};
	struct breaker breaker = {.pause_ns = 5000000 * test_slow(1)}; /* the loop goes on */
	mote_value result;

	memset(&last_regs, 0, sizeof(last_regs));
	session_begin(&session);
	start_breaker(&breaker, &session);
	CHECK_STATUS(session_try(&session, "spin", 0, &result), MOTE_KILLED, &session.error);
	join_breaker(&breaker);
	CHECK(session.hits > 10);
	session_end(&session);
}

/* ---- A call that waits -------------------------------------------------------------------- */

static atomic_bool waits;

static struct mote_debugger_answer wait_for_kill(struct session *session,
						 const struct mote_debug_stop *stop)
{
	(void)stop;
	atomic_store(&waits, true);
	while (mote_debugger_wait(session->sandbox))
		;
	return go_on();
}

/* As a debugger that gives up a call that is gone. */
static struct mote_debugger_answer wait_and_kill(struct session *session,
						 const struct mote_debug_stop *stop)
{
	(void)wait_for_kill(session, stop);
	return act(MOTE_DEBUGGER_KILL);
}

static void *kill_when_it_waits(void *user)
{
	struct session *session = user;

	while (!atomic_load(&waits))
		sched_yield();
	CHECK(mote_interrupt_kill(mote_sandbox_get_interrupt(session->sandbox)));
	return NULL;
}

static void *destroy_when_it_waits(void *user)
{
	struct session *session = user;

	while (!atomic_load(&waits))
		sched_yield();
	mote_sandbox_destroy(session->sandbox);
	return NULL;
}

static void end_a_waiting_call(struct session *session, void *(*end)(void *user))
{
	mote_value result;
	pthread_t thread;

	atomic_store(&waits, false);
	REQUIRE(pthread_create(&thread, NULL, end, session) == 0);
	CHECK_STATUS(session_try(session, "work", 6, &result), MOTE_KILLED, &session->error);
	CHECK_STR(session->error.text, "guest call killed"); /* not by the debugger */
	pthread_join(thread, NULL);
}

static void kill_of_a_stopped_call(void)
{
	struct session session = {.on_stop = wait_for_kill};

	session_begin(&session);
	end_a_waiting_call(&session, kill_when_it_waits);
	CHECK(mote_sandbox_is_poisoned(session.sandbox));
	session_end(&session);
}

static void a_kill_comes_before_the_debuggers(void)
{
	struct session session = {.on_stop = wait_and_kill};

	session_begin(&session);
	end_a_waiting_call(&session, kill_when_it_waits);
	session_end(&session);
}

static void destroy_of_a_stopped_sandbox(void)
{
	struct session session = {.on_stop = wait_for_kill};

	session_begin(&session);
	end_a_waiting_call(&session, destroy_when_it_waits);
	session.sandbox = NULL;
	session_end(&session);
}

static atomic_bool resumed;

static struct mote_debugger_answer wait_for_wake(struct session *session,
						 const struct mote_debug_stop *stop)
{
	CHECK_EQ(stop->kind, MOTE_STOP_INTERRUPT);
	if (session->stops == 2)
		return go_on();
	atomic_store(&waits, true);
	while (!atomic_load(&resumed))
		CHECK(mote_debugger_wait(session->sandbox));
	return go_on();
}

static void *wake_and_break_in(void *user)
{
	struct session *session = user;

	while (!atomic_load(&waits))
		sched_yield();
	for (unsigned i = 0; i < 10; i++) {
		mote_sandbox_break_in(session->sandbox); /* it is stopped: nothing */
		mote_debugger_wake(session->sandbox, false);
	}
	mote_debugger_wake(session->sandbox, true);
	mote_sandbox_break_in(session->sandbox); /* of the run that follows */
	atomic_store(&resumed, true);
	mote_debugger_wake(session->sandbox, true);
	return NULL;
}

static void a_break_belongs_to_the_run_that_follows(void)
{
	struct session session = {.on_stop = wait_for_wake};
	pthread_t thread;

	atomic_store(&waits, false);
	atomic_store(&resumed, false);
	session_begin(&session);
	REQUIRE(pthread_create(&thread, NULL, wake_and_break_in, &session) == 0);
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	CHECK_EQ(session.stops, 2);
	pthread_join(thread, NULL);
	session_end(&session);
}

static struct mote_debugger_answer stop_for_long(struct session *session,
						 const struct mote_debug_stop *stop)
{
	const uint64_t end = test_now_ns() + session->values[0] + session->values[0] / 2;

	(void)stop;
	while (test_now_ns() < end)
		; /* CPU time too */
	return go_on();
}

static void deadline_waits(void)
{
	/* Longer than the call, without the stop, anywhere. */
	struct session session = {.on_stop = stop_for_long,
				  .values = {(700 + test_slow(300)) * 1000000ull}};
	const mote_value argument = mote_value_u64(6);
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	mote_function work;
	mote_value result;

	session_begin(&session);
	options.wall_ns = options.cpu_ns = session.values[0];
	REQUIRE_OK(mote_sandbox_find(session.sandbox, "work", NULL, &work, &session.error),
		   &session.error);
	CHECK_OK(mote_sandbox_call(session.sandbox, work, &argument, 1, &options, &result,
				   &session.error),
		 &session.error);
	CHECK_EQ(session.stops, 1);
	session_end(&session);
}

/* ---- Between calls ------------------------------------------------------------------------ */

struct caller {
	mote_sandbox *sandbox;
	mote_function work;
	atomic_bool begun, done;
	mote_value result;
};

static void *call_work(void *user)
{
	struct caller *caller = user;
	const mote_value argument = mote_value_u64(6);
	mote_error error = MOTE_ERROR_INIT;

	atomic_store(&caller->begun, true);
	CHECK_OK(mote_sandbox_call(caller->sandbox, caller->work, &argument, 1, NULL,
				   &caller->result, &error),
		 &error);
	atomic_store(&caller->done, true);
	return NULL;
}

static void call_waits_for_a_held_parked_sandbox(void)
{
	struct session session = {.on_stop = only_go_on};
	const struct timespec moment = {0, 50000000};
	struct caller caller = {.done = false};
	pthread_t thread;

	session_begin(&session);
	caller.sandbox = session.sandbox;
	REQUIRE_OK(mote_sandbox_find(session.sandbox, "work", NULL, &caller.work, &session.error),
		   &session.error);
	session_call(&session, "work", 6);
	session.stops = 0;
	REQUIRE_OK(mote_sandbox_hold(session.sandbox, &session.vm, &session.error), &session.error);
	CHECK_STATUS(mote_sandbox_hold(session.sandbox, &session.vm, &session.error), MOTE_BUSY,
		     &session.error);
	REQUIRE(pthread_create(&thread, NULL, call_work, &caller) == 0);
	CHECK(in_image(&session, session_pc(&session)));
	session_break(&session, "leaf");
	while (!atomic_load(&caller.begun))
		sched_yield();
	nanosleep(&moment, NULL); /* to find it waiting, as a rule */
	CHECK(!atomic_load(&caller.done));
	mote_sandbox_release(session.sandbox, NULL);
	pthread_join(thread, NULL);
	CHECK_EQ(caller.result.as.u64, 25);
	CHECK_EQ(session.stops, 6);
	session_end(&session);
}

static void a_held_sandbox_is_detached(void)
{
	struct session session = {.on_stop = only_go_on};

	session_begin(&session);
	session_call(&session, "work", 6);
	REQUIRE_OK(mote_sandbox_hold(session.sandbox, &session.vm, &session.error), &session.error);
	session_break(&session, "leaf");
	CHECK_OK(mote_sandbox_detach(session.sandbox, &session.error), &session.error);
	mote_sandbox_release(session.sandbox, NULL);
	CHECK_EQ(session_call(&session, "work", 6).as.u64, 25);
	CHECK_EQ(session.stops, 0);
	session_end(&session);
}

/* ---- Attaching ---------------------------------------------------------------------------- */

static struct mote_debugger_answer kill_it(void *user, struct mote_debug_vm *vm,
					   const struct mote_debug_stop *stop)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_regs regs;

	(void)user;
	CHECK_EQ(stop->kind, MOTE_STOP_INTERRUPT);
	CHECK_OK(mote_debug_vm_registers(vm, &regs, &error), &error);
	return act(MOTE_DEBUGGER_KILL);
}

static void *attach_to_it(void *user)
{
	const struct mote_debugger debugger = {.stopped = kill_it};
	mote_sandbox *sandbox = user;
	mote_error error = MOTE_ERROR_INIT;

	while (!test_interrupt_state(mote_sandbox_get_interrupt(sandbox)).running)
		sched_yield();
	CHECK_OK(mote_sandbox_attach(sandbox, &debugger, &error), &error);
	CHECK_OK(mote_sandbox_attach(sandbox, &debugger, &error), &error); /* no change */
	return NULL;
}

static void a_running_call_is_attached_to(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "debug_O0", NULL);
	mote_error error = MOTE_ERROR_INIT;
	mote_value result;
	pthread_t thread;

	CHECK_EQ(CALL(sandbox, "work", mote_value_u64(6)).as.u64, 25);
	REQUIRE(pthread_create(&thread, NULL, attach_to_it, sandbox) == 0);
	CHECK_STATUS(fixture_try(sandbox, "spin", NULL, 0, &result, &error), MOTE_KILLED, &error);
	pthread_join(thread, NULL);
	fixture_destroy(sandbox, engine);
}

static const struct test_case cases[] = {
	CASE(break_in_stops_a_loop),
	CASE(break_in_everywhere),
	CASE(an_interrupted_step_leaves_no_trap),
	CASE(registers_are_those_of_the_stop),
	CASE(kill_of_a_stopped_call),
	CASE(a_kill_comes_before_the_debuggers),
	CASE(destroy_of_a_stopped_sandbox),
	CASE(a_break_belongs_to_the_run_that_follows),
	CASE(deadline_waits),
	CASE(call_waits_for_a_held_parked_sandbox),
	CASE(a_held_sandbox_is_detached),
	CASE(a_running_call_is_attached_to),
};

int main(int argc, char **argv)
{
	return test_main("debug_break_in", cases, TEST_COUNT(cases), argc, argv);
}

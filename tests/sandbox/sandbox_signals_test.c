/* SPDX-License-Identifier: Apache-2.0
 *
 * Signals: the kick takes a free one and leaves the application's alone; a
 * thread that blocks it is told so; a profiler's do not disturb.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fixture.h"

/* What mote looks at, in this order. */
static const int choices[] = {SIGURG, SIGSTKFLT, SIGPWR, SIGIO};

static atomic_uint handled;

static void on_signal(int number)
{
	(void)number;
	atomic_fetch_add(&handled, 1);
}

static void on_signal_information(int number, siginfo_t *information, void *context)
{
	(void)number, (void)information, (void)context;
	atomic_fetch_add(&handled, 1);
}

static mote_status create_with_signal(int number, mote_engine **engine, mote_error *error)
{
	mote_engine_options options = MOTE_ENGINE_OPTIONS_INIT;

	options.kick_signal = number;
	return mote_engine_create(&options, engine, error);
}

/* Kills an endless loop of a new sandbox; 0 when that works. */
static int kill_works(mote_engine *engine)
{
	mote_error error = MOTE_ERROR_INIT;
	struct fixture_killer *killer;
	mote_sandbox *sandbox;
	mote_status status = fixture_create(engine, "faults", NULL, &sandbox, &error);

	if (status != MOTE_OK)
		return 1;
	killer = fixture_kill_later(sandbox, 1000);
	status = fixture_try(sandbox, "spin", NULL, 0, NULL, &error);
	fixture_killer_join(killer);
	mote_sandbox_destroy(sandbox);
	return status != MOTE_KILLED;
}

static bool handler_is(int number, void (*handler)(int))
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 && action.sa_handler == handler;
}

/* Whatever the application does with its signals, a hypervisor that needs none takes none. */
static bool kicks_without_a_signal;

/* What an engine with a signal of the application's is. */
static mote_status with_signal(mote_status otherwise)
{
	return kicks_without_a_signal ? MOTE_INVALID_ARGUMENT : otherwise;
}

/* A child in which none of the signals was ever used. */
static int in_a_child(int (*act)(void))
{
	kicks_without_a_signal = !fixture_has_kick_signal();
	return fixture_in_a_child(act);
}

/* ---- Signals that are taken -------------------------------------------------------------- */

static int explicit_and_taken(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	mote_error error = MOTE_ERROR_INIT;
	int number = SIGUSR1;
	mote_engine *engine = NULL;

	sigaction(number, &action, NULL);
	if (create_with_signal(number, &engine, &error) != with_signal(MOTE_SIGNAL_TAKEN) || engine)
		return 1;
	if (!strstr(error.text,
		    kicks_without_a_signal ? "needs no signal" : "already has a handler"))
		return 2;
	if (!handler_is(number, on_signal))
		return 3;
	raise(number);
	if (atomic_load(&handled) != 1)
		return 4;
	/* An ignored one is the application's too. */
	action.sa_handler = SIG_IGN;
	sigaction(number, &action, NULL);
	return create_with_signal(number, &engine, &error) == with_signal(MOTE_SIGNAL_TAKEN) ? 0
											     : 5;
}

static void taken_signal_is_refused(void)
{
	CHECK_EQ(in_a_child(explicit_and_taken), 0);
}

static int chosen_around(void)
{
	struct sigaction plain = {.sa_handler = on_signal};
	struct sigaction with_information = {.sa_sigaction = on_signal_information,
					     .sa_flags = SA_SIGINFO};
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine;

	sigaction(choices[0], &plain, NULL);
	sigaction(choices[1], &with_information, NULL);
	if (mote_engine_create(NULL, &engine, &error) != MOTE_OK || kill_works(engine))
		return 1;
	if (!handler_is(choices[0], on_signal) ||
	    handler_is(choices[2], SIG_DFL) != kicks_without_a_signal)
		return 2;
	mote_engine_release(engine);
	raise(choices[0]);
	raise(choices[1]);
	return atomic_load(&handled) == 2 ? 0 : 3;
}

static void automatic_choice_goes_around(void)
{
	CHECK_EQ(in_a_child(chosen_around), 0);
}

static int all_taken(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine = NULL;

	for (size_t i = 0; i < TEST_COUNT(choices); i++)
		sigaction(choices[i], &action, NULL);
	if (kicks_without_a_signal)
		return mote_engine_create(NULL, &engine, &error) == MOTE_OK ? kill_works(engine)
									    : 2;
	return mote_engine_create(NULL, &engine, &error) == MOTE_SIGNAL_TAKEN && !engine ? 0 : 1;
}

static void no_signal_left(void)
{
	CHECK_EQ(in_a_child(all_taken), 0);
}

static int explicit_and_free(void)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *one, *two;
	int number = SIGUSR2;

	if (create_with_signal(number, &one, &error) != with_signal(MOTE_OK))
		return 1;
	if (kicks_without_a_signal)
		return handler_is(number, SIG_DFL) ? 0 : 7;
	/* Two engines may share a signal, and another has its own. */
	if (create_with_signal(number, &two, &error) != MOTE_OK)
		return 2;
	if (kill_works(one) || kill_works(two))
		return 3;
	mote_engine_release(one);
	if (kill_works(two))
		return 4;
	/* One that comes late, out of nowhere, does no harm. */
	raise(number);
	mote_engine_release(two);
	if (!handler_is(number, SIG_DFL))
		return 5;
	if (create_with_signal(SIGUSR1, &one, &error) != MOTE_OK || kill_works(one))
		return 6;
	mote_engine_release(one);
	return 0;
}

static void signal_of_the_callers_choice(void)
{
	CHECK_EQ(in_a_child(explicit_and_free), 0);
}

/* ---- Signals that are blocked ------------------------------------------------------------ */

struct blocked {
	mote_sandbox *sandbox;
	mote_status first, second;
	mote_error error;
};

static void *call_with_all_blocked(void *argument)
{
	struct blocked *blocked = argument;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	blocked->first = mote_sandbox_start(blocked->sandbox, NULL, &blocked->error);
	pthread_sigmask(SIG_UNBLOCK, &all, NULL);
	blocked->second = mote_sandbox_start(blocked->sandbox, NULL, NULL);
	return NULL;
}

/* A typed error at the thread's first call, and nothing is poisoned. */
static void blocked_signal_is_an_error(void)
{
	mote_engine *engine = fixture_engine();
	struct blocked blocked = {.sandbox = fixture_sandbox(engine, "echo", NULL),
				  .error = MOTE_ERROR_INIT};
	pthread_t thread;

	REQUIRE(pthread_create(&thread, NULL, call_with_all_blocked, &blocked) == 0);
	pthread_join(thread, NULL);
	if (!fixture_has_kick_signal()) {
		CHECK_OK(blocked.first, &blocked.error);
	} else {
		CHECK_STATUS(blocked.first, MOTE_SIGNAL_BLOCKED, &blocked.error);
		CHECK_CONTAINS(blocked.error.text, "unblock it with pthread_sigmask");
	}
	CHECK_OK(blocked.second, NULL);
	CHECK(!mote_sandbox_is_poisoned(blocked.sandbox));
	CHECK_EQ(CALL0(blocked.sandbox, "count").as.u32, 1);
	fixture_destroy(blocked.sandbox, engine);
}

/* The kick of a default engine: the first whose disposition is the library's by now. */
static int kick_signal(void)
{
	struct sigaction action;

	if (!fixture_has_kick_signal())
		return choices[0]; /* any: it has none */
	for (size_t i = 0; i < TEST_COUNT(choices); i++)
		if (sigaction(choices[i], NULL, &action) == 0 && action.sa_handler != SIG_DFL &&
		    action.sa_handler != SIG_IGN)
			return choices[i];
	FAIL("no signal is taken");
}

struct late_block {
	mote_sandbox *sandbox;
	const char *function;
	mote_status before, during, after;
	int signal;
	bool pending;
	atomic_bool called;
};

/* Blocks the kick between two calls of a thread, which is not looked for. */
static void *call_block_and_call(void *argument)
{
	struct late_block *late = argument;
	mote_error error = MOTE_ERROR_INIT;
	sigset_t kick, pending;

	sigemptyset(&kick);
	sigaddset(&kick, late->signal);
	late->before = fixture_try(late->sandbox, "nothing", NULL, 0, NULL, &error);
	pthread_sigmask(SIG_BLOCK, &kick, NULL);
	late->during = fixture_try(late->sandbox, "nothing", NULL, 0, NULL, &error);
	late->after = fixture_try(late->sandbox, late->function, NULL, 0, NULL, &error);
	atomic_store(&late->called, true);
	sigpending(&pending);
	late->pending = sigismember(&pending, late->signal) == 1;
	/* Now it arrives, and means nothing any more. */
	pthread_sigmask(SIG_UNBLOCK, &kick, NULL);
	return NULL;
}

/* Waits for the last of the three calls, then kills it. */
static void kill_third_call(mote_sandbox *sandbox)
{
	mote_interrupt *interrupt = mote_sandbox_get_interrupt(sandbox);
	mote_interrupt_state state;

	do {
		sched_yield();
		state = test_interrupt_state(interrupt);
	} while (state.call_id < 3 || !state.running);
	CHECK(mote_interrupt_kill_call(interrupt, 3));
}

/* A guest that comes back to the host is stopped there, one that does not by any other signal. */
static void signal_blocked_after_the_first_call(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	mote_engine *engine = fixture_engine();

	REQUIRE(sigaction(SIGUSR1, &action, NULL) == 0);
	for (unsigned int i = 0; i < 2; i++) {
		struct late_block late = {.sandbox = fixture_sandbox(engine, "loops", NULL),
					  .function = i ? "spin_ticking" : "spin",
					  .signal = kick_signal()};
		pthread_t thread;

		REQUIRE(pthread_create(&thread, NULL, call_block_and_call, &late) == 0);
		kill_third_call(late.sandbox);
		while (i == 0 && !atomic_load(&late.called)) {
			pthread_kill(thread, SIGUSR1);
			sched_yield();
		}
		pthread_join(thread, NULL);
		CHECK_OK(late.before, NULL);
		CHECK_OK(late.during, NULL);
		CHECK_STATUS(late.after, MOTE_KILLED, NULL);
		if (i == 0)
			CHECK_EQ(late.pending, fixture_has_kick_signal());
		fixture_destroy(late.sandbox, NULL);
	}
	mote_engine_release(engine);
}

/* ---- A profiler -------------------------------------------------------------------------- */

/* Signals at 1 kHz, slower on a slow machine. */
static timer_t start_profiler(void)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPROF};
	long period = 1000000 * (long)test_slow(1);
	const struct itimerspec times = {{0, period}, {0, period}};
	timer_t timer;

	atomic_store(&handled, 0);
	REQUIRE(sigaction(SIGPROF, &action, NULL) == 0);
	REQUIRE(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
	REQUIRE(timer_settime(timer, 0, &times, NULL) == 0);
	return timer;
}

static void calls_under_a_profiler(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "callbacks", NULL);
	timer_t timer = start_profiler();

	for (uint32_t i = 0; atomic_load(&handled) < 300; i++)
		CHECK_EQ(CALL(sandbox, "call_times", mote_value_u32(i % 7)).as.u32, i % 7);
	timer_delete(timer);
	CHECK(!mote_sandbox_is_poisoned(sandbox));
	fixture_destroy(sandbox, engine);
}

static void *kill_after_many_signals(void *argument)
{
	mote_interrupt *interrupt = argument;
	struct timespec moment = {0, 1000000};

	while (atomic_load(&handled) < 100 || !test_interrupt_state(interrupt).in_call)
		nanosleep(&moment, NULL);
	CHECK(mote_interrupt_kill(interrupt));
	return NULL;
}

/* One long call, interrupted again and again without being cancelled, then killed. */
static void long_call_under_a_profiler(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox_statistics statistics = MOTE_SANDBOX_STATISTICS_INIT;
	timer_t timer = start_profiler();
	pthread_t killer;

	REQUIRE(pthread_create(&killer, NULL, kill_after_many_signals,
			       mote_sandbox_get_interrupt(sandbox)) == 0);
	CHECK_STATUS(fixture_try(sandbox, "spin", NULL, 0, NULL, &error), MOTE_KILLED, &error);
	timer_delete(timer);
	pthread_join(killer, NULL);
	/* Those interruptions are not the guest's exits. */
	mote_sandbox_get_statistics(sandbox, &statistics, NULL);
	CHECK_EQ(statistics.exits, 1);
	fixture_destroy(sandbox, engine);
}

/* ---- What else may happen to the signal -------------------------------------------------- */

/* As many signals are pending as the user may have: another process of the user is enough for that.
 * Here the user may have none, because what other processes do with theirs is unknown. */
static bool fill_the_queue(void)
{
	const struct rlimit none = {0, 0};
	const union sigval value = {0};

	return setrlimit(RLIMIT_SIGPENDING, &none) == 0 &&
	       sigqueue(getpid(), SIGRTMIN, value) != 0 && errno == EAGAIN;
}

static mote_status spin(mote_engine *engine, uint64_t wall_ns, mote_error *error)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_sandbox *sandbox;
	mote_status status;

	options.wall_ns = wall_ns;
	status = fixture_create(engine, "faults", &options, &sandbox, error);
	if (status != MOTE_OK)
		return status;
	status = fixture_try(sandbox, "spin", NULL, 0, NULL, error);
	mote_sandbox_destroy(sandbox);
	return status;
}

enum { SOON_NS = 5000000 };

static int kill_with_a_full_queue(void)
{
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine, *late;

	if (mote_engine_create(NULL, &engine, &error) != MOTE_OK)
		return 1;
	/* The watching thread exists, with its timer. */
	if (spin(engine, SOON_NS, &error) != MOTE_WALL_DEADLINE)
		return 2;
	if (!fill_the_queue())
		return 3;
	if (kill_works(engine))
		return 4;
	if (spin(engine, SOON_NS, &error) != MOTE_WALL_DEADLINE)
		return 5;
	/* A first deadline cannot have its timer now, and says so before the guest runs. */
	if (mote_engine_create(NULL, &late, &error) != MOTE_OK)
		return 6;
	if (spin(late, SOON_NS, &error) != MOTE_LIMIT || !strstr(error.text, "RLIMIT_SIGPENDING"))
		return 7;
	if (kill_works(late))
		return 8;
	mote_engine_release(late);
	mote_engine_release(engine);
	return 0;
}

static void a_full_signal_queue_stops_no_kill(void)
{
	CHECK_EQ(in_a_child(kill_with_a_full_queue), 0);
}

static int kill_after_giving_up(void)
{
	void (*const handlers[])(int) = {SIG_IGN, SIG_DFL, on_signal};
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine;

	if (create_with_signal(kicks_without_a_signal ? 0 : SIGUSR2, &engine, &error) != MOTE_OK)
		return 1;
	for (size_t i = 0; i < 2 * TEST_COUNT(handlers); i++) {
		/* SA_RESTART: the system call that runs the vCPU ends all the same. SA_SIGINFO
		 * means nothing for SIG_IGN and SIG_DFL, but runtimes of other languages set it
		 * for all. */
		const struct sigaction action = {
			.sa_handler = handlers[i % TEST_COUNT(handlers)],
			.sa_flags = SA_RESTART | (i / TEST_COUNT(handlers) ? SA_SIGINFO : 0)};

		sigaction(SIGUSR2, &action, NULL);
		if (kill_works(engine))
			return 2;
		sigaction(SIGUSR2, &action, NULL);
		if (spin(engine, SOON_NS, &error) != MOTE_WALL_DEADLINE)
			return 3;
	}
	mote_engine_release(engine);
	if (!handler_is(SIGUSR2, on_signal))
		return 4;
	return kicks_without_a_signal || atomic_load(&handled) >= 2 ? 0 : 5;
}

/* The process would die of the kick, or the guest run on. */
static void a_signal_that_the_application_changes_later_still_kills(void)
{
	CHECK_EQ(in_a_child(kill_after_giving_up), 0);
}

static int create_in_vain(void)
{
	mote_engine_options options = MOTE_ENGINE_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine;

	options.backend = fixture_missing_backend();
	if (mote_engine_create(&options, &engine, &error) != MOTE_NO_HYPERVISOR)
		return 1;
	for (size_t i = 0; i < TEST_COUNT(choices); i++)
		if (!handler_is(choices[i], SIG_DFL))
			return 2;
	return 0;
}

static void a_failed_creation_leaves_no_handler(void)
{
	CHECK_EQ(in_a_child(create_in_vain), 0);
}

static void *kill_until_cancelled(void *argument)
{
	int before;

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &before);
	for (;;)
		mote_interrupt_kill(argument);
	return NULL;
}

/* A thread that is cancelled in the middle of a kill must not leave the call waiting for it. */
static void cancelled_killers_finish_what_they_began(void)
{
	if (TEST_THREAD_SANITIZER)
		SKIP("the thread sanitizer's own locks stay held by a cancelled thread");

	mote_engine *engine = fixture_engine();
	mote_error error = MOTE_ERROR_INIT;

	for (uint64_t i = 0; i < test_scale(200); i++) {
		mote_sandbox *sandbox = fixture_sandbox(engine, "faults", NULL);
		pthread_t killer;

		REQUIRE(pthread_create(&killer, NULL, kill_until_cancelled,
				       mote_sandbox_get_interrupt(sandbox)) == 0);
		CHECK_STATUS(fixture_try(sandbox, "spin", NULL, 0, NULL, &error), MOTE_KILLED,
			     &error);
		pthread_cancel(killer);
		pthread_join(killer, NULL);
		mote_sandbox_destroy(sandbox);
	}
	mote_engine_release(engine);
}

static const struct test_case cases[] = {
	CASE(taken_signal_is_refused),
	CASE(automatic_choice_goes_around),
	CASE(no_signal_left),
	CASE(signal_of_the_callers_choice),
	CASE(blocked_signal_is_an_error),
	CASE(signal_blocked_after_the_first_call),
	CASE(calls_under_a_profiler),
	CASE(long_call_under_a_profiler),
	CASE(a_full_signal_queue_stops_no_kill),
	CASE(a_signal_that_the_application_changes_later_still_kills),
	CASE(a_failed_creation_leaves_no_handler),
	CASE(cancelled_killers_finish_what_they_began),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_signals", cases, TEST_COUNT(cases), argc, argv);
}

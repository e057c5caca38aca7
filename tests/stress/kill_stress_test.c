/* SPDX-License-Identifier: Apache-2.0
 *
 * Kills at random moments, for as long as MOTE_STRESS_SECONDS says: threads that
 * alternate between two sandboxes, threads that exit right after a call, deadlines
 * that race with kills, handles that outlive their sandboxes, a profiler.  No kill
 * is lost, none hits another call than it was meant for, none comes late.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "stress.h"

/*
 * The thread sanitizer holds a signal back until the next call that it intercepts, so a kick that
 * comes right before the run is lost on it. There, and only there, a profiler always runs along:
 * any signal ends the run.
 */
enum { CALLERS = 2, SLOTS = 2 * CALLERS, SECONDS = 4 };

/* Where killers find a target. */
struct slot {
	pthread_mutex_t lock;
	struct target *target;
};

struct thread {
	pthread_t thread;
	struct stress *stress;
	unsigned number;
	uint64_t random;
	struct tally tally;
};

struct stress {
	mote_engine *engine;
	mote_image *image;
	uint64_t end_ns;
	struct slot slots[SLOTS];
	struct thread callers[CALLERS], killers[KILLERS];
	atomic_uint calling; /* callers that are not done */
};

/* SIGPROFs that this thread has handled.  No atomic operation: in a handler it makes the thread
 * sanitizer run another handler inside, which leaves all signals blocked. */
static _Thread_local volatile uint64_t profiled_here;

/* ---- Callers ------------------------------------------------------------------------------ */

/* Something that a caller leaves to a thread which ends right after it. */
struct errand {
	struct target *target;
	uint64_t *random;
	bool destroy, more;
	uint64_t profiled;
};

static void run_errand(struct errand *errand)
{
	if (errand->destroy)
		target_destroy(errand->target);
	else
		errand->more = target_call(errand->target, errand->random);
}

static void *run_and_exit(void *user)
{
	struct errand *errand = user;

	run_errand(errand);
	errand->profiled = profiled_here;
	return NULL;
}

/* Now and then in a thread of its own. */
static bool do_errand(struct thread *caller, struct target *target, bool destroy)
{
	struct errand errand = {target, &caller->random, destroy, false, 0};
	pthread_t thread;

	if (!random_one_in(&caller->random, 4)) {
		run_errand(&errand);
		return errand.more;
	}
	if (!CHECK(pthread_create(&thread, NULL, run_and_exit, &errand) == 0))
		abort();
	pthread_join(thread, NULL);
	caller->tally.brief_threads++;
	caller->tally.profiled += errand.profiled;
	return errand.more;
}

static struct target *exchange(struct slot *slot, struct target *target)
{
	struct target *before;

	pthread_mutex_lock(&slot->lock);
	before = slot->target;
	slot->target = target;
	pthread_mutex_unlock(&slot->lock);
	return before;
}

static struct target *new_target(struct thread *caller)
{
	const struct stress *stress = caller->stress;

	return target_create(stress->engine, stress->image, &caller->tally,
			     random_next(&caller->random));
}

static void *call_and_call(void *user)
{
	struct thread *caller = user;
	struct stress *stress = caller->stress;
	struct slot *slots = &stress->slots[(size_t)2 * caller->number];
	sigset_t profiling;

	sigemptyset(&profiling);
	sigaddset(&profiling, SIGPROF);
	pthread_sigmask(SIG_UNBLOCK, &profiling, NULL);
	for (unsigned i = 0; i < 2; i++)
		exchange(&slots[i], new_target(caller));
	for (unsigned i = 0; test_now_ns() < stress->end_ns; i++) {
		struct slot *slot = &slots[i % 2];

		if (!do_errand(caller, slot->target, false))
			do_errand(caller, exchange(slot, new_target(caller)), true);
	}
	for (unsigned i = 0; i < 2; i++)
		do_errand(caller, exchange(&slots[i], NULL), true);
	caller->tally.profiled += profiled_here;
	atomic_fetch_sub(&stress->calling, 1);
	return NULL;
}

/* ---- Killers ------------------------------------------------------------------------------ */

/* Lets a moment pass, long or short: asleep, so that calls go on where processors are few, and
 * awake at the end, so that it can be shorter than a sleep. */
static void wait_a_moment(uint64_t *random)
{
	const uint64_t shortest_sleep = 60000;
	uint64_t most = (uint64_t)10000 << random_next(random) % 8;
	uint64_t moment = random_next(random) % most, end = test_now_ns() + moment;
	const struct timespec pause = {0, (long)(moment - shortest_sleep)};

	if (moment > shortest_sleep)
		nanosleep(&pause, NULL);
	while (test_now_ns() < end)
		;
}

static struct target *take(struct slot *slot)
{
	struct target *target;

	pthread_mutex_lock(&slot->lock);
	target = slot->target;
	if (target)
		atomic_fetch_add(&target->killers, 1);
	pthread_mutex_unlock(&slot->lock);
	return target;
}

/* Mostly a target that is in a call; NULL after a short sleep otherwise. */
static struct target *choose(struct stress *stress, uint64_t *random)
{
	const struct timespec moment = {0, 100000};
	struct target *target = take(&stress->slots[random_next(random) % SLOTS]);

	if (target && (test_interrupt_state(target->interrupt).in_call || random_one_in(random, 8)))
		return target;
	if (target)
		atomic_fetch_sub(&target->killers, 1);
	nanosleep(&moment, NULL);
	return NULL;
}

static void *kill_and_kill(void *user)
{
	struct thread *killer = user;
	struct stress *stress = killer->stress;
	uint64_t *random = &killer->random;

	while (atomic_load(&stress->calling) > 0) {
		struct target *target = choose(stress, random);
		/* Some stay until the sandbox is gone, but not for ever: the call that its caller
		 * is in may be one of the other sandbox, and wait for a kill. */
		unsigned rounds = random_one_in(random, 4) ? 40 : 3;

		if (!target)
			continue;
		do
			wait_a_moment(random);
		while (target_kill(target, killer->number, random, &killer->tally) && --rounds > 0);
		atomic_fetch_sub(&target->killers, 1);
	}
	return NULL;
}

/* ---- The profiler ------------------------------------------------------------------------- */

static void on_profile(int number)
{
	(void)number;
	profiled_here++;
}

/* Signals at 1 kHz for each caller; they reach callers and their threads only. */
static void start_profiler(timer_t *timers)
{
	struct sigaction action = {.sa_handler = on_profile};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGPROF};
	long period = 1000000 * (long)test_slow(1);
	const struct itimerspec times = {{0, period}, {0, period}};

	REQUIRE_EQ(sigaction(SIGPROF, &action, NULL), 0);
	for (unsigned i = 0; i < CALLERS; i++) {
		REQUIRE_EQ(timer_create(CLOCK_MONOTONIC, &event, &timers[i]), 0);
		REQUIRE_EQ(timer_settime(timers[i], 0, &times, NULL), 0);
	}
}

/* ---- Both together ------------------------------------------------------------------------ */

static void start(struct stress *stress, struct thread *thread, unsigned number,
		  void *(*run)(void *user))
{
	*thread = (struct thread){.stress = stress, .number = number};
	thread->random = (test_now_ns() << 8 | number) | 1;
	REQUIRE_EQ(pthread_create(&thread->thread, NULL, run, thread), 0);
}

/* A call that was to end has not: its kill is lost. */
static void look_for_lost_kills(struct stress *stress)
{
	uint64_t patience = test_slow(20) * 1000000000u;

	for (unsigned i = 0; i < SLOTS; i++) {
		struct target *target = take(&stress->slots[i]);
		uint64_t hit = target ? atomic_load(&target->hit_ns) : 0;

		if (target)
			atomic_fetch_sub(&target->killers, 1);
		if (hit && test_now_ns() > hit + patience)
			FAIL("a call was killed and goes on");
	}
}

static void add(struct tally *sum, const struct thread *threads, unsigned count)
{
	uint64_t *to = (uint64_t *)sum;

	for (unsigned i = 0; i < count; i++)
		for (size_t j = 0; j < sizeof(*sum) / sizeof(*to); j++)
			to[j] += ((const uint64_t *)&threads[i].tally)[j];
}

static void report(const struct stress *stress, uint64_t seconds, bool profiler)
{
	struct tally sum = {0};

	add(&sum, stress->callers, CALLERS);
	add(&sum, stress->killers, KILLERS);
	test_note("%llu s: %llu calls with %llu host calls in %llu sandboxes, %llu by brief "
		  "threads; ended by kill %llu, wall-clock %llu, CPU time %llu",
		  (unsigned long long)seconds, (unsigned long long)sum.calls,
		  (unsigned long long)sum.host_calls, (unsigned long long)sum.sandboxes,
		  (unsigned long long)sum.brief_threads, (unsigned long long)sum.killed,
		  (unsigned long long)sum.wall, (unsigned long long)sum.cpu);
	test_note("kills: %llu answered true, %llu false, %llu of wrong numbers, %llu after "
		  "destruction; %llu SIGPROF",
		  (unsigned long long)sum.hits, (unsigned long long)sum.misses,
		  (unsigned long long)sum.stale, (unsigned long long)sum.late,
		  (unsigned long long)sum.profiled);
	CHECK(!profiler || sum.profiled > 0);
	CHECK(sum.calls > 0 && sum.killed > 0 && sum.hits >= sum.killed);
}

static void open_image(struct stress *stress)
{
	mote_error error = MOTE_ERROR_INIT;

	REQUIRE_OK(mote_engine_create(NULL, &stress->engine, &error), &error);
	REQUIRE_OK(mote_image_open(stress->engine, test_guest("loops"), &stress->image, &error),
		   &error);
}

/* Half of the time that was asked for. */
static uint64_t duration(void)
{
	const char *text = getenv("MOTE_STRESS_SECONDS");
	long seconds = text ? strtol(text, NULL, 10) : SECONDS;

	return seconds > 1 ? (uint64_t)seconds / 2 : 1;
}

static void run(bool profiler)
{
	struct stress *stress;
	const struct timespec moment = {0, 20000000};
	timer_t timers[CALLERS];
	sigset_t profiling;

	if (profiler)
		test_need_signals();
	test_need_hypervisor();
	/* A failure leaves the case, and its threads with this behind. */
	stress = calloc(1, sizeof(*stress));
	REQUIRE(stress != NULL);
	open_image(stress);
	sigemptyset(&profiling);
	sigaddset(&profiling, SIGPROF);
	pthread_sigmask(SIG_BLOCK, &profiling, NULL);
	stress->end_ns = test_now_ns() + duration() * 1000000000u;
	atomic_store(&stress->calling, CALLERS);
	for (unsigned i = 0; i < SLOTS; i++)
		pthread_mutex_init(&stress->slots[i].lock, NULL);
	for (unsigned i = 0; i < CALLERS; i++)
		start(stress, &stress->callers[i], i, call_and_call);
	for (unsigned i = 0; i < KILLERS; i++)
		start(stress, &stress->killers[i], i, kill_and_kill);
	if (profiler)
		start_profiler(timers);
	while (atomic_load(&stress->calling) > 0) {
		nanosleep(&moment, NULL);
		look_for_lost_kills(stress);
	}
	for (unsigned i = 0; i < CALLERS; i++)
		pthread_join(stress->callers[i].thread, NULL);
	for (unsigned i = 0; i < KILLERS; i++)
		pthread_join(stress->killers[i].thread, NULL);
	for (unsigned i = 0; profiler && i < CALLERS; i++)
		timer_delete(timers[i]);
	report(stress, duration(), profiler);
	mote_image_release(stress->image);
	mote_engine_release(stress->engine);
	free(stress);
}

static void kills_are_exact(void)
{
	run(TEST_THREAD_SANITIZER);
}

static void kills_are_exact_under_a_profiler(void)
{
	run(true);
}

int main(int argc, char **argv)
{
	static const struct test_case cases[] = {
		CASE(kills_are_exact),
		CASE(kills_are_exact_under_a_profiler),
	};

	return test_main("kill_stress", cases, TEST_COUNT(cases), argc, argv);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Deadlines, whatever the application does to itself: processors and priorities of its threads,
 * limits of the process, descriptors and forks.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fixture.h"

static const uint64_t MS = 1000000;

static mote_status call(mote_sandbox *sandbox, const char *name, const mote_call_options *options,
			mote_error *error)
{
	mote_function function;

	REQUIRE_EQ(mote_sandbox_find(sandbox, name, NULL, &function, error), MOTE_OK);
	return mote_sandbox_call(sandbox, function, NULL, 0, options, NULL, error);
}

/* CPU time of the calling thread. */
static uint64_t cpu_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- A thread that waits for its processor ------------------------------------------------ */

enum { RIVALS = 9 };

static atomic_bool rivals_stop;

static void *compete(void *user)
{
	(void)user;
	while (!atomic_load(&rivals_stop))
		;
	return NULL;
}

static mote_status work_rounds(mote_sandbox *sandbox, uint32_t rounds, uint64_t cpu_ns,
			       mote_error *error)
{
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	const mote_value argument = mote_value_u32(rounds);
	mote_function function;

	options.cpu_ns = cpu_ns;
	REQUIRE_OK(mote_sandbox_find(sandbox, "work", "u32(u32)", &function, error), error);
	return mote_sandbox_call(sandbox, function, &argument, 1, &options, NULL, error);
}

/* This thread, and those that it starts, share one processor. */
static void share_one_processor(cpu_set_t *before)
{
	cpu_set_t one;

	REQUIRE_EQ(sched_getaffinity(0, sizeof(*before), before), 0);
	CPU_ZERO(&one);
	for (size_t i = 0; CPU_COUNT(&one) == 0; i++)
		if (CPU_ISSET(i, before))
			CPU_SET(i, &one);
	REQUIRE_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
}

static void waiting_for_a_processor_is_no_cpu_time(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "loops", NULL);
	uint64_t used = 0, begin, waited, limit;
	mote_error error = MOTE_ERROR_INIT;
	pthread_t rivals[RIVALS];
	uint32_t rounds = 1000;
	mote_status status;
	cpu_set_t before;
	bool right;

	/* So much work that several slices of the scheduler go by. */
	while (used < 20 * MS && rounds < UINT32_MAX / 2) {
		rounds *= 2;
		begin = cpu_now();
		REQUIRE_OK(work_rounds(sandbox, rounds, 0, &error), &error);
		used = cpu_now() - begin;
	}
	limit = 4 * used;
	share_one_processor(&before);
	atomic_store(&rivals_stop, false);
	for (unsigned int i = 0; i < RIVALS; i++)
		REQUIRE_EQ(pthread_create(&rivals[i], NULL, compete, NULL), 0);
	/* Until a call has taken longer than its limit on the wall clock. One that ended at its
	 * limit has used so much, and says nothing. */
	do {
		uint64_t wall = test_now_ns();

		begin = cpu_now();
		status = work_rounds(sandbox, rounds, limit, &error);
		used = cpu_now() - begin;
		waited = test_now_ns() - wall;
		if (status == MOTE_CPU_DEADLINE) {
			right = CHECK(used >= limit);
			fixture_destroy(sandbox, NULL);
			sandbox = fixture_sandbox(engine, "loops", NULL);
		} else {
			right = CHECK(status == MOTE_OK);
		}
	} while (right && (status != MOTE_OK || waited <= limit));
	atomic_store(&rivals_stop, true);
	for (unsigned int i = 0; i < RIVALS; i++)
		pthread_join(rivals[i], NULL);
	sched_setaffinity(0, sizeof(before), &before);
	fixture_destroy(sandbox, engine);
}

/* A deadline that cannot be watched is an error before the guest is entered. */
static void no_signal_for_the_alarm(void)
{
	mote_engine *engine = fixture_engine();
	mote_sandbox *sandbox = fixture_sandbox(engine, "loops", NULL);
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	struct rlimit before, none;

	options.wall_ns = 600000 * MS;
	REQUIRE_EQ(getrlimit(RLIMIT_SIGPENDING, &before), 0);
	none = (struct rlimit){0, before.rlim_max};
	REQUIRE_EQ(setrlimit(RLIMIT_SIGPENDING, &none), 0);
	CHECK_STATUS(call(sandbox, "nothing", &options, &error), MOTE_LIMIT, &error);
	REQUIRE_EQ(setrlimit(RLIMIT_SIGPENDING, &before), 0);
	CHECK_CONTAINS(error.text, "RLIMIT_SIGPENDING");
	CHECK(!mote_sandbox_is_poisoned(sandbox));
	CHECK_EQ(test_interrupt_state(mote_sandbox_get_interrupt(sandbox)).call_id, 0);
	CHECK_STATUS(call(sandbox, "nothing", &options, &error), MOTE_OK, &error);
	fixture_destroy(sandbox, engine);
}

/* ---- The thread that watches, whatever the application does to itself --------------------- */

/* What a child returns that cannot try it. */
enum { SKIPPED_ = 99 };

static void try_in_a_child(int (*act)(void), const char *what_it_needs)
{
	int code = fixture_in_a_child(act);

	if (code == SKIPPED_)
		SKIP("%s", what_it_needs);
	CHECK_EQ(code, 0);
}

static mote_status spin_for(mote_engine *engine, uint64_t wall_ns)
{
	mote_sandbox_options options = MOTE_SANDBOX_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;
	mote_status status;

	options.wall_ns = wall_ns;
	status = fixture_create(engine, "faults", &options, &sandbox, &error);
	if (status == MOTE_OK) {
		status = call(sandbox, "spin", NULL, &error);
		mote_sandbox_destroy(sandbox);
	}
	if (status != MOTE_WALL_DEADLINE)
		test_note("%s", error.text);
	return status;
}

/* A thread with a fixed priority, bound to one processor, that never lets another run there. */
static int spin_with_fixed_priority(void)
{
	const struct sched_param fixed = {.sched_priority = 10};
	mote_error error = MOTE_ERROR_INIT;
	mote_engine *engine;
	cpu_set_t mine;

	if (sched_getaffinity(0, sizeof(mine), &mine) != 0 || CPU_COUNT(&mine) < 2)
		return SKIPPED_;
	for (int i = 0, kept = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET(i, &mine) && kept++ > 0)
			CPU_CLR(i, &mine);
	if (sched_setaffinity(0, sizeof(mine), &mine) != 0 ||
	    sched_setscheduler(0, SCHED_FIFO, &fixed) != 0)
		return SKIPPED_;
	if (mote_engine_create(NULL, &engine, &error) != MOTE_OK)
		return 1;
	if (spin_for(engine, 10 * MS) != MOTE_WALL_DEADLINE)
		return 2;
	mote_engine_release(engine);
	return 0;
}

static void a_caller_of_fixed_priority_is_ended(void)
{
	try_in_a_child(spin_with_fixed_priority,
		       "needs two processors and the right to SCHED_FIFO");
}

/* Stacks so large that none can be had: the thread takes a small one of its own. */
static int spin_with_huge_stacks(void)
{
	mote_error error = MOTE_ERROR_INIT;
	struct rlimit addresses;
	pthread_attr_t huge;
	mote_engine *engine;
	int code;

	if (pthread_attr_init(&huge) != 0 || pthread_attr_setstacksize(&huge, 1ull << 46) != 0)
		return SKIPPED_;
	code = pthread_setattr_default_np(&huge);
	if (code != 0)
		return SKIPPED_;
	if (mote_engine_create(NULL, &engine, &error) != MOTE_OK)
		return 1;
	addresses = (struct rlimit){(rlim_t)test_virtual_kib() * 1024 + (64 << 20), RLIM_INFINITY};
	if (setrlimit(RLIMIT_AS, &addresses) != 0)
		return SKIPPED_;
	if (spin_for(engine, 10 * MS) != MOTE_WALL_DEADLINE)
		return 2;
	mote_engine_release(engine);
	return 0;
}

static void huge_stacks_of_the_process_do_not_matter(void)
{
	try_in_a_child(spin_with_huge_stacks, "this C library has no default size of stacks");
}

static uint64_t cpu_ns(clockid_t clock)
{
	struct timespec used;

	REQUIRE_EQ(clock_gettime(clock, &used), 0);
	return (uint64_t)used.tv_sec * 1000 * MS + (uint64_t)used.tv_nsec;
}

/* What the process has used and this thread has not. */
static uint64_t cpu_of_others(void)
{
	uint64_t mine = cpu_ns(CLOCK_THREAD_CPUTIME_ID);

	return cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - mine;
}

/* The thread must sleep on; all that runs is this one. */
static int close_all_descriptors(void)
{
	mote_error error = MOTE_ERROR_INIT;
	uint64_t begin, others;
	mote_engine *engine;

	if (mote_engine_create(NULL, &engine, &error) != MOTE_OK)
		return 1;
	if (spin_for(engine, 10 * MS) != MOTE_WALL_DEADLINE)
		return 2;
	for (int fd = 3; fd < 1024; fd++)
		close(fd);
	others = cpu_of_others();
	begin = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
	while (cpu_ns(CLOCK_THREAD_CPUTIME_ID) - begin < 200 * MS)
		;
	return (int64_t)(cpu_of_others() - others) < (int64_t)(20 * MS) ? 0 : 3;
}

static void closed_descriptors_do_not_make_it_spin(void)
{
	try_in_a_child(close_all_descriptors, "");
}

/* The thread that watches does not exist in a child; giving up there must not wait for it. */
static void a_forked_child_gives_up_in_peace(void)
{
	mote_call_options options = MOTE_CALL_OPTIONS_INIT;
	mote_error error = MOTE_ERROR_INIT;
	mote_sandbox *sandbox;
	mote_engine *engine;
	int status = 0;
	pid_t child;

	test_need_fork();
	engine = fixture_engine();
	sandbox = fixture_sandbox(engine, "faults", NULL);
	options.wall_ns = 60000 * MS;
	CHECK_STATUS(call(sandbox, "still_alive", &options, &error), MOTE_OK, &error);
	child = fork();
	if (child == 0) {
		mote_status forked = call(sandbox, "still_alive", &options, &error);

		mote_sandbox_destroy(sandbox);
		mote_engine_release(engine);
		_exit(forked == MOTE_FORKED ? 0 : 1);
	}
	REQUIRE(child > 0 && waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	CHECK_STATUS(call(sandbox, "still_alive", &options, &error), MOTE_OK, &error);
	fixture_destroy(sandbox, engine);
}

static const struct test_case cases[] = {
	CASE(waiting_for_a_processor_is_no_cpu_time),
	CASE(no_signal_for_the_alarm),
	CASE(a_caller_of_fixed_priority_is_ended),
	CASE(huge_stacks_of_the_process_do_not_matter),
	CASE(closed_descriptors_do_not_make_it_spin),
	CASE(a_forked_child_gives_up_in_peace),
};

int main(int argc, char **argv)
{
	return test_main("sandbox_deadline_process", cases, TEST_COUNT(cases), argc, argv);
}

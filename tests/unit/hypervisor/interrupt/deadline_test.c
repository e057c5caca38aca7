/* SPDX-License-Identifier: Apache-2.0
 *
 * The thread that watches deadlines, with clocks, an alarm and a thread of the
 * test's own: what it looks at when, and what happens between two of its looks.
 */
#include "hypervisor/interrupt/deadline.h"

#include "../../unit_test.h"
#include "allocator.h"
#include "error_internal.h"
#include "hypervisor/interrupt/interrupt_internal.h"

/* ---- The operating system ----------------------------------------------------------------- */

static struct {
	uint64_t now, cpu; /* what the clocks show */
	bool thread_gone;  /* its clock cannot be read */
	uint64_t guest;	   /* CPU time that the thread's clock does not show */
	bool guest_silent; /* it cannot be read */
	void (*on_cpu_clock)(void);
	uint64_t alarm;
	unsigned alarm_sets;
	mote_status start_fails;
	void (*run)(void *user);
	void *user;
	unsigned kicks;
	bool locked;
} fake;

static char object[1];

uint64_t mote_os_monotonic_ns(void)
{
	return fake.now;
}

bool mote_os_cpu_clock_self(struct mote_os_cpu_clock *clock)
{
	clock->id = -6;
	return true;
}

bool mote_os_cpu_clock_read(struct mote_os_cpu_clock clock, uint64_t *ns)
{
	void (*act)(void) = fake.on_cpu_clock;

	REQUIRE_EQ(clock.id, -6);
	fake.on_cpu_clock = NULL;
	if (act != NULL)
		act();
	*ns = fake.cpu;
	return !fake.thread_gone;
}

static bool read_guest(const struct mote_guest_clock *clock, uint64_t *ns)
{
	(void)clock;
	*ns = fake.guest;
	return !fake.guest_silent;
}

static const struct mote_guest_clock guest_clock = {.read = read_guest};

mote_status mote_os_lock_create(const mote_allocator *allocator, struct mote_os_lock **lock,
				mote_error *error)
{
	(void)allocator;
	(void)error;
	*lock = (struct mote_os_lock *)object;
	return MOTE_OK;
}

void mote_os_lock_destroy(struct mote_os_lock *lock)
{
	(void)lock;
}

void mote_os_lock_acquire(struct mote_os_lock *lock)
{
	(void)lock;
	REQUIRE(!fake.locked);
	fake.locked = true;
}

void mote_os_lock_release(struct mote_os_lock *lock)
{
	(void)lock;
	REQUIRE(fake.locked);
	fake.locked = false;
}

mote_status mote_os_watcher_start(const mote_allocator *allocator, const char *name,
				  void (*on_alarm)(void *user), void *user,
				  struct mote_os_watcher **watcher, mote_error *error)
{
	(void)allocator;
	(void)name;
	if (fake.start_fails != MOTE_OK)
		return mote_fail(error, fake.start_fails, "no thread");
	/* One that rings at once finds nothing. */
	fake.locked = false;
	on_alarm(user);
	fake.locked = true;
	fake.run = on_alarm;
	fake.user = user;
	*watcher = (struct mote_os_watcher *)object;
	return MOTE_OK;
}

void mote_os_watcher_set(struct mote_os_watcher *watcher, uint64_t until_ns)
{
	REQUIRE(watcher != NULL);
	REQUIRE(fake.locked);
	fake.alarm = until_ns;
	fake.alarm_sets++;
}

static bool stopped;

void mote_os_watcher_stop(struct mote_os_watcher *watcher)
{
	stopped = watcher != NULL;
}

void mote_os_watcher_forget(struct mote_os_watcher *watcher)
{
	(void)watcher;
}

/* The alarm rings: the thread looks once and sleeps again. */
static void ring(void)
{
	fake.run(fake.user);
}

uintptr_t mote_os_thread_self(void)
{
	return 1;
}

static void arm(struct mote_kick *kick)
{
	(void)kick;
}

/* Whoever waits for the lock would wait for this thread too. */
static void send(struct mote_kick *kick, uintptr_t thread)
{
	(void)kick;
	(void)thread;
	CHECK(!fake.locked);
	fake.kicks++;
}

static void take(struct mote_kick *kick)
{
	(void)kick;
}

static const struct mote_kick_ops kick_ops = {.arm = arm, .send = send, .take = take};
static struct mote_kick kick = {&kick_ops};

int mote_os_hold_cancellation(void)
{
	return 0;
}

void mote_os_allow_cancellation(int before)
{
	(void)before;
}

void mote_os_yield(unsigned tries)
{
	(void)tries;
}

/* ---- One sandbox -------------------------------------------------------------------------- */

static struct mote_deadlines *deadlines;
static struct mote_watch watch;

static void set_up(void)
{
	mote_error error = MOTE_ERROR_INIT;

	memset(&fake, 0, sizeof(fake));
	memset(&watch, 0, sizeof(watch));
	watch.guest_clock = &guest_clock;
	fake.now = 1000;
	fake.cpu = 500;
	check_ok(mote_deadlines_create(&mote_default_allocator, &deadlines, &error), &error);
	check_ok(mote_interrupt_create(&mote_default_allocator, &kick, &watch.interrupt, &error),
		 &error);
}

static void tear_down(void)
{
	bool started = fake.run != NULL;

	stopped = false;
	mote_deadlines_forget(deadlines, &watch, false);
	mote_deadlines_destroy(deadlines, false);
	mote_interrupt_release(watch.interrupt);
	CHECK(stopped == started);
}

static void begin(uint64_t wall_ns, uint64_t cpu_ns)
{
	mote_error error = MOTE_ERROR_INIT;

	check_ok(mote_deadlines_prepare(deadlines, &watch, &error), &error);
	mote_interrupt_begin_call(watch.interrupt);
	check_ok(mote_deadlines_begin(deadlines, &watch, wall_ns, cpu_ns, &error), &error);
}

static void pause_for_host(void)
{
	mote_error error = MOTE_ERROR_INIT;

	check_ok(mote_deadlines_pause(&watch, &error), &error);
}

static void resume_guest(void)
{
	mote_error error = MOTE_ERROR_INIT;

	check_ok(mote_deadlines_resume(deadlines, &watch, &error), &error);
}

static void end(void)
{
	mote_deadlines_end(&watch);
	mote_interrupt_end_call(watch.interrupt);
}

static uint64_t cause(void)
{
	return mote_interrupt_cancelled(watch.interrupt) ? mote_interrupt_cause(watch.interrupt)
							 : 0;
}

/* ---- Wall clock --------------------------------------------------------------------------- */

static void a_wall_clock_deadline_ends_its_call(void)
{
	begin(100, 0);
	REQUIRE_EQ(fake.alarm, 1100);
	fake.now = 1099;
	ring();
	REQUIRE_EQ(cause(), 0);
	REQUIRE_EQ(fake.alarm, 1100);
	fake.now = 1100;
	ring();
	REQUIRE_EQ(cause(), MOTE_INTERRUPT_WALL_DEADLINE);
	REQUIRE_EQ(fake.alarm, MOTE_OS_FOREVER);
	end();
}

static void stop(void)
{
	mote_error error = MOTE_ERROR_INIT;

	check_ok(mote_deadlines_stop(&watch, &error), &error);
}

static void go_on(void)
{
	mote_error error = MOTE_ERROR_INIT;

	check_ok(mote_deadlines_continue(deadlines, &watch, &error), &error);
}

static void clocks_stand_still_while_a_call_is_stopped(void)
{
	begin(100, 80);
	fake.now = 1030;
	fake.cpu = 520;
	stop();
	fake.now = 9000;
	fake.cpu = 8000;
	ring();
	REQUIRE_EQ(cause(), 0);
	go_on();
	REQUIRE_EQ(fake.alarm, 9060);
	fake.now = 9069;
	fake.cpu = 8010;
	ring();
	REQUIRE_EQ(cause(), 0);
	fake.now = 9070;
	ring();
	REQUIRE_EQ(cause(), MOTE_INTERRUPT_WALL_DEADLINE);
	end();
}

static void a_deadline_that_passed_before_the_stop_passes_after_it(void)
{
	begin(100, 0);
	fake.now = 1200;
	stop();
	ring();
	REQUIRE_EQ(cause(), 0);
	go_on();
	fake.now = 1201;
	ring();
	REQUIRE_EQ(cause(), MOTE_INTERRUPT_WALL_DEADLINE);
	end();
	begin(0, 0);
	stop();
	go_on();
	REQUIRE_EQ(atomic_load(&watch.wall_ns), 0);
	end();
}

static void the_alarm_is_set_for_what_is_earlier_only(void)
{
	for (unsigned i = 0; i < 50; i++) {
		begin(100, 0);
		end();
		fake.now++;
	}
	REQUIRE_EQ(fake.alarm_sets, 1);
	begin(10, 0);
	REQUIRE_EQ(fake.alarm, 1060);
	REQUIRE_EQ(fake.alarm_sets, 2);
	end();
	/* Nothing is due any more. */
	fake.now = 1060;
	ring();
	REQUIRE_EQ(fake.alarm, MOTE_OS_FOREVER);
	REQUIRE(!mote_interrupt_cancelled(watch.interrupt));
	begin(100, 0);
	REQUIRE_EQ(fake.alarm, 1160);
	end();
}

static void a_deadline_of_a_call_that_is_over_hits_nothing(void)
{
	begin(100, 100);
	end();
	mote_interrupt_begin_call(watch.interrupt); /* without a deadline */
	fake.now = 2000;
	fake.cpu = 2000;
	ring();
	REQUIRE(!mote_interrupt_cancelled(watch.interrupt));
	mote_interrupt_end_call(watch.interrupt);
}

static void endless_times_do_not_overflow(void)
{
	begin(UINT64_MAX, UINT64_MAX);
	fake.now = UINT64_MAX / 2;
	fake.cpu = UINT64_MAX / 2;
	ring();
	REQUIRE(!mote_interrupt_cancelled(watch.interrupt));
	end();
}

/* ---- CPU time ----------------------------------------------------------------------------- */

static void cpu_time_is_looked_at_again_when_it_may_be_over(void)
{
	begin(0, 100);
	REQUIRE_EQ(fake.alarm, 1100);
	fake.now = 1100;
	fake.cpu = 530; /* 30 of 100 */
	ring();
	REQUIRE_EQ(cause(), 0);
	REQUIRE_EQ(fake.alarm, 1170);
	fake.now = 1170;
	fake.cpu = 600;
	ring();
	REQUIRE_EQ(cause(), MOTE_INTERRUPT_CPU_DEADLINE);
	end();
}

static void host_functions_do_not_count(void)
{
	begin(0, 100);
	fake.now = 1050;
	fake.cpu = 550;
	pause_for_host();
	fake.now = 9000;
	fake.cpu = 8000;
	ring();
	REQUIRE_EQ(cause(), 0);
	resume_guest();
	REQUIRE_EQ(fake.alarm, 9050);
	fake.now = 9050;
	fake.cpu = 8049;
	ring();
	REQUIRE_EQ(cause(), 0);
	fake.now = 9051;
	fake.cpu = 8050;
	ring();
	REQUIRE_EQ(cause(), MOTE_INTERRUPT_CPU_DEADLINE);
	end();
}

/* While the thread reads the clock, the call enters a host function, which uses time. */
static void work_in_the_host(void)
{
	pause_for_host();
	fake.cpu += 5000;
}

static void a_host_function_that_begins_while_the_clock_is_read_does_not_count(void)
{
	begin(0, 100);
	fake.now = 1100;
	fake.cpu = 550;
	fake.on_cpu_clock = work_in_the_host;
	ring();
	REQUIRE_EQ(cause(), 0);
	resume_guest();
	REQUIRE_EQ(cause(), 0);
	REQUIRE_EQ(fake.alarm, 1150);
	end();
}

static void work_in_the_host_and_return(void)
{
	work_in_the_host();
	resume_guest();
}

/* The thread holds the lock while it looks, so this deadline is not announced: it must be seen. */
static void nor_does_one_that_returns_meanwhile(void)
{
	begin(0, 100);
	fake.now = 1100;
	fake.cpu = 550;
	fake.on_cpu_clock = work_in_the_host_and_return;
	ring();
	REQUIRE_EQ(cause(), 0);
	REQUIRE_EQ(fake.alarm, 1150);
	end();
}

static void a_thread_that_is_gone_is_over(void)
{
	begin(0, 100);
	fake.now = 1100;
	fake.thread_gone = true;
	ring();
	REQUIRE_EQ(cause(), MOTE_INTERRUPT_CPU_DEADLINE);
	fake.thread_gone = false;
	end();
}

static void end_and_leave(void)
{
	end();
	fake.cpu += 5000; /* the thread's own business, or another thread's of the same number */
}

static void what_a_thread_does_after_its_call_does_not_count(void)
{
	begin(0, 100);
	fake.now = 1100;
	fake.on_cpu_clock = end_and_leave;
	ring();
	REQUIRE(!mote_interrupt_cancelled(watch.interrupt));
}

static void time_that_was_over_before_the_host_function_counts(void)
{
	begin(0, 100);
	fake.cpu = 601;
	pause_for_host();
	REQUIRE_EQ(cause(), 0);
	resume_guest();
	REQUIRE_EQ(cause(), MOTE_INTERRUPT_CPU_DEADLINE);
	end();
}

static void guest_time_that_the_thread_does_not_show_counts(void)
{
	fake.guest = 7000; /* of earlier calls */
	begin(0, 100);
	REQUIRE_EQ(fake.alarm, 1100);
	fake.now = 1100;
	fake.cpu = 510;
	fake.guest = 7060;
	ring();
	REQUIRE_EQ(cause(), 0);
	REQUIRE_EQ(fake.alarm, 1130);
	fake.now = 1130;
	fake.guest = 7090;
	ring();
	REQUIRE_EQ(cause(), MOTE_INTERRUPT_CPU_DEADLINE);
	end();
}

static void guest_time_before_a_host_function_counts_after_it(void)
{
	begin(0, 100);
	fake.now = 1060;
	fake.guest = 60;
	pause_for_host();
	fake.now = 9000;
	fake.cpu = 8000;
	ring();
	REQUIRE_EQ(cause(), 0);
	resume_guest();
	REQUIRE_EQ(fake.alarm, 9040);
	fake.now = 9040;
	fake.guest = 99;
	ring();
	REQUIRE_EQ(cause(), 0);
	REQUIRE_EQ(fake.alarm, 9041);
	fake.now = 9041;
	fake.guest = 100;
	ring();
	REQUIRE_EQ(cause(), MOTE_INTERRUPT_CPU_DEADLINE);
	end();
}

static void a_guest_whose_time_is_unknown_is_over(void)
{
	begin(0, 100);
	fake.now = 1100;
	fake.guest_silent = true;
	ring();
	REQUIRE_EQ(cause(), MOTE_INTERRUPT_CPU_DEADLINE);
	end();
}

static void the_first_cause_stays(void)
{
	begin(100, 100);
	REQUIRE(mote_interrupt_kill(watch.interrupt));
	fake.now = 2000;
	fake.cpu = 2000;
	ring();
	REQUIRE_EQ(cause(), 0);
	REQUIRE(mote_interrupt_is_killed(watch.interrupt));
	end();
	begin(100, 0);
	fake.now = 3000;
	ring();
	REQUIRE(mote_interrupt_kill(watch.interrupt));
	REQUIRE_EQ(cause(), MOTE_INTERRUPT_WALL_DEADLINE);
	REQUIRE(!mote_interrupt_is_killed(watch.interrupt));
	end();
}

/* More calls than one look can end are ended by the next, which follows at once; each of them
 * without the lock, so that nobody waits for a signal that is being sent. */
static void many_deadlines_at_once_all_count(void)
{
	enum { MANY = 50 };
	static struct mote_watch many[MANY];
	mote_error error = MOTE_ERROR_INIT;
	unsigned rings = 0, cancelled = 0;

	memset(many, 0, sizeof(many));
	for (unsigned i = 0; i < MANY; i++) {
		check_ok(mote_interrupt_create(&mote_default_allocator, &kick, &many[i].interrupt,
					       &error),
			 &error);
		check_ok(mote_deadlines_prepare(deadlines, &many[i], &error), &error);
		mote_interrupt_begin_call(many[i].interrupt);
		check_ok(mote_deadlines_begin(deadlines, &many[i], 100, 0, &error), &error);
		REQUIRE(mote_interrupt_set_running(many[i].interrupt));
	}
	for (fake.now = 1100; fake.alarm <= fake.now; rings++)
		ring();
	REQUIRE(rings <= MANY);
	for (unsigned i = 0; i < MANY; i++) {
		cancelled += mote_interrupt_cancelled(many[i].interrupt);
		mote_interrupt_clear_running(many[i].interrupt);
		mote_deadlines_forget(deadlines, &many[i], false);
		mote_interrupt_release(many[i].interrupt);
	}
	REQUIRE_EQ(cancelled, MANY);
	REQUIRE_EQ(fake.kicks, MANY);
}

/* ---- Failures ----------------------------------------------------------------------------- */

static void no_cpu_deadline_begins_with_a_clock_that_cannot_be_read(void)
{
	mote_error error = MOTE_ERROR_INIT;

	check_ok(mote_deadlines_prepare(deadlines, &watch, &error), &error);
	mote_interrupt_begin_call(watch.interrupt);
	fake.guest_silent = true;
	check_error(mote_deadlines_begin(deadlines, &watch, 0, 100, &error), &error, MOTE_OS,
		    "call without a CPU-time deadline");
	REQUIRE(!mote_deadlines_cpu_set(&watch));
	fake.guest_silent = false;
	check_ok(mote_deadlines_begin(deadlines, &watch, 0, 100, &error), &error);
	fake.guest_silent = true;
	check_error(mote_deadlines_pause(&watch, &error), &error, MOTE_OS,
		    "call without a CPU-time deadline");
	end();
}

static void what_cannot_be_started_is_tried_again(void)
{
	mote_error error = MOTE_ERROR_INIT;

	fake.start_fails = MOTE_NO_MEMORY;
	check_error(mote_deadlines_prepare(deadlines, &watch, &error), &error, MOTE_NO_MEMORY,
		    "no thread");
	REQUIRE(!(fake.locked || watch.registered));
	fake.start_fails = MOTE_OK;
	begin(100, 0);
	fake.now = 2000;
	ring();
	REQUIRE_EQ(cause(), MOTE_INTERRUPT_WALL_DEADLINE);
	end();
}

#define TEST(name) CASE_WITHIN(name, set_up, tear_down)

static const struct test_case cases[] = {
	TEST(a_wall_clock_deadline_ends_its_call),
	TEST(clocks_stand_still_while_a_call_is_stopped),
	TEST(a_deadline_that_passed_before_the_stop_passes_after_it),
	TEST(the_alarm_is_set_for_what_is_earlier_only),
	TEST(a_deadline_of_a_call_that_is_over_hits_nothing),
	TEST(endless_times_do_not_overflow),
	TEST(cpu_time_is_looked_at_again_when_it_may_be_over),
	TEST(host_functions_do_not_count),
	TEST(a_host_function_that_begins_while_the_clock_is_read_does_not_count),
	TEST(nor_does_one_that_returns_meanwhile),
	TEST(a_thread_that_is_gone_is_over),
	TEST(what_a_thread_does_after_its_call_does_not_count),
	TEST(time_that_was_over_before_the_host_function_counts),
	TEST(guest_time_that_the_thread_does_not_show_counts),
	TEST(guest_time_before_a_host_function_counts_after_it),
	TEST(a_guest_whose_time_is_unknown_is_over),
	TEST(the_first_cause_stays),
	TEST(many_deadlines_at_once_all_count),
	TEST(no_cpu_deadline_begins_with_a_clock_that_cannot_be_read),
	TEST(what_cannot_be_started_is_tried_again),
};

int main(int argc, char **argv)
{
	return test_main("deadline", cases, TEST_COUNT(cases), argc, argv);
}

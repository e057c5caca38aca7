/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads on Windows: locks, events, and threads that wait for a time.
 */
#include "os/os.h"

#include <windows.h>

#include <stdatomic.h>

#include "../unit_test.h"
#include "allocator.h"

enum { THREADS = 4, COUNTS = 1000 };

static const uint64_t MS = 1000000;
static const mote_allocator *const allocator = &mote_default_allocator;

static struct mote_os_thread *start(void (*run)(void *user), void *user)
{
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_thread *thread;

	check_ok(mote_os_thread_start(allocator, "test", run, user, &thread, &error), &error);
	return thread;
}

/* Waits for a number that another thread sets; false when it takes too long. */
static bool reaches(_Atomic unsigned *number, unsigned wanted)
{
	const uint64_t give_up = test_now_ns() + test_slow(20) * 1000 * MS;

	while (atomic_load(number) < wanted && test_now_ns() < give_up)
		mote_os_pause(MS);
	return atomic_load(number) >= wanted;
}

/* ---- Threads and locks ------------------------------------------------------------------- */

struct shared {
	struct mote_os_lock *lock;
	struct mote_os_event *event;
	unsigned count;
	_Atomic unsigned reached;
	_Atomic uintptr_t self;
};

static void count_up(void *user)
{
	struct shared *shared = user;

	for (unsigned i = 0; i < COUNTS; i++) {
		unsigned before;

		mote_os_lock_acquire(shared->lock);
		before = shared->count;
		mote_os_yield(0);
		shared->count = before + 1;
		mote_os_lock_release(shared->lock);
	}
}

static void a_lock_lets_one_thread_in(void)
{
	struct shared shared = {0};
	struct mote_os_thread *threads[THREADS];
	mote_error error = MOTE_ERROR_INIT;

	check_ok(mote_os_lock_create(allocator, &shared.lock, &error), &error);
	for (unsigned i = 0; i < THREADS; i++)
		threads[i] = start(count_up, &shared);
	for (unsigned i = 0; i < THREADS; i++)
		mote_os_thread_join(threads[i]);
	CHECK_EQ(shared.count, THREADS * COUNTS);
	mote_os_lock_destroy(shared.lock);
	mote_os_lock_destroy(NULL);
	mote_os_lock_forget(NULL);
}

static void tell_self(void *user)
{
	atomic_store(&((struct shared *)user)->self, mote_os_thread_self());
}

static void threads_are_told_apart(void)
{
	struct shared shared = {0};

	mote_os_thread_join(start(tell_self, &shared));
	CHECK(shared.self != 0);
	CHECK(shared.self != mote_os_thread_self());
	CHECK_EQ(mote_os_thread_self(), mote_os_thread_self());
	mote_os_allow_cancellation(mote_os_hold_cancellation());
}

typedef HRESULT(WINAPI *get_description)(HANDLE, PWSTR *);

static void wait_for_event(void *user)
{
	struct shared *shared = user;

	for (unsigned i = 0; i < 3; i++) {
		mote_os_event_wait(shared->event);
		atomic_fetch_add(&shared->reached, 1);
	}
}

static void each_wait_takes_one_setting(void)
{
	struct shared shared = {0};
	struct mote_os_thread *thread;
	mote_error error = MOTE_ERROR_INIT;

	check_ok(mote_os_event_create(allocator, &shared.event, &error), &error);
	/* Several are one. */
	mote_os_event_set(shared.event);
	mote_os_event_set(shared.event);
	thread = start(wait_for_event, &shared);
	CHECK(reaches(&shared.reached, 1));
	mote_os_pause(20 * MS);
	CHECK_EQ(atomic_load(&shared.reached), 1);
	mote_os_event_set(shared.event);
	CHECK(reaches(&shared.reached, 2));
	mote_os_event_set(shared.event);
	mote_os_thread_join(thread);
	CHECK_EQ(atomic_load(&shared.reached), 3);
	mote_os_event_destroy(shared.event);
	mote_os_event_destroy(NULL);
	mote_os_event_forget(NULL);
}

/* ---- Alarms ------------------------------------------------------------------------------ */

struct alarm {
	_Atomic unsigned rings;
	_Atomic uint64_t last_ns;
};

static void ring(void *user)
{
	struct alarm *alarm = user;

	atomic_store(&alarm->last_ns, mote_os_monotonic_ns());
	atomic_fetch_add(&alarm->rings, 1);
}

static struct mote_os_watcher *watch(struct alarm *alarm)
{
	mote_error error = MOTE_ERROR_INIT;
	struct mote_os_watcher *watcher;

	check_ok(mote_os_watcher_start(allocator, "test", ring, alarm, &watcher, &error), &error);
	return watcher;
}

static void an_alarm_rings_when_its_time_has_come(void)
{
	struct alarm alarm = {0};
	struct mote_os_watcher *watcher = watch(&alarm);

	mote_os_pause(10 * MS);
	CHECK_EQ(atomic_load(&alarm.rings), 0);
	for (unsigned i = 0; i < 5; i++) {
		const uint64_t until_ns = mote_os_monotonic_ns() + 10 * MS;

		mote_os_watcher_set(watcher, until_ns);
		REQUIRE(reaches(&alarm.rings, i + 1));
		/* Timers are not more exact than their own tick. */
		CHECK(atomic_load(&alarm.last_ns) + 2 * MS > until_ns);
	}
	/* A time that has passed, and the first of all. */
	mote_os_watcher_set(watcher, mote_os_monotonic_ns() - 1);
	CHECK(reaches(&alarm.rings, 6));
	mote_os_watcher_set(watcher, 0);
	CHECK(reaches(&alarm.rings, 7));
	mote_os_watcher_stop(watcher);
	mote_os_watcher_stop(NULL);
	mote_os_watcher_forget(NULL);
}

static void an_alarm_is_set_anew_while_its_thread_sleeps(void)
{
	struct alarm alarm = {0};
	struct mote_os_watcher *watcher = watch(&alarm);

	/* Sooner. */
	mote_os_watcher_set(watcher, mote_os_monotonic_ns() + 3600000 * MS);
	mote_os_pause(5 * MS);
	mote_os_watcher_set(watcher, mote_os_monotonic_ns() + 5 * MS);
	CHECK(reaches(&alarm.rings, 1));
	/* Later. */
	mote_os_watcher_set(watcher, mote_os_monotonic_ns() + 500 * MS);
	mote_os_watcher_set(watcher, MOTE_OS_FOREVER);
	mote_os_pause(700 * MS);
	CHECK_EQ(atomic_load(&alarm.rings), 1);
	/* A thread that sleeps is ended. */
	mote_os_watcher_stop(watcher);
}

static void nothing(void *user)
{
	(void)user;
}

static void no_thread_and_no_handle_is_left(void)
{
	struct alarm alarm = {0};
	size_t handles;

	mote_os_thread_join(start(nothing, NULL));
	mote_os_watcher_stop(watch(&alarm));
	handles = test_fd_count();
	for (unsigned i = 0; i < 50; i++) {
		mote_os_thread_join(start(nothing, NULL));
		mote_os_watcher_stop(watch(&alarm));
		mote_os_pause(1000);
	}
	CHECK_EQ(test_fd_count(), handles);
}

static void describe_self(void *user)
{
	const FARPROC found =
		GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "GetThreadDescription");
	wchar_t *name = NULL;
	unsigned *is_named = user;

	if (found == NULL)
		return;
	/* The one who starts the thread names it, maybe later than it runs. */
	for (unsigned i = 0; i < 1000 && *is_named != 1; i++) {
		if (SUCCEEDED(
			    ((get_description)(void (*)(void))found)(GetCurrentThread(), &name))) {
			*is_named = wcscmp(name, L"test") == 0 ? 1 : 2;
			LocalFree(name);
		}
		mote_os_pause(MS);
	}
}

static void a_thread_has_its_name(void)
{
	unsigned is_named = 0;

	mote_os_thread_join(start(describe_self, &is_named));
	if (is_named == 0)
		SKIP("this system does not tell the names of threads");
	CHECK_EQ(is_named, 1);
}

static const struct test_case cases[] = {
	CASE(a_lock_lets_one_thread_in),
	CASE(threads_are_told_apart),
	CASE(a_thread_has_its_name),
	CASE(each_wait_takes_one_setting),
	CASE(an_alarm_rings_when_its_time_has_come),
	CASE(an_alarm_is_set_anew_while_its_thread_sleeps),
	CASE(no_thread_and_no_handle_is_left),
};

int main(int argc, char **argv)
{
	return test_main("os_windows_threads", cases, TEST_COUNT(cases), argc, argv);
}

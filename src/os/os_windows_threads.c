/* SPDX-License-Identifier: Apache-2.0
 *
 * Locks, events, the calling thread and waiting, and the library's own threads, on Windows.
 * Sources: "Slim Reader/Writer Locks", CreateWaitableTimerExW, _beginthreadex,
 * SetThreadDescription.
 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <process.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "allocator.h"
#include "error_internal.h"
#include "os/os_clock.h"
#include "os/os_error.h"
#include "os/os_thread.h"
#include "os/os_windows.h"

/* Windows 10, version 1803; newer than some headers. */
#define HIGH_RESOLUTION 0x00000002 /* CREATE_WAITABLE_TIMER_HIGH_RESOLUTION */

static const uint64_t NS_PER_MS = 1000000, NS_PER_TICK = 100,
		      LONGEST_SLEEP = 86400ull * 1000000000; /* ns */

/* ---- Waiting for a time ------------------------------------------------------------------ */

/* Without high resolution it is up to 15.6 ms late. */
static HANDLE make_timer(void)
{
	const DWORD access = TIMER_MODIFY_STATE | SYNCHRONIZE;
	const HANDLE timer = CreateWaitableTimerExW(NULL, NULL, HIGH_RESOLUTION, access);

	return timer != NULL ? timer : CreateWaitableTimerExW(NULL, NULL, 0, access);
}

/* A time that is negative is one from now on, in ticks; rounded up. */
static bool set_timer(HANDLE timer, uint64_t ns)
{
	const uint64_t wait = ns < LONGEST_SLEEP ? ns : LONGEST_SLEEP;
	LARGE_INTEGER due;

	due.QuadPart = -(LONGLONG)((wait + NS_PER_TICK - 1) / NS_PER_TICK);
	return SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE) != 0;
}

void mote_os_pause(uint64_t ns)
{
	const HANDLE timer = make_timer();

	if (timer != NULL && set_timer(timer, ns)) {
		(void)WaitForSingleObject(timer, INFINITE);
	} else {
		const uint64_t ms = (ns + NS_PER_MS - 1) / NS_PER_MS;

		Sleep(ms < INFINITE ? (DWORD)ms : INFINITE - 1);
	}
	if (timer != NULL)
		CloseHandle(timer);
}

/* ---- The calling thread ------------------------------------------------------------------ */

enum { YIELDS = 100 };		      /* before a thread that waits for another one sleeps */
static const uint64_t MOMENT = 50000; /* ns */

uintptr_t mote_os_thread_self(void)
{
	return GetCurrentThreadId();
}

void mote_os_yield(unsigned tries)
{
	if (tries < YIELDS)
		SwitchToThread();
	else
		mote_os_pause(MOMENT);
}

/* A thread is not cancelled. */
int mote_os_hold_cancellation(void)
{
	return 0;
}

void mote_os_allow_cancellation(int before)
{
	(void)before;
}

/* ---- Locks ------------------------------------------------------------------------------- */

struct mote_os_lock {
	const mote_allocator *allocator;
	SRWLOCK lock;
};

mote_status mote_os_lock_create(const mote_allocator *allocator, struct mote_os_lock **lock,
				mote_error *error)
{
	struct mote_os_lock *created = mote_allocate(allocator, sizeof(*created));

	if (created == NULL)
		return mote_fail_memory(error, "lock");
	created->allocator = allocator;
	InitializeSRWLock(&created->lock);
	*lock = created;
	return MOTE_OK;
}

void mote_os_lock_destroy(struct mote_os_lock *lock)
{
	mote_os_lock_forget(lock);
}

void mote_os_lock_forget(struct mote_os_lock *lock)
{
	if (lock != NULL)
		mote_release(lock->allocator, lock);
}

void mote_os_lock_acquire(struct mote_os_lock *lock)
{
	AcquireSRWLockExclusive(&lock->lock);
}

void mote_os_lock_release(struct mote_os_lock *lock)
{
	ReleaseSRWLockExclusive(&lock->lock);
}

/* ---- Events ------------------------------------------------------------------------------ */

/* No handle is needed. */
struct mote_os_event {
	const mote_allocator *allocator;
	SRWLOCK lock;
	CONDITION_VARIABLE changed;
	bool set;
};

mote_status mote_os_event_create(const mote_allocator *allocator, struct mote_os_event **event,
				 mote_error *error)
{
	struct mote_os_event *created = mote_allocate(allocator, sizeof(*created));

	if (created == NULL)
		return mote_fail_memory(error, "event");
	created->allocator = allocator;
	InitializeSRWLock(&created->lock);
	InitializeConditionVariable(&created->changed);
	*event = created;
	return MOTE_OK;
}

void mote_os_event_destroy(struct mote_os_event *event)
{
	mote_os_event_forget(event);
}

void mote_os_event_forget(struct mote_os_event *event)
{
	if (event != NULL)
		mote_release(event->allocator, event);
}

void mote_os_event_set(struct mote_os_event *event)
{
	AcquireSRWLockExclusive(&event->lock);
	event->set = true;
	WakeConditionVariable(&event->changed);
	ReleaseSRWLockExclusive(&event->lock);
}

void mote_os_event_wait(struct mote_os_event *event)
{
	AcquireSRWLockExclusive(&event->lock);
	while (!event->set)
		(void)SleepConditionVariableSRW(&event->changed, &event->lock, INFINITE, 0);
	event->set = false;
	ReleaseSRWLockExclusive(&event->lock);
}

/* ---- Starting threads -------------------------------------------------------------------- */

enum { STACK_BYTES = 256 << 10, NAME_UNITS = 32 };

typedef HRESULT(WINAPI *set_description)(HANDLE, PCWSTR);

/* For debuggers, where the system can do that. */
static void name_thread(HANDLE thread, const char *name)
{
	const HMODULE kernel = GetModuleHandleW(L"kernel32.dll");
	const FARPROC found =
		kernel != NULL ? GetProcAddress(kernel, "SetThreadDescription") : NULL;
	wchar_t wide[NAME_UNITS];

	if (found != NULL && MultiByteToWideChar(CP_UTF8, 0, name, -1, wide, NAME_UNITS) > 0)
		(void)((set_description)(void (*)(void))found)(thread, wide);
}

/* name: outlives the call. */
static mote_status start_thread(const char *name, unsigned(__stdcall *start)(void *),
				void *argument, intptr_t *handle, mote_error *error)
{
	const uintptr_t thread = _beginthreadex(NULL, STACK_BYTES, start, argument,
						STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);

	if (thread == 0) {
		const int code = (int)_doserrno;

		return mote_os_fail_code(error, MOTE_LIMIT, MOTE_DOMAIN_OS,
					 code != 0 ? code : ERROR_NOT_ENOUGH_MEMORY,
					 "thread %s cannot be started: the process has no more "
					 "memory or handles for it",
					 name);
	}
	name_thread((HANDLE)thread, name);
	*handle = (intptr_t)thread;
	return MOTE_OK;
}

static void join(intptr_t handle)
{
	(void)WaitForSingleObject((HANDLE)handle, INFINITE);
	CloseHandle((HANDLE)handle);
}

/* ---- A thread that runs a function ------------------------------------------------------- */

struct mote_os_thread {
	const mote_allocator *allocator;
	void (*run)(void *user);
	void *user;
	intptr_t handle;
};

static unsigned __stdcall thread_main(void *argument)
{
	struct mote_os_thread *thread = argument;

	thread->run(thread->user);
	return 0;
}

mote_status mote_os_thread_start(const mote_allocator *allocator, const char *name,
				 void (*run)(void *user), void *user,
				 struct mote_os_thread **thread, mote_error *error)
{
	struct mote_os_thread *created = mote_allocate(allocator, sizeof(*created));
	mote_status status;

	if (created == NULL)
		return mote_fail_memory(error, "thread");
	*created = (struct mote_os_thread){.allocator = allocator, .run = run, .user = user};
	status = start_thread(name, thread_main, created, &created->handle, error);
	if (status == MOTE_OK)
		*thread = created;
	else
		mote_release(allocator, created);
	return status;
}

void mote_os_thread_join(struct mote_os_thread *thread)
{
	join(thread->handle);
	mote_os_thread_forget(thread);
}

void mote_os_thread_forget(struct mote_os_thread *thread)
{
	mote_release(thread->allocator, thread);
}

/* ---- A thread that waits for an alarm ---------------------------------------------------- */

struct mote_os_watcher {
	const mote_allocator *allocator;
	void (*on_alarm)(void *user);
	void *user;
	intptr_t thread;
	HANDLE timer; /* set again while the thread waits for it */
	_Atomic bool stop;
};

static unsigned __stdcall watcher_main(void *argument)
{
	struct mote_os_watcher *watcher = argument;

	/* It runs for microseconds, and others depend on it. */
	(void)SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_TIME_CRITICAL);
	while (!atomic_load(&watcher->stop)) {
		(void)WaitForSingleObject(watcher->timer, INFINITE);
		watcher->on_alarm(watcher->user);
	}
	return 0;
}

static mote_status start_watcher(struct mote_os_watcher *watcher, const char *name,
				 mote_error *error)
{
	mote_status status;

	watcher->timer = make_timer();
	if (watcher->timer == NULL)
		return mote_windows_fail(error, "CreateWaitableTimerEx for", name);
	status = start_thread(name, watcher_main, watcher, &watcher->thread, error);
	if (status != MOTE_OK)
		CloseHandle(watcher->timer);
	return status;
}

mote_status mote_os_watcher_start(const mote_allocator *allocator, const char *name,
				  void (*on_alarm)(void *user), void *user,
				  struct mote_os_watcher **watcher, mote_error *error)
{
	struct mote_os_watcher *created = mote_allocate(allocator, sizeof(*created));
	mote_status status;

	if (created == NULL)
		return mote_fail_memory(error, "thread");
	created->allocator = allocator;
	created->on_alarm = on_alarm;
	created->user = user;
	status = start_watcher(created, name, error);
	if (status == MOTE_OK)
		*watcher = created;
	else
		mote_release(allocator, created);
	return status;
}

void mote_os_watcher_set(struct mote_os_watcher *watcher, uint64_t until_ns)
{
	const uint64_t now_ns = mote_os_monotonic_ns();

	/* It fails only for what is no timer. */
	(void)set_timer(watcher->timer, until_ns > now_ns ? until_ns - now_ns : 0);
}

void mote_os_watcher_stop(struct mote_os_watcher *watcher)
{
	if (watcher == NULL)
		return;
	atomic_store(&watcher->stop, true);
	mote_os_watcher_set(watcher, 0);
	join(watcher->thread);
	CloseHandle(watcher->timer);
	mote_os_watcher_forget(watcher);
}

void mote_os_watcher_forget(struct mote_os_watcher *watcher)
{
	if (watcher != NULL)
		mote_release(watcher->allocator, watcher);
}

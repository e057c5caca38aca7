/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads on Windows, and what the tool has them wait for: a time, Ctrl-C.
 */
#include <process.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "cli_os.h"
#include "cli_os_windows.h"

enum { NS_PER_MS = 1000000 };

/* ---- Threads ----------------------------------------------------------------------------- */

struct cli_os_thread {
	HANDLE handle;
	void (*body)(void *user);
	void *user;
};

static unsigned __stdcall run_body(void *argument)
{
	const struct cli_os_thread *thread = argument;

	thread->body(thread->user);
	return 0;
}

int cli_os_thread_start(void (*body)(void *user), void *user, struct cli_os_thread **thread)
{
	struct cli_os_thread *started = malloc(sizeof(*started));

	if (started == NULL)
		return CLI_OS_NO_MEMORY;
	started->body = body;
	started->user = user;
	started->handle = (HANDLE)_beginthreadex(NULL, 0, run_body, started, 0, NULL);
	if (started->handle == NULL) {
		free(started);
		return ERROR_NOT_ENOUGH_MEMORY;
	}
	*thread = started;
	return 0;
}

void cli_os_thread_join(struct cli_os_thread *thread)
{
	WaitForSingleObject(thread->handle, INFINITE);
	CloseHandle(thread->handle);
	free(thread);
}

/* ---- Timers ------------------------------------------------------------------------------ */

struct cli_os_timer {
	struct cli_os_thread *thread;
	HANDLE stop; /* an event */
	uint64_t end_ns;
	void (*on_end)(void *user);
	void *user;
};

static void wait_for_end(void *argument)
{
	const struct cli_os_timer *timer = argument;
	DWORD result;

	do {
		const uint64_t now_ns = cli_os_monotonic_ns();
		const uint64_t left_ms =
			timer->end_ns > now_ns ? (timer->end_ns - now_ns) / NS_PER_MS + 1 : 0;

		if (left_ms == 0) {
			/* Whoever stops it joins this thread, and so waits for on_end. */
			timer->on_end(timer->user);
			return;
		}
		result = WaitForSingleObject(timer->stop,
					     left_ms < INFINITE ? (DWORD)left_ms : INFINITE - 1);
	} while (result == WAIT_TIMEOUT);
}

int cli_os_timer_start(uint64_t ns, void (*on_end)(void *user), void *user,
		       struct cli_os_timer **timer)
{
	struct cli_os_timer *started = malloc(sizeof(*started));
	const uint64_t now_ns = cli_os_monotonic_ns();
	int code = CLI_OS_NO_MEMORY;

	if (started == NULL)
		return code;
	started->end_ns = ns < UINT64_MAX - now_ns ? now_ns + ns : UINT64_MAX;
	started->on_end = on_end;
	started->user = user;
	started->stop = CreateEventW(NULL, TRUE, FALSE, NULL);
	if (started->stop != NULL)
		code = cli_os_thread_start(wait_for_end, started, &started->thread);
	if (code == 0) {
		*timer = started;
		return 0;
	}
	if (started->stop != NULL)
		CloseHandle(started->stop);
	free(started);
	return code;
}

void cli_os_timer_stop(struct cli_os_timer *timer)
{
	SetEvent(timer->stop);
	cli_os_thread_join(timer->thread);
	CloseHandle(timer->stop);
	free(timer);
}

/* ---- What tells the process to end ------------------------------------------------------- */

/* Numbers of the signals that stand for the same elsewhere, so that exit codes are equal. */
enum { TERMINATED = 15, HANGUP = 1 };

static const struct {
	DWORD event;
	int number;
	const char *name;
} events[] = {
	{CTRL_C_EVENT, SIGINT, "Ctrl-C"},
	{CTRL_BREAK_EVENT, TERMINATED, "Ctrl-Break"},
	{CTRL_CLOSE_EVENT, HANGUP, "the end of the console"},
	{CTRL_LOGOFF_EVENT, HANGUP, "the end of the session"},
	{CTRL_SHUTDOWN_EVENT, HANGUP, "the end of the session"},
};

enum { EVENTS = sizeof(events) / sizeof(events[0]) };

struct cli_os_stops {
	void (*on_stop)(void *user, int number);
	void *user;
};

/* The system has one list of handlers for the process, and they get no argument. */
static struct {
	SRWLOCK lock;
	struct cli_os_stops *stops; /* under the lock; NULL: events do what they always do */
	atomic_uint others;	    /* programs whose affair Ctrl-C is */
} console = {.lock = SRWLOCK_INIT};

const char *cli_os_stop_name(int number)
{
	for (size_t i = 0; i < EVENTS; i++)
		if (events[i].number == number)
			return events[i].name;
	return "a signal";
}

/* Returns whether there was somebody to tell. */
static bool tell_user(int number)
{
	bool told;

	AcquireSRWLockExclusive(&console.lock); /* so that cli_os_stops_end waits */
	told = console.stops != NULL;
	if (told)
		console.stops->on_stop(console.stops->user, number);
	ReleaseSRWLockExclusive(&console.lock);
	return told;
}

/* The system calls it on a thread of its own. */
static BOOL WINAPI handle_event(DWORD event)
{
	if (event == CTRL_C_EVENT && atomic_load(&console.others) > 0)
		return TRUE;
	for (size_t i = 0; i < EVENTS; i++) {
		if (events[i].event != event)
			continue;
		if (!tell_user(events[i].number))
			return FALSE;
		/* The process is ended when this returns, but should end as it sees fit: the system
		 * waits some seconds. */
		if (events[i].number == HANGUP)
			Sleep(INFINITE);
		return TRUE;
	}
	return FALSE;
}

static void set_stops(struct cli_os_stops *stops)
{
	AcquireSRWLockExclusive(&console.lock);
	console.stops = stops;
	ReleaseSRWLockExclusive(&console.lock);
}

/* Once and for good: the system holds a lock while it calls handlers, and taking one away would
 * wait for the one that sleeps. */
static bool add_handler(void)
{
	static atomic_flag added = ATOMIC_FLAG_INIT;

	if (atomic_flag_test_and_set(&added) || SetConsoleCtrlHandler(handle_event, TRUE))
		return true;
	atomic_flag_clear(&added);
	return false;
}

int cli_os_stops_begin(void (*on_stop)(void *user, int number), void *user,
		       struct cli_os_stops **stops)
{
	struct cli_os_stops *begun = malloc(sizeof(*begun));

	if (begun == NULL)
		return CLI_OS_NO_MEMORY;
	if (!add_handler()) {
		free(begun);
		return CLI_OS_NO_MEMORY;
	}
	*begun = (struct cli_os_stops){.on_stop = on_stop, .user = user};
	set_stops(begun);
	*stops = begun;
	return 0;
}

void cli_os_stops_end(struct cli_os_stops *stops)
{
	set_stops(NULL);
	free(stops);
}

void cli_os_leave_interrupt(bool leave)
{
	add_handler();
	if (leave)
		atomic_fetch_add(&console.others, 1);
	else
		atomic_fetch_sub(&console.others, 1);
}

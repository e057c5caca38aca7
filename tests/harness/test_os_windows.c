/* SPDX-License-Identifier: Apache-2.0
 *
 * Crashes and hangs on Windows: the C library turns exceptions into signals; a timer watches.
 */
#include "test_os.h"

#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "test.h"

const bool test_os_is_posix = false;

static struct {
	void (*on_crash)(int signal_number);
	void (*on_hang)(void);
	HANDLE timer; /* NULL: there is no limit */
} harness;

/* Whatever locks its threads hold. */
void test_os_end(int code)
{
	TerminateProcess(GetCurrentProcess(), (UINT)code);
	abort(); /* not reached */
}

static void handle_crash(int signal_number)
{
	harness.on_crash(signal_number);
	test_os_end(3); /* as the C library would */
}

static void CALLBACK handle_timer(void *user, BOOLEAN timed_out)
{
	(void)user;
	(void)timed_out;
	harness.on_hang();
}

static void *do_nothing(void *user)
{
	return user;
}

/* With the first thread, and the first timer, come handles that stay. */
static void begin_what_stays(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, do_nothing, NULL) == 0)
		pthread_join(thread, NULL);
	test_os_limit(1000);
	test_os_limit(0);
}

void test_os_start(void (*on_crash)(int signal_number), void (*on_hang)(void))
{
	static const int crashes[] = {SIGSEGV, SIGILL, SIGFPE, SIGABRT};

	_setmode(_fileno(stdout), _O_BINARY);
	_fmode = _O_BINARY; /* of all files that are opened */
	/* No box to click away. */
	SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
	harness.on_crash = on_crash;
	harness.on_hang = on_hang;
	for (size_t i = 0; i < TEST_COUNT(crashes); i++)
		signal(crashes[i], handle_crash);
	begin_what_stays();
}

void test_os_limit(unsigned seconds)
{
	if (harness.timer != NULL)
		(void)DeleteTimerQueueTimer(NULL, harness.timer, INVALID_HANDLE_VALUE);
	harness.timer = NULL;
	if (seconds != 0 && !CreateTimerQueueTimer(&harness.timer, NULL, handle_timer, NULL,
						   seconds * 1000, 0, WT_EXECUTEONLYONCE))
		abort();
}

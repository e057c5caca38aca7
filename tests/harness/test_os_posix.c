/* SPDX-License-Identifier: Apache-2.0
 *
 * Crashes and hangs on POSIX systems: signals.
 */
#define _GNU_SOURCE
#include "test_os.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "test.h"

const bool test_os_is_posix = true;

static struct {
	pid_t process;
	void (*on_crash)(int signal_number);
	void (*on_hang)(void);
} harness;

void test_os_end(int code)
{
	_exit(code);
}

static void handle_crash(int signal_number)
{
	/* A child that a case forked dies by its signal and says nothing. */
	if (getpid() == harness.process)
		harness.on_crash(signal_number);
	signal(signal_number, SIG_DFL);
	raise(signal_number);
}

static void handle_alarm(int signal_number)
{
	(void)signal_number;
	harness.on_hang();
}

void test_os_start(void (*on_crash)(int signal_number), void (*on_hang)(void))
{
	static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
	struct sigaction action = {.sa_handler = handle_alarm};

	setvbuf(stdout, NULL, _IOLBF, 0);
	harness.process = getpid();
	harness.on_crash = on_crash;
	harness.on_hang = on_hang;
	sigaction(SIGALRM, &action, NULL);
	action.sa_handler = handle_crash;
	action.sa_flags = (int)SA_RESETHAND;
	for (size_t i = 0; !TEST_SANITIZED && i < TEST_COUNT(crashes); i++)
		sigaction(crashes[i], &action, NULL);
}

void test_os_limit(unsigned seconds)
{
	alarm(seconds);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * On Windows, which has no signals of POSIX: <signal.h> with their names, for cases that are
 * skipped there (test_need_signals).  Masks are empty, and everything else fails.
 */
#ifndef MOTE_TEST_WINDOWS_SIGNAL_H
#define MOTE_TEST_WINDOWS_SIGNAL_H

#pragma GCC system_header /* what follows is no part of C */
#include_next <signal.h>

#include <time.h>

enum { SIGKILL = 9, SIGUSR1 = 10, SIGUSR2 = 12, SIGPIPE = 13, SIGALRM = 14, SIGCHLD = 17 };
enum { SIGURG = 23, SIGPROF = 27, SIG_BLOCK = 0, SIG_UNBLOCK, SIG_SETMASK };

typedef unsigned long long sigset_t;

struct sigaction {
	void (*sa_handler)(int number);
	sigset_t sa_mask;
	int sa_flags;
};

enum { SIGEV_SIGNAL };
struct sigevent {
	int sigev_notify, sigev_signo;
};
typedef void *timer_t;

static inline int sigaction(int number, const struct sigaction *action, struct sigaction *before)
{
	(void)number, (void)action, (void)before;
	return -1;
}

static inline int sigemptyset(sigset_t *set)
{
	*set = 0;
	return 0;
}

static inline int sigaddset(sigset_t *set, int number)
{
	(void)set, (void)number;
	return 0;
}

static inline int sigismember(const sigset_t *set, int number)
{
	(void)set, (void)number;
	return 0;
}

static inline int sigpending(sigset_t *set)
{
	return sigemptyset(set);
}

#define pthread_sigmask(how, set, before) ((void)(how), (void)(set), 0)

static inline int timer_create(clockid_t clock, struct sigevent *event, timer_t *timer)
{
	(void)clock, (void)event, (void)timer;
	return -1;
}

static inline int timer_settime(timer_t timer, int flags, const struct itimerspec *times,
				struct itimerspec *before)
{
	(void)timer, (void)flags, (void)times, (void)before;
	return -1;
}

static inline int timer_delete(timer_t timer)
{
	(void)timer;
	return -1;
}

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The kick on Linux: one signal to the thread that runs the vCPU.
 *
 * The signal's disposition and the thread-local variables below are the only
 * process-wide state of the library.  The handler stays installed once it is: a
 * signal that is still on its way must not meet the default action, which would
 * end the process.
 */
#define _GNU_SOURCE /* pthread_kill, sigaction */
#include "hypervisor/interrupt/interrupt_internal.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "error_internal.h"

enum { FIRST_CHOICE = 7 }; /* above SIGRTMIN; the first few are popular with other libraries */
enum { YIELDS = 100 };	   /* before a thread that waits for another one sleeps */

/* The byte that a kick sets: KVM reads it before it enters the guest (immediate_exit), so a signal
 * between the last check and the run is not lost.  Initial-exec: the handler must not allocate. */
static _Thread_local volatile uint8_t *volatile armed __attribute__((tls_model("initial-exec")));
/* One bit for each signal that was found not to be blocked in this thread. */
static _Thread_local uint64_t checked_signals __attribute__((tls_model("initial-exec")));

static void on_kick(int number)
{
	volatile uint8_t *kick = armed;

	(void)number;
	if (kick != NULL)
		*kick = 1;
}

/* 1: ours now, 0: taken by somebody else, negative errno. */
static int try_install(int number)
{
	struct sigaction current;
	/* No SA_RESTART: the run has to end. */
	struct sigaction ours = {.sa_handler = on_kick, .sa_flags = SA_ONSTACK};

	if (sigaction(number, NULL, &current) != 0)
		return -errno;
	if (!(current.sa_flags & SA_SIGINFO) && current.sa_handler == on_kick)
		return 1;
	if ((current.sa_flags & SA_SIGINFO) || current.sa_handler != SIG_DFL)
		return 0;
	sigemptyset(&ours.sa_mask);
	return sigaction(number, &ours, NULL) != 0 ? -errno : 1;
}

/* Only EINVAL speaks about the number, and only a number that was asked for can be wrong. */
static mote_status fail_install(bool asked_for, int number, int code, mote_error *error)
{
	if (asked_for && code == EINVAL)
		return mote_fail_code(error, MOTE_INVALID_ARGUMENT, MOTE_DOMAIN_OS, code,
				      "kick signal %d cannot be handled; choose another", number);
	return mote_fail_code(error, MOTE_OS, MOTE_DOMAIN_OS, code, "sigaction for kick signal %d",
			      number);
}

/* Needs no lock: two threads that install at once put the same handler in the same place. */
mote_status mote_kick_install(int *kick_signal, mote_error *error)
{
	int first = *kick_signal != 0 ? *kick_signal : SIGRTMIN + FIRST_CHOICE;
	int last = *kick_signal != 0 ? *kick_signal : SIGRTMAX;

	for (int number = first; number <= last; number++) {
		int result = try_install(number);

		if (result < 0)
			return fail_install(*kick_signal != 0, number, -result, error);
		if (result > 0) {
			*kick_signal = number;
			return MOTE_OK;
		}
	}
	if (first != last)
		return mote_fail(error, MOTE_SIGNAL_TAKEN,
				 "signals %d to %d all have a handler of the application; set "
				 "kick_signal to a signal that is free, or set one back to SIG_DFL",
				 first, last);
	return mote_fail(error, MOTE_SIGNAL_TAKEN,
			 "signal %d already has a handler of the application; set kick_signal to a "
			 "signal that is free",
			 last);
}

/* Not on the path of every call, so not in its way. */
__attribute__((noinline)) static mote_status check_thread(int kick_signal, mote_error *error)
{
	sigset_t blocked;
	int code = pthread_sigmask(SIG_BLOCK, NULL, &blocked);

	if (code != 0)
		return mote_fail_code(error, MOTE_OS, MOTE_DOMAIN_OS, code,
				      "pthread_sigmask, whether signal %d is blocked", kick_signal);
	if (sigismember(&blocked, kick_signal))
		return mote_fail(error, MOTE_SIGNAL_BLOCKED,
				 "signal %d, which interrupts guests, is blocked in this thread; "
				 "unblock it with pthread_sigmask",
				 kick_signal);
	checked_signals |= (uint64_t)1 << (kick_signal - 1);
	return MOTE_OK;
}

mote_status mote_kick_check_thread(int kick_signal, mote_error *error)
{
	const uint64_t bit = (uint64_t)1 << (kick_signal - 1);

	return checked_signals & bit ? MOTE_OK : check_thread(kick_signal, error);
}

void mote_kick_arm(struct mote_kick_target *target, volatile uint8_t *kick)
{
	armed = kick;
	target->thread = (uintptr_t)pthread_self();
}

void mote_kick_disarm(void)
{
	armed = NULL;
}

/* A thread that runs a vCPU exists, except in a forked child, where trying again would never end. */
bool mote_kick_send(const struct mote_kick_target *target, int kick_signal)
{
	int code = pthread_kill((pthread_t)target->thread, kick_signal);

	return code == 0 || code == ESRCH || code == EINVAL;
}

/* A signal that is pending is delivered on the way out of any system call.  Not by a yield: where
 * others wait for the processor, that would give it away. */
void mote_kick_take(void)
{
	pthread_sigmask(SIG_BLOCK, NULL, NULL);
}

/* A thread of a higher fixed priority would never let the other run by yielding alone. */
void mote_kick_yield(unsigned tries)
{
	const struct timespec moment = {0, 50000};

	if (tries < YIELDS)
		sched_yield();
	else
		nanosleep(&moment, NULL);
}

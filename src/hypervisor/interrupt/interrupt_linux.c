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

#include "error_internal.h"

enum { FIRST_CHOICE = 7 }; /* above SIGRTMIN; the first few are popular with other libraries */

/* The byte that a kick sets: KVM reads it before it enters the guest (immediate_exit), so a signal
 * between the last check and the run is not lost.  Initial-exec: the handler must not allocate. */
static _Thread_local volatile uint8_t *volatile armed __attribute__((tls_model("initial-exec")));
static _Thread_local int checked_signal __attribute__((tls_model("initial-exec")));

static pthread_mutex_t install_lock = PTHREAD_MUTEX_INITIALIZER;

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

static mote_status install(int *kick_signal, mote_error *error)
{
	int first = *kick_signal != 0 ? *kick_signal : SIGRTMIN + FIRST_CHOICE;
	int last = *kick_signal != 0 ? *kick_signal : SIGRTMAX;

	for (int number = first; number <= last; number++) {
		int result = try_install(number);

		if (result < 0)
			return mote_fail_code(error, MOTE_INVALID_ARGUMENT, MOTE_DOMAIN_OS, -result,
					      "kick signal %d cannot be handled", number);
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

mote_status mote_kick_install(int *kick_signal, mote_error *error)
{
	mote_status status;

	pthread_mutex_lock(&install_lock);
	status = install(kick_signal, error);
	pthread_mutex_unlock(&install_lock);
	return status;
}

mote_status mote_kick_check_thread(int kick_signal, mote_error *error)
{
	sigset_t blocked;

	if (checked_signal == kick_signal)
		return MOTE_OK;
	pthread_sigmask(SIG_BLOCK, NULL, &blocked);
	if (sigismember(&blocked, kick_signal))
		return mote_fail(error, MOTE_SIGNAL_BLOCKED,
				 "signal %d, which interrupts guests, is blocked in this thread; "
				 "unblock it with pthread_sigmask",
				 kick_signal);
	checked_signal = kick_signal;
	return MOTE_OK;
}

void mote_kick_arm(struct mote_kick_target *target, volatile uint8_t *kick)
{
	target->thread = (uintptr_t)pthread_self();
	armed = kick;
}

void mote_kick_disarm(void)
{
	armed = NULL;
}

bool mote_kick_send(const struct mote_kick_target *target, int kick_signal)
{
	return pthread_kill((pthread_t)target->thread, kick_signal) != EAGAIN;
}

void mote_kick_yield(void)
{
	sched_yield();
}

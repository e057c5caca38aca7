/* SPDX-License-Identifier: Apache-2.0
 *
 * The kick by a signal, on Linux: a byte that the hypervisor reads before it enters the guest, and
 * one signal to the thread that runs the vCPU.
 *
 * The signals' dispositions, the table of their users and the thread-local
 * variable below are the only process-wide state of the library.
 */
#define _GNU_SOURCE /* SIGSTKFLT, pthread_kill, sigaction */
#include "hypervisor/interrupt/kick_signal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "compiler.h"
#include "error_internal.h"
#include "os/os_error.h"
#include "os/os_thread.h"

enum { REAL_TIME = 32 }; /* the first real-time signal of the kernel */
enum { NOT_OURS = 0, OURS = 1 };

/*
 * The signals that are tried when the application names none, the least used first.  SIGURG is
 * ignored by default, so an extra one is harmless, and debuggers pass it on without stopping.  All
 * are standard signals: the kernel always records those (kernel/signal.c, __send_signal_locked),
 * whereas a real-time signal is lost when too many of the user's signals are pending.
 */
static const int choices[] = {SIGURG, SIGSTKFLT, SIGPWR, SIGIO};

enum { CHOICE_COUNT = sizeof(choices) / sizeof(choices[0]) };

/*
 * The lock of the table: the process of the thread that holds it, 0 while nobody does. No mutex:
 * the thread that holds one may not exist in a forked child, which makes an engine of its own.
 */
static _Atomic int lock_owner;
static unsigned users[REAL_TIME]; /* engines that use the signal; under the lock */

_Thread_local uint32_t mote_kick_signals_checked __attribute__((tls_model("initial-exec")));

static void acquire_lock(void)
{
	const int self = (int)getpid();
	unsigned tries = 0;

	for (;;) {
		int owner = 0;

		/* A lock that a thread of the parent holds here is never released. */
		if (atomic_compare_exchange_strong(&lock_owner, &owner, self) ||
		    (owner != self && atomic_compare_exchange_strong(&lock_owner, &owner, self)))
			return;
		mote_os_yield(tries++);
	}
}

static void release_lock(void)
{
	atomic_store(&lock_owner, 0);
}

/* Does nothing: the signal's arrival ends the system call that runs the vCPU. */
static void on_kick(int number)
{
	(void)number;
}

/* Whatever the flags say: SIG_DFL and SIG_IGN with SA_SIGINFO mean the same to the kernel. */
static bool handled_by(const struct sigaction *action, void (*handler)(int))
{
	return action->sa_handler == handler;
}

static int put_handler(int number, void (*handler)(int))
{
	/* No SA_RESTART: the run must end. */
	struct sigaction action = {.sa_handler = handler,
				   .sa_flags = handler == on_kick ? SA_ONSTACK : 0};

	sigemptyset(&action.sa_mask);
	return sigaction(number, &action, NULL) != 0 ? -errno : OURS;
}

/* OURS, NOT_OURS, or a negative errno. */
static int try_install(int number)
{
	struct sigaction current;

	if (sigaction(number, NULL, &current) != 0)
		return -errno;
	if (handled_by(&current, on_kick))
		return OURS;
	return handled_by(&current, SIG_DFL) ? put_handler(number, on_kick) : NOT_OURS;
}

static mote_status fail_sigaction(int number, int code, mote_error *error)
{
	return mote_os_fail_code(error, MOTE_OS, MOTE_DOMAIN_OS, code,
				 "sigaction for kick signal %d", number);
}

static mote_status install_one(int number, mote_error *error)
{
	int result = try_install(number);

	if (result == -EINVAL)
		return mote_os_fail_code(error, MOTE_INVALID_ARGUMENT, MOTE_DOMAIN_OS, EINVAL,
					 "kick signal %d cannot be handled; choose another",
					 number);
	if (result < 0)
		return fail_sigaction(number, -result, error);
	if (result == NOT_OURS)
		return mote_fail(error, MOTE_SIGNAL_TAKEN,
				 "signal %d already has a handler of the application; set "
				 "kick_signal to a signal that is free",
				 number);
	return MOTE_OK;
}

static mote_status install_any(int *number, mote_error *error)
{
	for (unsigned i = 0; i < CHOICE_COUNT; i++) {
		int result = try_install(choices[i]);

		if (result < 0)
			return fail_sigaction(choices[i], -result, error);
		if (result == OURS) {
			*number = choices[i];
			return MOTE_OK;
		}
	}
	return mote_fail(error, MOTE_SIGNAL_TAKEN,
			 "signals %d, %d, %d and %d all have a handler of the application; set "
			 "kick_signal to a signal that is free, or set one back to SIG_DFL",
			 choices[0], choices[1], choices[2], choices[3]);
}

mote_status mote_kick_signal_install(int *number, mote_error *error)
{
	mote_status status;

	if (*number >= REAL_TIME && *number <= SIGRTMAX)
		return mote_fail(
			error, MOTE_INVALID_ARGUMENT,
			"kick signal %d is a real-time signal, which is lost when too many "
			"signals are pending; choose one below %d",
			*number, REAL_TIME);
	acquire_lock();
	status = *number != 0 ? install_one(*number, error) : install_any(number, error);
	if (status == MOTE_OK)
		users[*number]++;
	release_lock();
	return status;
}

void mote_kick_signal_uninstall(int number)
{
	struct sigaction current;

	acquire_lock();
	if (--users[number] == 0 && sigaction(number, NULL, &current) == 0 &&
	    handled_by(&current, on_kick))
		(void)put_handler(number, SIG_DFL);
	release_lock();
}

MOTE_COLD mote_status mote_kick_signal_check_new_thread(int number, mote_error *error)
{
	sigset_t blocked;
	int code = pthread_sigmask(SIG_BLOCK, NULL, &blocked);

	if (code != 0)
		return mote_os_fail_code(error, MOTE_OS, MOTE_DOMAIN_OS, code,
					 "pthread_sigmask, whether signal %d is blocked", number);
	if (sigismember(&blocked, number))
		return mote_fail(error, MOTE_SIGNAL_BLOCKED,
				 "signal %d, which interrupts guests, is blocked in this thread; "
				 "unblock it with pthread_sigmask",
				 number);
	mote_kick_signals_checked |= (uint32_t)1 << number;
	return MOTE_OK;
}

/*
 * The application may have changed the signal since: if ignored, it would not arrive, and its
 * default action may end the process.  Any other handler works as well as ours, whatever its flags:
 * the kernel never restarts KVM_RUN.
 */
static void keep_handler(int number)
{
	struct sigaction current;

	if (sigaction(number, NULL, &current) == 0 &&
	    (handled_by(&current, SIG_IGN) || handled_by(&current, SIG_DFL)))
		(void)put_handler(number, on_kick);
}

static struct mote_kick_signal *to_signal(struct mote_kick *kick)
{
	return (struct mote_kick_signal *)kick;
}

static void arm(struct mote_kick *kick)
{
	*to_signal(kick)->byte = 0;
}

void mote_kick_signal_send(int number, uintptr_t thread)
{
	keep_handler(number);
	(void)pthread_kill((pthread_t)thread, number);
}

/* A pending signal is delivered on return from any system call.  A yield is not used: it would give
 * the processor away if others wait for it. */
void mote_kick_signal_take(void)
{
	pthread_sigmask(SIG_BLOCK, NULL, NULL);
}

static void send(struct mote_kick *kick, uintptr_t thread)
{
	struct mote_kick_signal *signal = to_signal(kick);

	/* The byte comes first: a thread that is not in the kernel yet will read it there. */
	*signal->byte = 1;
	mote_kick_signal_send(signal->number, thread);
}

static void take(struct mote_kick *kick)
{
	(void)kick;
	mote_kick_signal_take();
}

void mote_kick_signal_init(struct mote_kick_signal *kick, int number, volatile uint8_t *byte)
{
	static const struct mote_kick_ops ops = {.arm = arm, .send = send, .take = take};

	*kick = (struct mote_kick_signal){.base = {&ops}, .number = number, .byte = byte};
}

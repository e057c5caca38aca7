/* SPDX-License-Identifier: Apache-2.0
 *
 * The kick signal on Linux: choosing it, leaving the application's alone, and
 * what its handler does.
 */
#define _GNU_SOURCE
#include "hypervisor/interrupt/interrupt_internal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "../../unit_test.h"

static void handler(int number)
{
	(void)number;
}

static void handler_with_information(int number, siginfo_t *information, void *context)
{
	(void)number;
	(void)information;
	(void)context;
}

static struct sigaction disposition(int number)
{
	struct sigaction action;

	REQUIRE_EQ(sigaction(number, NULL, &action), 0);
	return action;
}

static void handle(int number, const struct sigaction *action)
{
	REQUIRE_EQ(sigaction(number, action, NULL), 0);
}

static void install(int wanted, int expected)
{
	mote_error error = MOTE_ERROR_INIT;
	int number = wanted;

	check_ok(mote_kick_install(&number, &error), &error);
	REQUIRE_EQ(number, expected);
}

/* First: nothing is installed yet. */
static void the_first_free_signal_is_chosen(void)
{
	const struct sigaction taken = {.sa_handler = handler};
	const struct sigaction ignored = {.sa_handler = SIG_IGN};
	struct sigaction informed = {.sa_flags = SA_SIGINFO};
	struct sigaction chosen;

	informed.sa_sigaction = handler_with_information;
	handle(SIGRTMIN + 7, &taken);
	handle(SIGRTMIN + 8, &ignored);
	handle(SIGRTMIN + 9, &informed);
	install(0, SIGRTMIN + 10);
	/* The others are as they were. */
	REQUIRE((disposition(SIGRTMIN + 7).sa_handler) == handler);
	REQUIRE((disposition(SIGRTMIN + 8).sa_handler) == SIG_IGN);
	REQUIRE((disposition(SIGRTMIN + 9).sa_sigaction) == handler_with_information);
	chosen = disposition(SIGRTMIN + 10);
	REQUIRE(chosen.sa_flags & SA_ONSTACK);
	REQUIRE(!(chosen.sa_flags & (SA_RESTART | SA_RESETHAND)));
	/* Ours already: chosen again. */
	install(0, SIGRTMIN + 10);
	install(SIGRTMIN + 10, SIGRTMIN + 10);
}

static void a_signal_of_the_application_is_never_taken(void)
{
	const struct sigaction taken = {.sa_handler = handler};
	mote_error error = MOTE_ERROR_INIT;
	int number = SIGUSR1;

	handle(SIGUSR1, &taken);
	check_error(mote_kick_install(&number, &error), &error, MOTE_SIGNAL_TAKEN,
		    "already has a handler of the application");
	REQUIRE_EQ(number, SIGUSR1);
	REQUIRE((disposition(SIGUSR1).sa_handler) == handler);
	install(SIGUSR2, SIGUSR2);
}

static void signals_that_cannot_be_handled_are_refused(void)
{
	static const int numbers[] = {SIGKILL, SIGSTOP, -1, 65, 1000};

	for (size_t i = 0; i < COUNT(numbers); i++) {
		mote_error error = MOTE_ERROR_INIT;
		int number = numbers[i];

		check_error(mote_kick_install(&number, &error), &error, MOTE_INVALID_ARGUMENT,
			    "cannot be handled");
		REQUIRE_EQ(error.os_code, EINVAL);
	}
}

static void all_signals_taken_is_said(void)
{
	const struct sigaction taken = {.sa_handler = handler};
	const struct sigaction ordinary = {.sa_handler = SIG_DFL};
	mote_error error = MOTE_ERROR_INIT;
	int number = 0;

	for (int i = SIGRTMIN + 7; i <= SIGRTMAX; i++)
		handle(i, &taken);
	check_error(mote_kick_install(&number, &error), &error, MOTE_SIGNAL_TAKEN,
		    "set kick_signal to a signal that is free");
	for (int i = SIGRTMIN + 7; i <= SIGRTMAX; i++)
		handle(i, &ordinary);
	install(0, SIGRTMIN + 7);
}

static void the_handler_sets_the_armed_byte_only(void)
{
	struct mote_kick_target target;
	volatile uint8_t kick = 0;
	mote_error error = MOTE_ERROR_INIT;
	int number = 0;

	check_ok(mote_kick_install(&number, &error), &error);
	errno = 1234;
	raise(number); /* nothing is armed */
	REQUIRE_EQ(errno, 1234);
	mote_kick_arm(&target, &kick);
	REQUIRE(target.thread == (uintptr_t)pthread_self());
	REQUIRE_EQ(kick, 0);
	REQUIRE(mote_kick_send(&target, number));
	REQUIRE_EQ(kick, 1);
	kick = 0;
	mote_kick_disarm();
	raise(number);
	REQUIRE_EQ(kick, 0);
}

static void *check_blocked(void *user)
{
	const int *number = user;
	mote_error error = MOTE_ERROR_INIT;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, *number);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	check_error(mote_kick_check_thread(*number, &error), &error, MOTE_SIGNAL_BLOCKED,
		    "unblock it with pthread_sigmask");
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	check_ok(mote_kick_check_thread(*number, &error), &error);
	return NULL;
}

static void a_thread_that_blocks_the_signal_is_told(void)
{
	mote_error error = MOTE_ERROR_INIT;
	pthread_t thread;
	int number = 0;

	check_ok(mote_kick_install(&number, &error), &error);
	check_ok(mote_kick_check_thread(number, &error), &error);
	pthread_create(&thread, NULL, check_blocked, &number);
	pthread_join(thread, NULL);
}

static const struct test_case cases[] = {
	CASE(the_first_free_signal_is_chosen),
	CASE(a_signal_of_the_application_is_never_taken),
	CASE(signals_that_cannot_be_handled_are_refused),
	CASE(all_signals_taken_is_said),
	CASE(the_handler_sets_the_armed_byte_only),
	CASE(a_thread_that_blocks_the_signal_is_told),
};

int main(int argc, char **argv)
{
	return test_main("interrupt_linux", cases, TEST_COUNT(cases), argc, argv);
}

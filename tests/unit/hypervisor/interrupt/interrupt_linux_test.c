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

	assert_int_equal(sigaction(number, NULL, &action), 0);
	return action;
}

static void handle(int number, const struct sigaction *action)
{
	assert_int_equal(sigaction(number, action, NULL), 0);
}

static void install(int wanted, int expected)
{
	mote_error error = MOTE_ERROR_INIT;
	int number = wanted;

	check_ok(mote_kick_install(&number, &error), &error);
	assert_int_equal(number, expected);
}

/* First: nothing is installed yet. */
static void the_first_free_signal_is_chosen(void **state)
{
	const struct sigaction taken = {.sa_handler = handler};
	const struct sigaction ignored = {.sa_handler = SIG_IGN};
	struct sigaction informed = {.sa_flags = SA_SIGINFO};
	struct sigaction chosen;

	(void)state;
	informed.sa_sigaction = handler_with_information;
	handle(SIGRTMIN + 7, &taken);
	handle(SIGRTMIN + 8, &ignored);
	handle(SIGRTMIN + 9, &informed);
	install(0, SIGRTMIN + 10);
	/* The others are as they were. */
	assert_ptr_equal(disposition(SIGRTMIN + 7).sa_handler, handler);
	assert_ptr_equal(disposition(SIGRTMIN + 8).sa_handler, SIG_IGN);
	assert_ptr_equal(disposition(SIGRTMIN + 9).sa_sigaction, handler_with_information);
	chosen = disposition(SIGRTMIN + 10);
	assert_true(chosen.sa_flags & SA_ONSTACK);
	assert_false(chosen.sa_flags & (SA_RESTART | SA_RESETHAND));
	/* Ours already: chosen again. */
	install(0, SIGRTMIN + 10);
	install(SIGRTMIN + 10, SIGRTMIN + 10);
}

static void a_signal_of_the_application_is_never_taken(void **state)
{
	const struct sigaction taken = {.sa_handler = handler};
	mote_error error = MOTE_ERROR_INIT;
	int number = SIGUSR1;

	(void)state;
	handle(SIGUSR1, &taken);
	check_error(mote_kick_install(&number, &error), &error, MOTE_SIGNAL_TAKEN,
		    "already has a handler of the application");
	assert_int_equal(number, SIGUSR1);
	assert_ptr_equal(disposition(SIGUSR1).sa_handler, handler);
	install(SIGUSR2, SIGUSR2);
}

static void signals_that_cannot_be_handled_are_refused(void **state)
{
	static const int numbers[] = {SIGKILL, SIGSTOP, -1, 65, 1000};

	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		mote_error error = MOTE_ERROR_INIT;
		int number = numbers[i];

		check_error(mote_kick_install(&number, &error), &error, MOTE_INVALID_ARGUMENT,
			    "cannot be handled");
		assert_int_equal(error.os_code, EINVAL);
	}
}

static void all_signals_taken_is_said(void **state)
{
	const struct sigaction taken = {.sa_handler = handler};
	const struct sigaction ordinary = {.sa_handler = SIG_DFL};
	mote_error error = MOTE_ERROR_INIT;
	int number = 0;

	(void)state;
	for (int i = SIGRTMIN + 7; i <= SIGRTMAX; i++)
		handle(i, &taken);
	check_error(mote_kick_install(&number, &error), &error, MOTE_SIGNAL_TAKEN,
		    "set kick_signal to a signal that is free");
	for (int i = SIGRTMIN + 7; i <= SIGRTMAX; i++)
		handle(i, &ordinary);
	install(0, SIGRTMIN + 7);
}

static void the_handler_sets_the_armed_byte_only(void **state)
{
	struct mote_kick_target target;
	volatile uint8_t kick = 0;
	mote_error error = MOTE_ERROR_INIT;
	int number = 0;

	(void)state;
	check_ok(mote_kick_install(&number, &error), &error);
	errno = 1234;
	raise(number); /* nothing is armed */
	assert_int_equal(errno, 1234);
	mote_kick_arm(&target, &kick);
	assert_true(target.thread == (uintptr_t)pthread_self());
	assert_int_equal(kick, 0);
	assert_true(mote_kick_send(&target, number));
	assert_int_equal(kick, 1);
	kick = 0;
	mote_kick_disarm();
	raise(number);
	assert_int_equal(kick, 0);
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

static void a_thread_that_blocks_the_signal_is_told(void **state)
{
	mote_error error = MOTE_ERROR_INIT;
	pthread_t thread;
	int number = 0;

	(void)state;
	check_ok(mote_kick_install(&number, &error), &error);
	check_ok(mote_kick_check_thread(number, &error), &error);
	pthread_create(&thread, NULL, check_blocked, &number);
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_free_signal_is_chosen),
		cmocka_unit_test(a_signal_of_the_application_is_never_taken),
		cmocka_unit_test(signals_that_cannot_be_handled_are_refused),
		cmocka_unit_test(all_signals_taken_is_said),
		cmocka_unit_test(the_handler_sets_the_armed_byte_only),
		cmocka_unit_test(a_thread_that_blocks_the_signal_is_told),
	};

	return cmocka_run_group_tests_name("interrupt_linux", tests, NULL, NULL);
}

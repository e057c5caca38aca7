/* SPDX-License-Identifier: Apache-2.0
 *
 * The kick signal on Linux: choosing it, leaving the application's alone, and
 * what its handler does.
 */
#define _GNU_SOURCE
#include "hypervisor/interrupt/kick_signal.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "../../unit_test.h"
#include "os/os.h"

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

	check_ok(mote_kick_signal_install(&number, &error), &error);
	REQUIRE_EQ(number, expected);
}

static const int choices[] = {SIGURG, SIGSTKFLT, SIGPWR, SIGIO};

static void handle_choices(const struct sigaction *action)
{
	for (size_t i = 0; i < COUNT(choices); i++)
		handle(choices[i], action);
}

static void set_back(void)
{
	const struct sigaction ordinary = {.sa_handler = SIG_DFL};

	handle_choices(&ordinary);
}

static void the_first_free_signal_is_chosen(void)
{
	const struct sigaction taken = {.sa_handler = handler};
	const struct sigaction ignored = {.sa_handler = SIG_IGN};
	struct sigaction informed = {.sa_flags = SA_SIGINFO};
	struct sigaction chosen;

	informed.sa_sigaction = handler_with_information;
	handle(SIGURG, &taken);
	handle(SIGSTKFLT, &ignored);
	handle(SIGPWR, &informed);
	install(0, SIGIO);
	/* The others are as they were. */
	REQUIRE(disposition(SIGURG).sa_handler == handler);
	REQUIRE(disposition(SIGSTKFLT).sa_handler == SIG_IGN);
	REQUIRE(disposition(SIGPWR).sa_sigaction == handler_with_information);
	chosen = disposition(SIGIO);
	REQUIRE(chosen.sa_flags & SA_ONSTACK);
	REQUIRE(!(chosen.sa_flags & (SA_RESTART | SA_RESETHAND)));
	/* Ours already: chosen again. */
	install(0, SIGIO);
	install(SIGIO, SIGIO);
	for (unsigned i = 0; i < 3; i++)
		mote_kick_signal_uninstall(SIGIO);
}

static void a_signal_of_the_application_is_never_taken(void)
{
	const struct sigaction taken = {.sa_handler = handler};
	mote_error error = MOTE_ERROR_INIT;
	int number = SIGUSR1;

	handle(SIGUSR1, &taken);
	check_error(mote_kick_signal_install(&number, &error), &error, MOTE_SIGNAL_TAKEN,
		    "already has a handler of the application");
	REQUIRE_EQ(number, SIGUSR1);
	REQUIRE(disposition(SIGUSR1).sa_handler == handler);
	install(SIGUSR2, SIGUSR2);
	mote_kick_signal_uninstall(SIGUSR2);
}

static void signals_that_cannot_be_handled_are_refused(void)
{
	static const int numbers[] = {SIGKILL, SIGSTOP, -1, 65, 1000};

	for (size_t i = 0; i < COUNT(numbers); i++) {
		mote_error error = MOTE_ERROR_INIT;
		int number = numbers[i];

		check_error(mote_kick_signal_install(&number, &error), &error,
			    MOTE_INVALID_ARGUMENT, "cannot be handled");
		REQUIRE_EQ(error.os_code, EINVAL);
	}
}

/* The queue of those can be full, and then a kill would be lost. */
static void real_time_signals_are_refused(void)
{
	for (int wanted = SIGRTMIN; wanted <= SIGRTMAX; wanted++) {
		mote_error error = MOTE_ERROR_INIT;
		int number = wanted;

		check_error(mote_kick_signal_install(&number, &error), &error,
			    MOTE_INVALID_ARGUMENT,
			    "is a real-time signal, which is lost when too many signals are "
			    "pending");
		REQUIRE(disposition(wanted).sa_handler == SIG_DFL);
	}
}

static void all_signals_taken_is_said(void)
{
	const struct sigaction taken = {.sa_handler = handler};
	mote_error error = MOTE_ERROR_INIT;
	int number = 0;

	handle_choices(&taken);
	check_error(mote_kick_signal_install(&number, &error), &error, MOTE_SIGNAL_TAKEN,
		    "set kick_signal to a signal that is free");
	set_back();
	install(0, SIGURG);
	mote_kick_signal_uninstall(SIGURG);
}

static void the_last_user_gives_the_signal_back(void)
{
	const struct sigaction changed = {.sa_handler = handler};

	install(SIGUSR2, SIGUSR2);
	install(SIGUSR2, SIGUSR2);
	mote_kick_signal_uninstall(SIGUSR2);
	REQUIRE(disposition(SIGUSR2).sa_handler != SIG_DFL);
	mote_kick_signal_uninstall(SIGUSR2);
	REQUIRE(disposition(SIGUSR2).sa_handler == SIG_DFL);
	/* What the application has put there meanwhile stays. */
	install(SIGUSR2, SIGUSR2);
	handle(SIGUSR2, &changed);
	mote_kick_signal_uninstall(SIGUSR2);
	REQUIRE(disposition(SIGUSR2).sa_handler == handler);
}

static volatile sig_atomic_t seen;

static void count(int number)
{
	(void)number;
	seen++;
}

static void a_kick_sets_the_byte_and_arrives(void)
{
	volatile uint8_t byte = 9;
	struct mote_kick_signal kick;

	install(0, SIGURG);
	errno = 1234;
	raise(SIGURG); /* out of nowhere: without effect */
	REQUIRE_EQ(errno, 1234);
	mote_kick_signal_init(&kick, SIGURG, &byte);
	kick.base.ops->arm(&kick.base);
	REQUIRE_EQ(byte, 0);
	kick.base.ops->send(&kick.base, mote_os_thread_self());
	REQUIRE_EQ(byte, 1);
	mote_kick_signal_uninstall(SIGURG);
}

/* A signal that is ignored would not arrive, and the default action may end the process. */
static void a_signal_that_was_given_up_is_handled_again(void)
{
	void (*const given_up[])(int) = {SIG_IGN, SIG_DFL};
	const struct sigaction counted = {.sa_handler = count};
	volatile uint8_t byte = 9;
	struct mote_kick_signal kick;

	install(SIGSTKFLT, SIGSTKFLT);
	mote_kick_signal_init(&kick, SIGSTKFLT, &byte);
	for (size_t i = 0; i < COUNT(given_up); i++) {
		const struct sigaction action = {.sa_handler = given_up[i]};

		handle(SIGSTKFLT, &action);
		kick.base.ops->send(&kick.base, mote_os_thread_self());
		REQUIRE(disposition(SIGSTKFLT).sa_handler != given_up[i]);
	}
	/* A handler is the application's, and serves as well. */
	handle(SIGSTKFLT, &counted);
	kick.base.ops->send(&kick.base, mote_os_thread_self());
	REQUIRE_EQ(seen, 1);
	REQUIRE(disposition(SIGSTKFLT).sa_handler == count);
	mote_kick_signal_uninstall(SIGSTKFLT);
	set_back();
}

static void *check_blocked(void *user)
{
	const int *number = user;
	mote_error error = MOTE_ERROR_INIT;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, *number);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	check_error(mote_kick_signal_check_thread(*number, &error), &error, MOTE_SIGNAL_BLOCKED,
		    "unblock it with pthread_sigmask");
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	check_ok(mote_kick_signal_check_thread(*number, &error), &error);
	return NULL;
}

static void a_thread_that_blocks_the_signal_is_told(void)
{
	mote_error error = MOTE_ERROR_INIT;
	pthread_t thread;
	int number = 0;

	check_ok(mote_kick_signal_install(&number, &error), &error);
	check_ok(mote_kick_signal_check_thread(number, &error), &error);
	pthread_create(&thread, NULL, check_blocked, &number);
	pthread_join(thread, NULL);
}

static const struct test_case cases[] = {
	CASE_WITHIN(the_first_free_signal_is_chosen, NULL, set_back),
	CASE(a_signal_of_the_application_is_never_taken),
	CASE(signals_that_cannot_be_handled_are_refused),
	CASE(real_time_signals_are_refused),
	CASE_WITHIN(all_signals_taken_is_said, NULL, set_back),
	CASE(the_last_user_gives_the_signal_back),
	CASE(a_kick_sets_the_byte_and_arrives),
	CASE(a_signal_that_was_given_up_is_handled_again),
	CASE(a_thread_that_blocks_the_signal_is_told),
};

int main(int argc, char **argv)
{
	return test_main("kick_signal", cases, TEST_COUNT(cases), argc, argv);
}

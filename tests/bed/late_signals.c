/* SPDX-License-Identifier: Apache-2.0
 *
 * Linked into test programs that are built with the thread sanitizer.  Its runtime
 * takes a signal in at once but runs the handler later, at the next library call:
 * a kick that arrives right before the vCPU is run does not set immediate_exit in
 * time, and nothing would end that run.  So here a timer interrupts it now and
 * then, as a profiler would, and the library sees the cancel bit.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stddef.h>
#include <sys/time.h>

static void do_nothing(int number)
{
	(void)number;
}

static void interrupt_now_and_then(void) __attribute__((constructor));

static void interrupt_now_and_then(void)
{
	const struct itimerval often = {{0, 50000}, {0, 50000}};
	struct sigaction action = {.sa_handler = do_nothing};

	sigemptyset(&action.sa_mask);
	sigaction(SIGVTALRM, &action, NULL);
	setitimer(ITIMER_VIRTUAL, &often, NULL);
}

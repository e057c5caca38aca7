/* SPDX-License-Identifier: Apache-2.0
 *
 * Kills the call when the first signal comes, the process when the second one does.
 */
#include "watch.h"

#include <stdlib.h>

#include "tool.h"

enum { PAUSE_NS = 1000000 };

/* The call may not have begun when the signal comes: tries again until it has, or is over. */
static void kill_call(struct watch *watch)
{
	while (!atomic_load(&watch->done) && !mote_interrupt_kill(watch->interrupt))
		cli_os_pause_ns(PAUSE_NS);
}

static void on_stop(void *user, int number)
{
	struct watch *watch = user;

	if (atomic_exchange(&watch->caught, number) != 0)
		_Exit(EXIT_SIGNAL + number); /* the call did not end; somebody is impatient */
	kill_call(watch);
}

int watch_start(struct watch *watch, mote_interrupt *interrupt)
{
	watch->interrupt = interrupt;
	atomic_init(&watch->caught, 0);
	atomic_init(&watch->done, false);
	return cli_os_stops_begin(on_stop, watch, &watch->stops);
}

int watch_stop(struct watch *watch)
{
	atomic_store(&watch->done, true);
	cli_os_stops_end(watch->stops);
	return atomic_load(&watch->caught);
}

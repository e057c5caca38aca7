/* SPDX-License-Identifier: Apache-2.0
 *
 * Ends a guest call when the tool is told to end (SIGINT, SIGTERM, SIGHUP).
 */
#ifndef WATCH_H
#define WATCH_H

#include <mote/interrupt.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "cli_os.h"

struct watch {
	mote_interrupt *interrupt;
	struct cli_os_stops *stops;
	atomic_int caught; /* the signal that came, 0 if none */
	atomic_bool done;
};

/*
 * From here to watch_stop the signals kill the call of `interrupt`, and only a second one ends the
 * process at once.  Signals that were ignored stay so.  Returns 0 or a code of cli_os.h.
 */
int watch_start(struct watch *watch, mote_interrupt *interrupt);

/* Returns the signal that came meanwhile, or 0. */
int watch_stop(struct watch *watch);

#endif

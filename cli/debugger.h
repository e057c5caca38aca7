/* SPDX-License-Identifier: Apache-2.0
 *
 * The debugger of a run: the sandbox listens for it, and it may be started here.
 */
#ifndef DEBUGGER_H
#define DEBUGGER_H

#include "cli_os.h"
#include "run_setup.h"

struct debugger {
	struct cli_os_process *process; /* NULL: the user starts it, if anyone */
};

/* Makes the sandbox wait for the debugger that the options ask for, if they ask for one.  Returns
 * EXIT_FINE, or EXIT_PROBLEM with a problem. */
int debugger_begin(struct debugger *debugger, const struct run_options *options,
		   mote_sandbox *sandbox, struct problem *problem);

/* Waits until the debugger that was started has ended; the sandbox is gone. */
void debugger_end(struct debugger *debugger);

#endif

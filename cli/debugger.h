/* SPDX-License-Identifier: Apache-2.0
 *
 * The debugger of a run: the sandbox listens for it, and it may be started here.
 */
#ifndef DEBUGGER_H
#define DEBUGGER_H

#include <stdatomic.h>

#include "cli_os.h"
#include "run_setup.h"

struct debugger {
	struct cli_os_process *process;	 /* NULL: the user starts it, if anyone */
	struct cli_os_thread *thread;	 /* waits for the process's end; NULL: nobody does */
	_Atomic(mote_sandbox *) sandbox; /* stops listening at that end; NULL: it has, or is gone */
};

/* Makes the sandbox wait for the debugger that the options ask for, if they ask for one.  Returns
 * EXIT_FINE, or EXIT_PROBLEM with a problem. */
int debugger_begin(struct debugger *debugger, const struct run_options *options,
		   mote_sandbox *sandbox, struct problem *problem);

/* The sandbox is about to be destroyed. */
void debugger_leave(struct debugger *debugger);

/* Waits until the debugger that was started has ended; the sandbox is gone. */
void debugger_end(struct debugger *debugger);

#endif

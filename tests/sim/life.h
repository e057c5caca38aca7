/* SPDX-License-Identifier: Apache-2.0
 *
 * A life of an engine and its sandboxes, of which one step fails: for sweeps over the functions of
 * a simulated hypervisor.
 */
#ifndef MOTE_SIM_LIFE_H
#define MOTE_SIM_LIFE_H

#include "fixture.h"

struct life {
	mote_engine *engine;
	mote_sandbox *sandbox, *other;
	mote_buffer *buffer;
	mote_snapshot *snapshot;
	mote_status status; /* of the first step that failed */
	mote_error error;
	const char *step;
};

/* Whether the step went as expected. */
bool life_went(struct life *life, const char *step, mote_status status, mote_status expected);
/* A call without arguments.  wall_ns: its deadline; 0: none. */
mote_status life_call(struct life *life, mote_sandbox *sandbox, const char *name, uint64_t wall_ns);
/* All of it, to the first step that does not go as it should; gives everything up. */
void life_live(struct life *life);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Entry point N fails once: the simulated platform's table, each function of which counts its
 * calls, and can fail at one of them, or from one on.
 */
#ifndef MOTE_SIM_WHP_FAIL_H
#define MOTE_SIM_WHP_FAIL_H

#include "failure_point.h"
#include "sim/whp/whp.h"

enum whp_entry {
#define ENTRY(name, parameters, arguments) WHP_ENTRY_##name,
	MOTE_WHP_FUNCTION_MAP(ENTRY)
#undef ENTRY
		WHP_ENTRIES
};

/* "WHvCreatePartition" */
const char *whp_entry_name(enum whp_entry entry);

/* As failure_point_set, with what the call gives then. */
void whp_fail(enum whp_entry entry, uint64_t at, bool lasting, mote_whp_result code);

/* Whether this architecture has it. */
bool whp_has(enum whp_entry entry);

#endif

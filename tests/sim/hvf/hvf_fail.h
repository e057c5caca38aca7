/* SPDX-License-Identifier: Apache-2.0
 *
 * Entry point N fails once: the simulated framework's table, each function of which counts its
 * calls, and can fail at one of them, or from one on.
 */
#ifndef MOTE_SIM_HVF_FAIL_H
#define MOTE_SIM_HVF_FAIL_H

#include "failure_point.h"
#include "sim/hvf/hvf.h"

enum hvf_entry {
#define ENTRY(name, parameters) HVF_ENTRY_##name,
	MOTE_HV_FUNCTION_MAP(ENTRY) MOTE_HV_OPTIONAL_MAP(ENTRY)
#undef ENTRY
		HVF_ENTRIES
};

/* "hv_vm_create" */
const char *hvf_entry_name(enum hvf_entry entry);

/* As failure_point_set, with what the call gives then.  Before a thread uses the table for the
 * first time. */
void hvf_fail(enum hvf_entry entry, uint64_t at, bool lasting, mote_hv_return code);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Entry point N fails once: the simulated framework's table, each function of which counts its
 * calls, and can fail at one of them, or from one on.
 */
#ifndef MOTE_SIM_HVF_FAIL_H
#define MOTE_SIM_HVF_FAIL_H

#include "sim/hvf/hvf.h"

enum hvf_entry {
#define ENTRY(name, parameters) HVF_ENTRY_##name,
	MOTE_HV_FUNCTION_MAP(ENTRY) MOTE_HV_OPTIONAL_MAP(ENTRY)
#undef ENTRY
		HVF_ENTRIES
};

/* "hv_vm_create" */
const char *hvf_entry_name(enum hvf_entry entry);

/* From here on calls are counted, from 1, and that one fails.  at: 0 for none.  lasting: and all
 * later ones.  Before a thread uses the table for the first time. */
void hvf_fail(enum hvf_entry entry, uint64_t at, bool lasting, mote_hv_return code);
/* No more. */
void hvf_fail_nothing(void);

/* Since hvf_fail: the calls of an entry, and whether one has failed. */
uint64_t hvf_calls(enum hvf_entry entry);
bool hvf_has_failed(void);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * A simulated Hypervisor.framework: behind the backend's table of functions.
 */
#ifndef MOTE_SIM_HVF_H
#define MOTE_SIM_HVF_H

#include "hypervisor/backends/hvf/hvf_abi.h"

/* The functions, and what tests may choose. */
struct sim_hvf {
	struct mote_hvf_system table;
	uint32_t vcpus;	     /* at a time; 0: 64 */
	bool denied;	     /* the program lacks the entitlement */
	bool keeps_identity; /* writes to registers that identify the processor are ignored */
	bool trusts_the_tlb; /* does not look for stale translations */
	uint32_t pointless;  /* so many runs end with reason "unknown" first */
};

/* What the process has; filled with the defaults at its first use. */
struct sim_hvf *sim_hvf(void);
/* The same as a list for mote_hypervisor_options.systems. */
const struct mote_system *const *sim_hvf_systems(void);

#endif

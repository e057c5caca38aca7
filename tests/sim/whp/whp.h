/* SPDX-License-Identifier: Apache-2.0
 *
 * A simulated Windows Hypervisor Platform, x86_64, over /dev/kvm: the functions of
 * WinHvPlatform.dll behind the backend's table, and surrogates that are not processes.
 */
#ifndef MOTE_SIM_WHP_H
#define MOTE_SIM_WHP_H

#include <stdbool.h>
#include <stddef.h>

#include "hypervisor/backends/whp/whp_abi.h"

/* What differs between real machines.  MOTE_TEST_WHP sets it, a list of the words in brackets, e.g.
 * "lazy,cancel=3". */
struct sim_whp_rules {
	bool absent; /* [absent] the hypervisor does not run */
	bool old;    /* [old] without what Windows 11 and Server 2022 brought */
	bool lazy; /* [lazy] the first access to mapped memory, but for the first range, is an exit */
	unsigned cancel; /* [cancel=N] every N-th run is cancelled without a reason; 0: none */
	/* [taken] Another partition, of somebody else, has this process's memory. */
	bool taken;
};

/* Of the process: read from the environment at the first call, and a test may change them. */
struct sim_whp_rules *sim_whp_rules(void);

/* The functions, without surrogates. */
const struct mote_whp_system *sim_whp_table(void);
/* Others in their places from now on. */
void sim_whp_stand_in(const struct mote_whp_system *table);
/* For mote_hypervisor_options.systems: the functions, with surrogates. */
const struct mote_system *const *sim_whp_systems(void);

/* Partitions and surrogates that there are. */
size_t sim_whp_partitions(void);
size_t sim_whp_surrogates(void);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated Windows Hypervisor Platform for MOTE_TEST_SIM.
 */
#include "hypervisor/backends/whp/whp.h"
#include "sim/systems.h"
#include "sim/whp/whp_internal.h"

static const struct mote_whp_system *stand_in;

void sim_whp_stand_in(const struct mote_whp_system *table)
{
	stand_in = table;
}

const struct mote_system *const *sim_whp_systems(void)
{
	static struct mote_whp_system table;
	static const struct mote_system *const systems[] = {&table.base, NULL};

	table = stand_in ? *stand_in : *sim_whp_table();
	table.surrogates = &whp_surrogates;
	return systems;
}

const struct sim_system sim_system_whp = {
	.name = "whp",
	.backend = &mote_backend_whp,
	.systems = sim_whp_systems,
};

/* There is no such DLL on this system. */
const struct mote_whp_system *mote_whp_real_system(const char **reason)
{
	*reason = "this is not Windows";
	return NULL;
}

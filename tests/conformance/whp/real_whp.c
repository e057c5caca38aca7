/* SPDX-License-Identifier: Apache-2.0
 *
 * The Windows Hypervisor Platform of this machine.
 */
#include "hypervisor/backends/whp/whp_abi.h"
#include "whp_under_test.h"

const struct mote_system *const *whp_systems(void)
{
	static const struct mote_system *list[2];
	const struct mote_whp_system *system;
	const char *reason = "";

	system = mote_whp_real_system(&reason);
	if (system == NULL)
		SKIP("%s", reason);
	list[0] = &system->base;
	return list;
}

const struct case_list whp_cases;

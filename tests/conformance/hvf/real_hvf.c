/* SPDX-License-Identifier: Apache-2.0
 *
 * The Hypervisor.framework of this Mac.
 */
#include "hvf_under_test.h"
#include "hypervisor/backends/hvf/hvf_abi.h"

const struct mote_system *const *hvf_systems(void)
{
	static const struct mote_system *list[2];
	const struct mote_hvf_system *system;
	const char *reason = "";

	system = mote_hvf_real_system(&reason);
	if (system == NULL)
		SKIP("Hypervisor.framework: %s is missing", reason);
	list[0] = &system->base;
	return list;
}

const struct case_list hvf_cases;

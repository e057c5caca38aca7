/* SPDX-License-Identifier: Apache-2.0
 *
 * This machine's own /dev/mshv.
 */
#include <unistd.h>

#include "bed_systems.h"
#include "mshv_under_test.h"

bool mshv_is_present(void)
{
	return access("/dev/mshv", F_OK) == 0;
}

const struct mote_system *const *mshv_systems(void)
{
	return test_systems();
}

const struct case_list mshv_cases;

/* SPDX-License-Identifier: Apache-2.0
 *
 * Which Windows Hypervisor Platform it is: a simulated one (simulated_whp.c), or the system's own
 * (real_whp.c).
 */
#ifndef MOTE_TESTS_WHP_UNDER_TEST_H
#define MOTE_TESTS_WHP_UNDER_TEST_H

#include "conformance.h"

/* Its table of functions, alone in a list. */
const struct mote_system *const *whp_systems(void);

/* The cases that need one that does as it is told. */
extern const struct case_list whp_cases;

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Which /dev/mshv it is: a simulated one, with MOTE_TEST_SIM (simulated_mshv.c), or this machine's
 * own (real_mshv.c).
 */
#ifndef MOTE_TESTS_MSHV_UNDER_TEST_H
#define MOTE_TESTS_MSHV_UNDER_TEST_H

#include "conformance.h"

bool mshv_is_present(void);

/* As mote_hypervisor_options.systems. */
const struct mote_system *const *mshv_systems(void);

/* The cases that need one that does as it is told. */
extern const struct case_list mshv_cases;

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Which Hypervisor.framework it is: a simulated one (simulated_hvf.c), or the system's own
 * (real_hvf.c).
 */
#ifndef MOTE_TESTS_HVF_UNDER_TEST_H
#define MOTE_TESTS_HVF_UNDER_TEST_H

#include "conformance.h"

/* Its table of functions, alone in a list. */
const struct mote_system *const *hvf_systems(void);

/* The cases that need one that does as it is told. */
extern const struct case_list hvf_cases;

#endif

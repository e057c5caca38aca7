/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of functions through which tests reach hypervisors: the operating
 * system's own, or in the emulated SVM machine one that works around its emulator.
 */
#ifndef MOTE_TEST_BED_SYSTEMS_H
#define MOTE_TEST_BED_SYSTEMS_H

#include <stdint.h>

#include "hypervisor/virtual_machine.h"

/*
 * For mote_hypervisor_options.systems and the like.  NULL (the real ones) unless MOTE_TEST_BED says
 * that this is the SVM bed.
 */
const struct mote_system *const *test_systems(void);

/* Leaves the case if the hypervisor is a pretended one (poor.h), which makes calls, or takes
 * memory, of its own. */
void test_need_plain_hypervisor(void);

#endif

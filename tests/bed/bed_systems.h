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

/* MOTE_TEST_ADDRESS_BASE: where guest-physical addresses begin, as on a hypervisor that gives each
 * VM a window; 0 unless it is set. */
uint64_t test_address_base(void);

/* Applies it to a hypervisor that was just opened.  With MOTE_TEST_SCATTERED its VMs also place
 * each region at guest-physical addresses that have nothing to do with the others'. */
void test_place_addresses(struct mote_hypervisor *hypervisor);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of functions through which tests reach KVM: the operating system's
 * own, or in the emulated SVM machine one that works around its emulator.
 */
#ifndef MOTE_TEST_KVM_QUIRK_H
#define MOTE_TEST_KVM_QUIRK_H

#include "hypervisor/backends/kvm/kvm_system.h"

/*
 * For mote_hypervisor_options.system and the like.  NULL (the real one) unless MOTE_TEST_BED says
 * that this is the SVM bed.
 */
const struct mote_kvm_system *test_kvm_system(void);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The cases that drive KVM's own table of functions.
 */
#ifndef MOTE_TESTS_CASES_KVM_H
#define MOTE_TESTS_CASES_KVM_H

#include "conformance.h"
#include "hypervisor/backends/linux/linux_device.h"

extern const struct case_list kvm_cases, kvm_arch_cases;

/* What helps on this architecture when there is no device. */
extern const char kvm_arch_remedy[];

/* The table that reaches KVM here; never NULL. */
const struct mote_linux_device *kvm_real_device(void);

#endif

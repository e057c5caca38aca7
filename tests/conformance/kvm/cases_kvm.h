/* SPDX-License-Identifier: Apache-2.0
 *
 * The cases that drive KVM's own table of functions.
 */
#ifndef MOTE_TESTS_CASES_KVM_H
#define MOTE_TESTS_CASES_KVM_H

#include "conformance.h"
#include "hypervisor/backends/kvm/kvm_system.h"

#define KVM_CASE_COUNT 14
extern const struct test_case kvm_cases[KVM_CASE_COUNT];

/* The table that reaches KVM here; never NULL. */
const struct mote_kvm_system *kvm_real_system(void);

#endif

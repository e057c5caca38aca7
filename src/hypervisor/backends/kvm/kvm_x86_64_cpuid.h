/* SPDX-License-Identifier: Apache-2.0
 *
 * Which CPUID a guest sees: what KVM supports, minus what a guest in user mode cannot use or should
 * not have.
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_KVM_X86_64_CPUID_H
#define MOTE_HYPERVISOR_BACKENDS_KVM_X86_64_CPUID_H

#include "hypervisor/backends/kvm/kvm_abi.h"

/* XCR0 bits (Intel SDM volume 1, 13.1). */
#define MOTE_XCR0_X87 (1ull << 0)
#define MOTE_XCR0_SSE (1ull << 1)
#define MOTE_XCR0_AVX (1ull << 2)
#define MOTE_XCR0_PKRU (1ull << 9)

/* Edits a table from KVM_GET_SUPPORTED_CPUID in place. */
void mote_kvm_cpuid_apply_policy(struct mote_kvm_x86_cpuid *table);

/* The entry for a leaf, or NULL. */
const struct mote_kvm_x86_cpuid_entry *mote_kvm_cpuid_find(const struct mote_kvm_x86_cpuid *table,
							   uint32_t function, uint32_t index);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * How the kvm_abi_check files compare kvm_abi.h with the official headers.
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_KVM_ABI_CHECK_H
#define MOTE_HYPERVISOR_BACKENDS_KVM_ABI_CHECK_H

#include "hypervisor/backends/kvm/kvm_abi.h"

#include <linux/kvm.h>
#include <stddef.h>

#define SAME(name) _Static_assert(MOTE_##name == name, #name)
#define SIZE(ours, theirs) _Static_assert(sizeof(struct ours) == sizeof(struct theirs), #theirs)
#define FIELD(ours, field, theirs, official)                                                       \
	_Static_assert(offsetof(struct ours, field) == offsetof(struct theirs, official), #official)

#endif

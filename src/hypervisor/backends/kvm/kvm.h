/* SPDX-License-Identifier: Apache-2.0
 *
 * The KVM backend's entry in the list of backends.
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_KVM_H
#define MOTE_HYPERVISOR_BACKENDS_KVM_H

#include "hypervisor/virtual_machine.h"

extern const struct mote_backend mote_backend_kvm;

#endif

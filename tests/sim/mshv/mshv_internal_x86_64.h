/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the simulated /dev/mshv on x86_64 have for each other.
 */
#ifndef MOTE_SIM_MSHV_X86_64_INTERNAL_H
#define MOTE_SIM_MSHV_X86_64_INTERNAL_H

#include <linux/kvm.h>

#include "hypervisor/backends/mshv/mshv_abi_x86_64.h"
#include "sim/mshv/mshv_internal.h"

struct mote_hyperv_x64_segment mshv_segment_of(const struct kvm_segment *segment);
struct kvm_segment mshv_to_segment(const struct mote_hyperv_x64_segment *segment);
/* In struct kvm_sregs, in the order of the names; and general registers in struct kvm_regs. */
size_t mshv_segment_offset(uint32_t index);
size_t mshv_general_offset(uint32_t index);
/* Takes over what the program has changed in the register page. */
void mshv_take_page(struct vp *vp);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What the x86_64 files of this backend share.
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_MSHV_X86_64_INTERNAL_H
#define MOTE_HYPERVISOR_BACKENDS_MSHV_X86_64_INTERNAL_H

#include "hypervisor/backends/hyperv/hyperv_x86_64.h"
#include "hypervisor/backends/mshv/mshv_abi_x86_64.h"
#include "hypervisor/backends/mshv/mshv_internal.h"

/* ---- mshv_x86_64_exits.c: of mote_hyperv_ops ------------------------------------------------- */

bool mote_mshv_translate(struct mote_hyperv_vm *vm, uint64_t address, bool write, uint64_t *gpa);
mote_status mote_mshv_settle(struct mote_hyperv_vm *vm, mote_error *error);
void mote_mshv_forget(struct mote_hyperv_vm *vm);

/* ---- mshv_x86_64_xsave.c --------------------------------------------------------------------- */

/* How large areas are, and their format: with a VP that has just been made. */
mote_status mote_mshv_learn_area(struct mote_mshv_vm *vm, mote_error *error);
/* Of mote_hyperv_ops. */
mote_status mote_mshv_get_area(struct mote_hyperv_vm *vm, void *area, mote_error *error);
mote_status mote_mshv_set_area(struct mote_hyperv_vm *vm, const void *area, mote_error *error);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The backend for the Microsoft hypervisor, through /dev/mshv of a Linux root partition.
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_MSHV_H
#define MOTE_HYPERVISOR_BACKENDS_MSHV_H

#include "hypervisor/virtual_machine.h"

extern const struct mote_backend mote_backend_mshv;

#endif

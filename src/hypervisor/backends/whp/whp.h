/* SPDX-License-Identifier: Apache-2.0
 *
 * The backend for the Windows Hypervisor Platform (WHP).
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_WHP_H
#define MOTE_HYPERVISOR_BACKENDS_WHP_H

#include "hypervisor/virtual_machine.h"

extern const struct mote_backend mote_backend_whp;

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The backend for Hypervisor.framework of macOS on Apple silicon.
 */
#ifndef MOTE_HVF_H
#define MOTE_HVF_H

#include "hypervisor/virtual_machine.h"

extern const struct mote_backend mote_backend_hvf;

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The list of backends: detection, preference, override.
 */
#ifndef MOTE_HYPERVISOR_BACKEND_H
#define MOTE_HYPERVISOR_BACKEND_H

#include "hypervisor/virtual_machine.h"

/*
 * Opens the backend that kind names; for MOTE_BACKEND_AUTO, the one that override (the value of
 * MOTE_BACKEND, may be NULL or empty) names, or else the first that opens.
 */
mote_status mote_backend_open(mote_backend_kind kind, const char *override,
			      const struct mote_hypervisor_options *options,
			      struct mote_hypervisor **hypervisor, mote_error *error);

#endif

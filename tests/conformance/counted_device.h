/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of functions of a device file behind a counter and fault injector.
 */
#ifndef MOTE_TESTS_COUNTED_DEVICE_H
#define MOTE_TESTS_COUNTED_DEVICE_H

#include "conformance.h"

/*
 * For mote_hypervisor_options.systems.  The table has one user at a time.
 *
 * run   the request that runs a vCPU
 */
const struct mote_system *const *count_device(mote_backend_kind kind, unsigned long run,
					      struct hypervisor_calls *calls);

#endif

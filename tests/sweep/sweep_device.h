/* SPDX-License-Identifier: Apache-2.0
 *
 * What sweep_device.c needs to know of each hypervisor that is a device file.
 */
#ifndef MOTE_TESTS_SWEEP_DEVICE_H
#define MOTE_TESTS_SWEEP_DEVICE_H

#include "sweep.h"

/* clang-format off */
/* What every request can come to, and what those that make a descriptor can. */
#define SWEEP_ANY                                                                                  \
	{EIO, SWEEP(HYPERVISOR), NULL, false}, {EINVAL, SWEEP(HYPERVISOR), NULL, false},           \
	{ENOMEM, SWEEP(NO_MEMORY), NULL, false}
#define SWEEP_ANY_DESCRIPTOR                                                                       \
	SWEEP_ANY, {EMFILE, SWEEP(LIMIT), NULL, false}, {ENFILE, SWEEP(LIMIT), NULL, false}
/* clang-format on */

struct sweep_request {
	unsigned long number;
	struct sweep_entry entry;
};

/* How one hypervisor's device can fail.  A request without a row fails the sweep. */
struct sweep_device {
	const char *file; /* of this structure */
	struct sweep_entry *open;
	struct sweep_request *requests;
	size_t request_count;
};

#endif

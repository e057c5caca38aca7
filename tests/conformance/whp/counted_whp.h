/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts what goes to the Windows Hypervisor Platform, and makes one call fail.
 */
#ifndef MOTE_TESTS_COUNTED_WHP_H
#define MOTE_TESTS_COUNTED_WHP_H

#include "conformance.h"

/* As hypervisor_calls.code: the next run ends without an exit, which is no failure. */
enum { COUNT_WHP_INTERRUPTION = 1 };

const struct mote_system *const *count_whp(struct hypervisor_calls *calls);

#endif

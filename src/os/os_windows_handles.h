/* SPDX-License-Identifier: Apache-2.0
 *
 * Waiting for what the system has no way to wait for.
 */
#ifndef MOTE_OS_WINDOWS_HANDLES_H
#define MOTE_OS_WINDOWS_HANDLES_H

#include <stdint.h>

/* How many ms to sleep before the next look at a pipe; ms: before the last one, or 0. */
uint32_t mote_windows_next_look(uint32_t ms);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a clock of POSIX.
 */
#ifndef MOTE_OS_POSIX_CLOCK_H
#define MOTE_OS_POSIX_CLOCK_H

#include <stdint.h>

/* Nanoseconds of a clock of <time.h>; 0 if there is no such clock. */
uint64_t mote_posix_read_clock(int id);

#endif

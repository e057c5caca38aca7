/* SPDX-License-Identifier: Apache-2.0
 *
 * Clocks, and waiting for a time.
 */
#ifndef MOTE_OS_CLOCK_H
#define MOTE_OS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Nanoseconds of a clock that never goes back; 0 if there is none.  No system call where the
 * platform allows that. */
uint64_t mote_os_monotonic_ns(void);

/* Nanoseconds since 1970, UTC; 0 if nobody knows.  No system call where the platform allows
 * that. */
uint64_t mote_os_real_ns(void);

/* The CPU time of one thread, read from any thread while that thread lives. */
struct mote_os_cpu_clock {
	intptr_t id;
};

/* The clock of the calling thread; false if there is none.  No system call. */
bool mote_os_cpu_clock_self(struct mote_os_cpu_clock *clock);
/* Its nanoseconds; false when the thread is gone or the clock cannot be read. */
bool mote_os_cpu_clock_read(struct mote_os_cpu_clock clock, uint64_t *ns);

/* Sleeps; a signal ends it early. */
void mote_os_pause(uint64_t ns);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * The guest clock: the part of a guest's CPU time that the clock of the thread that runs it does
 * not show.  A CPU-time deadline counts both; see deadline.h.
 */
#ifndef MOTE_HYPERVISOR_GUEST_CLOCK_H
#define MOTE_HYPERVISOR_GUEST_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* A backend's own structure may begin with it; it lives as long as the VM. */
struct mote_guest_clock {
	/* Nanoseconds that only grow, and only while the vCPU runs.  From any thread, also while
	 * the vCPU runs, and does not wait for it.  False when the hypervisor does not tell. */
	bool (*read)(const struct mote_guest_clock *clock, uint64_t *ns);
};

/* Always 0: the clock of a thread counts the guests that it runs. */
extern const struct mote_guest_clock mote_guest_clock_of_thread;

#endif

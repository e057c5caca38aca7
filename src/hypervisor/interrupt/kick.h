/* SPDX-License-Identifier: Apache-2.0
 *
 * The kick: how a backend makes the thread that runs a vCPU leave it.  The interrupt handle decides
 * when; see interrupt_internal.h.
 */
#ifndef MOTE_HYPERVISOR_KICK_H
#define MOTE_HYPERVISOR_KICK_H

#include <stdbool.h>
#include <stdint.h>

struct mote_kick;

struct mote_kick_ops {
	/* Before each entry, on the thread that will run the vCPU.  A kick that is sent from now on
	 * ends the run, also one that arrives before the entry. */
	void (*arm)(struct mote_kick *kick);

	/* From any thread, while the vCPU runs or is about to. thread: mote_os_thread_self() of
	 * the thread that runs it. Cannot fail and does not wait. */
	void (*send)(struct mote_kick *kick, uintptr_t thread);

	/* On the thread that ran the vCPU, after send has returned: consumes a kick that has not
	 * arrived yet, so that it does not disturb what comes next. */
	void (*take)(struct mote_kick *kick);
};

/* A backend's own structure begins with it, and lives as long as the VM. */
struct mote_kick {
	const struct mote_kick_ops *ops;
};

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Surrogates: the platform maps the memory of a process into one partition at a time.  So all
 * partitions but one of this process have a process of their own, which never runs, and which has
 * views of the same memory.
 */
#ifndef MOTE_HYPERVISOR_BACKENDS_WHP_SURROGATE_H
#define MOTE_HYPERVISOR_BACKENDS_WHP_SURROGATE_H

#include <stdbool.h>

#include "hypervisor/virtual_machine.h"

struct mote_whp_surrogate;

struct mote_whp_surrogate_ops {
	/* A process that ends with this one at the latest.  path: its program; NULL: this one's.
	 * allocator: outlives it. */
	mote_status (*start)(const char *path, const mote_allocator *allocator,
			     struct mote_whp_surrogate **surrogate, mote_error *error);
	/* Ends it, with its views. */
	void (*end)(struct mote_whp_surrogate *surrogate);
	/* For WHvMapGpaRange2. */
	void *(*process)(const struct mote_whp_surrogate *surrogate);
	/* Maps a region's memory; the address is one of that process. */
	mote_status (*map)(struct mote_whp_surrogate *surrogate,
			   const struct mote_memory_region *region, void **address,
			   mote_error *error);
	void (*unmap)(struct mote_whp_surrogate *surrogate, void *address, uint64_t bytes);
};

/* Of this machine. */
extern const struct mote_whp_surrogate_ops mote_whp_real_surrogates;

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the simulated platform have for each other.  Its VPs are those of the simulated
 * Microsoft hypervisor (sim/mshv), which has other names for their registers.
 */
#ifndef MOTE_SIM_WHP_INTERNAL_H
#define MOTE_SIM_WHP_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "hypervisor/backends/whp/whp_surrogate.h"
#include "sim/mshv/mshv_internal.h"
#include "sim/whp/whp.h"
#include "text/format.h"

enum { WHP_PARTITIONS = 4096, WHP_RANGES = 512 };

/* A range of guest-physical memory. */
struct range {
	uint64_t gpa, bytes;
	void *address; /* in this process */
	unsigned flags;
	bool is_lazy; /* not accessed so far */
};

struct whp_partition {
	pthread_mutex_t lock; /* of ranges, and what follows */
	bool is_set_up;
	uint32_t processors;	      /* 0: not said */
	uint64_t exits;		      /* those that were asked for */
	struct partition hypervisors; /* as the hypervisor knows it */
	struct range ranges[WHP_RANGES];
	/* Of the first range: it has page tables, which KVM has to find. */
	uintptr_t first_address;
	uint64_t first_bytes;
	const void *process; /* whose memory it has; NULL: nobody's so far */
	_Atomic int runs;    /* the process that does it; 0: none */
	unsigned runs_so_far;
};

/* A caller's mistake that the real platform would punish silently, or not at all. */
_Noreturn void whp_violation(const char *format, ...) MOTE_PRINTF(1, 2);

/* NULL: there is no such partition, or VP. */
struct whp_partition *whp_find(mote_whp_partition handle);
struct vp *whp_find_vp(mote_whp_partition handle, uint32_t index);
/* False: that process's memory is another partition's; else it is this one's from now on. */
bool whp_claim(struct whp_partition *partition, const void *process);

/* ---- whp_memory.c ---------------------------------------------------------------------------- */

mote_whp_result whp_map(mote_whp_partition handle, void *source, uint64_t gpa, uint64_t bytes,
			uint32_t flags);
mote_whp_result whp_map_2(mote_whp_partition handle, void *process, void *source, uint64_t gpa,
			  uint64_t bytes, uint32_t flags);
mote_whp_result whp_unmap(mote_whp_partition handle, uint64_t gpa, uint64_t bytes);
/* The whole range of an access that is the first to it is there from now on. */
bool whp_provide(struct whp_partition *partition, uint64_t gpa);

/* ---- whp_surrogates.c, or whp_wine_process.c ------------------------------------------------- */

/* Where memory of a process is in this one; NULL: nowhere.  whose: NULL for this process. */
void *whp_locate(void *process, void *source, uint64_t bytes, const void **whose);
extern const struct mote_whp_surrogate_ops whp_surrogates;

/* ---- whp_vp.c -------------------------------------------------------------------------------- */

mote_whp_result whp_make_vp(struct whp_partition *partition);
mote_whp_result whp_get_registers(mote_whp_partition handle, uint32_t index, const uint32_t *names,
				  uint32_t count, struct mote_hyperv_value *values);
mote_whp_result whp_set_registers(mote_whp_partition handle, uint32_t index, const uint32_t *names,
				  uint32_t count, const struct mote_hyperv_value *values);
mote_whp_result whp_run(mote_whp_partition handle, uint32_t index, void *exit, uint32_t bytes);
mote_whp_result whp_cancel(mote_whp_partition handle, uint32_t index, uint32_t flags);
mote_whp_result whp_translate(mote_whp_partition handle, uint32_t index, uint64_t gva,
			      uint32_t flags, struct mote_whp_translated *result, uint64_t *gpa);
mote_whp_result whp_counters(mote_whp_partition handle, uint32_t index, uint32_t set, void *buffer,
			     uint32_t bytes, uint32_t *written);

/* ---- whp_vp_<arch>.c ------------------------------------------------------------------------- */

enum { WHP_EXIT_WORDS = 34, WHP_EXIT_LEAST = 48 };

/* The hypervisor's name of a register; 0: it has none. */
uint32_t whp_arch_name(uint32_t name);
bool whp_arch_may_set(uint32_t name);
/* A new VP, after mshv_arch_begin. */
void whp_arch_begin(struct vp *vp);
mote_whp_result whp_arch_property(uint32_t code, uint32_t bytes);
uint64_t whp_arch_features(void);
/* Of a capability of its own, whose value is 0; 0: there is none. */
uint32_t whp_arch_capability_bytes(uint32_t code);
/* Fills in a struct mote_whp_exit, which is all zeros. */
mote_whp_result whp_arch_tell(struct vp *vp, const struct sim_exit *exit, void *context);
/* Puts what this architecture alone has into the table. */
void whp_arch_functions(struct mote_whp_system *table);

#endif

/* SPDX-License-Identifier: Apache-2.0
 *
 * Guest-physical memory of the simulated platform, and processes that are not: the view of one is
 * this process's own mapping, which only that one may hand on.
 */
#include <errno.h>
#include <stdlib.h>

#include "allocator.h"
#include "error_internal.h"
#include "sim/whp/whp_internal.h"

enum { PAGE_BYTES = 4096, FLAGS = 15 /* with the tracking of changes */ };

static const char own_process;
static _Atomic size_t surrogates;

size_t sim_whp_surrogates(void)
{
	return atomic_load(&surrogates);
}

/* ---- Ranges ---------------------------------------------------------------------------------- */

static unsigned flags_of(uint32_t flags)
{
	return (flags & MOTE_WHP_MAP_READ ? SIM_READ : 0u) |
	       (flags & MOTE_WHP_MAP_WRITE ? SIM_WRITE : 0u) |
	       (flags & MOTE_WHP_MAP_EXECUTE ? SIM_EXECUTE : 0u);
}

static bool are_pages(const void *source, uint64_t gpa, uint64_t bytes)
{
	return (((uintptr_t)source | gpa | bytes) & (PAGE_BYTES - 1)) == 0 && bytes != 0 &&
	       gpa + bytes > gpa;
}

static struct range *find_free(struct whp_partition *partition)
{
	for (size_t i = 0; i < WHP_RANGES; i++)
		if (partition->ranges[i].bytes == 0)
			return &partition->ranges[i];
	return NULL;
}

static bool overlaps(const struct range *range, uint64_t gpa, uint64_t bytes)
{
	return range->bytes != 0 && gpa < range->gpa + range->bytes && range->gpa < gpa + bytes;
}

/* Takes a part out of all ranges.  Whether there was something in all of it. */
static bool cut(struct whp_partition *partition, uint64_t gpa, uint64_t bytes)
{
	uint64_t found = 0;

	for (size_t i = 0; i < WHP_RANGES; i++) {
		struct range *range = &partition->ranges[i], *rest;
		const uint64_t end = range->gpa + range->bytes;

		if (!overlaps(range, gpa, bytes))
			continue;
		found += (end < gpa + bytes ? end : gpa + bytes) -
			 (range->gpa > gpa ? range->gpa : gpa);
		if (end > gpa + bytes) {
			rest = find_free(partition);
			if (!rest)
				whp_violation("too many ranges of memory");
			*rest = *range;
			rest->gpa = gpa + bytes;
			rest->bytes = end - rest->gpa;
			rest->address = (char *)range->address + (rest->gpa - range->gpa);
		}
		range->bytes = range->gpa < gpa ? gpa - range->gpa : 0;
	}
	return found == bytes;
}

static mote_whp_result put(struct whp_partition *partition, void *source, uint64_t gpa,
			   uint64_t bytes, uint32_t flags)
{
	struct sim_machine *machine = partition->hypervisors.machine;
	bool is_lazy;
	struct range *range;

	(void)cut(partition, gpa, bytes);
	for (uint64_t at = gpa; at < gpa + bytes; at += PAGE_BYTES)
		if (sim_machine_host(machine, at))
			(void)sim_machine_unmap(machine, at, PAGE_BYTES);
	if (partition->first_bytes == 0) {
		partition->first_address = (uintptr_t)source;
		partition->first_bytes = bytes;
	}
	is_lazy = sim_whp_rules()->lazy &&
		  (uintptr_t)source - partition->first_address >= partition->first_bytes;
	range = find_free(partition);
	if (!range ||
	    sim_machine_map(machine, gpa, source, bytes, is_lazy ? 0 : flags_of(flags)) != 0)
		return MOTE_WHP_E_NO_RESOURCES;
	*range = (struct range){gpa, bytes, source, flags_of(flags), is_lazy};
	return MOTE_WHP_OK;
}

static mote_whp_result map(mote_whp_partition handle, const void *process, void *source,
			   uint64_t gpa, uint64_t bytes, uint32_t flags)
{
	struct whp_partition *partition = whp_find(handle);
	mote_whp_result result;

	if (!partition || !partition->is_set_up || !are_pages(source, gpa, bytes) ||
	    !(flags & MOTE_WHP_MAP_READ) || flags > FLAGS)
		return MOTE_WHP_E_INVALIDARG;
	if ((process == &own_process && sim_whp_rules()->taken) || !whp_claim(partition, process))
		return MOTE_WHP_E_PARTITION_ALREADY_EXISTS;
	pthread_mutex_lock(&partition->lock);
	result = put(partition, source, gpa, bytes, flags);
	pthread_mutex_unlock(&partition->lock);
	return result;
}

mote_whp_result whp_map(mote_whp_partition handle, void *source, uint64_t gpa, uint64_t bytes,
			uint32_t flags)
{
	return map(handle, &own_process, source, gpa, bytes, flags);
}

static bool is_view(const struct mote_whp_surrogate *surrogate, const void *source, uint64_t bytes)
{
	for (size_t i = 0; i < WHP_VIEWS; i++) {
		const uint64_t offset = (uintptr_t)source - (uintptr_t)surrogate->views[i].address;

		if (surrogate->views[i].bytes >= bytes &&
		    offset <= surrogate->views[i].bytes - bytes)
			return true;
	}
	return false;
}

mote_whp_result whp_map_2(mote_whp_partition handle, void *process, void *source, uint64_t gpa,
			  uint64_t bytes, uint32_t flags)
{
	if (!is_view(process, source, bytes))
		return MOTE_WHP_E_INVALIDARG;
	return map(handle, process, source, gpa, bytes, flags);
}

mote_whp_result whp_unmap(mote_whp_partition handle, uint64_t gpa, uint64_t bytes)
{
	struct whp_partition *partition = whp_find(handle);
	bool found;

	if (!partition || !are_pages(NULL, gpa, bytes))
		return MOTE_WHP_E_INVALIDARG;
	pthread_mutex_lock(&partition->lock);
	found = cut(partition, gpa, bytes);
	if (found)
		found = sim_machine_unmap(partition->hypervisors.machine, gpa, bytes) == 0;
	pthread_mutex_unlock(&partition->lock);
	return found ? MOTE_WHP_OK : MOTE_WHP_E_GPA_RANGE_NOT_FOUND;
}

bool whp_provide(struct whp_partition *partition, uint64_t gpa)
{
	bool provided = false;

	pthread_mutex_lock(&partition->lock);
	for (size_t i = 0; i < WHP_RANGES && !provided; i++) {
		struct range *range = &partition->ranges[i];

		if (!range->is_lazy || !overlaps(range, gpa, 1))
			continue;
		range->is_lazy = false;
		provided = sim_machine_protect(partition->hypervisors.machine, range->gpa,
					       range->bytes, range->flags) == 0;
	}
	pthread_mutex_unlock(&partition->lock);
	return provided;
}

/* ---- Surrogates ------------------------------------------------------------------------------ */

static mote_status start(const mote_allocator *allocator, struct mote_whp_surrogate **surrogate,
			 mote_error *error)
{
	*surrogate = mote_allocate(allocator, sizeof(**surrogate));
	if (!*surrogate)
		return mote_fail_memory(error, "surrogate");
	(*surrogate)->allocator = allocator;
	atomic_fetch_add(&surrogates, 1);
	return MOTE_OK;
}

static void end(struct mote_whp_surrogate *surrogate)
{
	for (size_t i = 0; i < WHP_VIEWS; i++)
		if (surrogate->views[i].bytes != 0)
			whp_violation("a surrogate ends with a view");
	atomic_fetch_sub(&surrogates, 1);
	mote_release(surrogate->allocator, surrogate);
}

static void *process_of(const struct mote_whp_surrogate *surrogate)
{
	return (void *)(uintptr_t)surrogate;
}

static mote_status map_view(struct mote_whp_surrogate *surrogate,
			    const struct mote_memory_region *region, void **address,
			    mote_error *error)
{
	for (size_t i = 0; i < WHP_VIEWS; i++) {
		if (surrogate->views[i].bytes != 0)
			continue;
		surrogate->views[i].address = *address = region->hva;
		surrogate->views[i].bytes = region->bytes;
		return MOTE_OK;
	}
	return mote_fail(error, MOTE_LIMIT, "a simulated surrogate has %d views", WHP_VIEWS);
}

static void unmap_view(struct mote_whp_surrogate *surrogate, void *address, uint64_t bytes)
{
	for (size_t i = 0; i < WHP_VIEWS; i++)
		if (surrogate->views[i].address == address && surrogate->views[i].bytes == bytes) {
			surrogate->views[i].bytes = 0;
			surrogate->views[i].address = NULL;
			return;
		}
	whp_violation("a view is unmapped that there is not");
}

const struct mote_whp_surrogate_ops whp_surrogates = {
	.start = start,
	.end = end,
	.process = process_of,
	.map = map_view,
	.unmap = unmap_view,
};

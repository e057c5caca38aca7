/* SPDX-License-Identifier: Apache-2.0
 *
 * Guest-physical memory of the simulated platform.
 */
#include "sim/whp/whp_internal.h"

enum { PAGE_BYTES = 4096, FLAGS = 15 /* with the tracking of changes */ };

static const char own_process;
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
	if (sim_machine_clear(machine, gpa, bytes) != 0)
		return MOTE_WHP_E_NO_RESOURCES;
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

mote_whp_result whp_map_2(mote_whp_partition handle, void *process, void *source, uint64_t gpa,
			  uint64_t bytes, uint32_t flags)
{
	const void *whose = process;
	void *here = whp_locate(process, source, bytes, &whose);

	if (!here)
		return MOTE_WHP_E_INVALIDARG;
	return map(handle, whose ? whose : &own_process, here, gpa, bytes, flags);
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

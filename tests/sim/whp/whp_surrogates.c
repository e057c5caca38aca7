/* SPDX-License-Identifier: Apache-2.0
 *
 * Processes that are not: the view of one is this process's own mapping, which only that one may
 * hand on.
 */
#include "allocator.h"
#include "error_internal.h"
#include "sim/whp/whp_internal.h"

enum { VIEWS = 256 };

struct mote_whp_surrogate {
	const mote_allocator *allocator;
	struct {
		void *address;
		uint64_t bytes;
	} views[VIEWS];
};

static _Atomic size_t surrogates;

size_t sim_whp_surrogates(void)
{
	return atomic_load(&surrogates);
}

static bool is_view(const struct mote_whp_surrogate *surrogate, const void *source, uint64_t bytes)
{
	for (size_t i = 0; i < VIEWS; i++) {
		const uint64_t offset = (uintptr_t)source - (uintptr_t)surrogate->views[i].address;

		if (surrogate->views[i].bytes >= bytes &&
		    offset <= surrogate->views[i].bytes - bytes)
			return true;
	}
	return false;
}

void *whp_locate(void *process, void *source, uint64_t bytes, const void **whose)
{
	*whose = process;
	return is_view(process, source, bytes) ? source : NULL;
}

static mote_status start(const char *path, const mote_allocator *allocator,
			 struct mote_whp_surrogate **surrogate, mote_error *error)
{
	(void)path;
	*surrogate = mote_allocate(allocator, sizeof(**surrogate));
	if (!*surrogate)
		return mote_fail_memory(error, "surrogate");
	(*surrogate)->allocator = allocator;
	atomic_fetch_add(&surrogates, 1);
	return MOTE_OK;
}

static void end(struct mote_whp_surrogate *surrogate)
{
	for (size_t i = 0; i < VIEWS; i++)
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
	for (size_t i = 0; i < VIEWS; i++) {
		if (surrogate->views[i].bytes != 0)
			continue;
		surrogate->views[i].address = *address = region->hva;
		surrogate->views[i].bytes = region->bytes;
		return MOTE_OK;
	}
	return mote_fail(error, MOTE_LIMIT, "a simulated surrogate has %d views", VIEWS);
}

static void unmap_view(struct mote_whp_surrogate *surrogate, void *address, uint64_t bytes)
{
	for (size_t i = 0; i < VIEWS; i++)
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

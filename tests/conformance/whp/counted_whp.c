/* SPDX-License-Identifier: Apache-2.0
 *
 * Counts what goes to the Windows Hypervisor Platform, and makes one call fail.  A call that fails
 * has not happened, but for those that give something back.
 */
#include "counted_whp.h"

#include <stdio.h>
#include <string.h>

#include "hypervisor/backends/whp/whp_abi.h"
#include "whp_under_test.h"

static struct hypervisor_calls *counted;
static const struct mote_whp_system *real;
static struct mote_whp_system watched; /* the same, but for what a run is */

static bool gives_back(const char *what)
{
	return strcmp(what, "DeletePartition") == 0 || strcmp(what, "DeleteVirtualProcessor") == 0;
}

/* What asks for things that there may not be. */
static bool is_optional(const char *what)
{
	return strcmp(what, "GetCapability") == 0 || strcmp(what, "SetPartitionProperty") == 0 ||
	       strcmp(what, "TranslateGva") == 0;
}

/* Counts a call.  The code that it fails with. */
static mote_whp_result count_call(const char *what)
{
	if (++counted->calls != counted->fail_at || counted->code == COUNT_WHP_INTERRUPTION)
		return MOTE_WHP_OK;
	counted->failed = true;
	counted->ignored = gives_back(what) || is_optional(what);
	snprintf(counted->what, sizeof(counted->what), "WHv%s", what);
	return counted->code;
}

#define FORWARD(name, parameters, arguments)                                                       \
	static mote_whp_result counting_##name parameters                                          \
	{                                                                                          \
		const mote_whp_result failure = count_call(#name);                                 \
                                                                                                   \
		if (failure == MOTE_WHP_OK)                                                        \
			return watched.name arguments;                                             \
		if (gives_back(#name))                                                             \
			(void)watched.name arguments;                                              \
		return failure;                                                                    \
	}

MOTE_WHP_FUNCTION_MAP(FORWARD)

static mote_whp_result run(mote_whp_partition partition, uint32_t vp, void *exit, uint32_t bytes)
{
	if (counted->code == COUNT_WHP_INTERRUPTION && !counted->failed) {
		counted->failed = true;
		(void)real->CancelRunVirtualProcessor(partition, vp, 0);
		return real->RunVirtualProcessor(partition, vp, exit, bytes);
	}
	counted->runs++;
	if (counted->before_run != NULL)
		counted->before_run(counted->user);
	return real->RunVirtualProcessor(partition, vp, exit, bytes);
}

const struct mote_system *const *count_whp(struct hypervisor_calls *calls)
{
	static struct mote_whp_system counting;
	static const struct mote_system *const systems[] = {&counting.base, NULL};

	real = (const struct mote_whp_system *)whp_systems()[0];
	watched = *real;
	watched.RunVirtualProcessor = run;
	counting = *real;
#define COUNTING(name, parameters, arguments)                                                      \
	counting.name = real->name != NULL ? counting_##name : NULL;
	MOTE_WHP_FUNCTION_MAP(COUNTING)
#undef COUNTING
	counted = calls;
	return systems;
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated platform's table of functions, in whose place failing ones are put.  What deletes
 * something does so even when it fails.
 */
#include "sim/whp/whp_fail.h"

static const struct mote_whp_system *real;
static mote_whp_result failure;

const char *whp_entry_name(enum whp_entry entry)
{
	static const char *const names[] = {
#define NAME(name, parameters, arguments) "WHv" #name,
		MOTE_WHP_FUNCTION_MAP(NAME)
#undef NAME
	};

	return names[entry];
}

static bool deletes(enum whp_entry entry)
{
	return entry == WHP_ENTRY_DeletePartition || entry == WHP_ENTRY_DeleteVirtualProcessor;
}

#define FORWARD(name, parameters, arguments)                                                       \
	static mote_whp_result failing_##name parameters                                           \
	{                                                                                          \
		const bool refused = failure_point_call(WHP_ENTRY_##name);                         \
		mote_whp_result given = failure;                                                   \
                                                                                                   \
		if (!refused || deletes(WHP_ENTRY_##name))                                         \
			given = real->name arguments;                                              \
		return refused ? failure : given;                                                  \
	}

MOTE_WHP_FUNCTION_MAP(FORWARD)

static void replace(void)
{
	static struct mote_whp_system table;

	real = sim_whp_table();
	table = *real;
#define PUT(name, parameters, arguments) table.name = real->name ? failing_##name : NULL;
	MOTE_WHP_FUNCTION_MAP(PUT)
#undef PUT
	sim_whp_stand_in(&table);
}

void whp_fail(enum whp_entry entry, uint64_t at, bool lasting, mote_whp_result code)
{
	replace();
	failure = code;
	failure_point_set(entry, at, lasting);
}

bool whp_has(enum whp_entry entry)
{
	const bool there[] = {
#define IS_THERE(name, parameters, arguments) sim_whp_table()->name != NULL,
		MOTE_WHP_FUNCTION_MAP(IS_THERE)
#undef IS_THERE
	};

	return there[entry];
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated platform's table of functions, in whose place failing ones are put.  What deletes
 * something does so even when it fails.
 */
#include "sim/whp/whp_fail.h"

#include <stdatomic.h>

static const struct mote_whp_system *real;
static struct {
	enum whp_entry entry;
	uint64_t at;
	bool lasting;
	mote_whp_result code;
} chosen;
static _Atomic uint64_t calls[WHP_ENTRIES];
static _Atomic bool failed;

const char *whp_entry_name(enum whp_entry entry)
{
	static const char *const names[] = {
#define NAME(name, parameters, arguments) "WHv" #name,
		MOTE_WHP_FUNCTION_MAP(NAME)
#undef NAME
	};

	return names[entry];
}

static bool fails(enum whp_entry entry)
{
	const uint64_t call = atomic_fetch_add(&calls[entry], 1) + 1;

	if (chosen.at == 0 || entry != chosen.entry ||
	    (chosen.lasting ? call < chosen.at : call != chosen.at))
		return false;
	atomic_store(&failed, true);
	return true;
}

static bool deletes(enum whp_entry entry)
{
	return entry == WHP_ENTRY_DeletePartition || entry == WHP_ENTRY_DeleteVirtualProcessor;
}

#define FORWARD(name, parameters, arguments)                                                       \
	static mote_whp_result failing_##name parameters                                           \
	{                                                                                          \
		const bool refused = fails(WHP_ENTRY_##name);                                      \
		mote_whp_result given = chosen.code;                                               \
                                                                                                   \
		if (!refused || deletes(WHP_ENTRY_##name))                                         \
			given = real->name arguments;                                              \
		return refused ? chosen.code : given;                                              \
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
	for (size_t i = 0; i < WHP_ENTRIES; i++)
		atomic_store(&calls[i], 0);
	atomic_store(&failed, false);
	chosen.entry = entry;
	chosen.at = at;
	chosen.lasting = lasting;
	chosen.code = code;
}

void whp_fail_nothing(void)
{
	chosen.at = 0;
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

uint64_t whp_calls(enum whp_entry entry)
{
	return atomic_load(&calls[entry]);
}

bool whp_has_failed(void)
{
	return atomic_load(&failed);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated framework's table of functions, in whose place failing ones are put.
 */
#include "sim/hvf/hvf_fail.h"

#include <string.h>

#include "sim/hvf/hvf_table.h"

static struct mote_hvf_system real;
static mote_hv_return failure;

const char *hvf_entry_name(enum hvf_entry entry)
{
	static const char *const names[] = {
#define NAME(name, parameters) "hv_" #name,
		MOTE_HV_FUNCTION_MAP(NAME) MOTE_HV_OPTIONAL_MAP(NAME)
#undef NAME
	};

	return names[entry];
}

#define FORWARD(name, parameters, arguments)                                                       \
	static mote_hv_return name parameters                                                      \
	{                                                                                          \
		return failure_point_call(HVF_ENTRY_##name) ? failure : real.name arguments;       \
	}

SIM_HVF_TABLE_MAP(FORWARD)

static void replace(void)
{
	struct mote_hvf_system *table = &sim_hvf()->table;

	if (real.vm_create != NULL)
		return;
	real = *table;
#define PUT(name, parameters) table->name = name;
	MOTE_HV_FUNCTION_MAP(PUT)
	MOTE_HV_OPTIONAL_MAP(PUT)
#undef PUT
}

void hvf_fail(enum hvf_entry entry, uint64_t at, bool lasting, mote_hv_return code)
{
	replace();
	failure = code;
	failure_point_set(entry, at, lasting);
}

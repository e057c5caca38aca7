/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated framework's table of functions, in whose place failing ones are put.
 */
#include "sim/hvf/hvf_fail.h"

#include <stdatomic.h>
#include <string.h>

#include "sim/hvf/hvf_table.h"

static struct mote_hvf_system real;
static struct {
	enum hvf_entry entry;
	uint64_t at;
	bool lasting;
	mote_hv_return code;
} chosen;
static _Atomic uint64_t calls[HVF_ENTRIES];
static _Atomic bool failed;

const char *hvf_entry_name(enum hvf_entry entry)
{
	static const char *const names[] = {
#define NAME(name, parameters) "hv_" #name,
		MOTE_HV_FUNCTION_MAP(NAME) MOTE_HV_OPTIONAL_MAP(NAME)
#undef NAME
	};

	return names[entry];
}

static bool fails(enum hvf_entry entry)
{
	const uint64_t call = atomic_fetch_add(&calls[entry], 1) + 1;

	if (chosen.at == 0 || entry != chosen.entry ||
	    (chosen.lasting ? call < chosen.at : call != chosen.at))
		return false;
	atomic_store(&failed, true);
	return true;
}

#define FORWARD(name, parameters, arguments)                                                       \
	static mote_hv_return name parameters                                                      \
	{                                                                                          \
		return fails(HVF_ENTRY_##name) ? chosen.code : real.name arguments;                \
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
	for (size_t i = 0; i < HVF_ENTRIES; i++)
		atomic_store(&calls[i], 0);
	atomic_store(&failed, false);
	chosen.entry = entry;
	chosen.at = at;
	chosen.lasting = lasting;
	chosen.code = code;
}

void hvf_fail_nothing(void)
{
	chosen.at = 0;
}

uint64_t hvf_calls(enum hvf_entry entry)
{
	return atomic_load(&calls[entry]);
}

bool hvf_has_failed(void)
{
	return atomic_load(&failed);
}

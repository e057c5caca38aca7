/* SPDX-License-Identifier: Apache-2.0 */
#include "failure_point.h"

#include <stdatomic.h>

static struct {
	size_t function;
	uint64_t at;
	bool lasting;
} chosen;
static _Atomic uint64_t calls[FAILURE_FUNCTIONS];
static atomic_bool failed;

void failure_point_set(size_t function, uint64_t at, bool lasting)
{
	chosen.at = 0;
	for (size_t i = 0; i < FAILURE_FUNCTIONS; i++)
		atomic_store(&calls[i], 0);
	atomic_store(&failed, false);
	chosen.function = function;
	chosen.lasting = lasting;
	chosen.at = at;
}

void failure_point_clear(void)
{
	chosen.at = 0;
}

bool failure_point_call(size_t function)
{
	const uint64_t call = atomic_fetch_add(&calls[function], 1) + 1;

	if (chosen.at == 0 || function != chosen.function ||
	    (chosen.lasting ? call < chosen.at : call != chosen.at))
		return false;
	atomic_store(&failed, true);
	return true;
}

uint64_t failure_point_calls(size_t function)
{
	return atomic_load(&calls[function]);
}

bool failure_point_has_failed(void)
{
	return atomic_load(&failed);
}

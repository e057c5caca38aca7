/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of Windows, in whose place failing ones are put: where this program finds them.
 */
#include "failing_calls.h"

#include <errno.h>
#include <stdatomic.h>

#include <windows.h>

static struct {
	enum failing_call call;
	uint64_t at;
	bool lasting;
} chosen;
static _Atomic uint64_t calls[FAILING_COUNT];
static atomic_bool failed;

const char *failing_name(enum failing_call call)
{
	static const char *const names[] = {
#define NAME(name, ...) #name,
		FAILING_CALLS(NAME)
#undef NAME
	};

	return names[call];
}

static bool fails(enum failing_call call)
{
	const uint64_t number = atomic_fetch_add(&calls[call], 1) + 1;

	if (chosen.at == 0 || call != chosen.call ||
	    (chosen.lasting ? number < chosen.at : number != chosen.at))
		return false;
	atomic_store(&failed, true);
	SetLastError(ERROR_NOT_ENOUGH_MEMORY);
	errno = ENOMEM; /* of _beginthreadex */
	return true;
}

#define PUT(name, type, convention, failure, parameters, arguments)                                \
	typedef type(convention *function_##name) parameters;                                      \
	extern const function_##name __real___imp_##name, __wrap___imp_##name;                     \
	static type convention failing_##name parameters                                           \
	{                                                                                          \
		if (fails(FAILING_##name))                                                         \
			return failure;                                                            \
		return __real___imp_##name arguments;                                              \
	}                                                                                          \
	const function_##name __wrap___imp_##name = failing_##name;

FAILING_CALLS(PUT)

void failing_at(enum failing_call call, uint64_t at, bool lasting)
{
	chosen.at = 0;
	for (size_t i = 0; i < FAILING_COUNT; i++)
		atomic_store(&calls[i], 0);
	atomic_store(&failed, false);
	chosen.call = call;
	chosen.lasting = lasting;
	chosen.at = at;
}

uint64_t failing_calls(enum failing_call call)
{
	return atomic_load(&calls[call]);
}

bool failing_has_failed(void)
{
	return atomic_load(&failed);
}

/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions of Windows, in whose place failing ones are put: where this program finds them.
 */
#include "failing_calls.h"

#include "failure_point.h"

#include <windows.h>

#include <errno.h>

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
	if (!failure_point_call(call))
		return false;
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

/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated WinHvPlatform.dll's functions that foreign programs alone use.
 */
#include "sim/whp/whp_foreign.h"

#define EXPORT(name, parameters, arguments)                                                        \
	__attribute__((ms_abi)) mote_whp_result WHv##name parameters;                              \
	__attribute__((ms_abi)) mote_whp_result WHv##name parameters                               \
	{                                                                                          \
		return whp_foreign_##name arguments;                                               \
	}

WHP_FOREIGN_FUNCTION_MAP(EXPORT)

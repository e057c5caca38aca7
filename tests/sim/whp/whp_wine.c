/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated platform as WinHvPlatform.dll under Wine: its functions, as programs for Windows
 * call them.
 */
#include "sim/whp/whp_internal.h"

/* Those that an old platform lacks are there all the same; a program that asks for them by name
 * finds them. */
#define EXPORT(name, parameters, arguments)                                                        \
	__attribute__((ms_abi)) mote_whp_result WHv##name parameters;                              \
	__attribute__((ms_abi)) mote_whp_result WHv##name parameters                               \
	{                                                                                          \
		return sim_whp_table()->name arguments;                                            \
	}

MOTE_WHP_FUNCTION_MAP(EXPORT)

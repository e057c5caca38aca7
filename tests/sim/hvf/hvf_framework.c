/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulated Hypervisor.framework as a library: the functions of its table under their own
 * names, in the framework's ABI.  Foreign programs are linked with it instead of the framework.
 */
#include "sim/hvf/hvf_framework.h"

#include "sim/hvf/hvf_table.h"

#define FORWARD(name, parameters, arguments)                                                       \
	mote_hv_return hv_##name parameters                                                        \
	{                                                                                          \
		return sim_hvf()->table.name arguments;                                            \
	}

SIM_HVF_TABLE_MAP(FORWARD)

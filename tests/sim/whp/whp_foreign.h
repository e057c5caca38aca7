/* SPDX-License-Identifier: Apache-2.0
 *
 * What foreign programs use of the platform on x86_64 and mote does not.
 */
#ifndef MOTE_SIM_WHP_FOREIGN_H
#define MOTE_SIM_WHP_FOREIGN_H

#include "sim/whp/whp_internal.h"

enum { WHP_CAPABILITY_EXCEPTIONS = 3 /* that can be exits: none here */ };

enum {
	WHP_PROPERTY_CPUID_EXITS = 0x1003,   /* a list of functions */
	WHP_PROPERTY_CPUID_RESULTS = 0x1004, /* a list of struct whp_cpuid_result */
};

struct whp_cpuid_result { /* WHV_X64_CPUID_RESULT */
	uint32_t function, reserved[3], eax, ebx, ecx, edx;
};
_Static_assert(sizeof(struct whp_cpuid_result) == 32, "WHV_X64_CPUID_RESULT");

/* clang-format off */
/* X(name, parameters, arguments), as MOTE_WHP_FUNCTION_MAP. */
#define WHP_FOREIGN_FUNCTION_MAP(X)                                                                \
	X(GetPartitionProperty, (mote_whp_partition partition, uint32_t code, void *buffer,        \
	                         uint32_t bytes, uint32_t *written),                               \
	  (partition, code, buffer, bytes, written))
/* clang-format on */

#define WHP_FOREIGN_DECLARE(name, parameters, arguments)                                           \
	mote_whp_result whp_foreign_##name parameters;
WHP_FOREIGN_FUNCTION_MAP(WHP_FOREIGN_DECLARE)
#undef WHP_FOREIGN_DECLARE

/* A property that is set before the set-up. */
mote_whp_result whp_foreign_property(uint32_t code, uint32_t bytes);

#endif

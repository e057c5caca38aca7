/* SPDX-License-Identifier: Apache-2.0
 *
 * Compares whp_abi.h with the official headers, where the compiler has them.
 */
#ifndef MOTE_WHP_ABI_CHECK_H
#define MOTE_WHP_ABI_CHECK_H

#include "hypervisor/backends/whp/whp_abi.h"

/* After the others, whose names some of its macros have. */
#include <windows.h>

#include <winhvplatform.h>

#define SAME(ours, theirs)                                                                         \
	_Static_assert((unsigned long long)(uint32_t)(ours) ==                                     \
			       (unsigned long long)(uint32_t)(theirs),                             \
		       #theirs)
#define SIZE(ours, theirs) _Static_assert(sizeof(ours) == sizeof(theirs), #theirs)
#define FIELD(ours, our_field, theirs, their_field)                                                \
	_Static_assert(offsetof(ours, our_field) == offsetof(theirs, their_field),                 \
		       #theirs "." #their_field)

SAME(MOTE_WHP_CAPABILITY_PRESENT, WHvCapabilityCodeHypervisorPresent);
SAME(MOTE_WHP_CAPABILITY_FEATURES, WHvCapabilityCodeFeatures);
SAME(MOTE_WHP_CAPABILITY_EXITS, WHvCapabilityCodeExtendedVmExits);
SAME(MOTE_WHP_PROPERTY_EXITS, WHvPartitionPropertyCodeExtendedVmExits);
SAME(MOTE_WHP_PROPERTY_SECURITY_DOMAIN, WHvPartitionPropertyCodeSeparateSecurityDomain);
SAME(MOTE_WHP_PROPERTY_PROCESSOR_COUNT, WHvPartitionPropertyCodeProcessorCount);
SAME(MOTE_WHP_MAP_READ, WHvMapGpaRangeFlagRead);
SAME(MOTE_WHP_MAP_WRITE, WHvMapGpaRangeFlagWrite);
SAME(MOTE_WHP_MAP_EXECUTE, WHvMapGpaRangeFlagExecute);
SAME(MOTE_WHP_TRANSLATE_READ, WHvTranslateGvaFlagValidateRead);
SAME(MOTE_WHP_TRANSLATE_WRITE, WHvTranslateGvaFlagValidateWrite);
SAME(MOTE_WHP_COUNTER_RUNTIME, WHvProcessorCounterSetRuntime);
SIZE(struct mote_whp_runtime, WHV_PROCESSOR_RUNTIME_COUNTERS);
FIELD(struct mote_whp_runtime, total_100ns, WHV_PROCESSOR_RUNTIME_COUNTERS, TotalRuntime100ns);
SIZE(struct mote_whp_translated, WHV_TRANSLATE_GVA_RESULT);
SIZE(struct mote_hyperv_value, WHV_REGISTER_VALUE);
_Static_assert(_Alignof(WHV_REGISTER_VALUE) == 16, "WHV_REGISTER_VALUE");
SIZE(mote_whp_partition, WHV_PARTITION_HANDLE);
SIZE(mote_whp_result, HRESULT);
SIZE(struct mote_whp_exit, WHV_RUN_VP_EXIT_CONTEXT);
FIELD(struct mote_whp_exit, reason, WHV_RUN_VP_EXIT_CONTEXT, ExitReason);
FIELD(struct mote_whp_exit, as.memory, WHV_RUN_VP_EXIT_CONTEXT, MemoryAccess);

#endif

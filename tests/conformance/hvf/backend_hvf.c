/* SPDX-License-Identifier: Apache-2.0
 *
 * Hypervisor.framework under the conformance suite.
 */
#include "hypervisor/backends/hvf/hvf.h"

#include "bed_systems.h"
#include "counted_hvf.h"
#include "hvf_under_test.h"
#include "hypervisor/backends/hvf/hvf_abi.h"

static const mote_native_handle_kind native_handles[] = {MOTE_NATIVE_HVF_VCPU,
							 (mote_native_handle_kind)0};

static const struct call_failure failures[] = {
	{MOTE_HV_ERROR, MOTE_HYPERVISOR},
	{MOTE_HV_NO_RESOURCES, MOTE_LIMIT},
	{0},
};

static const struct case_list no_cases;

const struct test_backend test_backend_hvf = {
	.name = "hvf",
	.backend = &mote_backend_hvf,
	.need = test_need_hypervisor,
	.systems = hvf_systems,
	.interpose = count_hvf,
	.failures = failures,
	.interruption = COUNT_HVF_INTERRUPTION,
	.fewest_calls = 200,
	.fewest_load_calls = 3,
	.most_exception_calls = 200, /* all registers, each by a call into the process's own code */
	.native_handles = native_handles,
	.cases = {&hvf_cases, &no_cases},
};

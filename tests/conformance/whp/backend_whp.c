/* SPDX-License-Identifier: Apache-2.0
 *
 * The Windows Hypervisor Platform under the conformance suite.
 */
#include "hypervisor/backends/whp/whp.h"

#include "bed_systems.h"
#include "counted_whp.h"
#include "hypervisor/backends/whp/whp_abi.h"
#include "whp_under_test.h"

static const mote_native_handle_kind native_handles[] = {MOTE_NATIVE_WHP_PARTITION,
							 (mote_native_handle_kind)0};

static const struct call_failure failures[] = {
	{MOTE_WHP_E_INVALID_VP_STATE, MOTE_HYPERVISOR},
	{MOTE_WHP_E_OUTOFMEMORY, MOTE_NO_MEMORY},
	{MOTE_WHP_E_NO_RESOURCES, MOTE_LIMIT},
	{0},
};

static const struct case_list no_cases;

const struct test_backend test_backend_whp = {
	.name = "whp",
	.backend = &mote_backend_whp,
	.need = test_need_hypervisor,
	.systems = whp_systems,
	.interpose = count_whp,
	.failures = failures,
	.interruption = COUNT_WHP_INTERRUPTION,
	.fewest_calls = 30,
	.fewest_load_calls = 2,
	.most_exception_calls = 3,
	.native_handles = native_handles,
	.cases = {&whp_cases, &no_cases},
};

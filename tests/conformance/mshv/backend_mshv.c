/* SPDX-License-Identifier: Apache-2.0
 *
 * MSHV under the conformance suite.
 */
#include "hypervisor/backends/mshv/mshv.h"

#include <errno.h>

#include "bed_systems.h"
#include "counted_device.h"
#include "hypervisor/backends/mshv/mshv_abi.h"
#include "hypervisor/interrupt/kick_signal.h"
#include "mshv_under_test.h"

static const struct mote_system *const *interpose(struct hypervisor_calls *calls)
{
	return count_device(MOTE_BACKEND_MSHV, MOTE_MSHV_RUN_VP, calls);
}

static int install_kick_signal(void)
{
	mote_error error = MOTE_ERROR_INIT;
	int number = 0;

	REQUIRE_OK(mote_kick_signal_install(&number, &error), &error);
	return number;
}

static const mote_native_handle_kind native_handles[] = {
	MOTE_NATIVE_MSHV_PARTITION, MOTE_NATIVE_MSHV_VP, (mote_native_handle_kind)0};

/* EINVAL is what a driver of another version says to some requests. */
static const struct call_failure failures[] = {
	{EIO, MOTE_HYPERVISOR},
	{ENOMEM, MOTE_NO_MEMORY},
	{EMFILE, MOTE_LIMIT},
	{ENFILE, MOTE_LIMIT},
	{0},
};

static const struct case_list no_cases;

const struct test_backend test_backend_mshv = {
	.name = "mshv",
	.backend = &mote_backend_mshv,
	.present = mshv_is_present,
	.need = test_need_hypervisor,
	.systems = mshv_systems,
	.interpose = interpose,
	.failures = failures,
	.interruption = EINTR,
	.kick_signal = install_kick_signal,
	.files_per_vm = 3,
	.fewest_calls = 30,
	.fewest_load_calls = 2,
	.most_exception_calls = 3,
	.native_handles = native_handles,
	.cases = {&mshv_cases, &no_cases},
};

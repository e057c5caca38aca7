/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM under the conformance suite.
 */
#include "hypervisor/backends/kvm/kvm.h"

#include <errno.h>

#include "bed_systems.h"
#include "cases_kvm.h"
#include "counted_device.h"
#include "hypervisor/backends/kvm/kvm_abi.h"
#include "hypervisor/interrupt/kick_signal.h"
#include "poor.h"

const struct mote_linux_device *kvm_real_device(void)
{
	return mote_linux_device_find(test_systems(), MOTE_BACKEND_KVM);
}

static const struct mote_system *const *interpose(struct hypervisor_calls *calls)
{
	return count_device(MOTE_BACKEND_KVM, MOTE_KVM_RUN, calls);
}

static const mote_native_handle_kind native_handles[] = {MOTE_NATIVE_KVM_VM, MOTE_NATIVE_KVM_VCPU,
							 (mote_native_handle_kind)0};

static int install_kick_signal(void)
{
	mote_error error = MOTE_ERROR_INIT;
	int number = 0;

	REQUIRE_OK(mote_kick_signal_install(&number, &error), &error);
	return number;
}

static const struct call_failure failures[] = {
	{EIO, MOTE_HYPERVISOR}, {ENOMEM, MOTE_NO_MEMORY},  {EMFILE, MOTE_LIMIT},
	{ENFILE, MOTE_LIMIT},	{EINVAL, MOTE_HYPERVISOR}, {0},
};

/* What the product's backend and the pretended one have in common. */
#define OVER_KVM                                                                                   \
	.name = "kvm", .need = test_need_hypervisor, .systems = test_systems,                      \
	.interpose = interpose, .failures = failures, .interruption = EINTR,                       \
	.kick_signal = install_kick_signal, .files_per_vm = 2, .fewest_calls = 30,                 \
	.fewest_load_calls = 3, .most_exception_calls = 8, .native_handles = native_handles

const struct test_backend test_backend_kvm = {
	OVER_KVM,
	.backend = &mote_backend_kvm,
	.cases = {&kvm_cases, &kvm_arch_cases},
};

static const struct case_list no_cases;

/* Its own cases are those of KVM. */
const struct test_backend test_backend_poor = {
	OVER_KVM,
	.backend = &poor_backend,
	.cases = {&no_cases, &no_cases},
};

/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM under the conformance suite.
 */
#include "hypervisor/backends/kvm/kvm.h"

#include "bed_systems.h"
#include "cases_kvm.h"
#include "counted_device.h"
#include "hypervisor/backends/kvm/kvm_abi.h"
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

const struct test_backend test_backend_kvm = {
	.name = "kvm",
	.backend = &mote_backend_kvm,
	.need = test_need_hypervisor,
	.systems = test_systems,
	.interpose = interpose,
	.native_handles = native_handles,
	.cases = {&kvm_cases, &kvm_arch_cases},
};

static const struct case_list no_cases;

/* Its own cases are those of KVM. */
const struct test_backend test_backend_poor = {
	.name = "kvm",
	.backend = &poor_backend,
	.need = test_need_hypervisor,
	.systems = test_systems,
	.interpose = interpose,
	.native_handles = native_handles,
	.cases = {&no_cases, &no_cases},
};

/* SPDX-License-Identifier: Apache-2.0
 *
 * How /dev/kvm can fail: its file and its requests.
 */
#include <errno.h>

#include "hypervisor/backends/kvm/kvm_abi.h"
#include "sweep_device.h"

static struct sweep_entry open_entry = {
	.name = "open",
	.text = "/dev/kvm",
	.failures =
		{
			{EIO, SWEEP(HYPERVISOR), "open /dev/kvm", false},
			{ENOENT, SWEEP(NO_HYPERVISOR), "/dev/kvm: no such device; ", true},
			{EACCES, SWEEP(NO_HYPERVISOR), "permission denied; ", true},
			{EMFILE, SWEEP(LIMIT), "/dev/kvm: the process is limited to", false},
			{ENOMEM, SWEEP(NO_MEMORY), NULL, false},
			{EINTR, SWEEP(OK), NULL, false},
		},
};

static struct sweep_request requests[] = {
	{MOTE_KVM_GET_API_VERSION,
	 {.name = "KVM_GET_API_VERSION",
	  .failures = {{EIO, SWEEP(HYPERVISOR), NULL, false},
		       {ENOTTY, SWEEP(NO_HYPERVISOR), "/dev/kvm: not a KVM device", true}}}},
	{MOTE_KVM_CHECK_EXTENSION, {.name = "KVM_CHECK_EXTENSION", .failures = {SWEEP_ANY}}},
	{MOTE_KVM_GET_VCPU_MMAP_SIZE, {.name = "KVM_GET_VCPU_MMAP_SIZE", .failures = {SWEEP_ANY}}},
	{MOTE_KVM_CREATE_VM,
	 {.name = "KVM_CREATE_VM",
	  .failures = {SWEEP_ANY_DESCRIPTOR, {EINTR, SWEEP(OK), NULL, false}}}},
	{MOTE_KVM_CREATE_VCPU, {.name = "KVM_CREATE_VCPU", .failures = {SWEEP_ANY_DESCRIPTOR}}},
	{MOTE_KVM_SET_USER_MEMORY_REGION,
	 {.name = "KVM_SET_USER_MEMORY_REGION", .failures = {SWEEP_ANY}}},
	{MOTE_KVM_ENABLE_CAP, {.name = "KVM_ENABLE_CAP", .failures = {SWEEP_ANY}}},
	/* A run that only finishes an access ends with these two when KVM has finished it.  The
	 * pretended ones have not, and the guest goes on at the wrong place. */
	{MOTE_KVM_RUN,
	 {.name = "KVM_RUN",
	  .failures = {SWEEP_ANY,
		       {EFAULT, SWEEP(NO_MEMORY), NULL, false},
		       {EINTR, SWEEP(OK) | SWEEP(GUEST_FAULT), "guest fault", true},
		       {EAGAIN, SWEEP(OK) | SWEEP(GUEST_FAULT), "guest fault", true}}}},
	/* x86_64 */
	{MOTE_KVM_GET_SUPPORTED_CPUID,
	 {.name = "KVM_GET_SUPPORTED_CPUID",
	  .failures = {SWEEP_ANY, {E2BIG, SWEEP(OK), NULL, false}}}},
	{MOTE_KVM_SET_CPUID2, {.name = "KVM_SET_CPUID2", .failures = {SWEEP_ANY}}},
	{MOTE_KVM_SET_XCRS, {.name = "KVM_SET_XCRS", .failures = {SWEEP_ANY}}},
	{MOTE_KVM_GET_REGS, {.name = "KVM_GET_REGS", .failures = {SWEEP_ANY}}},
	{MOTE_KVM_SET_REGS, {.name = "KVM_SET_REGS", .failures = {SWEEP_ANY}}},
	{MOTE_KVM_GET_SREGS, {.name = "KVM_GET_SREGS", .failures = {SWEEP_ANY}}},
	{MOTE_KVM_SET_SREGS, {.name = "KVM_SET_SREGS", .failures = {SWEEP_ANY}}},
	{MOTE_KVM_GET_DEBUGREGS, {.name = "KVM_GET_DEBUGREGS", .failures = {SWEEP_ANY}}},
	{MOTE_KVM_SET_DEBUGREGS, {.name = "KVM_SET_DEBUGREGS", .failures = {SWEEP_ANY}}},
	{MOTE_KVM_GET_VCPU_EVENTS, {.name = "KVM_GET_VCPU_EVENTS", .failures = {SWEEP_ANY}}},
	{MOTE_KVM_SET_VCPU_EVENTS, {.name = "KVM_SET_VCPU_EVENTS", .failures = {SWEEP_ANY}}},
	{MOTE_KVM_SET_MP_STATE, {.name = "KVM_SET_MP_STATE", .failures = {SWEEP_ANY}}},
	{MOTE_KVM_GET_XSAVE, {.name = "KVM_GET_XSAVE", .failures = {SWEEP_ANY}}},
	{MOTE_KVM_GET_XSAVE2, {.name = "KVM_GET_XSAVE2", .failures = {SWEEP_ANY}}},
	{MOTE_KVM_SET_XSAVE, {.name = "KVM_SET_XSAVE", .failures = {SWEEP_ANY}}},
	/* aarch64 */
	{MOTE_KVM_ARM_PREFERRED_TARGET,
	 {.name = "KVM_ARM_PREFERRED_TARGET", .failures = {SWEEP_ANY}}},
	{MOTE_KVM_ARM_VCPU_INIT, {.name = "KVM_ARM_VCPU_INIT", .failures = {SWEEP_ANY}}},
	{MOTE_KVM_GET_REG_LIST, {.name = "KVM_GET_REG_LIST", .failures = {SWEEP_ANY}}},
	/* A register that cannot be compared is written. */
	{MOTE_KVM_GET_ONE_REG,
	 {.name = "KVM_GET_ONE_REG",
	  .failures = {{EIO, SWEEP(OK) | SWEEP(HYPERVISOR), NULL, false},
		       {EINVAL, SWEEP(OK) | SWEEP(HYPERVISOR), NULL, false},
		       {ENOMEM, SWEEP(OK) | SWEEP(NO_MEMORY), NULL, false}}}},
	{MOTE_KVM_SET_ONE_REG, {.name = "KVM_SET_ONE_REG", .failures = {SWEEP_ANY}}},
};

extern const struct sweep_device sweep_kvm;

const struct sweep_device sweep_kvm = {
	.file = "sweep_kvm.c",
	.open = &open_entry,
	.requests = requests,
	.request_count = TEST_COUNT(requests),
};

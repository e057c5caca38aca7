/* SPDX-License-Identifier: Apache-2.0
 *
 * KVM under the conformance suite: its table of functions behind a counter and
 * fault injector.
 */
#include "hypervisor/backends/kvm/kvm.h"

#include <stdio.h>
#include <string.h>

#include "cases_kvm.h"
#include "hypervisor/backends/kvm/kvm_abi.h"
#include "kvm_quirk.h"

static struct hypervisor_calls *counted; /* the interposer has one user at a time */

const struct mote_kvm_system *kvm_real_system(void)
{
	const struct mote_kvm_system *system = test_kvm_system();

	return system != NULL ? system : &mote_kvm_system_linux;
}

/* Counts a call.  A negative errno when it is the one that fails. */
static int count(const char *what, bool ignored)
{
	if (++counted->calls != counted->fail_at)
		return 0;
	counted->failed = true;
	counted->ignored = ignored;
	snprintf(counted->what, sizeof(counted->what), "%s", what);
	return -counted->code;
}

static int counting_open(const struct mote_kvm_system *system, const char *path)
{
	int result = count("open", false);

	(void)system;
	return result < 0 ? result : kvm_real_system()->open(kvm_real_system(), path);
}

/* Fails after the fact: whatever close says, the descriptor is gone. */
static int counting_close(const struct mote_kvm_system *system, int fd)
{
	int result = kvm_real_system()->close(kvm_real_system(), fd);

	(void)system;
	return result < 0 ? result : count("close", true);
}

static int counting_ioctl(const struct mote_kvm_system *system, int fd, unsigned long request,
			  void *argument)
{
	char what[32];
	int result;

	(void)system;
	snprintf(what, sizeof(what), "ioctl 0x%02lx", request & 0xff);
	result = count(what, false);
	if (result < 0)
		return result;
	if (request == MOTE_KVM_RUN) {
		counted->runs++;
		if (counted->before_run != NULL)
			counted->before_run(counted->user);
	}
	return kvm_real_system()->ioctl(kvm_real_system(), fd, request, argument);
}

static int counting_map(const struct mote_kvm_system *system, int fd, size_t bytes, void **address)
{
	int result = count("mmap", false);

	(void)system;
	return result < 0 ? result : kvm_real_system()->map(kvm_real_system(), fd, bytes, address);
}

static int counting_unmap(const struct mote_kvm_system *system, void *address, size_t bytes)
{
	int result = kvm_real_system()->unmap(kvm_real_system(), address, bytes);

	(void)system;
	return result < 0 ? result : count("munmap", true);
}

static int counting_protect(const struct mote_kvm_system *system, void *address, size_t bytes,
			    bool writable)
{
	int result = count("mprotect", false);

	(void)system;
	return result < 0 ? result
			  : kvm_real_system()->protect(kvm_real_system(), address, bytes, writable);
}

static const void *interpose(struct hypervisor_calls *calls)
{
	static const struct mote_kvm_system counting = {
		.open = counting_open,
		.close = counting_close,
		.ioctl = counting_ioctl,
		.map = counting_map,
		.unmap = counting_unmap,
		.protect = counting_protect,
	};

	counted = calls;
	return &counting;
}

static const void *bed_system(void)
{
	return test_kvm_system();
}

static const mote_native_handle_kind native_handles[] = {MOTE_NATIVE_KVM_VM, MOTE_NATIVE_KVM_VCPU,
							 (mote_native_handle_kind)0};

const struct test_backend test_backend_kvm = {
	.name = "kvm",
	.backend = &mote_backend_kvm,
	.need = test_need_hypervisor,
	.system = bed_system,
	.interpose = interpose,
	.native_handles = native_handles,
	.cases = {&kvm_cases, &kvm_arch_cases},
};

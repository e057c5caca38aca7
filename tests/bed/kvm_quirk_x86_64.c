/* SPDX-License-Identifier: Apache-2.0
 *
 * The SVM bed's quirk (svm_tss.h) for what goes to KVM: also for a TSS that waits in the page
 * shared with a vCPU, which the backend fills before it sets the extended state.  All else passes
 * through.
 */
#include "bed_systems.h"

#include <stdatomic.h>

#include "hypervisor/backends/linux/linux_device.h"
#include "svm_tss.h"

static const struct mote_linux_device *const real = &mote_linux_device_real;

static int quirk_open(const struct mote_linux_device *device, const char *path)
{
	(void)device;
	return real->open(real, path);
}

static int quirk_close(const struct mote_linux_device *device, int fd)
{
	(void)device;
	return real->close(real, fd);
}

enum { DESCRIPTORS = 65536 };

/* The page shared with the vCPU of a descriptor. */
static struct kvm_run *_Atomic runs[DESCRIPTORS];

static void fix_shared(int fd)
{
	struct kvm_run *run = fd < DESCRIPTORS ? atomic_load(&runs[fd]) : NULL;

	if (run && run->kvm_dirty_regs & KVM_SYNC_X86_SREGS)
		svm_fix_tss(&run->s.regs.sregs);
}

static int quirk_ioctl(const struct mote_linux_device *device, int fd, unsigned long request,
		       void *argument)
{
	struct kvm_sregs sregs;

	(void)device;
	if (request == KVM_SET_XSAVE)
		fix_shared(fd);
	if (request != KVM_SET_SREGS)
		return real->ioctl(real, fd, request, argument);
	sregs = *(const struct kvm_sregs *)argument;
	svm_fix_tss(&sregs);
	return real->ioctl(real, fd, request, &sregs);
}

static int quirk_map(const struct mote_linux_device *device, int fd, size_t bytes, void **address)
{
	int result = real->map(real, fd, bytes, address);

	(void)device;
	if (fd < DESCRIPTORS)
		atomic_store(&runs[fd], result < 0 ? NULL : *address);
	return result;
}

static int quirk_unmap(const struct mote_linux_device *device, void *address, size_t bytes)
{
	(void)device;
	return real->unmap(real, address, bytes);
}

static int quirk_protect(const struct mote_linux_device *device, void *address, size_t bytes,
			 bool writable)
{
	(void)device;
	return real->protect(real, address, bytes, writable);
}

static const struct mote_linux_device quirk = {
	.base = {MOTE_BACKEND_KVM},
	.open = quirk_open,
	.close = quirk_close,
	.ioctl = quirk_ioctl,
	.map = quirk_map,
	.unmap = quirk_unmap,
	.protect = quirk_protect,
};

const struct mote_system *const *test_systems(void)
{
	static const struct mote_system *const systems[] = {&quirk.base, NULL};

	return svm_is_bed() ? systems : NULL;
}

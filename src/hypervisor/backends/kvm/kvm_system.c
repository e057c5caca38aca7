/* SPDX-License-Identifier: Apache-2.0
 *
 * The KVM backend's functions on Linux: thin wrappers that turn errno into a
 * negative return value.
 */
#define _GNU_SOURCE /* O_CLOEXEC */
#include "hypervisor/backends/kvm/kvm_system.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int system_open(const struct mote_kvm_system *system, const char *path)
{
	int fd;

	(void)system;
	do
		fd = open(path, O_RDWR | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

static int system_close(const struct mote_kvm_system *system, int fd)
{
	(void)system;
	return close(fd) < 0 ? -errno : 0;
}

static int system_ioctl(const struct mote_kvm_system *system, int fd, unsigned long request,
			void *argument)
{
	int result = ioctl(fd, request, argument);

	(void)system;
	return result < 0 ? -errno : result;
}

static int system_map(const struct mote_kvm_system *system, int fd, size_t bytes, void **address)
{
	void *mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	(void)system;
	if (mapped == MAP_FAILED)
		return -errno;
	*address = mapped;
	return 0;
}

static int system_unmap(const struct mote_kvm_system *system, void *address, size_t bytes)
{
	(void)system;
	return munmap(address, bytes) < 0 ? -errno : 0;
}

static int system_protect(const struct mote_kvm_system *system, void *address, size_t bytes,
			  bool writable)
{
	(void)system;
	return mprotect(address, bytes, PROT_READ | (writable ? PROT_WRITE : 0)) < 0 ? -errno : 0;
}

const struct mote_kvm_system mote_kvm_system_linux = {
	.open = system_open,
	.close = system_close,
	.ioctl = system_ioctl,
	.map = system_map,
	.unmap = system_unmap,
	.protect = system_protect,
};

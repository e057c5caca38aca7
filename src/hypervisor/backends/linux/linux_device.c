/* SPDX-License-Identifier: Apache-2.0
 *
 * The operating system's device files: thin wrappers that turn errno into a
 * negative return value.
 */
#define _GNU_SOURCE /* O_CLOEXEC, F_DUPFD_CLOEXEC, dup3 */
#include "hypervisor/backends/linux/linux_device.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

static int device_open(const struct mote_linux_device *device, const char *path)
{
	int fd;

	(void)device;
	do
		fd = open(path, O_RDWR | O_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	return fd < 0 ? -errno : fd;
}

static int device_close(const struct mote_linux_device *device, int fd)
{
	(void)device;
	return close(fd) < 0 ? -errno : 0;
}

static int device_ioctl(const struct mote_linux_device *device, int fd, unsigned long request,
			void *argument)
{
	int result = ioctl(fd, request, argument);

	(void)device;
	return result < 0 ? -errno : result;
}

static int device_map(const struct mote_linux_device *device, int fd, size_t bytes, void **address)
{
	void *mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	(void)device;
	if (mapped == MAP_FAILED)
		return -errno;
	*address = mapped;
	return 0;
}

static int device_unmap(const struct mote_linux_device *device, void *address, size_t bytes)
{
	(void)device;
	return munmap(address, bytes) < 0 ? -errno : 0;
}

static int device_duplicate(const struct mote_linux_device *device, int fd)
{
	const int made = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	(void)device;
	return made < 0 ? -errno : made;
}

static int device_replace(const struct mote_linux_device *device, int fd, int by)
{
	int result;

	(void)device;
	do
		result = dup3(by, fd, O_CLOEXEC);
	while (result < 0 && errno == EINTR);
	return result < 0 ? -errno : 0;
}

static int device_protect(const struct mote_linux_device *device, void *address, size_t bytes,
			  bool writable)
{
	(void)device;
	return mprotect(address, bytes, PROT_READ | (writable ? PROT_WRITE : 0)) < 0 ? -errno : 0;
}

const struct mote_linux_device mote_linux_device_real = {
	.open = device_open,
	.close = device_close,
	.ioctl = device_ioctl,
	.map = device_map,
	.unmap = device_unmap,
	.duplicate = device_duplicate,
	.replace = device_replace,
	.protect = device_protect,
};

const struct mote_linux_device *mote_linux_device_find(const struct mote_system *const *systems,
						       mote_backend_kind kind)
{
	const struct mote_system *system = mote_system_find(systems, kind);

	return system != NULL ? (const struct mote_linux_device *)system : &mote_linux_device_real;
}
